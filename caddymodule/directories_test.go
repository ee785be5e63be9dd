package caddymodule_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/directory/directorytest"
	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// Each directory, written as an operator writes it, with its real server: found, not found, several numbers, a number
// that changes while a challenge is open, down in the middle of a challenge, slow, back again. No fault is taken for
// "no number", and no secret is told.
func TestEveryDirectory(t *testing.T) {
	t.Parallel()
	every := maps.Clone(directoriesThatAsk)
	maps.Copy(every, directoriesAtHand)
	for name, start := range every {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := start(t)
			s := d.starts(t)
			bob := s.visitor(t, "bob")
			s.opens(t, bob)
			if to := s.provider.Wait(t, 1).To; "+"+to != bobNumber {
				t.Errorf("bob's text went to %s", to)
			}
			for _, without := range []string{"nobody", "carol"} {
				p := s.opens(t, s.visitor(t, without))
				if p.status != http.StatusForbidden || !strings.Contains(p.body, "phone number") {
					t.Errorf("%s: status %d, %.200s", without, p.status, p.body)
				}
			}
			alice := s.visitor(t, "alice")
			page := s.opens(t, alice)
			text := s.provider.Wait(t, 2)
			if "+"+text.To != aliceNumber {
				t.Errorf("alice's text went to %s", text.To)
			}
			page, code := s.followsTheNumber(t, d, alice, page, text.CodeInText())
			if d.stop == nil {
				s.enters(t, alice, page, code)
				s.tellsNoSecret(t, d.env)
				return
			}
			d.stop()
			s.cannotTell(t, alice, page, code)
			d.back()
			d.moves(t, s, movedNumber) // a Redis comes back without what it had
			s.enters(t, alice, page, code)
			s.lastsWithout(t, d, alice, bob)
			s.tellsNoSecret(t, d.env)
		})
	}
}

// movedNumber is alice's number after the move.
const movedNumber = "+15005550019"

// opens opens the page, again while the directory does not answer: a machine may be too busy for an answer in time.
func (s *site) opens(t *testing.T, v *visitor) (p page) {
	t.Helper()
	testenv.Await(t, "the directory answers", func() bool {
		p = v.open("/")
		return p.status != http.StatusServiceUnavailable
	})
	return p
}

// followsTheNumber gives alice another number while her challenge is open: the code on the old phone is dead, and a
// new code goes to the new one. It returns the page and the code that count then.
func (s *site) followsTheNumber(t *testing.T, d asked, alice *visitor, old page, oldCode string) (page, string) {
	t.Helper()
	d.moves(t, s, movedNumber)
	testenv.Await(t, "the old challenge is over", func() bool {
		return strings.Contains(alice.submit(old, "/", "no code, and not counted").body, "has expired")
	})
	var asForm, asAPI page
	testenv.Await(t, "the old code is judged", func() bool {
		asForm = alice.submit(old, "/", oldCode)
		asAPI = alice.do(http.MethodPost, "/?sms_2fa=verify", asJSON(), `{"code":"`+oldCode+`"}`)
		return asForm.status != http.StatusServiceUnavailable && asAPI.status != http.StatusServiceUnavailable
	})
	if asForm.status != http.StatusForbidden || asAPI.problem() != "code-expired" || alice.cookie("sms2fa") != "" {
		t.Errorf("the code on the old phone: status %d, problem %q", asForm.status, asAPI.problem())
	}
	p := s.opens(t, alice)
	text := s.provider.Wait(t, 3)
	if "+"+text.To != movedNumber || text.CodeInText() == oldCode {
		t.Errorf("the next text went to %s, with another code: %t", text.To, text.CodeInText() != oldCode)
	}
	if a := alice.submit(p, "/", oldCode); a.status == http.StatusSeeOther {
		t.Error("the code on the old phone opens the challenge of the new one")
	}
	return p, text.CodeInText()
}

// lastsWithout holds that a slow directory concerns nobody who is verified: alice goes on and signs out. bob is told,
// until the directory is back.
func (s *site) lastsWithout(t *testing.T, d asked, alice, bob *visitor) {
	t.Helper()
	d.Slow()
	s.cannotTell(t, bob, bob.open("/"), "123456")
	if !alice.open("/").isApp() {
		t.Error("alice is out while the directory is slow")
	}
	if p := alice.do(http.MethodPost, "/?sms_2fa=logout", nil, ""); p.status != http.StatusNoContent {
		t.Errorf("alice signs out: status %d", p.status)
	}
	d.Up()
	if p := s.opens(t, s.visitor(t, "bob")); p.status != http.StatusForbidden {
		t.Errorf("back again: status %d", p.status)
	}
}

