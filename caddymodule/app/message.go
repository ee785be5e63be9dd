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

// labelled are the names of the languages that have a text of their own.
func (m Messages) labelled() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m)), func(name string) bool { return name == "" })
}

// validate says which text cannot be used.
func (m Messages) validate() error {
	if _, err := otp.ParseMessage(m[""]); err != nil {
		return err
	}
	for _, name := range m.labelled() {
		if _, err := readTag(name); err != nil {
			return err
		}
		if _, err := otp.ParseMessage(m[name]); err != nil {
			return fmt.Errorf("message %s: %w", name, err)
		}
	}
	return nil
}

func readTag(name string) (language.Tag, error) {
	tag, err := language.Parse(name)
	if err != nil || tag == language.Und {
		return tag, fmt.Errorf("message: %q is not a language like de or pt-BR", name)
	}
	return tag, nil
}

// MessageSet is the texts of a gate, one for each language, and the choice among them.
type MessageSet struct {
	Tags     []language.Tag
	Messages []otp.Message // the text of the tag at the same index
	Own      []bool        // whether the text at the same index is the operator's
	chooser  *words.Chooser
}

// NewMessages reads the texts. The first one of the set is the text without a language, for every visitor whose
// language has no text. Without that one, the texts are those of the page's languages, and the operator's stand in
// their place.
func NewMessages(texts Messages, page *words.Set) (*MessageSet, error) {
	m := new(MessageSet)
	if text, ok := texts[""]; ok {
		if err := m.add(unlabelled, text, true); err != nil {
			return nil, err
		}
	} else {
		for _, l := range page.Languages {
			text, _ := l.Text("sms-code")
			if err := m.add(l.Tag, text.String(), false); err != nil {
				return nil, fmt.Errorf("words %s: sms-code: %w", l.Tag, err)
			}
		}
	}
	for _, name := range texts.labelled() {
		tag, err := readTag(name)
		if err != nil {
			return nil, err
		}
		if err := m.add(tag, texts[name], true); err != nil {
			return nil, fmt.Errorf("message %s: %w", name, err)
		}
	}
	m.chooser = words.NewChooser(m.Tags)
	return m, nil
}

// add adds the text of a language, or puts it in the place of another one of that language.
func (m *MessageSet) add(tag language.Tag, text string, own bool) error {
	message, err := otp.ParseMessage(text)
	if err != nil {
		return err
	}
	if i := slices.Index(m.Tags, tag); i >= 0 {
		m.Messages[i], m.Own[i] = message, own
		return nil
	}
	m.Tags, m.Messages, m.Own = append(m.Tags, tag), append(m.Messages, message), append(m.Own, own)
	return nil
}

// Choose finds the text that suits an Accept-Language header best (RFC 9110 12.5.4). Nothing of the header enters the
// text.
func (m *MessageSet) Choose(header string) (otp.Message, language.Tag) {
	i := m.chooser.Choose(header)
	return m.Messages[i], m.Tags[i]
}
