package words

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// Own are words of the operator's, by language and key.
type Own map[string]map[string]Text

// ReadOwn reads a file with words of the operator's, in JSON: an object with one member for each language, which holds
// texts by their keys. A text is a string, or an object with one string for each plural:
//
//	{"de": {"title-start": "Ein letzter Schritt"}, "en": {"help-link": "Ask the help desk"}}
//
// A key that there is not, and a variable that the text with that key does not have, are errors.
func ReadOwn(path string) (Own, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading words: %w", err)
	}
	var read Own
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&read); err != nil {
		return nil, fmt.Errorf("reading words of %s: %w", path, err)
	}
	own := make(Own, len(read))
	for name, texts := range read {
		tag, err := Find(name)
		if err != nil {
			return nil, fmt.Errorf("reading words of %s: %w", path, err)
		}
		if own[tag.String()] != nil {
			return nil, fmt.Errorf("reading words of %s: the language %s stands twice", path, tag)
		}
		if err := judge(texts); err != nil {
			return nil, fmt.Errorf("reading words of %s: language %s: %w", path, name, err)
		}
		own[tag.String()] = texts
	}
	return own, nil
}

// judge holds texts against the English ones.
func judge(texts map[string]Text) error {
	english, err := load(builtin[0])
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		original, ok := english.Text(key)
		if !ok {
			return fmt.Errorf("there is no text with the key %q", key)
		}
		if texts[key].String() == "" {
			return fmt.Errorf("%s: the text is empty, or has no form other", key)
		}
		if key == "digits" && len([]rune(texts[key].String())) != 10 {
			return fmt.Errorf("%s: expected ten digits", key)
		}
		for name := range texts[key].source {
			if !slices.Contains(slices.Collect(maps.Values(formNames)), name) {
				return fmt.Errorf("%s: %q is no plural; expected zero, one, two, few, many or other", key, name)
			}
		}
		known := original.variables()
		for _, name := range texts[key].variables() {
			if !slices.Contains(known, name) {
				return fmt.Errorf("%s: there is no variable {%s} in this text; expected %s", key, name, expected(known))
			}
		}
	}
	return nil
}

// expected are variables as they are written, in words.
func expected(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return "{" + strings.Join(names, "}, {") + "}"
}

// with is the language with other words for some of its texts.
func (l *Language) with(own map[string]Text) *Language {
	if len(own) == 0 {
		return l
	}
	texts := maps.Clone(l.texts)
	maps.Copy(texts, own)
	return newLanguage(l.Tag, texts)
}