// cannotTell holds what a visitor and the operator are told while the directory is down or slow.
func (s *site) cannotTell(t *testing.T, v *visitor, page page, code string) {
	t.Helper()
	opened := v.open("/")
	if opened.status != http.StatusServiceUnavailable || opened.header.Get("Retry-After") != "5" {
		t.Errorf("page: status %d, Retry-After %q", opened.status, opened.header.Get("Retry-After"))
	}
	asJSON := v.do(http.MethodPost, "/?sms_2fa=send", asJSON(), "{}")
	if asJSON.status != http.StatusServiceUnavailable || asJSON.problem() != "directory-unavailable" {
		t.Errorf("send: status %d, problem %q", asJSON.status, asJSON.problem())
	}
	if page.csrf() != "" {
		if p := v.submit(page, "/", code); p.status != http.StatusServiceUnavailable {
			t.Errorf("code: status %d", p.status)
		}
	}
	s.AwaitLog(t, "directory does not answer")
}

// enters types the code as soon as the directory answers again.
func (s *site) enters(t *testing.T, v *visitor, page page, code string) {
	t.Helper()
	testenv.Await(t, "the code opens the session", func() bool {
		return v.submit(page, "/", code).status == http.StatusSeeOther
	})
	if !v.open("/").isApp() {
		t.Error("not in")
	}
}

func (s *site) tellsNoSecret(t *testing.T, env []string) {
	t.Helper()
	log, metrics, config := "", s.Get("/metrics"), s.Get("/config/")
	for line := range strings.Lines(s.Log()) {
		if !strings.Contains(line, `"msg":"adjusted config"`) { // Caddy's, with what the Caddyfile says
			log += line
		}
	}
	for _, secret := range env {
		if _, value, _ := strings.Cut(secret, "="); strings.Contains(log+metrics+config, value) {
			t.Errorf("%s is in the log, the metrics or the configuration", secret)
		}
	}
	for _, number := range []string{aliceNumber, bobNumber, bobSecond} {
		if strings.Contains(log, number) {
			t.Errorf("the log has the number %s", number)
		}
	}
	for _, line := range []string{`result="found"`, `result="none"`} {
		if !strings.Contains(metrics, line) {
			t.Errorf("the metrics have no line with %s", line)
		}
	}
}

// Nobody gets at another's number by a name that means something to a directory.
func TestInjection(t *testing.T) {
	t.Parallel()
	for name, start := range directoriesThatAsk {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := start(t)
			s := startSite(t, setup{
				site: "vars user {http.request.header.X-User}", directive: d.block + "\nuser {http.vars.user}", env: d.env,
			})
			v := s.visitor(t, "alice")
			open := func(user string) page {
				h := asPage()
				h.Set("X-User", user)
				return v.do(http.MethodGet, "/", h, "")
			}
			for _, user := range directorytest.Dangerous {
				var p page
				testenv.Await(t, fmt.Sprintf("an answer for %q", user), func() bool {
					p = open(user) // a machine may be too busy for an answer in time
					return p.status != http.StatusServiceUnavailable || name == "http" && strings.Contains(user, ".")
				})
				refused := name == "http" && p.status == http.StatusServiceUnavailable
				if p.status != http.StatusForbidden && !refused || strings.Contains(p.body, "We sent a text") {
					t.Errorf("%q: status %d, %.300s", user, p.status, p.body)
				}
			}
			if texts := s.provider.Texts(); len(texts) != 0 {
				t.Errorf("%d texts went out", len(texts))
			}
			open("alice")
			if to := s.provider.Wait(t, 1).To; "+"+to != aliceNumber {
				t.Errorf("alice's text went to %s", to)
			}
		})
	}
}

