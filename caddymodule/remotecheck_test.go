package caddymodule_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

// maker is a provider that makes the codes itself and checks them.
type maker struct {
	*providers.Provider
	sender string
	code   func(providers.Text) string
}

func startMakers(t *testing.T) map[string]maker {
	t.Helper()
	d, w := providers.StartDexatel(t), providers.StartTwilio(t)
	later := providers.StartDexatelOf(t, providers.DexatelOf2026)
	texted := func(text providers.Text) string { return text.Code }
	dexatel := fmt.Sprintf("sender dexatel {\napi_key %s\nfrom Acme\nbase_url %s\n"+
		"template 0a1b2c3d-0000-0000-0000-000000000000\ncheck remote\ntimeout 1s\n}", d.Key, d.URL)
	twilio := fmt.Sprintf("sender twilio {\naccount_sid %s\nauth_token %s\nverify_service_sid %s\nverify_url %s\n"+
		"check remote\ntimeout 1s\n}", w.AccountSID, w.AuthToken, w.VerifyServiceSID, w.URL)
	return map[string]maker{
		"dexatel":         {d.Provider, dexatel, texted},
		"dexatel of 2026": {later.Provider, strings.Replace(dexatel, d.URL, later.URL, 1), texted},
		"twilio":          {w.Provider, twilio, texted},
	}
}

func (m maker) site(t *testing.T, more setup) *site {
	t.Helper()
	more.senders = m.sender
	return startSite(t, more)
}

// asked is how many requests came after the first n.
func (m maker) asked(n int) int {
	requests, _ := m.Requests()
	return requests - n
}

// A code that the provider makes opens, once, in one browser; every guess counts before the provider is asked, and in
// a block it is not asked at all.
func TestForeignCodesHaveOurBudget(t *testing.T) {
	t.Parallel()
	for name, m := range startMakers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := m.site(t, setup{directive: "block 2s"})
			v := s.visitor(t, "alice")
			form := v.open("/")
			page, code := form, m.code(m.Wait(t, 1))
			for i, left := range []string{"2 tries left", "1 try left", "too many wrong codes"} {
				typed := wrong(code)
				if i == 1 {
					typed = wrong(typed)
				} else if i == 2 {
					typed = wrong(wrong(typed))
				}
				if page = v.submit(page, "/", typed); !strings.Contains(page.body, left) {
					t.Fatalf("wrong code %d: status %d, want %q", i+1, page.status, left)
				}
			}
			if n := m.asked(1); n != 3 {
				t.Errorf("the provider was asked %d times", n)
			}
			for _, typed := range []string{code, wrong(code), "000000"} {
				if a := v.submit(form, "/", typed); a.status != http.StatusTooManyRequests {
					t.Errorf("in the block: status %d", a.status)
				}
			}
			if n := m.asked(1); n != 3 {
				t.Errorf("in the block the provider was asked %d times", n-3)
			}
			time.Sleep(2100 * time.Millisecond)
			if a := v.submit(v.open("/"), "/", code[:3]+" "+code[3:]); a.status != http.StatusSeeOther || !v.open("/").isApp() {
				t.Fatalf("right code: status %d", a.status)
			}
			other := s.visitor(t, "alice")
			other.setCookie("sms2fa_challenge", "x")
			if a := other.submit(other.open("/other"), "/other", code); a.status == http.StatusSeeOther {
				t.Error("the same code opened in a second browser")
			}
			if said := s.Log() + s.Get("/metrics"); tells(said, code) || strings.Contains(said, "5005550006") {
				t.Error("a code or a number is in the log or the metrics")
			}
		})
	}
}

