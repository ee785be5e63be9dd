package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// journal is a real app behind the gate, with sessions and a protection against forged requests of its own: the admin
// pages of Django.
type journal struct {
	t    *testing.T
	addr string
	data string
}

func startJournal(t *testing.T) *journal {
	t.Helper()
	j := &journal{t: t, addr: testenv.FreeAddr(t), data: t.TempDir()}
	j.run("migrate", "--run-syncdb", "-v", "0")
	j.run("createsuperuser", "--noinput", "--username", "editor", "--email", "editor@example.com")
	server := j.command("runserver", "--noreload", "--insecure", j.addr)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	testenv.Await(t, "the journal is there", func() bool {
		res, err := http.Get("http://" + j.addr + "/stored")
		if err == nil {
			res.Body.Close()
		}
		return err == nil
	})
	return j
}

func (j *journal) command(args ...string) *exec.Cmd {
	c := exec.Command("/usr/bin/python3", append([]string{"-m", "django"}, args...)...)
	c.Env = append(os.Environ(), "PYTHONPATH=testdata", "PYTHONDONTWRITEBYTECODE=1",
		"DJANGO_SETTINGS_MODULE=journal.settings", "DJANGO_SUPERUSER_PASSWORD=marlin", "JOURNAL_DATA="+j.data)
	return c
}

func (j *journal) run(args ...string) {
	j.t.Helper()
	if said, err := j.command(args...).CombinedOutput(); err != nil {
		j.t.Fatalf("%v: %v\n%s", args, err, said)
	}
}

// article is what the journal has stored of an article.
type article struct {
	Title      string
	Text, File int
}

func (j *journal) stored() []article {
	j.t.Helper()
	res, err := http.Get("http://" + j.addr + "/stored")
	if err != nil {
		j.t.Fatal(err)
	}
	defer res.Body.Close()
	var stored struct{ Articles []article }
	if err := json.NewDecoder(res.Body).Decode(&stored); err != nil {
		j.t.Fatal(err)
	}
	return stored.Articles
}

// holds makes sure of what is stored.
func (j *journal) holds(want ...article) {
	j.t.Helper()
	if got := j.stored(); fmt.Sprint(got) != fmt.Sprint(want) {
		j.t.Errorf("stored are %v, want %v", got, want)
	}
}

const newArticle = "/admin/journal/article/add/"

// guarded is the journal behind the gate.
func (j *journal) guarded(directive string) *site {
	return setup{
		directive: "languages en\nresend_after 0s\nsends 100 per 1h\n" + directive,
		site:      "handle /admin* {\nreverse_proxy " + j.addr + "\n}\nhandle /static* {\nreverse_proxy " + j.addr + "\n}",
	}.start(j.t)
}

// editor is a browser that has signed in to the gate and to the journal.
func (s *site) editor(t *testing.T) *browser {
	t.Helper()
	b := s.open(t, "alice")
	b.visit(newArticle)
	b.sees("digit code")
	b.enters(s.latest(t))
	b.do(chromedp.WaitVisible(chromedp.CSS("#id_username")),
		chromedp.SendKeys(chromedp.CSS("#id_username"), "editor"),
		chromedp.SendKeys(chromedp.CSS("#id_password"), "marlin"+kb.Enter))
	b.sees("Add article")
	return b
}

func (s *site) latest(t *testing.T) string {
	t.Helper()
	s.provider.Wait(t, 1)
	texts := s.provider.Texts()
	return texts[len(texts)-1].CodeInText()
}

// writes fills in the form of a new article.
func (b *browser) writes(title string, size int) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS("#id_title")))
	b.eval(fmt.Sprintf(`(() => { document.getElementById("id_title").value = %q;
		document.getElementById("id_text").value = "ä".repeat(%d); })()`, title, size))
}

// signsOut ends the session behind the back of the page that is shown.
func (b *browser) signsOut() {
	b.t.Helper()
	b.eval(`(() => { document.body.dataset.out = ""; fetch("?sms_2fa=logout", {method: "POST"})
		.then(() => { document.body.dataset.out = "done"; }); })()`)
	b.do(chromedp.WaitVisible(chromedp.CSS(`[data-out="done"]`)))
}

func (b *browser) presses(selector string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS(selector)), chromedp.Click(chromedp.CSS(selector)))
}

const (
	save = `input[name="_save"]`
	send = `#restore button[value="send"]`
)

// An article that was written while the session ended is stored after the code, once.
func TestArticleComesBack(t *testing.T) {
	j := startJournal(t)
	s := j.guarded("")
	b := s.editor(t)
	b.writes("Long", 200_000)
	b.signsOut()
	b.presses(save)
	b.sees("What you had entered is kept.")
	b.shot("form-held")
	j.holds()
	b.enters(s.latest(t))
	b.sees("Send what you had entered?")
	b.shot("form-asked")
	j.holds()
	b.presses(send)
	b.sees("was added successfully")
	j.holds(article{"Long", 200_000, 0})
	// Back leads to the question, and that leads on: nothing is sent twice.
	b.do(chromedp.NavigateBack())
	b.sees("Add article")
	j.holds(article{"Long", 200_000, 0})
	if p := b.complained(); len(p) > 0 {
		t.Errorf("the browser complained: %q", p)
	}
}

