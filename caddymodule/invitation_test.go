package caddymodule_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

var invitationCode = regexp.MustCompile(`(?m)^([A-Z2-7]{4}-){3}[A-Z2-7]{4}$`)

// invite lets the operator invite a user, and returns the code.
func (s *site) invite(t *testing.T, user string) string {
	t.Helper()
	said, status := s.operates(t, "numbers invite --user "+user)
	code := invitationCode.FindString(said)
	if status != 0 || code == "" || !strings.Contains(said, "good until") {
		t.Fatalf("status %d, %s", status, said)
	}
	return code
}

// giveWith gives a number on the page with the code of an invitation.
func (v *visitor) giveWith(invitation, number string) page {
	v.t.Helper()
	form := url.Values{
		"csrf": {v.open("/").csrf()}, "country": {"AM"}, "number": {number}, "invitation": {invitation},
	}
	return v.do(http.MethodPost, withParameter("/", "enroll"), asForm(), form.Encode())
}

// With invited, only a user whom the operator has named gives a number, with a code that is good for that user, once.
// Whatever is wrong, no text goes out, and the words are the same.
func TestInvitation(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, global string) {
		s := enrolling(t, global, "countries AM\ninvited")
		v := s.visitor(t, "alice")
		if p := v.open("/"); !strings.Contains(p.body, "Invitation code") {
			t.Fatalf("%.900s", p.body)
		}
		earlier := s.invite(t, "Alice")
		code, bobs := s.invite(t, "alice"), s.invite(t, "bob")
		var answers []string
		for _, wrong := range []string{"", "AAAA-AAAA-AAAA-AAAA", earlier, bobs, code[:18], code + "A"} {
			p := v.giveWith(wrong, firstNumber)
			if p.status != http.StatusUnprocessableEntity || len(s.provider.Texts()) != 0 {
				t.Errorf("%q: status %d, %d texts", wrong, p.status, len(s.provider.Texts()))
			}
			_, words, _ := strings.Cut(p.body, `id="problem"`)
			words, _, _ = strings.Cut(words, "</p>")
			answers = append(answers, words)
		}
		if len(slices.Compact(answers)) != 1 || !strings.Contains(answers[0], "This number or this invitation code") {
			t.Errorf("the answers differ: %q", answers)
		}
		typed := strings.ToLower(strings.ReplaceAll(code, "-", " "))
		if p := v.giveWith(typed, firstNumber); p.status != http.StatusSeeOther {
			t.Fatalf("invited: status %d, %.600s", p.status, p.body)
		}
		if a := v.submit(v.open("/"), "/", s.provider.Wait(t, 1).CodeInText()); a.status != http.StatusSeeOther {
			t.Fatalf("code: status %d", a.status)
		}
		said, status := s.operates(t, "numbers invite --user alice")
		if status != 1 || !strings.Contains(said, "needs no invitation") {
			t.Errorf("a user with a number: status %d, %s", status, said)
		}
		if said, status := s.operates(t, "numbers remove --user alice"); status != 0 {
			t.Fatalf("status %d, %s", status, said)
		}
		if p := v.giveWith(code, firstNumber); p.status != http.StatusUnprocessableEntity {
			t.Errorf("the same invitation again: status %d", p.status)
		}
		said, status = s.operates(t, "numbers invite --user bob --json")
		if status != 0 || field(said, "invitation") == "" || field(said, "expires_at") == "" {
			t.Errorf("status %d, %s", status, said)
		}
		if strings.Contains(s.Log(), code) {
			t.Error("the log holds an invitation")
		}
	})
}

// An invitation leaves with its user, and guesses of codes are bounded as numbers are.
func TestInvitationsEnd(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	s := enrolling(t, onRedis(server.Addr), "countries AM\ninvited\naccount_limit 3 per 1h")
	s.invite(t, "alice")
	if n := len(keysOf(server, "sms2fa:i:*")); n != 1 {
		t.Fatalf("%d invitations", n)
	}
	if ttl, ok := server.Do("PTTL", keysOf(server, "sms2fa:i:*")[0]).(int64); !ok || ttl <= 0 {
		t.Error("an invitation is kept for ever")
	}
	s.operates(t, "numbers remove --user alice")
	if n := len(keysOf(server, "sms2fa:i:*")); n != 0 {
		t.Errorf("%d invitations are left", n)
	}
	v := s.visitor(t, "bob")
	for try, want := range []int{422, 422, 422, 429} {
		if p := v.giveWith(strings.Repeat("ABCD"[try:try+1], 16), firstNumber); p.status != want {
			t.Errorf("guess %d: status %d", try, p.status)
		}
	}
}