// Copies of one form, sent at once, open one session, and all of them do, though the provider takes the code once
// only. There are as many as may be counted.
func TestForeignCodeDoubleClick(t *testing.T) {
	t.Parallel()
	for name, m := range startMakers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := m.site(t, setup{})
			v := s.visitor(t, "alice")
			page := v.open("/")
			form := url.Values{"csrf": {page.csrf()}, "code": {m.code(m.Wait(t, 1))}}.Encode()
			sids := make(map[string]bool)
			var mu sync.Mutex
			var copies sync.WaitGroup
			for range 3 {
				copies.Go(func() {
					a, err := v.try(http.MethodPost, "/?sms_2fa=verify", asForm(), form)
					mu.Lock()
					defer mu.Unlock()
					if err != nil || a.status != http.StatusSeeOther {
						t.Errorf("status %d, %v", a.status, err)
					}
					for _, c := range (&http.Response{Header: a.header}).Cookies() {
						if c.Name == "sms2fa" {
							sids[sidOf(t, c.Value)] = true
						}
					}
				})
			}
			copies.Wait()
			if len(sids) != 1 || !v.open("/").isApp() {
				t.Errorf("%d sessions", len(sids))
			}
		})
	}
}

// When the provider does not answer the question, nobody gets in, and nobody is blocked for that: a few guesses are
// given back.
func TestForeignCodeWhoseMakerIsSilent(t *testing.T) {
	t.Parallel()
	for name := range startMakers(t) {
		for _, mood := range []providers.Mood{
			providers.Hang, providers.Unauthorized, providers.Error500,
			providers.BrokenJSON, providers.Redirect, providers.Huge,
		} {
			t.Run(name+"/"+string(mood), func(t *testing.T) {
				t.Parallel()
				m := startMakers(t)[name]
				s := m.site(t, setup{})
				v := s.visitor(t, "alice")
				page := v.open("/")
				code := m.code(m.Wait(t, 1))
				m.Misbehave(mood)
				for try, want := range []string{"3", "3", "3", "2"} {
					a := v.submit(page, "/", wrong(code))
					if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
						t.Errorf("status %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
					}
					if left := field(v.do(http.MethodGet, "/?sms_2fa=status", nil, "").body, "attempts_left"); left != want {
						t.Errorf("after try %d: %s attempts left, want %s", try+1, left, want)
					}
				}
				m.Misbehave(providers.Behave)
				if a := v.submit(v.open("/"), "/", code); a.status != http.StatusSeeOther {
					t.Errorf("afterwards: status %d", a.status)
				}
			})
		}
	}
}

// A code opens only what its own text was sent for: not another challenge of the same phone, and not another zone.
func TestForeignCodeBelongsToItsText(t *testing.T) {
	t.Parallel()
	m := startMakers(t)["dexatel"]
	handle := "handle /high* {\nsms_2fa {\nzone high\nresend_after 0s\nuser {http.auth.user.id}\n}\nrespond high\n}"
	s := m.site(t, setup{directive: "resend_after 0s", site: handle})
	v := s.visitor(t, "alice")
	v.resend(v.open("/"), "/")
	older, newer := m.code(m.Wait(t, 1)), m.code(m.Wait(t, 2))
	if older == newer {
		t.Fatal("both texts have one code")
	}
	if a := v.submit(v.open("/"), "/", newer); a.status != http.StatusSeeOther {
		t.Fatalf("the code of the latest text: status %d", a.status)
	}
	high := v.open("/high")
	if a := v.submit(high, "/high", older); a.status == http.StatusSeeOther {
		t.Error("a code that was texted for one zone opens another")
	}
	v.do(http.MethodPost, "/?sms_2fa=logout", asJSON(), "")
	again := s.visitor(t, "alice")
	if a := again.submit(again.open("/"), "/", older); a.status == http.StatusSeeOther {
		t.Error("the code of an older text opens a new challenge")
	}
}

// Where each text has a new code, a newer text ends the older ones: a guess has one code to hit, of however many.
func TestForeignCodeIsAskedAgainstOneText(t *testing.T) {
	t.Parallel()
	m := startMakers(t)["dexatel"]
	s := m.site(t, setup{directive: "resend_after 0s"})
	v := s.visitor(t, "alice")
	page := v.open("/")
	for i := range 3 {
		v.resend(page, "/")
		m.Wait(t, i+2)
	}
	for i, left := range []string{"2", "1"} {
		if a := v.submit(page, "/", m.code(m.Texts()[i])); a.status != http.StatusForbidden {
			t.Errorf("the code of text %d: status %d", i+1, a.status)
		}
		if got := field(v.do(http.MethodGet, "/?sms_2fa=status", nil, "").body, "attempts_left"); got != left {
			t.Errorf("after the code of text %d: %s attempts left, want %s", i+1, got, left)
		}
	}
	if a := v.submit(page, "/", m.code(m.Texts()[3])); a.status != http.StatusSeeOther {
		t.Errorf("the code of the latest text: status %d", a.status)
	}
}

