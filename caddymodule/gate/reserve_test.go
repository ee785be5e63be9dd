package gate

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
)

// fill takes all room for texts, and returns what gives it back.
func (g *gateway) fill() (empty func()) {
	box := g.app.Backend().Outbox()
	var slots []*app.Slot
	for s := box.Reserve(g.app.InFlight()); s != nil; s = box.Reserve(g.app.InFlight()) {
		slots = append(slots, s)
	}
	return func() {
		for _, s := range slots {
			s.Release()
		}
	}
}

// A page looks whether a text is due, and finds no room for one. If another page of the account has ordered the text
// since that look, the first page asks for its code; only if nobody has, the visitor is asked to come back.
func TestNoRoomAfterALook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, `{"user": "{http.auth.user.id}"}`)
	t.Cleanup(w.end)
	g := w.gateways[0]
	for _, tt := range []struct {
		name   string
		orders bool // another page of the account, before there is no room
		want   int
	}{
		{"another page has ordered", true, http.StatusForbidden},
		{"nobody has ordered", false, http.StatusServiceUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, n := newBrowser(w, w.person()), w.received()
			empty := func() {}
			happen := func() {
				if tt.orders {
					if a := b.open(g); a.status != http.StatusForbidden || a.csrf() == "" {
						t.Errorf("the other page: status %d, %.300s", a.status, a.body)
					}
				}
				empty = g.fill()
			}
			w.between.Store(&happen)
			a := b.open(g)
			empty()
			if a.status != tt.want || tt.orders != strings.Contains(a.body, `id="verify"`) {
				t.Errorf("status %d, want %d: %.300s", a.status, tt.want, a.body)
			}
			if w.between.Load() != nil {
				t.Error("the page looked at no record")
			}
			if texts := w.received() - n; tt.orders != (texts == 1) {
				t.Errorf("%d texts", texts)
			}
		})
	}
}
