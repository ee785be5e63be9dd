package words

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/language"
)

func TestReadOwn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, file, want string }{
		{"good", `{"de": {"title-enter": "Noch ein Code"}, "pt": {"minutes": {"one": "{n} min", "other": "{n} min"}}}`, ""},
		{"no words", `{}`, ""},
		{"no JSON", `de: Code`, "reading words of "},
		{"another shape", `{"de": ["x"]}`, "reading words of "},
		{"unknown language", `{"tlh": {"title-enter": "x"}}`, `"tlh" is no language of the page`},
		{"one language twice", `{"de": {"title-enter": "x"}, "de-AT": {"title-enter": "y"}}`, "de stands twice"},
		{"unknown key", `{"de": {"title-entry": "x"}}`, `language de: there is no text with the key "title-entry"`},
		{"unknown variable", `{"de": {"code-valid": "{tiem}"}}`, "no variable {tiem} in this text; expected {time}"},
		{"variable where there is none", `{"de": {"continue": "{time}"}}`, "expected none"},
		{"unknown plural", `{"de": {"minutes": {"several": "x", "other": "y"}}}`, `"several" is no plural`},
		{"no form for all others", `{"de": {"minutes": {"one": "x"}}}`, "has no form other"},
		{"empty", `{"de": {"continue": ""}}`, "continue: the text is empty"},
		{"digits", `{"de": {"digits": "123"}}`, "expected ten digits"},
		{"brace", `{"de": {"continue": "{"}}`, "is not written like {name}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "own.json")
			if err := os.WriteFile(path, []byte(tt.file), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := ReadOwn(path)
			told := err != nil && strings.Contains(err.Error(), tt.want) && strings.Contains(err.Error(), "own.json")
			if tt.want == "" && err != nil || tt.want != "" && !told {
				t.Errorf("error %v, want %q and the file", err, tt.want)
			}
		})
	}
}

// Own words are those of one gate alone, and need a language that the gate has.
func TestOwnWordsOfASet(t *testing.T) {
	t.Parallel()
	text, err := ParseText(map[string]string{"other": "Los"})
	if err != nil {
		t.Fatal(err)
	}
	own := Own{"de": {"continue": text}}
	set, err := NewSet([]language.Tag{language.German}, own)
	if err != nil {
		t.Fatal(err)
	}
	if said, _ := set.Languages[0].Say("continue"); said != "Los" {
		t.Errorf("said %q", said)
	}
	if said, _ := set.Languages[0].Say("back"); said != "Zurück" {
		t.Errorf("said %q", said)
	}
	others, err := NewSet([]language.Tag{language.German}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if said, _ := others.Languages[0].Say("continue"); said != "Weiter" {
		t.Errorf("another gate says %q", said)
	}
	_, err = NewSet([]language.Tag{language.English}, own)
	if err == nil || !strings.Contains(err.Error(), `"de" is none`) {
		t.Errorf("words of a language that the gate does not have: %v", err)
	}
}
