package words

import (
	"strings"

	"golang.org/x/text/language"
)

// Chooser chooses among languages what suits a visitor.
type Chooser struct{ matcher language.Matcher }

// NewChooser chooses among the languages given, of which the first is for everybody who reads none of them.
func NewChooser(tags []language.Tag) *Chooser { return &Chooser{language.NewMatcher(tags)} }

// maxPreferences bounds the header that is read, in bytes: matching takes time.
const maxPreferences = 200

// Choose finds the language that suits an Accept-Language header best (RFC 9110 12.5.4), and returns its index.
func (c *Chooser) Choose(header string) int {
	if len(header) > maxPreferences {
		header = header[:strings.LastIndex(header[:maxPreferences], ",")+1]
	}
	preferred, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		preferred = nil
	}
	_, i, _ := c.matcher.Match(preferred...)
	return i
}
