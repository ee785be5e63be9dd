package words

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// Set is the languages of one gate, in the order of preference; the first is for everybody who reads none of them.
type Set struct {
	Languages []*Language
	chooser   *Chooser
}

// NewSet is the languages given, each once; without any, all that are built in, English first. The words of own stand
// in the place of those that are built in.
func NewSet(tags []language.Tag, own Own) (*Set, error) {
	if len(tags) == 0 {
		tags = builtin
	}
	s := new(Set)
	for _, tag := range tags {
		l, err := load(tag)
		if err != nil {
			return nil, err
		}
		s.Languages = append(s.Languages, l.with(own[tag.String()]))
	}
	for name := range own {
		if !slices.ContainsFunc(tags, func(tag language.Tag) bool { return tag.String() == name }) {
			return nil, fmt.Errorf("the language %q is none of the page: %s", name, list(tags))
		}
	}
	s.chooser = NewChooser(tags)
	return s, nil
}

// Tags are the languages of the set.
func (s *Set) Tags() []language.Tag {
	var tags []language.Tag
	for _, l := range s.Languages {
		tags = append(tags, l.Tag)
	}
	return tags
}

// Choose finds the language that suits an Accept-Language header best.
func (s *Set) Choose(header string) *Language { return s.Languages[s.chooser.Choose(header)] }

// Find is the built-in language with the name given (BCP 47), like de. A region that the page does not tell apart may
// follow: de-AT is German. The error lists the languages that there are.
func Find(name string) (language.Tag, error) {
	if wanted, err := language.Parse(name); err == nil && wanted != language.Und {
		for _, tag := range builtin {
			if baseOf(tag) == baseOf(wanted) && scriptOf(tag) == scriptOf(wanted) {
				return tag, nil
			}
		}
	}
	return language.Und, fmt.Errorf("%q is no language of the page; expected one of %s", name, list(builtin))
}

func baseOf(tag language.Tag) language.Base {
	base, _ := tag.Base()
	return base
}

func scriptOf(tag language.Tag) language.Script {
	script, _ := tag.Script()
	return script
}

func list(tags []language.Tag) string {
	var names []string
	for _, tag := range tags {
		names = append(names, tag.String())
	}
	return strings.Join(names, ", ")
}
