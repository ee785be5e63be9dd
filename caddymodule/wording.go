package caddymodule

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"golang.org/x/text/language"

	"github.com/caddy-sms-2fa/gateway/otp"
)

// Messages are texts by language (BCP 47). In JSON they are an object, or just a text when there is only the one without a
// language.
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

// readMessage reads "message [<language>] <text>". In a site block Caddy writes the shorthand {host} out before anybody
// reads it.
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

// wording is the texts of a route, and the choice among them.
type wording struct {
	tags     []language.Tag
	messages []otp.Message
	matcher  language.Matcher
}

// newWording reads the texts. The first one, which is for everybody whose language there is none for, is the one without a
// language.
func newWording(texts Messages) (*wording, error) {
	w := new(wording)
	if err := w.add(unlabelled, texts[""]); err != nil {
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
		if err := w.add(tag, texts[name]); err != nil {
			return nil, fmt.Errorf("message %s: %w", name, err)
		}
	}
	w.matcher = language.NewMatcher(w.tags)
	return w, nil
}

func (w *wording) add(tag language.Tag, text string) error {
	m, err := otp.ParseMessage(text)
	if err != nil {
		return err
	}
	w.tags, w.messages = append(w.tags, tag), append(w.messages, m)
	return nil
}

// maxPreferences bounds the header that is read: matching takes time.
const maxPreferences = 200

// choose finds the text that suits an Accept-Language header best (RFC 9110 12.5.4). Nothing of the header enters the text.
func (w *wording) choose(header string) (otp.Message, language.Tag) {
	if len(header) > maxPreferences {
		header = header[:strings.LastIndex(header[:maxPreferences], ",")+1]
	}
	preferred, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		preferred = nil
	}
	_, i, _ := w.matcher.Match(preferred...)
	return w.messages[i], w.tags[i]
}
