package otp_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/store"
)

func TestParallelGuesses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		guess func(i int, code string) string
		check func(t *testing.T, kinds map[otp.Kind]int, sessions map[string]bool)
	}{
		{"200 different ones, none right", func(i int, code string) string {
			return string((code[0]-'0'+1)%10+'0') + code[1:3] + fmt.Sprintf("%03d", i)
		}, func(t *testing.T, kinds map[otp.Kind]int, _ map[string]bool) {
			if kinds[otp.Wrong] != 2 || kinds[otp.Blocked] < 197 {
				t.Errorf("outcomes %v, want 2 wrong and the others blocked", kinds)
			}
		}},
		{
			"50 copies of the right one", func(i int, code string) string { return code },
			func(t *testing.T, kinds map[otp.Kind]int, sessions map[string]bool) {
				if kinds[otp.Right] == 0 || len(sessions) != 1 {
					t.Errorf("outcomes %v open %d sessions, want one", kinds, len(sessions))
				}
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v, _ := newVerifier(t)
			ticket, code := begin(t, v, alice)
			kinds, sessions := make(map[otp.Kind]int), make(map[string]bool)
			n := 200
			if strings.HasPrefix(tt.name, "50") {
				n = 50
			}
			var mu sync.Mutex
			var wg sync.WaitGroup
			for i := range n {
				wg.Go(func() {
					o, err := v.Check(t.Context(), alice, ticket, otp.DefaultPolicy(), number, tt.guess(i, code))
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						t.Error(err)
					}
					kinds[o.Kind]++
					if o.Kind == otp.Right {
						sessions[o.Session] = true
					}
				})
			}
			wg.Wait()
			tt.check(t, kinds, sessions)
		})
	}
}

// With a store that reads and refuses writes, nothing tells the right code from a wrong one.
func TestNothingIsComparedThatCannotBeCounted(t *testing.T) {
	t.Parallel()
	v, g := newVerifier(t)
	ticket, code := begin(t, v, alice)
	g.refuses.Store(true)
	for _, guess := range []string{code, wrongCode(code)} {
		o, err := v.Check(t.Context(), alice, ticket, otp.DefaultPolicy(), number, guess)
		if !errors.Is(err, store.ErrRefused) || o.Kind != "" {
			t.Errorf("outcome %q, error %v; want only the store's refusal", o.Kind, err)
		}
	}
	g.refuses.Store(false)
	if o, err := v.Check(t.Context(), alice, ticket, otp.DefaultPolicy(), number, code); o.Kind != otp.Right {
		t.Errorf("afterwards: %s, %v", o.Kind, err)
	}
}

func TestMalformedIsNotCounted(t *testing.T) {
	t.Parallel()
	v, _ := newVerifier(t)
	ticket, code := begin(t, v, alice)
	for range 10 {
		o, _ := v.Check(t.Context(), alice, ticket, otp.DefaultPolicy(), number, "12345")
		if o.Kind != otp.Malformed || o.Standing.AttemptsLeft != 3 {
			t.Fatalf("%s, %d left", o.Kind, o.Standing.AttemptsLeft)
		}
	}
	if o, _ := v.Check(t.Context(), alice, ticket, otp.DefaultPolicy(), number, code); o.Kind != otp.Right {
		t.Errorf("right code: %s", o.Kind)
	}
}

// Whatever is typed is at most one guess, and only the right code is right. CODE in the input stands for it.
func FuzzTyped(f *testing.F) {
	for _, typed := range []string{
		"CODE", "CODE CODE", "code: CODE. valid 5 minutes", "CODE 111111 222222", "111111,222222,333333,CODE", "１２３４５６",
		"1\u200b2-3 4\n5\ufe0f6", "x111 111x222 222", "@host #CODE\n#CODE", "\xff", "",
	} {
		f.Add(typed)
	}
	v, _ := newVerifier(f)
	n := 0
	f.Fuzz(func(t *testing.T, typed string) {
		n++
		p, who := otp.DefaultPolicy(), otp.Subject{Zone: "z", Name: fmt.Sprint(n)}
		to := otp.Recipient{Phone: fmt.Sprintf("+1500%07d", n)}
		began, err := v.Begin(t.Context(), who, otp.Ticket{}, p, to)
		if err != nil {
			t.Fatal(err)
		}
		ticket, code := otp.Ticket{Challenge: began.Challenge.ID}, began.Dispatch.Code
		typed = strings.ReplaceAll(typed, "CODE", code)
		o, err := v.Check(t.Context(), who, ticket, p, to, typed)
		if err != nil {
			t.Fatal(err)
		}
		guess, isGuess := otp.Normalize(typed, p.CodeLength)
		counted := p.Attempts - o.Standing.AttemptsLeft
		switch {
		case isGuess && guess == code && o.Kind == otp.Right && counted == 0:
		case isGuess && guess != code && o.Kind == otp.Wrong && counted == 1:
		case !isGuess && o.Kind == otp.Malformed && counted == 0:
		default:
			t.Errorf("%q, read as %q: %s, %d counted", typed, guess, o.Kind, counted)
		}
	})
}

// The maker of a code is asked only after the guess is written down, and decides alone.
func TestRemoteCheck(t *testing.T) {
	t.Parallel()
	v, g := newVerifier(t)
	p := otp.DefaultPolicy()
	to := otp.Recipient{Phone: number.Phone, CodeBy: func(string, string) string { return "one" }}
	ticket := otp.Ticket{Browser: otp.BrowserID{1}}
	o, err := v.Begin(t.Context(), alice, ticket, p, to)
	if err != nil {
		t.Fatal(err)
	}
	ticket.Challenge = o.Challenge.ID
	ours := o.Dispatch.Code
	o, err = v.Check(t.Context(), alice, ticket, p, number, ours)
	if err != nil || o.Kind != otp.Asking || o.Text.CodeBy != "one" || o.Standing.AttemptsLeft != 2 {
		t.Fatalf("our code, which was never texted: %s, %v", o.Kind, err)
	}
	if o, err = v.Decide(t.Context(), alice, ticket, p, "one", ours, false); err != nil || o.Kind != otp.Wrong {
		t.Errorf("its codeBy says no: %s, %v", o.Kind, err)
	}
	o, err = v.Decide(t.Context(), alice, ticket, p, "one", wrongCode(ours), true)
	if err != nil || o.Kind != otp.Expired {
		t.Errorf("a guess that was never written down: %s, %v", o.Kind, err)
	}
	g.refuses.Store(true)
	if o, err = v.Check(t.Context(), alice, ticket, p, number, "314159"); err == nil || o.Kind == otp.Asking {
		t.Errorf("a guess that could not be written down: %s, %v", o.Kind, err)
	}
	g.refuses.Store(false)
	if o, err = v.Check(t.Context(), alice, ticket, p, number, "314159"); err != nil || o.Kind != otp.Asking {
		t.Fatalf("%s, %v", o.Kind, err)
	}
	first, err := v.Decide(t.Context(), alice, ticket, p, "one", "314159", true)
	if err != nil || first.Kind != otp.Right || first.Session == "" {
		t.Fatalf("its codeBy says yes: %s, %v", first.Kind, err)
	}
	again, err := v.Check(t.Context(), alice, ticket, p, number, "314159")
	if err != nil || again.Kind != otp.Right || again.Session != first.Session {
		t.Errorf("the same guess again, which its codeBy would not take: %s, %v", again.Kind, err)
	}
}
