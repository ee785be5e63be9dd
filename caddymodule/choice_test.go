package caddymodule_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// newNumbers is a directory file of users who may have several numbers.
func newNumbers(t *testing.T, lines ...string) *phoneBook {
	b := &phoneBook{t: t, path: filepath.Join(t.TempDir(), "phones.json")}
	b.list(lines...)
	return b
}

// list writes lines like "alice +15005550006 +15005550007".
func (b *phoneBook) list(lines ...string) {
	b.t.Helper()
	numbers := make(map[string][]string)
	for _, line := range lines {
		fields := strings.Fields(line)
		numbers[fields[0]] = fields[1:]
	}
	content, err := json.Marshal(numbers)
	if err != nil {
		b.t.Fatal(err)
	}
	b.write(string(content))
}

// severalNumbers is a user with three numbers on file, the second one in two spellings.
const severalNumbers = "alice +15005550006 +15005550007 +1(500)5550007 +15005550008"

// phonesOf are the numbers in a body, masked, in order.
func (p page) phonesOf() string {
	var body struct{ Phones []string }
	_ = json.Unmarshal([]byte(p.body), &body)
	return strings.ReplaceAll(strings.Join(body.Phones, " "), "•", "")
}

// press presses the button of the page that asks for a text to a number.
func (v *visitor) press(p page, path, number string) page {
	v.t.Helper()
	if !strings.Contains(p.body, `name="number" value="`+number+`"`) {
		v.t.Fatalf("the page does not offer number %s: %s", number, p.body)
	}
	form := url.Values{"csrf": {p.csrf()}, "number": {number}}
	return v.do(http.MethodPost, withParameter(path, "send"), asForm(), form.Encode())
}

// The first number gets the text, and the page offers the others. The one that the visitor chooses gets a code of its
// own, and the code on the first one is over.
func TestChosenNumber(t *testing.T) {
	t.Parallel()
	book := newNumbers(t, severalNumbers, "bob +15005550009")
	s := book.site(t)
	v := s.visitor(t, "alice")
	p := v.open("/a?b=c")
	first := s.provider.Wait(t, 1)
	if first.To != "15005550006" || strings.Contains(p.body, "500555") || strings.Count(p.body, `name="number"`) != 2 {
		t.Fatalf("the first text went to %s, page %s", first.To, p.body)
	}
	old := v.cookie("sms2fa_challenge")
	if sent := v.press(p, "/a?b=c", "2"); sent.status != http.StatusSeeOther || sent.header.Get("Location") != "?b=c" {
		t.Fatalf("status %d, %s", sent.status, sent.body)
	}
	second := s.provider.Wait(t, 2)
	if second.To != "15005550007" || second.CodeInText() == first.CodeInText() {
		t.Errorf("the second text went to %s, with the same code: %t", second.To, second.CodeInText() == first.CodeInText())
	}
	p = v.open("/a?b=c")
	chosen := `code to <bdi class="phone" dir="ltr" aria-hidden="true">••••••••07`
	if !strings.Contains(p.body, chosen) || strings.Contains(p.body, `value="2"`) {
		t.Errorf("the page does not tell the number that was chosen: %s", p.body)
	}
	if len(s.provider.Texts()) != 2 {
		t.Error("a reload has sent a text")
	}
	replayed := s.visitor(t, "alice")
	replayed.setCookie("sms2fa_challenge", old)
	code := `{"code":"` + first.CodeInText() + `"}`
	if a := replayed.do(http.MethodPost, "/?sms_2fa=verify", asJSON(), code); a.problem() != "code-expired" {
		t.Errorf("the code on the first number: %s", a.body)
	}
	if a := v.resend(p, "/a?b=c"); a.status != http.StatusSeeOther {
		t.Errorf("resend: status %d", a.status)
	}
	if again := s.provider.Wait(t, 3); again.To != second.To || again.CodeInText() != second.CodeInText() {
		t.Errorf("a resend went to %s, with the same code: %t", again.To, again.CodeInText() == second.CodeInText())
	}
	if a := v.submit(p, "/a?b=c", second.CodeInText()); a.status != http.StatusSeeOther {
		t.Fatalf("right code: status %d", a.status)
	}
	if !v.open("/a?b=c").isApp() {
		t.Error("not in")
	}
	if p := s.visitor(t, "bob").open("/"); strings.Contains(p.body, `name="number"`) {
		t.Error("a user with one number is offered others")
	}
}

