package words

import (
	"embed"
	"encoding/json"
	"fmt"
	"sync"

	"golang.org/x/text/language"
)

// entry is one text in the file of a language.
type entry struct {
	Key string `json:"key"`
	// Note tells a translator where the text stands, and what its variables are.
	Note string `json:"note"`
	// English is the text to translate; the English file has none.
	English *Text `json:"english,omitempty"`
	Text    Text  `json:"text"`
}

// builtin are the languages that have a file, English first.
var builtin = []language.Tag{
	language.English, language.German, language.French, language.Spanish, language.BrazilianPortuguese, language.Italian,
	language.Dutch, language.Polish, language.Ukrainian, language.Turkish, language.Arabic, language.Hebrew,
	language.Armenian, language.Hindi, language.Chinese, language.Japanese,
}

//go:embed *.json
var files embed.FS

// loaded holds each language that some gate uses, once for all gates.
var loaded sync.Map

// load reads a built-in language.
func load(tag language.Tag) (*Language, error) {
	if l, ok := loaded.Load(tag); ok {
		return l.(*Language), nil
	}
	entries, err := readFile(tag)
	if err != nil {
		return nil, err
	}
	texts := make(map[string]Text, len(entries))
	for _, e := range entries {
		texts[e.Key] = e.Text
	}
	l, _ := loaded.LoadOrStore(tag, newLanguage(tag, texts))
	return l.(*Language), nil
}

func readFile(tag language.Tag) (entries []entry, err error) {
	name := tag.String() + ".json"
	data, err := files.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading words: %w", err)
	}
	if err := json.Unmarshal(data, &entries); err != nil {
		return nil, fmt.Errorf("reading words of %s: %w", name, err)
	}
	return entries, nil
}