// Directories are asked in the order in which they stand; the option phone comes before all.
func TestOrderOfDirectories(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "phones.json")
	if err := os.WriteFile(file, []byte(`{"bob": ["+15005550021", "+15005550022"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	const vars = "@phone header X-Phone *\nvars @phone phone \"+1 500 555 0020\"\n" +
		"@other header X-Other *\nvars @other other \"+1 500 555 0023\""
	s := startSite(t, setup{site: vars, directive: `
		phone {http.vars.phone}
		directory file ` + file + `
		directory placeholder {http.vars.other}
		directory inline {
			alice +15005550024
			bob +15005550025
		}`})
	for i, c := range []struct{ user, header, want string }{
		{"nobody", "X-Phone", "+15005550020"},
		{"bob", "X-Other", "+15005550021"},
		{"carol", "X-Other", "+15005550023"},
		{"alice", "X-None", "+15005550024"},
	} {
		h := asPage()
		h.Set(c.header, "1")
		s.visitor(t, c.user).do(http.MethodGet, "/", h, "")
		if to := s.provider.Wait(t, i+1).To; "+"+to != c.want {
			t.Errorf("%s: the text went to %s, want %s", c.user, to, c.want)
		}
	}
}

// A cache spares questions, and a reload drops it.
func TestCacheOfADirectory(t *testing.T) {
	t.Parallel()
	var questions int
	number := aliceNumber
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		questions++
		_, _ = fmt.Fprintf(w, `{"phone": %q}`, number)
	}))
	t.Cleanup(server.Close)
	with := setup{directive: "resend_after 0s\ndirectory http {\nurl " + server.URL + "/{user}\ncache 1h\n}"}
	s := startSite(t, with)
	s.visitor(t, "alice").login("/")
	if questions != 1 {
		t.Errorf("a login asked %d times", questions)
	}
	number = bobNumber
	with.provider, with.listen = s.provider, s.URL
	if err := s.Reload(with.caddyfile()); err != nil {
		t.Fatal(err)
	}
	s.visitor(t, "alice").open("/")
	if to := s.provider.Wait(t, 2).To; "+"+to != bobNumber {
		t.Errorf("after the reload the text went to %s", to)
	}
}

// What a login costs, in round trips to the directory as they pass on the wire: one lookup for the page, one for the
// code. A verified request costs none, and no command in the store either.
func TestRoundTripsOfALogin(t *testing.T) {
	t.Parallel()
	most := map[string]int64{"postgres": 4, "mariadb": 4, "ldaps": 2, "starttls": 2, "redis": 2, "http": 2}
	for name, start := range directoriesThatAsk {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, store := start(t), testenv.StartRedis(t)
			with := d.setup()
			with.global = onRedis(store.Addr)
			s := startSite(t, with)
			s.opens(t, s.visitor(t, "nobody")) // connects
			cost, before := most[name]+1, int64(0)
			var v *visitor
			for range 3 { // a busy machine may lose a connection to the limit of time
				if before = d.Asked(); cost > most[name] {
					v = s.visitor(t, "alice")
					v.login("/")
					cost = d.Asked() - before
				}
			}
			t.Logf("%s: %d round trips", name, cost)
			if cost > most[name] {
				t.Errorf("a login costs %d round trips, and not at most %d", cost, most[name])
			}
			commands := func() []string { return commandsIn(fmt.Sprint(store.Do("INFO", "commandstats"))) }
			if len(commands()) == 0 {
				t.Error("no command of the login is counted")
			}
			before = d.Asked()
			testenv.Await(t, "verified requests cost no command in the store", func() bool {
				store.Do("CONFIG", "RESETSTAT") // how the text went may be written down a moment later
				for range 10 {
					v.open("/")
				}
				return len(commands()) == 0
			})
			if verified := d.Asked() - before; verified != 0 {
				t.Errorf("verified requests cost %d round trips", verified)
			}
		})
	}
}

var commandStat = regexp.MustCompile(`(?m)^cmdstat_([a-z|]+):`)

// commandsIn are the commands in the statistics of a Redis, but for the test's own and the read by which a gateway
// waits for the log, whether there are requests or not.
func commandsIn(stats string) (commands []string) {
	for _, m := range commandStat.FindAllStringSubmatch(stats, -1) {
		if name, _, _ := strings.Cut(m[1], "|"); !slices.Contains([]string{"xread", "info", "config", "hello"}, name) {
			commands = append(commands, m[1])
		}
	}
	return commands
}
