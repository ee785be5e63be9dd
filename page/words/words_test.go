package words

import (
	"html/template"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/language"
)

// all are the languages that are built in.
func all(tb testing.TB) *Set {
	tb.Helper()
	set, err := NewSet(nil, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// english is the built-in language that the others are translated from.
func english(tb testing.TB) *Language {
	tb.Helper()
	return all(tb).Languages[0]
}

func TestSay(t *testing.T) {
	t.Parallel()
	made := func(tag language.Tag, digits, words string) *Language {
		var text Text
		if err := text.UnmarshalJSON([]byte(words)); err != nil {
			t.Fatal(err)
		}
		written, _ := ParseText(map[string]string{"other": digits})
		minutes, _ := ParseText(map[string]string{"one": "{n} Minute", "other": "{n} Minuten"})
		return newLanguage(tag, map[string]Text{"it": text, "digits": written, "minutes": minutes})
	}
	german := func(words string) *Language { return made(language.German, "0123456789", words) }
	arabic := func(words string) *Language { return made(language.Arabic, "٠١٢٣٤٥٦٧٨٩", words) }
	link := Element{`<a href="./">`, "</a>"}
	tests := []struct {
		name  string
		words *Language
		pairs []any
		want  string
	}{
		{"no variables", german(`"Zurück & <weiter>"`), nil, "Zurück &amp; &lt;weiter&gt;"},
		{"string", german(`"An {phone}."`), []any{"phone", "<b>"}, "An &lt;b&gt;."},
		{"HTML", german(`"An {phone}."`), []any{"phone", template.HTML("<b>06</b>")}, "An <b>06</b>."},
		{"duration", german(`"In {time}."`), []any{"time", 5 * time.Minute}, "In 5 Minuten."},
		{"element", german(`"Bitte {link}neu laden{/link}."`), []any{"link", link}, `Bitte <a href="./">neu laden</a>.`},
		{"one", german(`{"one": "{n} Versuch", "other": "{n} Versuche"}`), []any{"n", 1}, "1 Versuch"},
		{"other", german(`{"one": "{n} Versuch", "other": "{n} Versuche"}`), []any{"n", 2}, "2 Versuche"},
		{"few", arabic(`{"few": "few {n}", "other": "other {n}"}`), []any{"n", 103}, "few ١٠٣"},
		{"a form that is missing", arabic(`{"few": "few {n}", "other": "other {n}"}`), []any{"n", 2}, "other ٢"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, err := tt.words.Say("it", tt.pairs...); err != nil || string(got) != tt.want {
				t.Errorf("said %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestSayingWhatCannotBeSaid(t *testing.T) {
	t.Parallel()
	l := english(t)
	for _, tt := range []struct {
		key   string
		pairs []any
		want  string
	}{
		{"nothing", nil, `"nothing"`},
		{"code-valid", nil, "{time} has no value"},
		{"code-valid", []any{"time"}, "has no value"},
		{"code-valid", []any{"phone", "x"}, "{time} has no value"},
		{"code-valid", []any{"time", 1.5}, "cannot be a float64"},
	} {
		if got, err := l.Say(tt.key, tt.pairs...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %v: said %q, %v", tt.key, tt.pairs, got, err)
		}
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	l := english(t)
	for d, want := range map[time.Duration]string{
		0: "0 seconds", time.Second: "1 second", 90 * time.Second: "90 seconds", 91 * time.Second: "2 minutes",
		15 * time.Minute: "15 minutes", 90 * time.Minute: "90 minutes", 24 * time.Hour: "24 hours",
		48*time.Hour + 1: "3 days", 30 * 24 * time.Hour: "30 days",
		1500 * time.Millisecond: "2 seconds", -time.Minute: "0 seconds",
	} {
		if got := l.Duration(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}

func TestTextsThatAreNotRead(t *testing.T) {
	t.Parallel()
	for _, words := range []string{"{", "}", "{}", "{a b}", "a } b", "{time", "{Time}", "{/}", "{{time}}", "{time}}"} {
		if text, err := ParseText(map[string]string{"other": words}); err == nil {
			t.Errorf("%q became %v", words, text.phrases)
		}
	}
}
