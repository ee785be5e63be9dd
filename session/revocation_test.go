package session_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/session"
)

func TestRevokedHas(t *testing.T) {
	t.Parallel()
	later := now.Add(time.Hour).Unix()
	for _, tt := range []struct {
		name string
		r    session.Revocation
		want bool
	}{
		{"this session", session.Revocation{Session: "sid", Until: later}, true},
		{"another session", session.Revocation{Session: "other", Until: later}, false},
		{"up to the sign-in", session.Revocation{Subject: "sub", Before: now.Unix(), Until: later}, true},
		{"before the sign-in", session.Revocation{Subject: "sub", Before: now.Unix() - 1, Until: later}, false},
		{"another subject", session.Revocation{Subject: "bus", Before: now.Unix(), Until: later}, false},
		{"a revocation that is over", session.Revocation{Session: "sid", Until: now.Unix()}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			revoked, s := session.NewRevoked(), example()
			revoked.Add(tt.r, now)
			revoked.Add(tt.r, now)
			if got := revoked.Has(&s); got != tt.want {
				t.Errorf("the session is revoked: %v, want %v", got, tt.want)
			}
		})
	}
}

func TestRevokedKeepsTheLatestRevocationOfASubject(t *testing.T) {
	t.Parallel()
	revoked, s := session.NewRevoked(), example()
	until := now.Add(time.Hour).Unix()
	for _, before := range []int64{now.Unix(), now.Unix() - 60} {
		revoked.Add(session.Revocation{Subject: s.Subject, Before: before, Until: until}, now)
	}
	if !revoked.Has(&s) {
		t.Error("an earlier revocation of the subject, which came later, took the place of the latest")
	}
}

func TestRevokedForgetsWhatIsOver(t *testing.T) {
	t.Parallel()
	revoked := session.NewRevoked()
	for i := range 5000 {
		at := now.Add(time.Duration(i) * time.Second)
		id := fmt.Sprint("s", i)
		revoked.Add(session.Revocation{Session: id, Until: at.Add(10 * time.Second).Unix()}, at)
		if !revoked.Has(&session.Session{ID: id}) {
			t.Fatalf("revocation %d is not known", i)
		}
	}
	if revoked.Has(&session.Session{ID: "s0"}) {
		t.Error("a revocation that was over long ago is still in memory")
	}
}

func TestDecodeRevocationRefuses(t *testing.T) {
	t.Parallel()
	for name, entry := range map[string]string{
		"no JSON":            "sid",
		"nothing":            `{}`,
		"neither":            `{"until":1}`,
		"both":               `{"sid":"a","sub":"b","until":1}`,
		"without an end":     `{"sid":"a"}`,
		"of another version": `{"v":2}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if r, err := session.DecodeRevocation([]byte(entry)); err == nil {
				t.Errorf("read %+v", r)
			}
		})
	}
}
