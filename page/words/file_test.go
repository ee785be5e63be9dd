package words

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/text/language"
)

// pluralsOf are the forms that the whole numbers have in each language (Unicode CLDR 46). Those of millions, which
// French, Spanish, Portuguese and Italian have, are left out: nothing that the page counts is so large.
var pluralsOf = map[string]string{
	"en": "one other", "de": "one other", "fr": "one other", "es": "one other", "pt-BR": "one other", "it": "one other",
	"nl": "one other", "pl": "few many one other", "uk": "few many one other", "tr": "one other",
	"ar": "few many one other two zero", "he": "one other two", "hy": "one other", "hi": "one other",
	"zh": "other", "ja": "other",
}

// leavesOutNumber reports whether a form may spell the number in words.
func leavesOutNumber(l *Language, form string) bool {
	return (l.Tag == language.Arabic || l.Tag == language.Hebrew) && slices.Contains([]string{"zero", "one", "two"}, form)
}

// Each file has all texts, in the order of the English one, with the English words and the notes beside them.
func TestFilesOfWords(t *testing.T) {
	t.Parallel()
	original, err := readFile(language.English)
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range builtin[1:] {
		t.Run(tag.String(), func(t *testing.T) {
			t.Parallel()
			entries, err := readFile(tag)
			if err != nil {
				t.Fatal(err)
			}
			if len(entries) != len(original) {
				t.Fatalf("%d texts, want %d", len(entries), len(original))
			}
			for i, e := range entries {
				o := original[i]
				switch {
				case e.Key != o.Key:
					t.Fatalf("the text at %d is %s, want %s", i, e.Key, o.Key)
				case e.Note != o.Note:
					t.Errorf("%s: the note is another one than in English", e.Key)
				case e.English == nil || !reflect.DeepEqual(e.English.source, o.Text.source):
					t.Errorf("%s: the English words beside it are not those of the English file", e.Key)
				}
			}
		})
	}
}

// No word is missing, no variable is lost, nothing is left in English, and each plural of the language has its form.
func TestTranslations(t *testing.T) {
	t.Parallel()
	original := english(t)
	for _, l := range all(t).Languages[1:] {
		t.Run(l.Tag.String(), func(t *testing.T) {
			t.Parallel()
			for key, from := range original.texts {
				text := l.texts[key]
				if len(from.source) > 1 {
					forms := strings.Join(slices.Sorted(maps.Keys(text.source)), " ")
					if forms != pluralsOf[l.Tag.String()] {
						t.Errorf("%s: it has the forms %s, want %s", key, forms, pluralsOf[l.Tag.String()])
					}
				}
				for form := range text.source {
					one := Text{source: text.source, phrases: map[string][]part{form: text.phrases[form]}}
					lost := slices.DeleteFunc(from.variables(), func(name string) bool {
						return slices.Contains(one.variables(), name) || name == "n" && leavesOutNumber(l, form)
					})
					if len(lost) > 0 {
						t.Errorf("%s, %s: lost %q", key, form, lost)
					}
				}
				if err := judge(map[string]Text{key: text}); err != nil {
					t.Error(err)
				}
				if text.String() == from.String() && !same(l, key) {
					t.Errorf("%s: left in English: %s", key, text)
				}
				if strings.TrimSpace(text.String()) != text.String() || strings.Contains(text.String(), "  ") {
					t.Errorf("%s: odd spaces in %q", key, text)
				}
			}
		})
	}
}

// same reports whether a text may be spelt in a language as in English.
func same(l *Language, key string) bool {
	switch key {
	case "digits", "error-title", "contact":
		return true
	case "minutes":
		return l.Tag == language.French
	}
	return false
}

