package caddymodule_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// phoneBook is a directory file that a test changes.
type phoneBook struct {
	t    *testing.T
	path string
}

func newPhoneBook(t *testing.T, lines ...string) *phoneBook {
	b := &phoneBook{t: t, path: filepath.Join(t.TempDir(), "phones.csv")}
	b.write(lines...)
	return b
}

// write replaces the file at once.
func (b *phoneBook) write(lines ...string) {
	b.t.Helper()
	next := b.path + ".new"
	if err := os.WriteFile(next, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		b.t.Fatal(err)
	}
	if err := os.Rename(next, b.path); err != nil {
		b.t.Fatal(err)
	}
}

func (b *phoneBook) site(t *testing.T) *site {
	return startSite(t, setup{directive: "resend_after 0s\ndirectory file " + b.path})
}

// A session ends when the number of its user changes, or the user goes, also while nobody signs in.
func TestSessionEndsWithItsNumber(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]struct {
		lines []string
		text  string // to which the next text goes; "" means to nobody
	}{
		"number changed": {[]string{"bob,+15005550009", "alice,+15005550011"}, "15005550011"},
		"line deleted":   {[]string{"bob,+15005550009"}, ""},
		"unreadable":     {[]string{"bob,+15005550009", "alice,12"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			book := newPhoneBook(t, "bob,+15005550009", "alice,+15005550006")
			s := book.site(t)
			alice, bob := s.visitor(t, "alice"), s.visitor(t, "bob")
			alice.login("/")
			bob.login("/")
			book.write(after.lines...)
			out := func() bool { return !alice.do(http.MethodGet, "/", nil, "").isApp() }
			testenv.Await(t, "the session has ended", out)
			if !bob.open("/").isApp() {
				t.Error("another user's session has ended, too")
			}
			p := alice.open("/")
			if after.text == "" {
				if !strings.Contains(p.body, "no phone number on file") {
					t.Errorf("status %d: %s", p.status, p.body)
				}
				return
			}
			if text := s.provider.Wait(t, 3); text.To != after.text {
				t.Errorf("the next text went to %s", text.To)
			}
			if p = alice.submit(p, "/", s.provider.Wait(t, 3).CodeInText()); p.status != http.StatusSeeOther {
				t.Errorf("the code on the new phone: status %d", p.status)
			}
			if !alice.open("/").isApp() {
				t.Error("not in with the new number")
			}
		})
	}
}

// The same number in another spelling is the same number.
func TestSessionOutlivesASpelling(t *testing.T) {
	t.Parallel()
	book := newPhoneBook(t, "alice,+15005550006")
	s := book.site(t)
	v := s.visitor(t, "alice")
	v.login("/")
	book.write("alice,+1 500 555 0006", "carol,+15005550010")
	testenv.Await(t, "the file is read", func() bool {
		v.do(http.MethodGet, "/", nil, "")
		return s.visitor(t, "carol").open("/").status == http.StatusForbidden && len(s.provider.Texts()) == 2
	})
	if !v.open("/").isApp() {
		t.Error("the session has ended")
	}
}

// The code on the old phone opens nothing once the number has changed, and a resend has a new code.
func TestCodeEndsWithItsNumber(t *testing.T) {
	t.Parallel()
	book := newPhoneBook(t, "alice,+15005550006")
	s := book.site(t)
	v := s.visitor(t, "alice")
	p := v.open("/")
	old := s.provider.Wait(t, 1).CodeInText()
	book.write("alice,+15005550011")
	testenv.Await(t, "the code is over", func() bool {
		return strings.Contains(v.submit(p, "/", "no code, and not counted").body, "has expired")
	})
	if a := v.submit(p, "/", old); a.status != http.StatusForbidden || v.cookie("sms2fa") != "" {
		t.Errorf("the code on the old phone: status %d", a.status)
	}
	if a := v.do(http.MethodPost, "/?sms_2fa=verify", asJSON(), `{"code":"`+old+`"}`); a.problem() != "code-expired" {
		t.Errorf("the code on the old phone, as JSON: %s", a.body)
	}
	v.do(http.MethodPost, "/?sms_2fa=send", asJSON(), "{}")
	text := s.provider.Wait(t, 2)
	if text.To != "15005550011" || text.CodeInText() == old {
		t.Errorf("the resend went to %s, with a new code: %t", text.To, text.CodeInText() != old)
	}
	if a := v.do(http.MethodPost, "/?sms_2fa=verify", asJSON(), `{"code":"`+old+`"}`); a.status == http.StatusOK {
		t.Error("after the resend the code on the old phone opens")
	}
	code := `{"code":"` + text.CodeInText() + `"}`
	book.write("bob,+15005550009")
	testenv.Await(t, "the user is gone", func() bool {
		return v.do(http.MethodPost, "/?sms_2fa=verify", asJSON(), code).problem() == "no-phone"
	})
}

// A number that the first factor brings, and one in the configuration, are compared at each request.
func TestSessionEndsWithTheNumberAtHand(t *testing.T) {
	t.Parallel()
	t.Run("placeholder", func(t *testing.T) {
		t.Parallel()
		s := startSite(t, setup{
			site: "vars number \"+1 500 555 0006\"\n@moved header X-Moved *\nvars @moved number \"+1 500 555 0009\"\n" +
				"@gone header X-Gone *\nvars @gone number \"\"",
			directive: "phone {http.vars.number}\ndirectory inline {\nsomebody +15005550012\n}",
		})
		v := s.visitor(t, "alice")
		v.login("/")
		for _, header := range []string{"X-Moved", "X-Gone"} {
			if v.do(http.MethodGet, "/", http.Header{header: {"1"}}, "").isApp() {
				t.Errorf("%s: still in", header)
			}
			if !v.open("/").isApp() {
				t.Errorf("%s: the session does not come back with its number", header)
			}
		}
	})
	t.Run("configuration", func(t *testing.T) {
		t.Parallel()
		s := startSite(t, setup{})
		alice, bob := s.visitor(t, "alice"), s.visitor(t, "bob")
		alice.login("/")
		bob.login("/")
		moved := setup{
			provider: s.provider, listen: s.URL,
			directive: "directory inline {\nalice +15005550011\nbob +15005550009\n}",
		}
		if err := s.Reload(moved.caddyfile()); err != nil {
			t.Fatal(err)
		}
		if alice.do(http.MethodGet, "/", nil, "").isApp() {
			t.Error("the session outlived its number")
		}
		if !bob.open("/").isApp() {
			t.Error("another user's session has ended, too")
		}
	})
}
