package sms_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// checking is a sender whose codes Dexatel makes.
func checking(t *testing.T, p *providers.Dexatel) *sms.Dexatel {
	t.Helper()
	return newDexatel(t, p, func(o *sms.DexatelOptions) { o.Template, o.Remote = template, true })
}

// In each form of the list the right code is right, any other code is wrong, and the code of an expired text is wrong.
// A list that has no codes and does not depend on the code that is asked for proves nothing.
func TestDexatelChecksOddLists(t *testing.T) {
	t.Parallel()
	for _, revision := range providers.DexatelRevisions {
		for mood, want := range map[providers.Mood]bool{
			providers.Behave: true, providers.FilterIgnored: revision == providers.DexatelOf2022,
			providers.TwoEntries: true, providers.ExpiredEntry: false,
		} {
			t.Run(string(revision)+", "+string(mood), func(t *testing.T) {
				t.Parallel()
				p := providers.StartDexatelOf(t, revision)
				d := checking(t, p)
				receipt, err := d.Send(t.Context(), message)
				if err != nil {
					t.Fatal(err)
				}
				p.Misbehave(mood)
				for _, tt := range []struct {
					code string
					want bool
				}{{"000000", false}, {p.Wait(t, 1).Code, want}} {
					right, err := d.Check(t.Context(), message.To, []string{receipt.ID}, tt.code)
					if err != nil || right != tt.want {
						t.Errorf("code %s: %t, %v", tt.code, right, err)
					}
				}
			})
		}
	}
}

// Of several texts to a number that hold at Dexatel, only the code of the latest is right, and only where Check is
// asked about that text.
func TestDexatelChecksOneText(t *testing.T) {
	t.Parallel()
	onEachRevision(t, func(t *testing.T, p *providers.Dexatel) {
		d := checking(t, p)
		var ids []string
		for range 3 {
			receipt, err := d.Send(t.Context(), message)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, receipt.ID)
		}
		texts := p.Texts()
		for _, tt := range []struct {
			name string
			ids  []string
			code string
			want bool
		}{
			{"no text", nil, texts[0].Code, false},
			{"an older text", ids, texts[0].Code, false},
			{"another text", ids[:1], texts[1].Code, false},
			{"the latest text", ids, texts[2].Code, true},
		} {
			if right, err := d.Check(t.Context(), message.To, tt.ids, tt.code); err != nil || right != tt.want {
				t.Errorf("%s: %t, %v", tt.name, right, err)
			}
		}
	})
}

// Where entries have no code, the answer to a second code of the same length decides: nothing but an empty list of it
// makes the first answer a yes, and Dexatel is asked for it only then.
func TestDexatelAsksAControlQuestion(t *testing.T) {
	t.Parallel()
	const silent = `{"data":[{"message_id":"m-1","phone":"15005550006","expire_date":"2099-01-01T00:00:00.000Z"}]}`
	other := strings.Replace(silent, "m-1", "m-2", 1)
	withCode := strings.Replace(silent, `"phone"`, `"code":"482913","phone"`, 1)
	const empty = `{"data":[]}`
	for _, tt := range []struct {
		name           string
		first, control string
		asked          int
		right, fails   bool
	}{
		{"nothing for the other code", silent, empty, 2, true, false},
		{"the same for every code", silent, silent, 2, false, false},
		{"another text for the other code", silent, other, 2, false, false},
		{"a text with a code for the other code", silent, withCode, 2, false, false},
		{"no list for the other code", silent, `{"data":{}}`, 2, false, true},
		{"an error for the other code", silent, `{"errors":[{"code":1705}]}`, 2, false, true},
		{"nothing for the code", empty, silent, 1, false, false},
		{"another text", other, empty, 1, false, false},
		{"the text, with its code", withCode, silent, 1, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.URL.Query().Get("code"))
				if r.URL.Query().Get("code") == "482913" {
					fmt.Fprint(w, tt.first)
				} else {
					fmt.Fprint(w, tt.control)
				}
			}))
			defer server.Close()
			d, err := sms.NewDexatel(sms.DexatelOptions{
				APIKey: "k", From: "Acme", Template: template, Remote: true, BaseURL: server.URL,
			})
			if err != nil {
				t.Fatal(err)
			}
			right, err := d.Check(t.Context(), message.To, []string{"m-1"}, "482913")
			if right != tt.right || (err != nil) != tt.fails {
				t.Errorf("right is %t, %v", right, err)
			}
			if len(asked) != tt.asked || tt.asked == 2 && (asked[0] == asked[1] || len(asked[0]) != len(asked[1])) {
				t.Errorf("asked for %q", asked)
			}
		})
	}
}

// A code that stands in JSON as a number has no zeros before it.
func TestDexatelChecksNumbers(t *testing.T) {
	t.Parallel()
	for code, listed := range map[string]string{"012345": "12345", "000000": "0", "482913": "482913"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"data":[{"message_id":"m-1","phone":"15005550006","code":%s,`+
				`"expire_date":"2099-01-01 00:00:00"}]}`, listed)
		}))
		defer server.Close()
		d, err := sms.NewDexatel(sms.DexatelOptions{
			APIKey: "k", From: "Acme", Template: template, Remote: true, BaseURL: server.URL,
		})
		if err != nil {
			t.Fatal(err)
		}
		for typed, want := range map[string]bool{code: true, "123450": false} {
			right, err := d.Check(t.Context(), message.To, []string{"m-1"}, typed)
			if err != nil || right != want {
				t.Errorf("%s listed as %s, typed %s: %t, %v", code, listed, typed, right, err)
			}
		}
	}
}

// Dexatel lists verifications also where the gate made the code.
func TestDexatelKeepsOurCodes(t *testing.T) {
	t.Parallel()
	onEachRevision(t, func(t *testing.T, p *providers.Dexatel) {
		ours := newDexatel(t, p, func(o *sms.DexatelOptions) { o.Template = template })
		receipt, err := ours.Send(t.Context(), message)
		if err != nil {
			t.Fatal(err)
		}
		d := checking(t, p)
		for _, want := range []bool{true, false} {
			right, err := d.Check(t.Context(), message.To, []string{receipt.ID}, message.Code)
			if err != nil || right != want {
				t.Errorf("%t, %v, want %t", right, err, want)
			}
		}
	})
}

// An origin or a template that Dexatel does not know ends in the class Config.
func TestDexatelOrigins(t *testing.T) {
	t.Parallel()
	p := providers.StartDexatel(t)
	for _, tt := range []struct {
		name   string
		change func(*sms.DexatelOptions)
		class  sms.Class
	}{
		{"eleven characters, of more bytes", func(o *sms.DexatelOptions) { o.From = "Söhne & Co." }, ""},
		{"twelve characters", func(o *sms.DexatelOptions) { o.From = "Twelve chars" }, sms.Config},
		{"a number", func(o *sms.DexatelOptions) { o.From = "123456789012345" }, ""},
		{"too long a number", func(o *sms.DexatelOptions) { o.From = "1234567890123456" }, sms.Config},
		{
			"twelve characters, with a template",
			func(o *sms.DexatelOptions) { o.From, o.Template = "Twelve chars", template }, sms.Config,
		},
		{"the name of a template", func(o *sms.DexatelOptions) { o.Template = "login" }, sms.Config},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := newDexatel(t, p, tt.change).Send(t.Context(), message)
			judge(t, err, tt.class, []string{p.Key})
		})
	}
}
