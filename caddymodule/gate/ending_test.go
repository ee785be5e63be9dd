package gate

import (
	"net/http"
	"net/url"
	"testing"
	"time"
)

// A session that was signed out stays signed out at a gateway whose clock is behind, also when that gateway starts
// anew at the very end of the session, and reads the log of revocations again.
func TestEndedSessionStaysEndedAtSlowGateway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `{"session": 3600000000000}`)
	defer w.end()
	slow, other := w.gateways[0], w.gateways[1]
	slow.clock.move(-10 * time.Minute)
	b := newBrowser(w, w.person())
	page := b.open(slow)
	b.post(slow, "verify", url.Values{"csrf": {page.csrf()}, "code": {w.latest()}})
	thief := newBrowser(w, b.person)
	thief.before = []string{b.cookies()}
	if !b.open(slow).app {
		t.Fatal("the right code did not let in")
	}
	b.post(other, "logout", nil)
	w.pass(55 * time.Minute)
	slow.restart()
	if thief.send(slow, http.MethodHead, "", nil).app {
		t.Error("the app was reached with a session that was signed out")
	}
}