// A code that is there before the provider has said that it took the text can be checked a moment later.
func TestForeignCodeBeforeItsTextIsTaken(t *testing.T) {
	t.Parallel()
	for name := range startMakers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := startMakers(t)[name]
			m.Misbehave(providers.Slow)
			m.sender = strings.Replace(m.sender, "timeout 1s", "timeout 5s", 1)
			s := m.site(t, setup{directive: "send_wait 50ms"})
			v := s.visitor(t, "alice")
			page := v.open("/")
			code := m.code(m.Wait(t, 1))
			if a := v.submit(page, "/", code); a.status != http.StatusServiceUnavailable {
				t.Errorf("before: status %d", a.status)
			}
			testenv.Await(t, "the text is taken", func() bool { return v.delivery() == "sent" })
			if a := v.submit(page, "/", code); a.status != http.StatusSeeOther {
				t.Errorf("after: status %d", a.status)
			}
		})
	}
}

// What became of a resend takes nothing from the text before it: its code goes on to hold, and both do where both can
// be checked.
func TestResendLeavesTheEarlierCode(t *testing.T) {
	t.Parallel()
	for name := range startMakers(t) {
		moods := []providers.Mood{providers.Hang, providers.Error500, providers.AcceptThenReset, providers.TooManyBare}
		for _, mood := range moods {
			t.Run(name+"/"+string(mood), func(t *testing.T) {
				t.Parallel()
				m := startMakers(t)[name]
				s := m.site(t, setup{directive: "resend_after 0s\nsend_wait 5s"})
				v := s.visitor(t, "alice")
				page := v.open("/")
				code := m.code(m.Wait(t, 1))
				m.Misbehave(mood)
				v.resend(page, "/")
				m.Misbehave(providers.Behave)
				if a := v.submit(v.open("/"), "/", code); a.status != http.StatusSeeOther {
					t.Errorf("the code of the first text: status %d", a.status)
				}
			})
		}
	}
}

// A code that nobody can check, because the provider's answer to its text was lost, is refused and not counted:
// nothing is learnt.
func TestForeignCodeThatNobodyCanCheck(t *testing.T) {
	t.Parallel()
	for name := range startMakers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := startMakers(t)[name]
			m.Misbehave(providers.BrokenJSON)
			s := m.site(t, setup{directive: "resend_after 0s"})
			v := s.visitor(t, "alice")
			page := v.open("/")
			code := m.code(m.Wait(t, 1))
			m.Misbehave(providers.Behave)
			for range 3 {
				a := v.submit(page, "/", code)
				if a.status != http.StatusForbidden || !strings.Contains(a.body, "has expired") {
					t.Errorf("status %d", a.status)
				}
			}
			v.resend(v.open("/"), "/")
			if a := v.submit(v.open("/"), "/", m.code(m.Wait(t, 2))); a.status != http.StatusSeeOther {
				t.Errorf("the code of the next text: status %d", a.status)
			}
		})
	}
}

// When the maker of a code that still holds is down, another sender takes the resend all the same.
func TestResendGoesElsewhereWhenTheMakerIsDown(t *testing.T) {
	t.Parallel()
	m, second := startMakers(t)["dexatel"], providers.StartDexatel(t)
	m.sender += "\n" + secondSender(second, "")
	s := m.site(t, setup{directive: "resend_after 0s"})
	v := s.visitor(t, "alice")
	page := v.open("/")
	m.Wait(t, 1)
	m.Misbehave(providers.Error503)
	v.resend(page, "/")
	if a := v.submit(v.open("/"), "/", second.Wait(t, 1).CodeInText()); a.status != http.StatusSeeOther {
		t.Errorf("the code of the second text: status %d", a.status)
	}
}