// A file comes back as well, without JavaScript.
func TestFileComesBack(t *testing.T) {
	j := startJournal(t)
	s := j.guarded("")
	b := s.editor(t)
	file := filepath.Join(t.TempDir(), "picture.bin")
	if err := os.WriteFile(file, []byte(strings.Repeat("\x00\xff\r\n", 50_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	b.writes("With a file", 10)
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#id_file"), []string{file}))
	b.signsOut()
	b.presses(save)
	b.sees("What you had entered is kept.")
	b.scripts(false)
	b.enters(s.latest(t))
	b.sees("Send what you had entered?")
	b.presses(send)
	testenv.Await(t, "the article is stored", func() bool { return len(j.stored()) > 0 })
	j.holds(article{"With a file", 10, 200_000})
}

// Two tabs: each article comes back in its own tab, whichever code let the browser in.
func TestArticlesOfTwoTabs(t *testing.T) {
	j := startJournal(t)
	s := j.guarded("")
	b := s.editor(t)
	ctx, cancel := chromedp.NewContext(b.ctx)
	defer cancel()
	second := &browser{t: t, ctx: ctx, at: s}
	if err := chromedp.Do(ctx, chromedp.Navigate("http://"+s.host+newArticle)); err != nil {
		t.Fatal(err)
	}
	b.writes("First", 10)
	second.writes("Second", 20)
	b.signsOut()
	b.presses(save)
	b.sees("is kept")
	second.presses(save)
	second.sees("is kept")
	b.enters(s.latest(t))
	b.sees("Send what you had entered?")
	second.eval("window.dispatchEvent(new Event('focus'))")
	second.sees("Send what you had entered?")
	for _, tab := range []*browser{second, b} {
		tab.presses(send)
		tab.sees("was added successfully")
	}
	testenv.Await(t, "both articles are stored", func() bool { return len(j.stored()) == 2 })
	j.holds(article{"Second", 20, 0}, article{"First", 10, 0})
}

// Another user of the same browser is not asked, and the app gets nothing in their name.
func TestArticleOfAnother(t *testing.T) {
	j := startJournal(t)
	s := j.guarded("")
	b := s.editor(t)
	b.writes("Secret", 10)
	b.signsOut()
	b.presses(save)
	b.sees("is kept")
	b.do(chromedp.Navigate("http://bob:swordfish@" + s.host + "/admin/?sms_2fa=logout"))
	b.sees("No text was sent")
	b.visit(newArticle + "?sms_2fa=restore")
	b.sees("digit code")
	b.enters(s.latest(t))
	b.sees("not kept here any more")
	b.shot("form-gone")
	j.holds()
}

// What the app would have refused, it refuses: a form whose token is not the session's, and a form of another site,
// which is not even kept.
func TestForgedArticles(t *testing.T) {
	j := startJournal(t)
	s := j.guarded("")
	b := s.editor(t)
	b.writes("Forged", 10)
	b.eval(`document.querySelector("input[name=csrfmiddlewaretoken]").value = "x".repeat(64)`)
	b.signsOut()
	b.presses(save)
	b.sees("is kept")
	b.enters(s.latest(t))
	b.presses(send)
	b.sees("Forbidden")
	j.holds()

	b.signsOutAt(newArticle)
	other := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<form method="post" action="http://%s%s"><input name="title" value="Forged">
			<input name="text" value="x"><button id="go">go</button></form>`, s.host, newArticle)
	}), Addr: testenv.FreeAddr(t), ReadHeaderTimeout: time.Second}
	go func() { _ = other.ListenAndServe() }()
	defer other.Close()
	testenv.Await(t, "the other site is there", func() bool {
		res, err := http.Get("http://" + other.Addr)
		if err == nil {
			res.Body.Close()
		}
		return err == nil
	})
	b.do(chromedp.Navigate("http://" + other.Addr))
	b.presses("#go")
	b.sees("Acme")
	if text := b.eval("document.body.innerText"); strings.Contains(text, "is kept") {
		t.Errorf("a form of another site is kept: %s", text)
	}
	j.holds()
}

func (b *browser) signsOutAt(path string) {
	b.t.Helper()
	b.visit(path)
	b.sees("Add article")
	b.signsOut()
}

// What is too large to be kept is said before a code is typed.
func TestFormThatIsTooLarge(t *testing.T) {
	s := setup{
		directive: "languages en",
		site: "handle /form {\nrespond `<form method=post action=/save><textarea id=text name=text></textarea>" +
			"<button id=go>go</button></form>`\n}",
	}.start(t)
	b := s.open(t, "alice")
	b.visit("/form")
	b.sees("digit code")
	b.enters(s.latest(t))
	b.do(chromedp.WaitVisible(chromedp.CSS("#text")))
	b.eval(`(() => { document.getElementById("text").value = "x".repeat(3_000_000); })()`)
	b.signsOut()
	b.presses("#go")
	b.sees("could not be saved")
	b.shot("form-lost")
}
