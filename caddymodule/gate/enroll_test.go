package gate

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// enrolling is a world whose visitors give their numbers.
func enrolling(t *testing.T, more string) *world {
	t.Helper()
	w := newWorld(t, `{"directory":{"directory":"enroll","countries":["US"]}`+more+`}`)
	t.Cleanup(w.end)
	return w
}

// newcomer is somebody without a number.
func (w *world) newcomer() *browser {
	p := w.person()
	p.phone = ""
	return newBrowser(w, p)
}

// gives gives a number on the page.
func (b *browser) gives(g *gateway, number string) answer {
	a := b.take(b.send(g, http.MethodGet, "enroll", nil))
	return b.post(g, "enroll", url.Values{"csrf": {a.csrf()}, "number": {number}})
}

// Between the right code and the entry in the register the store fails. Then no session is opened, and the visitor is
// let in as soon as the store is back: without another code, and without another text.
func TestRegisterFailsAfterTheRightCode(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		broken string
		away   time.Duration // how long the store is away
		back   func(b *browser, g *gateway, code string) answer
	}{
		"the user's record, and Try again":    {"u:", 20 * time.Second, again},
		"the number's record, and Try again":  {"n:", 20 * time.Second, again},
		"for long, and Try again":             {"u:", 8 * time.Minute, again},
		"the code, typed again":               {"n:", 20 * time.Second, typed},
		"the code, typed again after a while": {"n:", 8 * time.Minute, typed},
		"a wrong code, typed in the meantime": {"n:", time.Second, func(b *browser, g *gateway, _ string) answer {
			return typed(b, g, "000000")
		}},
		"another text, asked for in the shock": {"n:", 2 * time.Minute, resent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := enrolling(t, "")
			b, g := w.newcomer(), w.gateways[0]
			if a := b.gives(g, "+12025550123"); a.status != http.StatusSeeOther {
				t.Fatalf("number: status %d, %.600s", a.status, a.body)
			}
			shown, code := b.open(g), w.latest()
			w.unwritable.Store(tt.broken)
			a := b.post(g, "verify", url.Values{"csrf": {shown.csrf()}, "code": {code}})
			if a.status != http.StatusServiceUnavailable || a.sets("__Host-sms2fa") || b.open(g).app {
				t.Fatalf("without the register: status %d", a.status)
			}
			if a := again(b, g, ""); a.status != http.StatusServiceUnavailable {
				t.Errorf("still without the register: status %d", a.status)
			}
			w.unwritable.Store("")
			w.pass(tt.away)
			if a = tt.back(b, w.gateways[1], code); a.status != http.StatusSeeOther || !a.sets("__Host-sms2fa") {
				t.Errorf("with the register: status %d, %.600s", a.status, a.body)
			}
			if !b.open(g).app || w.received() != 1 {
				t.Errorf("not in, or %d texts", w.received())
			}
			if other := newBrowser(w, b.person).open(g); !strings.Contains(other.body, "••••••••23") || w.received() != 2 {
				t.Errorf("next login: %d texts, %.600s", w.received(), other.body)
			}
		})
	}
}

func again(b *browser, g *gateway, _ string) answer {
	return b.take(b.send(g, http.MethodGet, "", nil))
}

func typed(b *browser, g *gateway, code string) answer {
	a := b.take(b.send(g, http.MethodGet, "enroll", nil))
	return b.post(g, "verify", url.Values{"csrf": {a.csrf()}, "code": {code}})
}

func resent(b *browser, g *gateway, _ string) answer {
	a := b.take(b.send(g, http.MethodGet, "enroll", nil))
	return b.post(g, "send", url.Values{"csrf": {a.csrf()}})
}

// The proof in the browser is good for its user in its browser alone, and not for ever.
func TestProofOfAnotherBrowser(t *testing.T) {
	t.Parallel()
	w := enrolling(t, "")
	b, g := w.newcomer(), w.gateways[0]
	b.gives(g, "+12025550123")
	shown, code := b.open(g), w.latest()
	w.unwritable.Store("n:")
	b.post(g, "verify", url.Values{"csrf": {shown.csrf()}, "code": {code}})
	w.unwritable.Store("")
	thief := w.newcomer()
	thief.jar = b.jar
	if a := thief.open(g); a.app || a.status != http.StatusForbidden {
		t.Errorf("another user, with all cookies: status %d", a.status)
	}
	other := newBrowser(w, b.person)
	other.open(g)
	const seal = "__Host-sms2fa_challenge_number"
	other.jar[seal] = b.jar[seal]
	if a := other.open(g); a.app || a.status != http.StatusForbidden {
		t.Errorf("another browser, with the seal: status %d", a.status)
	}
	w.pass(11 * time.Minute)
	for name, c := range b.jar {
		c.expires = c.expires.Add(time.Hour)
		b.jar[name] = c
	}
	a := b.take(b.send(g, http.MethodGet, "", nil))
	if a.status != http.StatusForbidden || !strings.Contains(a.body, `data-state="enroll"`) {
		t.Errorf("after its time: status %d", a.status)
	}
}

// Nothing is written in the register before a code is right; a text that cannot be counted is not sent; and a number
// that cannot be looked up is never "no number".
func TestStoreFailsBeforeTheCode(t *testing.T) {
	t.Parallel()
	w := enrolling(t, "")
	b, g := w.newcomer(), w.gateways[0]
	first := b.open(g)
	give := func() answer {
		return b.post(g, "enroll", url.Values{"csrf": {first.csrf()}, "number": {"+12025550123"}})
	}
	for _, broken := range []string{"u:", "n:", "a:"} {
		w.unreadable.Store(broken)
		if a := give(); a.status != http.StatusServiceUnavailable || w.received() != 0 {
			t.Errorf("%s broken: status %d, %d texts", broken, a.status, w.received())
		}
		w.unreadable.Store("")
	}
	for faults := int32(1); faults < 4; faults++ {
		w.faults.Store(faults)
		if a := give(); a.status != http.StatusServiceUnavailable || w.received() != 0 {
			t.Errorf("a fault: status %d, %d texts", a.status, w.received())
		}
		w.faults.Store(0)
	}
	if a := give(); a.status != http.StatusSeeOther || w.received() != 1 {
		t.Errorf("afterwards: status %d, %d texts, %.600s", a.status, w.received(), a.body)
	}
}