// When a sender with codes of our own takes over from one whose provider makes them, it stays with it: the text that
// came first goes on to hold.
func TestResendKeepsWhoMadeTheCode(t *testing.T) {
	t.Parallel()
	for name := range startMakers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, second := startMakers(t)[name], providers.StartDexatel(t)
			m.Misbehave(providers.Error503)
			m.sender += "\n" + secondSender(second, "")
			s := m.site(t, setup{directive: "resend_after 0s"})
			v := s.visitor(t, "alice")
			page := v.open("/")
			first := second.Wait(t, 1)
			m.Misbehave(providers.Behave)
			v.resend(page, "/")
			if again := second.Wait(t, 2); again.CodeInText() != first.CodeInText() || len(m.Texts()) != 0 {
				t.Errorf("the second text has another code, or went to the first sender: %d texts", len(m.Texts()))
			}
			if a := v.submit(v.open("/"), "/", first.CodeInText()); a.status != http.StatusSeeOther {
				t.Errorf("the code of the first text: status %d", a.status)
			}
		})
	}
}

// A new verification ends the one before it, however long its provider took to say yes.
func TestForeignCodeEndsTheEarlierSession(t *testing.T) {
	t.Parallel()
	m := startMakers(t)["dexatel"]
	m.sender = strings.Replace(m.sender, "timeout 1s", "timeout 5s", 1)
	s := m.site(t, setup{directive: "resend_after 0s", site: "sms_2fa /strict* {\nmax_age 1s\nresend_after 0s\n}"})
	v := s.visitor(t, "alice")
	if a := v.submit(v.open("/"), "/", m.code(m.Wait(t, 1))); a.status != http.StatusSeeOther {
		t.Fatalf("status %d", a.status)
	}
	old := v.cookie("sms2fa")
	time.Sleep(1100 * time.Millisecond)
	page := v.open("/strict")
	code := m.code(m.Wait(t, 2))
	m.Misbehave(providers.Slow)
	if a := v.submit(page, "/strict", code); a.status != http.StatusSeeOther || v.cookie("sms2fa") == old {
		t.Fatalf("status %d", a.status)
	}
	v.setCookie("sms2fa", old)
	if v.do(http.MethodGet, "/", nil, "").isApp() {
		t.Error("the earlier session goes on")
	}
}

// Twilio Verify with our code hears that it was typed, so that it does not hold the next text back.
func TestVerifyIsToldOfOurCode(t *testing.T) {
	t.Parallel()
	w := providers.StartTwilio(t)
	twilio := fmt.Sprintf("sender twilio {\naccount_sid %s\nauth_token %s\nverify_service_sid %s\nverify_url %s\n}",
		w.AccountSID, w.AuthToken, w.VerifyServiceSID, w.URL)
	s := startSite(t, setup{senders: twilio})
	v := s.visitor(t, "alice")
	page := v.open("/")
	text := w.Wait(t, 1)
	requests, _ := w.Requests()
	if a := v.submit(page, "/", wrong(text.Code)); a.status != http.StatusForbidden {
		t.Errorf("wrong code: status %d", a.status)
	}
	if now, _ := w.Requests(); now != requests {
		t.Error("Twilio was asked about a code of ours")
	}
	page = v.open("/")
	ticket := v.cookie("sms2fa_challenge")
	if a := v.submit(page, "/", text.Code); a.status != http.StatusSeeOther {
		t.Fatalf("our code: status %d", a.status)
	}
	testenv.Await(t, "the verification is closed", func() bool {
		a := w.Approved()
		return len(a) == 1 && a[0] == text.ID
	})
	requests, _ = w.Requests()
	for range 3 {
		v.setCookie("sms2fa_challenge", ticket)
		if a := v.submit(page, "/", text.Code); a.status != http.StatusSeeOther {
			t.Errorf("a copy, which opens nothing new: status %d", a.status)
		}
	}
	time.Sleep(200 * time.Millisecond)
	if now, _ := w.Requests(); now != requests {
		t.Errorf("Twilio was told %d times more", now-requests)
	}
}
