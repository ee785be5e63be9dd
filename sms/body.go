package sms

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/url"
	"strings"
)

// HTTPField is a name and a value of a query, a form or the headers of a request.
type HTTPField struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Encoding limits the field to texts of one encoding, gsm7 or ucs2. Default: all texts.
	Encoding string `json:"encoding,omitempty"`
}

// field is an HTTPField whose value is parsed.
type field struct {
	name, encoding string
	value          template
}

// parseFields reads the fields of an option.
func parseFields(option string, raw []HTTPField, resolve func(string) (string, error)) ([]field, error) {
	var fields []field
	for _, f := range raw {
		value, err := parseTemplate(f.Value, resolve)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s %s: %w", option, f.Name, err)
		case f.Encoding != "" && f.Encoding != "gsm7" && f.Encoding != "ucs2":
			return nil, fmt.Errorf("%s %s: %q is neither gsm7 nor ucs2", option, f.Name, f.Encoding)
		}
		fields = append(fields, field{f.Name, f.Encoding, value})
	}
	return fields, nil
}

// encode adds the fields to a query or a form, but for fields of the encoding that the text does not have.
func encode(fields []field, into url.Values, v values) url.Values {
	for _, f := range fields {
		if f.encoding == "" || f.encoding == v["encoding"] {
			into.Add(f.name, f.value.fill(v, asIs))
		}
	}
	return into
}

// body makes the body of a request from the variables of a message.
type body interface {
	// contentType is the value of the header Content-Type.
	contentType() string
	// write is the body for one message.
	write(v values) ([]byte, error)
}

// noBody is the body of a GET.
type noBody struct{}

func (noBody) contentType() string          { return "" }
func (noBody) write(values) ([]byte, error) { return nil, nil }

// formBody is a form.
type formBody []field

func (formBody) contentType() string { return "application/x-www-form-urlencoded" }
func (b formBody) write(v values) ([]byte, error) {
	return []byte(encode(b, make(url.Values), v).Encode()), nil
}

// rawBody is a text of some content type, whose variables are escaped as the type requires.
type rawBody struct {
	kind   string // value of the header Content-Type
	text   template
	escape func(string) string
}

func (b rawBody) contentType() string            { return b.kind }
func (b rawBody) write(v values) ([]byte, error) { return []byte(b.text.fill(v, b.escape)), nil }

// parseRaw reads the option body: a content type, which must be text/plain or XML, and a text.
func parseRaw(kind, text string, resolve func(string) (string, error)) (body, error) {
	media, _, err := mime.ParseMediaType(kind)
	escape := asIs
	switch {
	case err != nil:
		return nil, fmt.Errorf("body: %q is not a content type like text/plain", kind)
	case media == "application/json":
		return nil, errors.New("body: for JSON there is the option json, which escapes what is filled in")
	case media == "application/x-www-form-urlencoded":
		return nil, errors.New("body: for a form there is the option form, which escapes what is filled in")
	case media == "text/xml" || media == "application/xml" || strings.HasSuffix(media, "+xml"):
		escape = escapeXML
	case media != "text/plain":
		return nil, fmt.Errorf("body: it is not known how to escape in %s; expected text/plain or XML", media)
	}
	t, err := parseTemplate(text, resolve)
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	return rawBody{kind, t, escape}, nil
}

func escapeXML(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

// jsonBody is a JSON value whose strings are templates. The value is parsed once; for each message the templates in
// it are filled and the value is encoded, so no value of a variable can end a string early.
type jsonBody struct{ value any }

// jsonNumber is the name of a variable whose value is to be a number in JSON and not a string, written "{ttl:number}".
type jsonNumber string

func (jsonBody) contentType() string { return "application/json" }

func (b jsonBody) write(v values) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(fillJSON(b.value, v)); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

// parseJSON reads the option json.
func parseJSON(text string, resolve func(string) (string, error)) (body, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, fmt.Errorf("json: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("json: there is something behind the value")
	}
	value, err := parseValue(value, resolve)
	if err != nil {
		return nil, fmt.Errorf("json: %w", err)
	}
	return jsonBody{value}, nil
}

// parseValue turns every string in a JSON value into a template, or into a jsonNumber.
func parseValue(value any, resolve func(string) (string, error)) (any, error) {
	var err error
	switch v := value.(type) {
	case string:
		switch v {
		case "{ttl:number}", "{segments:number}":
			return jsonNumber(v[1:strings.IndexByte(v, ':')]), nil
		}
		return parseTemplate(v, resolve)
	case []any:
		for i := range v {
			if v[i], err = parseValue(v[i], resolve); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for name := range v {
			if v[name], err = parseValue(v[name], resolve); err != nil {
				return nil, err
			}
		}
	}
	return value, nil
}

// fillJSON is a JSON value with its templates filled for one message. The value itself is not changed.
func fillJSON(value any, v values) any {
	switch t := value.(type) {
	case template:
		return t.fill(v, asIs)
	case jsonNumber:
		return json.Number(v[string(t)])
	case []any:
		list := make([]any, len(t))
		for i := range t {
			list[i] = fillJSON(t[i], v)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(t))
		for name := range t {
			object[name] = fillJSON(t[name], v)
		}
		return object
	}
	return value
}
