package gate

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Only a visitor who has typed a code on the old number a moment ago may give another one: with an older session, the
// page asks for that code first, and nothing that is posted meanwhile texts to a new number.
func TestChangeNeedsAFreshCode(t *testing.T) {
	t.Parallel()
	w := enrolling(t, "")
	b, g := w.newcomer(), w.gateways[0]
	b.gives(g, "+12025550123")
	b.post(g, "verify", url.Values{"csrf": {b.open(g).csrf()}, "code": {w.latest()}})
	page := func() answer { return b.take(b.send(g, http.MethodGet, "change", nil)) }
	give := func(a answer) answer {
		return b.post(g, "enroll.change", url.Values{"csrf": {a.csrf()}, "number": {"+12025550188"}})
	}
	if a := page(); !strings.Contains(a.body, `data-state="enroll"`) {
		t.Fatalf("fresh: status %d, %.600s", a.status, a.body)
	}
	w.pass(changeWindow)
	a := page()
	if a.status != http.StatusForbidden || !strings.Contains(a.body, "••••••••23") || w.received() != 2 {
		t.Fatalf("not fresh: status %d, %d texts, %.600s", a.status, w.received(), a.body)
	}
	if b.open(g); !b.open(g).app {
		t.Error("the session has ended")
	}
	give(a)
	w.pass(time.Second)
	if n := w.received(); n != 2 {
		t.Fatalf("%d texts", n)
	}
	code := url.Values{"csrf": {page().csrf()}, "code": {w.latest()}}
	if a := b.post(g, "verify.change", code); a.status != http.StatusSeeOther || a.to != "change" {
		t.Fatalf("the code: status %d, to %q", a.status, a.to)
	}
	if a := give(page()); a.status != http.StatusSeeOther || w.received() != 3 {
		t.Errorf("the number: status %d, %d texts", a.status, w.received())
	}
}
