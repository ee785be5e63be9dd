package providers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// fields are what a request says: parameters by their names, the values of JSON by their pointers. They are nil when
// the request is in no form that any contract knows.
type fields map[string]string

// spell reads a request, letter by letter: where encoding/json fills a struct, it takes "To" for "to".
func spell(r *http.Request, body []byte) fields {
	said := make(fields)
	ok := said.addForm(r.URL.RawQuery)
	switch kind := r.Header.Get("Content-Type"); {
	case r.Method == http.MethodGet:
		ok = ok && len(body) == 0
	case r.Method != http.MethodPost:
		ok = false
	case kind == "application/json":
		ok = ok && said.addJSON(body)
	case kind == "application/x-www-form-urlencoded":
		ok = ok && said.addForm(string(body))
	default:
		ok = false
	}
	if !ok {
		return nil
	}
	return said
}

// addForm adds the parameters of a query or a form. None may stand twice.
func (f fields) addForm(raw string) bool {
	form, err := url.ParseQuery(raw)
	for name, values := range form {
		if _, twice := f[name]; twice || len(values) != 1 {
			return false
		}
		f[name] = values[0]
	}
	return err == nil
}

// addJSON adds the values of a JSON text. Nothing may stand behind it.
func (f fields) addJSON(body []byte) bool {
	var value any
	if !decode(body, &value) {
		return false
	}
	f.add("", value)
	return true
}

// decode reads one JSON value and nothing else.
func decode(body []byte, into any) bool {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(into) != nil {
		return false
	}
	_, err := d.Token()
	return err == io.EOF
}

func (f fields) add(at string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			f.add(at+"/"+name, member)
		}
		if len(v) > 0 {
			return
		}
	case []any:
		for i, member := range v {
			f.add(at+"/"+strconv.Itoa(i), member)
		}
		if len(v) > 0 {
			return
		}
	case string:
		f[at] = v
		return
	}
	f[at+":"+kindOf(value)] = fmt.Sprint(value)
}

// kindOf is what a JSON value is that is no text.
func kindOf(value any) string {
	switch value.(type) {
	case json.Number:
		return "number"
	case bool:
		return "bool"
	}
	return "nothing"
}

// only reports whether nothing else was said than what may be said.
func (f fields) only(allowed ...string) bool {
	for name := range f {
		if !slices.Contains(allowed, name) {
			return false
		}
	}
	return f != nil
}

// between reports whether a number is in its bounds, or was not given.
func (f fields) between(name string, from, to int) bool {
	given, ok := f[name]
	n, err := strconv.Atoi(given)
	return !ok || err == nil && n >= from && n <= to
}

// oneOf reports whether a word is one of those that there are, or was not given.
func (f fields) oneOf(name string, words ...string) bool {
	given, ok := f[name]
	return !ok || slices.Contains(words, given)
}

// callsBack reports whether reports can go to an address, or none was given.
func (f fields) callsBack(name string) bool {
	address, ok := f[name]
	return !ok || isURL(address)
}

// isURL reports whether reports can go to an address.
func isURL(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// longer reports whether a text has more than n characters, which need not be as many bytes.
func longer(text string, n int) bool { return utf8.RuneCountInString(text) > n }

// What GSM-7 has beside the printable characters of ASCII, and what of ASCII it has not (3GPP TS 23.038 6.2.1).
const (
	gsm7Beyond = "\n\r\f£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà€"
	gsm7Pairs  = "\f^{}\\[~]|€"
)

// inGSM7 reports whether a text fits in GSM-7.
func inGSM7(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return (r < ' ' || r > '~' || r == '`') && !strings.ContainsRune(gsm7Beyond, r)
	})
}

// parts is how many texts a long one is sent as.
func parts(text string) int {
	size, single, part := len(utf16.Encode([]rune(text))), 70, 67
	if inGSM7(text) {
		size, single, part = utf8.RuneCountInString(text), 160, 153
		for _, r := range text {
			size += strings.Count(gsm7Pairs, string(r))
		}
	}
	if size <= single {
		return 1
	}
	return (size + part - 1) / part
}