// JSON chooses by the position, and reads the numbers by their last digits wherever the visitor is known.
func TestChosenNumberByJSON(t *testing.T) {
	t.Parallel()
	s := newNumbers(t, severalNumbers, "bob +15005550009").site(t)
	v := s.visitor(t, "alice")
	send := func(body string) page { return v.do(http.MethodPost, "/?sms_2fa=send", asJSON(), body) }
	for body, detail := range map[string]string{
		`{"number":0}`:       "Expected is 1 to 3",
		`{"number":4}`:       "Expected is 1 to 3",
		`{"number":99999}`:   "the position of a phone number",
		`{"number":-1}`:      "the position of a phone number",
		`{"number":"2"}`:     "in JSON without quotes",
		`{"number":2.0}`:     "the position of a phone number",
		`{"number":2e0}`:     "the position of a phone number",
		`{"number":null}`:    "the position of a phone number",
		`{"number":[2]}`:     "the position of a phone number",
		`{"number":{"a":2}}`: "the position of a phone number",
		`{"numbers":2}`:      "Expected is the page's form",
	} {
		if p := send(body); p.problem() != "bad-request" || !strings.Contains(field(p.body, "detail"), detail) {
			t.Errorf("%s: status %d, %s", body, p.status, p.body)
		}
	}
	p := v.do(http.MethodPost, "/?sms_2fa=send", asForm(), "number=4&csrf=x")
	if p.status != http.StatusForbidden {
		t.Errorf("a form that is not of the page: status %d", p.status)
	}
	if n := len(s.provider.Texts()); n != 0 {
		t.Fatalf("%d texts for requests that were refused", n)
	}
	v.stands("at first", map[string]string{"state": "none", "phones": "[••••••••06 ••••••••07 ••••••••08]"})
	p = send(`{"number":3}`)
	if p.status != http.StatusAccepted || field(p.body, "phone") != "••••••••08" || p.phonesOf() != "06 07 08" {
		t.Errorf("status %d, %s", p.status, p.body)
	}
	text := s.provider.Wait(t, 1)
	if text.To != "15005550008" {
		t.Errorf("the text went to %s", text.To)
	}
	p = v.do(http.MethodPost, "/?sms_2fa=verify", asJSON(), `{"code":"`+wrong(text.CodeInText())+`"}`)
	if p.problem() != "code-incorrect" || field(p.body, "phone") != "••••••••08" || p.phonesOf() != "06 07 08" {
		t.Errorf("status %d, %s", p.status, p.body)
	}
	v.stands("with a challenge", map[string]string{"state": "waiting", "phone": "••••••••08"})
	p = v.do(http.MethodPost, "/?sms_2fa=verify", asJSON(), `{"code":"`+text.CodeInText()+`"}`)
	if p.status != http.StatusOK || !v.do(http.MethodGet, "/", nil, "").isApp() {
		t.Errorf("the right code: status %d, %s", p.status, p.body)
	}
	one := s.visitor(t, "bob").do(http.MethodPost, "/?sms_2fa=send", asJSON(), `{"number":1}`)
	if one.status != http.StatusAccepted || one.phonesOf() != "09" {
		t.Errorf("the only number: status %d, %s", one.status, one.body)
	}
}

// A form that names a position which is none is refused in words, and costs no text.
func TestFormWithAPositionThatIsNone(t *testing.T) {
	t.Parallel()
	s := newNumbers(t, severalNumbers).site(t)
	v := s.visitor(t, "alice")
	p := v.open("/")
	for _, number := range []string{"0", "4", "-1", "two", "+15005550006", " 2"} {
		form := url.Values{"csrf": {p.csrf()}, "number": {number}}.Encode()
		a := v.do(http.MethodPost, "/?sms_2fa=send", asForm(), form)
		if a.status != http.StatusBadRequest || !strings.Contains(a.body, "could not understand") {
			t.Errorf("%q: status %d", number, a.status)
		}
	}
	if n := len(s.provider.Texts()); n != 1 {
		t.Errorf("%d texts, want 1", n)
	}
}

