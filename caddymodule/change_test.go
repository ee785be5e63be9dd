package caddymodule_test

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

// enrolled is a visitor who has given a number and proved it. The first text is theirs.
func (s *site) enrolled(t *testing.T, user, number string) *visitor {
	t.Helper()
	v := s.visitor(t, user)
	p, code := v.given("AM", number)
	if a := v.submit(p, "/", code); a.status != http.StatusSeeOther {
		t.Fatalf("status %d, %.600s", a.status, a.body)
	}
	return v
}

const (
	firstNumber = "077 123456"
	newNumber   = "077 654321"
)

// change gives a number in the place of the one until now, on the page that asks for it.
func (v *visitor) change(p page, country, number string) page {
	v.t.Helper()
	form := url.Values{"csrf": {p.csrf()}, "country": {country}, "number": {number}}
	return v.do(http.MethodPost, "/a?x=1&sms_2fa=enroll.change", asForm(), form.Encode())
}

// A visitor changes the number on the page of the account. The old number learns of it; every other session ends, and
// the next login goes to the new number.
func TestChangeNumber(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, global string) {
		s := enrolling(t, global+"\nresend_after 0s", "countries AM DE")
		v := s.enrolled(t, "alice", firstNumber)
		other := s.visitor(t, "alice")
		other.login("/")
		account := v.open("/a?x=1&sms_2fa=account")
		if !account.isAccount() || !strings.Contains(account.body, `href="?x=1&amp;sms_2fa=change"`) {
			t.Fatalf("status %d, %s", account.status, account.body)
		}
		p := v.open("/a?x=1&sms_2fa=change")
		if !p.asksForNumber() || !strings.Contains(p.body, "Your codes go to") || !strings.Contains(p.body, "••••••••56") {
			t.Fatalf("status %d, %.900s", p.status, p.body)
		}
		if refused := v.change(p, "DE", "030 901820"); refused.status != http.StatusUnprocessableEntity {
			t.Errorf("a landline: status %d", refused.status)
		}
		p = v.change(v.open("/a?x=1&sms_2fa=change"), "AM", newNumber)
		if to := p.leadsTo(t, "/a"); p.status != http.StatusSeeOther || to != "/a?x=1&sms_2fa=change" {
			t.Fatalf("status %d, %s", p.status, to)
		}
		text := s.provider.Wait(t, 3)
		if text.To != "37477654321" {
			t.Errorf("the text went to %s", text.To)
		}
		p = v.open("/a?x=1&sms_2fa=change")
		if !strings.Contains(p.body, "••••••••21") || !strings.Contains(p.body, `action="?x=1&amp;sms_2fa=verify.change"`) ||
			!strings.Contains(p.body, `href="?x=1&amp;sms_2fa=enroll.change"`) {
			t.Fatalf("status %d, %.900s", p.status, p.body)
		}
		if status := v.do(http.MethodGet, "/a?sms_2fa=status.change", nil, ""); field(status.body, "verified") != "false" {
			t.Errorf("status: %s", status.body) // or the script would lead away from the page
		}
		if !v.do(http.MethodGet, "/", nil, "").isApp() || !other.do(http.MethodGet, "/", nil, "").isApp() {
			t.Error("a session ended before the code")
		}
		form := url.Values{"csrf": {p.csrf()}, "code": {wrong(text.CodeInText())}}
		if a := v.do(http.MethodPost, "/a?x=1&sms_2fa=verify.change", asForm(), form.Encode()); a.problem() != "" &&
			!strings.Contains(a.body, "2 tries left") {
			t.Errorf("a wrong code: status %d, %.600s", a.status, a.body)
		}
		form.Set("code", text.CodeInText())
		a := v.do(http.MethodPost, "/a?x=1&sms_2fa=verify.change", asForm(), form.Encode())
		if to := a.leadsTo(t, "/a"); a.status != http.StatusSeeOther || to != "/a?x=1&sms_2fa=account" {
			t.Fatalf("the right code: status %d, %s, %.600s", a.status, to, a.body)
		}
		if p := v.open("/a?x=1&sms_2fa=account"); !p.isAccount() || !strings.Contains(p.body, "••••••••21") {
			t.Errorf("the account: status %d, %.900s", p.status, p.body)
		}
		notice := s.provider.Wait(t, 4)
		if notice.To != "37477123456" || notice.Text != "Acme: your codes now go to another phone number. "+
			"If you did not change it, tell the operator of this site at once." {
			t.Errorf("to %s: %s", notice.To, notice.Text)
		}
		if !v.do(http.MethodGet, "/", nil, "").isApp() {
			t.Error("the visitor who changed the number is signed out")
		}
		testenv.Await(t, "the other session ends", func() bool { return !other.do(http.MethodGet, "/", nil, "").isApp() })
		if rows := s.exported(t); !slices.Equal(rows, []string{"alice,'+37477654321,T,T,enroll"}) {
			t.Errorf("the register has %q", rows)
		}
		third := s.visitor(t, "alice")
		third.login("/")
		if texts := s.provider.Texts(); texts[len(texts)-1].To != "37477654321" {
			t.Errorf("the next code went to %s", texts[len(texts)-1].To)
		}
		// The old number is free.
		s.enrolled(t, "bob", firstNumber)
	})
}

