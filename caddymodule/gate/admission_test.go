package gate

import (
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/session"
)

// What a session is worth changes with time; the clock of this test stands where the test puts it.
func TestSessionHolds(t *testing.T) {
	t.Parallel()
	opened := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name   string
		change func(h *Handler, s *session.Session)
		after  time.Duration
		want   bool
	}{
		{"at once", func(*Handler, *session.Session) {}, 0, true},
		{"just before its end", func(*Handler, *session.Session) {}, 12*time.Hour - time.Second, true},
		{"at its end", func(*Handler, *session.Session) {}, 12 * time.Hour, false},
		{"session was shortened", func(h *Handler, _ *session.Session) { h.session = time.Hour }, time.Hour, false},
		{"idle, used in time", func(h *Handler, _ *session.Session) { h.idle = time.Hour }, time.Hour - time.Second, true},
		{"idle, not used", func(h *Handler, _ *session.Session) { h.idle = time.Hour }, time.Hour, false},
		{"step-up, young enough", func(h *Handler, _ *session.Session) { h.maxAge = time.Minute }, time.Minute - 1, true},
		{"step-up, too old", func(h *Handler, _ *session.Session) { h.maxAge = time.Minute }, time.Minute, false},
		{"of another epoch", func(_ *Handler, s *session.Session) { s.Epoch = "lost" }, 0, false},
		{"revoked", func(_ *Handler, s *session.Session) { s.ID = "revoked" }, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			now := opened
			h := &Handler{session: 12 * time.Hour}
			s := session.Session{
				ID: "sid", Subject: "sub", Epoch: "epoch", AuthTime: opened, IssuedAt: opened, Expires: opened.Add(12 * time.Hour),
			}
			state := &session.State{Epoch: session.Epoch{ID: "epoch"}, Revoked: session.NewRevoked()}
			state.Revoked.Add(session.Revocation{Session: "revoked", Until: opened.Add(24 * time.Hour).Unix()}, now)
			tt.change(h, &s)
			now = opened.Add(tt.after)
			if got := h.holds(&s, state, now); got != tt.want {
				t.Errorf("holds: %v, want %v", got, tt.want)
			}
		})
	}
}