// Texts count for the account whatever their number, and for the number whoever asked.
func TestLimitsOfSeveralNumbers(t *testing.T) {
	t.Parallel()
	book := newNumbers(t, severalNumbers, "bob +15005550009 +15005550007")
	s := startSite(t, setup{directive: "resend_after 0s\nsends 2 per 10m\ndirectory file " + book.path})
	alice, bob := s.visitor(t, "alice"), s.visitor(t, "bob")
	send := func(v *visitor, body string) page { return v.do(http.MethodPost, "/?sms_2fa=send", asJSON(), body) }
	for _, body := range []string{`{"number":2}`, `{"number":2}`} {
		if p := send(alice, body); p.status != http.StatusAccepted {
			t.Fatalf("status %d, %s", p.status, p.body)
		}
	}
	if p := send(alice, `{"number":3}`); p.problem() != "too-many-requests" {
		t.Errorf("the limit of the account, on another number: %s", p.body)
	}
	if p := send(bob, `{}`); p.status != http.StatusAccepted {
		t.Fatalf("bob: status %d, %s", p.status, p.body)
	}
	code := s.provider.Wait(t, 3).CodeInText()
	if p := send(bob, `{"number":2}`); p.problem() != "too-many-requests" || field(p.body, "phone") != "••••••••09" {
		t.Errorf("the limit of a number that alice has used up: %s", p.body)
	}
	if n := len(s.provider.Texts()); n != 3 {
		t.Errorf("%d texts, want 3", n)
	}
	bob.stands("the challenge on his first number", map[string]string{"state": "waiting", "phone": "••••••••09"})
	p := bob.do(http.MethodPost, "/?sms_2fa=verify", asJSON(), `{"code":"`+code+`"}`)
	if p.status != http.StatusOK {
		t.Errorf("its code does not hold any more: %s", p.body)
	}
}

// A challenge and a session are bound to the number that the code went to: they stay as long as it is one of the
// user's, in whatever place, and end when it is gone.
func TestNumberOfSeveralThatLeaves(t *testing.T) {
	t.Parallel()
	for _, position := range []string{"1", "2", "3"} {
		t.Run("number "+position, func(t *testing.T) {
			t.Parallel()
			numbers := []string{"+15005550006", "+15005550007", "+15005550008"}
			book := newNumbers(t, "alice "+strings.Join(numbers, " "), "bob +15005550009")
			s := book.site(t)
			v, waiting := s.visitor(t, "alice"), s.visitor(t, "alice")
			chosen := numbers[position[0]-'1']
			for i, v := range []*visitor{v, waiting} {
				v.do(http.MethodPost, "/?sms_2fa=send", asJSON(), `{"number":`+position+`}`)
				if text := s.provider.Wait(t, i+1); "+"+text.To != chosen {
					t.Fatalf("the text went to %s", text.To)
				}
			}
			enter := func(v *visitor, n int) page {
				code := s.provider.Wait(t, n).CodeInText()
				return v.do(http.MethodPost, "/?sms_2fa=verify", asJSON(), `{"code":"`+code+`"}`)
			}
			if p := enter(v, 1); p.status != http.StatusOK {
				t.Fatalf("right code: %s", p.body)
			}
			in := func() bool { return v.do(http.MethodGet, "/", nil, "").isApp() }
			slices.Reverse(numbers)
			book.list("alice "+strings.Join(numbers, " "), "bob +15005550009", "carol +15005550010")
			testenv.Await(t, "the file is read", func() bool {
				return s.visitor(t, "carol").do(http.MethodGet, "/?sms_2fa=status", nil, "").phonesOf() != "" && in()
			})
			waiting.stands("in another order", map[string]string{"state": "waiting", "phone": "••••••••" + chosen[10:]})
			numbers = slices.DeleteFunc(numbers, func(n string) bool { return n == chosen })
			book.list("alice "+strings.Join(numbers, " "), "bob +15005550009")
			testenv.Await(t, "the session has ended with its number", func() bool { return !in() })
			if p := enter(waiting, 2); p.problem() != "code-expired" {
				t.Errorf("the code on a number that has left: status %d, %s", p.status, p.body)
			}
		})
	}
}
