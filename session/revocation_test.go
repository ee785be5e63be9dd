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

// A session and a revocation with stamps are told apart by these, whatever the seconds say; tokens and entries of
// older gateways have seconds only.
func TestStampsDecideBeforeSeconds(t *testing.T) {
	t.Parallel()
	second, later := now.Unix(), now.Add(time.Hour).Unix()
	for _, tt := range []struct {
		name    string
		session session.Session
		r       session.Revocation
		want    bool
	}{
		{"opened before", session.Session{Stamp: 9, AuthTime: now}, session.Revocation{Stamp: 10, Before: second}, true},
		{
			"opened after, in the same second",
			session.Session{Stamp: 11, AuthTime: now},
			session.Revocation{Stamp: 10, Before: second},
			false,
		},
		{
			"opened before, by a clock that is ahead",
			session.Session{Stamp: 9, AuthTime: now.Add(90 * time.Second)},
			session.Revocation{Stamp: 10, Before: second},
			true,
		},
		{
			"opened after, by a clock that is behind",
			session.Session{Stamp: 11, AuthTime: now.Add(-90 * time.Second)},
			session.Revocation{Stamp: 10, Before: second},
			false,
		},
		{
			"an older token",
			session.Session{AuthTime: now},
			session.Revocation{Stamp: now.UnixMilli(), Before: second},
			true,
		},
		{
			"an older token, opened later",
			session.Session{AuthTime: now.Add(time.Second)},
			session.Revocation{Stamp: 10, Before: second},
			false,
		},
		{"an older entry", session.Session{Stamp: 9, AuthTime: now}, session.Revocation{Before: second}, true},
		{
			"an older entry, opened later",
			session.Session{Stamp: 9, AuthTime: now.Add(time.Second)},
			session.Revocation{Before: second},
			false,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			revoked := session.NewRevoked()
			tt.session.Subject, tt.r.Subject, tt.r.Until = "sub", "sub", later
			revoked.Add(tt.r, now)
			for _, other := range []session.Revocation{{Stamp: 1, Before: 1}, {Before: 1}} { // change nothing
				other.Subject, other.Until = "sub", later
				revoked.Add(other, now)
			}
			if got := revoked.Has(&tt.session); got != tt.want {
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
		"no JSON":                     "sid",
		"nothing":                     `{}`,
		"neither":                     `{"until":1}`,
		"both":                        `{"sid":"a","sub":"b","until":1}`,
		"without an end":              `{"sid":"a"}`,
		"of another version":          `{"v":2}`,
		"an empty session":            `{"sid":"","until":1}`,
		"an end that is over at once": `{"sid":"a","until":0}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if r, err := session.DecodeRevocation([]byte(entry)); err == nil {
				t.Errorf("read %+v", r)
			}
		})
	}
}

// What is written is read, whatever the ID of the session holds.
func TestRevocationIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	for _, want := range []session.Revocation{
		{Session: "AQAAAAAAAAAAAAAAAAAAAA", Until: 1803902400},
		{Session: `a"b\c","until":1,"x":"`, Until: 1803902400},
		{Session: "ä\n<&>", Until: -1},
		{Subject: "sub", Stamp: 1803902400123, Before: 1803902400, Until: 1803902401},
	} {
		entry, err := want.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := session.DecodeRevocation(entry); err != nil || got != want {
			t.Errorf("%s is read as %+v, %v", entry, got, err)
		}
	}
}
