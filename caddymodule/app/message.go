package app

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"golang.org/x/text/language"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/page/words"
)

// Messages are texts by language (BCP 47). In JSON they are an object, or just a text when there is only the one
// without a language.
type Messages map[string]string

// MarshalJSON writes a text alone as a string.
func (m Messages) MarshalJSON() ([]byte, error) {
	if text, ok := m[""]; ok && len(m) == 1 {
		return json.Marshal(text)
	}
	return json.Marshal(map[string]string(m))
}

// UnmarshalJSON reads a string or an object.
func (m *Messages) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*m = Messages{"": text}
		return nil
	}
	return json.Unmarshal(data, (*map[string]string)(m))
}

// readMessage reads "message [<language>] <text>". In a site block Caddy writes the shorthand {host} out before
// anybody reads it.
func (o *Options) readMessage(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	tongue := ""
	switch len(args) {
	case 1:
	case 2:
		tongue, args = args[0], args[1:]
	default:
		return d.Err("message: expected a text in quotes, or a language like de and a text")
	}
	if _, twice := o.Message[tongue]; twice {
		return d.Errf("message: the text for the language %q stands twice", tongue)
	}
	if o.Message == nil {
		o.Message = make(Messages)
	}
	o.Message[tongue] = strings.ReplaceAll(args[0], "{http.request.host}", "{host}")
	return nil
}

// unlabelled is the language that a text without one is taken for: that of the page.
var unlabelled = language.English

// MessageSet is the texts of a gate, one for each language, and the choice among them.
type MessageSet struct {
	Tags     []language.Tag
	Messages []otp.Message // the text of the tag at the same index
	chooser  *words.Chooser
}

// NewMessages reads the texts. The first one of the set is the text without a language, or the built-in text: for
// every visitor whose language has no text.
func NewMessages(texts Messages) (*MessageSet, error) {
	m := new(MessageSet)
	if err := m.add(unlabelled, texts[""]); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if name == "" {
			continue
		}
		tag, err := language.Parse(name)
		if err != nil || tag == language.Und {
			return nil, fmt.Errorf("message: %q is not a language like de or pt-BR", name)
		}
		if err := m.add(tag, texts[name]); err != nil {
			return nil, fmt.Errorf("message %s: %w", name, err)
		}
	}
	m.chooser = words.NewChooser(m.Tags)
	return m, nil
}

func (m *MessageSet) add(tag language.Tag, text string) error {
	message, err := otp.ParseMessage(text)
	if err != nil {
		return err
	}
	m.Tags, m.Messages = append(m.Tags, tag), append(m.Messages, message)
	return nil
}

// Choose finds the text that suits an Accept-Language header best (RFC 9110 12.5.4). Nothing of the header enters the
// text.
func (m *MessageSet) Choose(header string) (otp.Message, language.Tag) {
	i := m.chooser.Choose(header)
	return m.Messages[i], m.Tags[i]
}