// Words of a language are in the script of the language.
func TestScripts(t *testing.T) {
	t.Parallel()
	scripts := map[string]*unicode.RangeTable{
		"ar": unicode.Arabic, "he": unicode.Hebrew, "hy": unicode.Armenian, "hi": unicode.Devanagari, "uk": unicode.Cyrillic,
		"zh": unicode.Han,
	}
	for _, l := range all(t).Languages {
		script := scripts[l.Tag.String()]
		if script == nil {
			continue
		}
		for key, text := range l.texts {
			if key != "digits" && key != "number-example" && strings.IndexFunc(text.String(), func(r rune) bool {
				return unicode.Is(script, r)
			}) < 0 {
				t.Errorf("%s: %s: %s", l.Tag, key, text)
			}
		}
	}
}

// Every number finds a form, and durations read as they do in the language.
func TestDurationsOfLanguages(t *testing.T) {
	t.Parallel()
	want := map[string][]string{ // of 1, 2, 5, 21 and 90 seconds, and of 30 days
		"de":    {"1 Sekunde", "2 Sekunden", "5 Sekunden", "21 Sekunden", "90 Sekunden", "30 Tage"},
		"fr":    {"1 seconde", "2 secondes", "5 secondes", "21 secondes", "90 secondes", "30 jours"},
		"pl":    {"1 sekunda", "2 sekundy", "5 sekund", "21 sekund", "90 sekund", "30 dni"},
		"uk":    {"1 секунда", "2 секунди", "5 секунд", "21 секунда", "90 секунд", "30 днів"},
		"ar":    {"ثانية واحدة", "ثانيتان", "٥ ثوانٍ", "٢١ ثانية", "٩٠ ثانية", "٣٠ يومًا"},
		"he":    {"שנייה אחת", "2 שניות", "5 שניות", "21 שניות", "90 שניות", "30 ימים"},
		"ja":    {"1秒", "2秒", "5秒", "21秒", "90秒", "30日"},
		"pt-BR": {"1 segundo", "2 segundos", "5 segundos", "21 segundos", "90 segundos", "30 dias"},
	}
	for _, l := range all(t).Languages {
		for i, said := range want[l.Tag.String()] {
			d := []time.Duration{1, 2, 5, 21, 90, 30 * 24 * 3600}[i] * time.Second
			if got := l.Duration(d); got != said {
				t.Errorf("%s: %s is %q, want %q", l.Tag, d, got, said)
			}
		}
		for n := range 2000 {
			if said := l.count("days", n); said == "" || strings.Contains(said, "{") {
				t.Errorf("%s: %d days are %q", l.Tag, n, said)
			}
		}
	}
}

// A visitor gets the language that the browser asks for.
func TestChoose(t *testing.T) {
	t.Parallel()
	german := []language.Tag{language.German, language.French, language.English}
	for _, tt := range []struct {
		tags         []language.Tag
		header, want string
	}{
		{nil, "", "en"},
		{nil, "de-AT,de;q=0.9,en;q=0.8", "de"},
		{nil, "pt", "pt-BR"},
		{nil, "pt-PT", "pt-BR"},
		{nil, "zh-CN", "zh"},
		{nil, "zh-Hans-SG", "zh"},
		{nil, "iw", "he"},
		{nil, "ar-EG", "ar"},
		{nil, "xx,tlh;q=0.9", "en"},
		{nil, "ja;q=0.1, tr;q=0.9", "tr"},
		{german, "", "de"},
		{german, "ja", "de"},
		{german, "en-GB", "en"},
		{german, "fr-CH, fr;q=0.9", "fr"},
	} {
		set, err := NewSet(tt.tags, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := set.Choose(tt.header).Tag.String(); got != tt.want {
			t.Errorf("%v, %q: %s, want %s", tt.tags, tt.header, got, tt.want)
		}
	}
}

// Languages are written in their direction.
func TestDirection(t *testing.T) {
	t.Parallel()
	for _, l := range all(t).Languages {
		want := "ltr"
		if l.Tag == language.Arabic || l.Tag == language.Hebrew {
			want = "rtl"
		}
		if l.Direction() != want {
			t.Errorf("%s is written %s", l.Tag, l.Direction())
		}
	}
}
