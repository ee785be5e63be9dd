package register_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/register"
	"github.com/caddy-sms-2fa/gateway/store"
)

// An invitation is good for its user alone, until it is replaced, has expired, or goes with the user.
func TestInvitation(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, first, second store.Store) {
		ctx, r, other := t.Context(), open(t, first), open(t, second)
		invite := func(user string) string {
			t.Helper()
			code, _, o, err := r.Invite(ctx, user)
			check(t, "invite "+user, o, err, register.Done)
			return code
		}
		invited := func(user, code string) bool {
			t.Helper()
			ok, err := other.Invited(ctx, user, code)
			if err != nil {
				t.Fatal(err)
			}
			return ok
		}
		earlier, bobs := invite("alice"), invite("bob")
		code := invite("alice")
		for name, typed := range map[string]string{
			"as it was made": code, "small, without dashes": strings.ToLower(strings.ReplaceAll(code, "-", "")),
			"with spaces": " " + strings.ReplaceAll(code, "-", " ") + "\u00a0",
		} {
			if !invited("alice", typed) {
				t.Errorf("%s: not invited", name)
			}
		}
		for name, typed := range map[string]string{
			"empty": "", "earlier": earlier, "bob's": bobs, "half": code[:9], "and more": code + "A",
		} {
			if invited("alice", typed) {
				t.Errorf("%s: invited", name)
			}
		}
		if invited("carol", code) {
			t.Error("the code is good for somebody else")
		}
		if err := other.Uninvite(ctx, "alice"); err != nil {
			t.Fatal(err)
		}
		if invited("alice", code) {
			t.Error("a code that was used is good for something")
		}
		if _, err := other.Remove(ctx, "bob"); err != nil {
			t.Fatal(err)
		}
		if invited("bob", bobs) {
			t.Error("the invitation outlives its user")
		}
		o, err := r.Prove(ctx, enrolled("bob", number1))
		check(t, "prove", o, err, register.Done)
		if code, _, o, err := r.Invite(ctx, "bob"); code != "" || o != register.Other || err != nil {
			t.Errorf("a user with a number: %q, %s, %v", code, o, err)
		}
	})
}

func TestInvitationExpires(t *testing.T) {
	t.Parallel()
	c := newClock()
	r := open(t, openBolt(t, c.now))
	code, expires, _, err := r.Invite(t.Context(), "alice")
	if err != nil || !expires.Equal(c.now().Add(register.InvitationLife)) {
		t.Fatalf("%v, %v", expires, err)
	}
	for _, tt := range []struct {
		after time.Duration
		want  bool
	}{{register.InvitationLife - time.Second, true}, {2 * time.Second, false}} {
		c.advance(tt.after)
		if ok, err := r.Invited(t.Context(), "alice", code); ok != tt.want || err != nil {
			t.Errorf("%v later: %t, %v", tt.after, ok, err)
		}
	}
}
