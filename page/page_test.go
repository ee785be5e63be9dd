package page

import (
	"encoding/json"
	"errors"
	"flag"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/page/words"
)

var update = flag.Bool("update", false, "write the golden files anew")

// zeros is a source of zeros, with which every nonce is the same.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func write(t *testing.T, p *Page, v View) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	if err := p.Write(w, 403, v); err != nil {
		t.Fatal(err)
	}
	return w
}

// allWords are the languages that are built in.
func allWords(tb testing.TB) *words.Set {
	tb.Helper()
	set, err := words.NewSet(nil, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// body is the part of a page between the header and the script.
func body(html string) string {
	_, html, _ = strings.Cut(html, "<body")
	html, _, _ = strings.Cut(html, "<script")
	return html
}

func TestEveryState(t *testing.T) {
	t.Parallel()
	p := New(allWords(t))
	p.Rand = zeros{}
	for _, s := range samples() {
		v, name := s.View, s.name()
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := body(write(t, p, v).Body.String())
			golden := filepath.Join("testdata", name+".html")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("page is\n%s", got)
			}
			if strings.Contains(got, "maxlength") || strings.Count(got, `type="text"`) > 1 {
				t.Error("the field cuts what is pasted, or is not one field")
			}
			tokens := strings.Count(got, `name="csrf"`) + strings.Count(got, `id="logout"`) // signing out needs none
			if strings.Count(got, "<form") != strings.Count(got, `method="post"`) || strings.Count(got, "<form") != tokens {
				t.Error("a form does not post, or carries no token")
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	w := write(t, New(allWords(t)), View{State: Start, Brand: "Acme"})
	for name, want := range map[string]string{
		"Content-Type":               "text/html; charset=utf-8",
		"Cache-Control":              "no-store",
		"Referrer-Policy":            "same-origin",
		"X-Content-Type-Options":     "nosniff",
		"X-Frame-Options":            "DENY",
		"Cross-Origin-Opener-Policy": "same-origin",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	csp := w.Header().Get("Content-Security-Policy")
	nonce := regexp.MustCompile(`script-src 'nonce-([A-Za-z0-9_-]{22})'`).FindStringSubmatch(csp)
	if nonce == nil {
		t.Fatalf("no nonce in %q", csp)
	}
	directives := []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"}
	for _, directive := range directives {
		if !strings.Contains(csp, directive) {
			t.Errorf("the policy lacks %q", directive)
		}
	}
	if strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	page := w.Body.String()
	if strings.Count(page, `nonce="`+nonce[1]+`"`) != strings.Count(page, "<script")+strings.Count(page, "<style") {
		t.Error("a script or style lacks the nonce")
	}
	if again := write(t, New(allWords(t)), View{State: Start}).Header().Get("Content-Security-Policy"); again == csp {
		t.Error("the nonce stays the same")
	}
}

func TestHostileTextIsEscaped(t *testing.T) {
	t.Parallel()
	const hostile = `"><script>alert(1)</script>`
	v := View{
		State: Enter, Brand: hostile, Phone: hostile, CSRF: hostile, HomeURL: "javascript:alert(1)",
		VerifyURL: hostile, SendURL: hostile, StatusURL: hostile,
	}
	page := write(t, New(allWords(t)), v).Body.String()
	if strings.Contains(page, "<script>alert") || strings.Contains(page, `href="javascript:alert`) {
		t.Errorf("not escaped:\n%s", body(page))
	}
}

// own is the least that a page of the operator's own must have.
const own = `<FORM action="{{.VerifyURL}}" method=POST>
	<input type=hidden name="csrf" value="{{.CSRF}}"><input name='code'>
</FORM>`

func TestLoad(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, source, want string }{
		{"good", `<p>{{.Brand}} {{duration .ResendIn}}</p>` + own, ""},
		{"scripts alone", `<script nonce="{{.Nonce}}"></script>`, ""},
		{"no form", `<p>{{.Brand}}</p>`, "the form is missing"},
		{"form in other states only", `{{if ne .State "enter"}}` + own + `{{end}}`, "the form is missing"},
		{"form that sends by GET", strings.Replace(own, "POST", "GET", 1), "the form is missing"},
		{"form to another address", strings.Replace(own, "VerifyURL", "HomeURL", 1), "the form is missing"},
		{"form without its token", strings.Replace(own, "csrf", "token", 1), "the form is missing"},
		{"form without the code", strings.Replace(own, "code", "digits", 1), "the form is missing"},
		{"does not parse", `{{if}}`, "parsing page"},
		{"unknown field", `{{.Nope}}`, "Nope"},
		{"broken in one state only", `{{if eq .State "blocked"}}{{index .Brand 99}}{{end}}`, "state blocked"},
		{"words", `{{say "code-valid" "time" .ExpiresIn}}` + own, ""},
		{"unknown words", `{{say "code-invalid"}}` + own, `"code-invalid"`},
		{"words without their variable", `{{say "code-valid"}}` + own, "{time} has no value"},
		{"unknown function", `{{exec "rm"}}`, `"exec" not defined`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "own.html")
			if err := os.WriteFile(file, []byte(tt.source), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Load(file, allWords(t))
			told := err != nil && strings.Contains(err.Error(), tt.want) && strings.Contains(err.Error(), "own.html")
			if tt.want == "" && err != nil || tt.want != "" && !told {
				t.Errorf("error %v, want %q and the file", err, tt.want)
			}
		})
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.html"), allWords(t)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func TestFailingTemplateShowsNothing(t *testing.T) {
	t.Parallel()
	broken, err := parse("broken", `<p>secret start</p>{{index .Brand 99}}`, allWords(t))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	p := &Page{tongues: broken, Rand: zeros{}}
	if err := p.Write(w, 403, View{}); err == nil || w.Code != 500 || w.Body.Len() > 0 {
		t.Errorf("error %v, status %d, body %q", err, w.Code, w.Body)
	}
	if w.Header().Get("Content-Security-Policy") == "" {
		t.Error("the answer lacks its headers")
	}
	w = httptest.NewRecorder()
	p = &Page{tongues: New(allWords(t)).tongues, Rand: strings.NewReader("short")}
	if err := p.Write(w, 403, View{}); err == nil || w.Code != 500 || w.Body.Len() > 0 {
		t.Errorf("without a nonce: error %v, status %d, body %q", err, w.Code, w.Body)
	}
}

// The script says nothing but words that the page hands over, and the page hands over no more.
func TestWordsOfTheScript(t *testing.T) {
	t.Parallel()
	for _, l := range allWords(t).Languages {
		source := string(scriptIn(l))
		_, given, _ := strings.Cut(source, "\n})(")
		var handed struct {
			Language, Digits string
			Texts            map[string]map[string]string
		}
		if err := json.Unmarshal([]byte(strings.TrimSuffix(given, ");\n")), &handed); err != nil {
			t.Fatalf("%s: %v", l.Tag, err)
		}
		if handed.Language != l.Tag.String() || len([]rune(handed.Digits)) != 10 {
			t.Errorf("%s: language %q, digits %q", l.Tag, handed.Language, handed.Digits)
		}
		said := regexp.MustCompile(`say\("([^"]*)"`).FindAllStringSubmatch(script, -1)
		for _, key := range said {
			if handed.Texts[key[1]]["other"] == "" {
				t.Errorf("%s: the script says %q, which has no words", l.Tag, key[1])
			}
		}
		if len(said) == 0 || len(handed.Texts) > len(said) {
			t.Errorf("%s: %d texts for %d places", l.Tag, len(handed.Texts), len(said))
		}
	}
}
