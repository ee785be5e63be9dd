package app

import (
	"fmt"
	"slices"

	"golang.org/x/text/language"

	"github.com/caddy-sms-2fa/gateway/page/words"
)

// tags are the languages of the option languages.
func (o Options) tags() ([]language.Tag, error) {
	var tags []language.Tag
	for _, name := range o.Languages {
		tag, err := words.Find(name)
		if err != nil {
			return nil, fmt.Errorf("languages: %w", err)
		}
		if slices.Contains(tags, tag) {
			return nil, fmt.Errorf("languages: %s stands twice", tag)
		}
		tags = append(tags, tag)
	}
	return tags, nil
}

// LoadWords is what the page says, in the languages of the gate, with the operator's own words.
func (o Options) LoadWords() (*words.Set, error) {
	tags, err := o.tags()
	if err != nil {
		return nil, err
	}
	var own words.Own
	if o.Words != "" {
		if own, err = words.ReadOwn(o.Words); err != nil {
			return nil, fmt.Errorf("words: %w", err)
		}
	}
	set, err := words.NewSet(tags, own)
	if err != nil {
		return nil, fmt.Errorf("words %s: %w", o.Words, err)
	}
	return set, nil
}
