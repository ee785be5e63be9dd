package app

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/page/words"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// The text of each language is one segment where the alphabet allows, and two elsewhere.
func TestTextsFitTheirSegments(t *testing.T) {
	t.Parallel()
	set, err := words.NewSet(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewMessages(nil, set)
	if err != nil {
		t.Fatal(err)
	}
	for i, message := range m.Messages {
		want := 1
		if strings.Contains(" uk ar he hy hi zh ja ", " "+m.Tags[i].String()+" ") {
			want = 2
		}
		text := message.Text("12345678", "Acme Incorporated", "app.example.com", 10*time.Minute)
		if parts, foreign := sms.Segments(text); parts != want {
			t.Errorf("%s: %d segments, want %d, because of %q in %q", m.Tags[i], parts, want, foreign, text)
		}
		changed, _ := set.Languages[i].Text("sms-number-changed")
		if parts, foreign := sms.Segments(changed.String()); want == 1 && foreign != 0 {
			t.Errorf("%s: %d segments, because of %q in %q", m.Tags[i], parts, foreign, changed)
		}
	}
}

// Texts of the operator's stand in the place of those that are built in: all of them, or that of a language.
func TestTextsOfTheOperator(t *testing.T) {
	t.Parallel()
	set, err := words.NewSet(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, header, want string
		texts              Messages
	}{
		{"built in", "de", "x: Ihr Code ist 1", nil},
		{"one for all", "de", "code 1", Messages{"": "code {code}"}},
		{"one language", "de-AT", "Code 1", Messages{"de": "Code {code}"}},
		{"another language", "fr", "x : votre code est 1", Messages{"de": "Code {code}"}},
		{"a language that the page has not", "sv", "Kod 1", Messages{"sv": "Kod {code}"}},
		{"all others", "fr", "code 1", Messages{"": "code {code}", "de": "Code {code}"}},
	} {
		m, err := NewMessages(tt.texts, set)
		if err != nil {
			t.Fatal(err)
		}
		message, _ := m.Choose(tt.header)
		if got := message.Text("1", "x", "h", time.Minute); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