// Whoever has no session, or none of a number in the register, changes nothing.
func TestChangeNumberByOthers(t *testing.T) {
	t.Parallel()
	s := enrolling(t, "resend_after 0s", "countries AM")
	s.enrolled(t, "alice", firstNumber)
	thief := s.visitor(t, "alice") // has the password alone
	give := `{"number":"` + newNumber + `","country":"AM"}`
	a := thief.do(http.MethodPost, "/?sms_2fa=enroll.change", asJSON(), give)
	if a.status/100 != 2 && a.status/100 != 4 || len(s.provider.Texts()) > 1 &&
		s.provider.Texts()[len(s.provider.Texts())-1].To == "37477654321" {
		t.Errorf("status %d, %s, %d texts", a.status, a.body, len(s.provider.Texts()))
	}
	p := thief.open("/?sms_2fa=change")
	if p.asksForNumber() || p.status != http.StatusForbidden || !strings.Contains(p.body, "••••••••56") {
		t.Errorf("the page: status %d, %.600s", p.status, p.body)
	}
	for _, text := range s.provider.Texts() {
		if text.To != "37477123456" {
			t.Errorf("a text to %s", text.To)
		}
	}
	// The number that a directory has is changed there.
	s = startSite(t, setup{directive: "directory inline {\nalice +15005550006\n}\ndirectory enroll {\ncountries AM\n}"})
	v := s.visitor(t, "alice")
	v.login("/")
	if p := v.open("/?sms_2fa=account"); strings.Contains(p.body, "sms_2fa=change") {
		t.Error("the page of the account has a link to change the number")
	}
	if p := v.open("/?sms_2fa=change"); p.status != http.StatusSeeOther || p.leadsTo(t, "/") != "/?sms_2fa=account" {
		t.Errorf("the page: status %d, %.600s", p.status, p.body)
	}
	if a := v.do(http.MethodPost, "/?sms_2fa=enroll.change", asJSON(), give); len(s.provider.Texts()) != 1 {
		t.Errorf("status %d, %s, %d texts", a.status, a.body, len(s.provider.Texts()))
	}
}

// The number of somebody else is refused when it is given, and also when it was taken while the code was on its way.
func TestChangeToANumberOfAnother(t *testing.T) {
	t.Parallel()
	s := enrolling(t, "resend_after 0s", "countries AM")
	s.enrolled(t, "bob", "077 111111")
	v := s.enrolled(t, "alice", firstNumber)
	if p := v.change(v.open("/?sms_2fa=change"), "AM", "077 111111"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("bob's number: status %d", p.status)
	}
	v.change(v.open("/?sms_2fa=change"), "AM", newNumber)
	code := s.provider.Wait(t, 3).CodeInText()
	if said, status := s.operates(t, "numbers set --user carol --number +37477654321"); status != 0 {
		t.Fatal(said)
	}
	p := v.open("/?sms_2fa=change")
	form := url.Values{"csrf": {p.csrf()}, "code": {code}}
	if a := v.do(http.MethodPost, "/?sms_2fa=verify.change", asForm(), form.Encode()); a.status == http.StatusSeeOther {
		t.Errorf("status %d", a.status)
	}
	if rows := s.exported(t); !slices.Contains(rows, "alice,'+37477123456,T,T,enroll") || len(rows) != 3 {
		t.Errorf("the register has %q", rows)
	}
	if !v.do(http.MethodGet, "/", nil, "").isApp() {
		t.Error("the visitor is signed out")
	}
}

// With notify_change off, and where every sender fills a template of its provider, nobody is told.
func TestNobodyIsToldOfAChange(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ global, sender string }{
		"off":               {"notify_change off", ""},
		"template of codes": {"", "template 9d1f1fa4-1a0d-4c4c-8d4c-111111111111"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := providers.StartDexatel(t)
			s := startSite(t, setup{
				provider: p, sender: tt.sender, global: tt.global + "\nresend_after 0s",
				directive: "directory enroll {\ncountries AM\n}",
			})
			codeOf := func(text providers.Text) string { return cmp.Or(text.CodeInText(), text.Code) }
			v := s.visitor(t, "alice")
			v.give(v.open("/"), "AM", firstNumber)
			v.submit(v.open("/"), "/", codeOf(p.Wait(t, 1)))
			v.change(v.open("/?sms_2fa=change"), "AM", newNumber)
			code := codeOf(p.Wait(t, 2))
			form := url.Values{"csrf": {v.open("/?sms_2fa=change").csrf()}, "code": {code}}
			if a := v.do(http.MethodPost, "/?sms_2fa=verify.change", asForm(), form.Encode()); a.status != http.StatusSeeOther {
				t.Fatalf("status %d", a.status)
			}
			if name != "off" {
				s.AwaitLog(t, "old number was not told of the change")
			}
			if n := len(p.Texts()); n != 2 {
				t.Errorf("%d texts", n)
			}
		})
	}
}
