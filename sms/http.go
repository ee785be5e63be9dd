package sms

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"
)

// HTTPOptions describe the HTTP API of a provider. Values may hold variables, like {to} and {text}; docs/http.md lists
// them and explains each option with examples.
type HTTPOptions struct {
	// URL is the address of the request; required. Variables may stand in its path only.
	URL string
	// Method is POST or GET. Default POST.
	Method string
	// PlainHTTP allows http:// also to other machines. Default false: https only, but for this machine.
	PlainHTTP bool
	// Auth is the credentials: "basic" user password, "bearer" token, "header" name value, "query" name value, or
	// "none". Default none.
	Auth []string
	// Headers are sent with the request; their Encoding is not used.
	Headers []HTTPField
	// Query is added to the query of URL.
	Query []HTTPField
	// Form, JSON and Body are three forms of the body, of which at most one may be set. Body is a content type and a
	// text. Default: no body.
	Form []HTTPField
	JSON string
	Body []string

	// Success are the rules that an answer has to meet, all of them, to accept the text. Default: a status from 200 to
	// 299. Failure are the rules of which an answer must meet none.
	Success, Failure [][]string
	// MessageID says where the answer has the provider's name for the text, or is "own" if the provider takes over
	// {id}. Default: the receipt has no ID.
	MessageID []string
	// ErrorCode says where the answer has the provider's error code. Default: nowhere, the HTTP status decides.
	ErrorCode []string
	// RetryAfter says where the answer has the seconds to wait. Default: the header Retry-After.
	RetryAfter []string
	// Classes has the class of error codes and of HTTP statuses, which are written like codes.
	Classes map[string]Class

	// Reports says how reports are verified and read. Default nil: the provider sends none.
	Reports *HTTPReports
	// Timeout is how long one request may take. Default DefaultTimeout.
	Timeout time.Duration
	// Resolve is called once for each placeholder in braces, like {env.KEY}, when the sender is made. Required if
	// there are any.
	Resolve func(placeholder string) (string, error)
}

// HTTP sends through any provider whose API takes texts by HTTP. The gate makes the codes and checks them.
type HTTP struct {
	client  *client
	method  string
	url     template
	headers []field
	query   []field
	body    body

	success, failure []rule
	id, code, retry  *answerField
	classes          map[string]Class
	ownID            bool // the provider takes over the gate's name for the text
	readsJSON        bool // a rule or a field reads the body as JSON
	readsBody        bool // a rule reads the body, so the status alone does not decide
	reports          *httpReports
}

var (
	_ Sender       = (*HTTP)(nil)
	_ Reporter     = (*HTTP)(nil)
	_ Acknowledger = (*HTTP)(nil)
)

// NewHTTP returns a sender. Errors name the option that is wrong.
func NewHTTP(o HTTPOptions) (*HTTP, error) {
	if o.Resolve == nil {
		o.Resolve = func(string) (string, error) { return "", errors.New("there are no placeholders here") }
	}
	h := &HTTP{client: newClient(o.Timeout), method: cmp.Or(o.Method, http.MethodPost), classes: o.Classes}
	for _, read := range []func(HTTPOptions) error{
		h.readURL, h.readFields, h.readAuth, h.readBody, h.readRules, h.readReports,
	} {
		if err := read(o); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// readURL reads method and address. Variables may stand in the path only, so that the host to which codes and
// credentials go is fixed.
func (h *HTTP) readURL(o HTTPOptions) error {
	if h.method != http.MethodPost && h.method != http.MethodGet {
		return fmt.Errorf("method: %q is neither POST nor GET", h.method)
	}
	if o.URL == "" {
		return errors.New("url: it is missing")
	}
	var err error
	if h.url, err = parseTemplate(o.URL, o.Resolve); err != nil {
		return fmt.Errorf("url: %w", err)
	}
	mark := func(string) string { return "\x00" }
	marked := h.url.fill(nil, mark)
	path := strings.SplitN(marked, "/", 4)
	_, query, _ := strings.Cut(marked, "?")
	if len(path) < 3 || strings.Contains(strings.Join(path[:3], ""), "\x00") || strings.Contains(query, "\x00") {
		return errors.New("url: variables can stand in its path only; for the query there is the option query")
	}
	u, err := url.Parse(strings.ReplaceAll(marked, "\x00", "x"))
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
		return errors.New("url: it is not an address like https://api.example.com/messages; " +
			"user and password go into auth")
	case u.Scheme != "https" && (u.Scheme != "http" || !o.PlainHTTP && !isLocal(u.Hostname())):
		return errors.New("url: it is not https; plain_http allows http:// in a network that you trust, " +
			"for codes and credentials can be read on the way")
	}
	return nil
}

// readFields reads the query and the headers.
func (h *HTTP) readFields(o HTTPOptions) (err error) {
	if h.query, err = parseFields("query", o.Query, o.Resolve); err != nil {
		return err
	}
	if h.headers, err = parseFields("header", o.Headers, o.Resolve); err != nil {
		return err
	}
	for _, f := range h.headers {
		if f.value.uses("text") || strings.ContainsAny(f.name+f.value.fill(nil, asIs), "\r\n") {
			return fmt.Errorf("header %s: a text of several lines cannot stand in a header", f.name)
		}
	}
	return nil
}

// readAuth adds the credentials to the headers or to the query.
func (h *HTTP) readAuth(o HTTPOptions) error {
	var words []string
	for _, w := range o.Auth {
		t, err := parseTemplate(w, o.Resolve)
		if err != nil || t.uses() {
			return errors.Join(errors.New("auth: variables of the message have no place here"), err)
		}
		words = append(words, t.fill(nil, asIs))
	}
	if strings.ContainsAny(strings.Join(words, ""), "\r\n") {
		return errors.New("auth: it has more than one line")
	}
	fixed := func(name, value string) field { return field{name: name, value: template{{text: value}}} }
	switch {
	case len(words) == 0 || slices.Equal(words, []string{"none"}):
	case len(words) == 3 && words[0] == "basic":
		h.headers = append(h.headers, fixed("Authorization", basic(words[1], words[2])))
	case len(words) == 2 && words[0] == "bearer":
		h.headers = append(h.headers, fixed("Authorization", "Bearer "+words[1]))
	case len(words) == 3 && words[0] == "header":
		h.headers = append(h.headers, fixed(words[1], words[2]))
	case len(words) == 3 && words[0] == "query":
		h.query = append(h.query, fixed(words[1], words[2]))
	default:
		return errors.New("auth: expected none, basic <user> <password>, bearer <token>, " +
			"header <name> <value> or query <name> <value>")
	}
	return nil
}

// readBody reads the body: a form, JSON, or a text.
func (h *HTTP) readBody(o HTTPOptions) (err error) {
	kinds := 0
	for _, given := range []bool{len(o.Form) > 0, o.JSON != "", len(o.Body) > 0} {
		if given {
			kinds++
		}
	}
	switch {
	case kinds > 1:
		return errors.New("body: expected one of form, json and body")
	case kinds == 1 && h.method == http.MethodGet:
		return errors.New("body: GET has none; use query, or method POST")
	case len(o.Form) > 0:
		fields, err := parseFields("form", o.Form, o.Resolve)
		h.body = formBody(fields)
		return err
	case o.JSON != "":
		h.body, err = parseJSON(o.JSON, o.Resolve)
	case len(o.Body) == 2:
		h.body, err = parseRaw(o.Body[0], o.Body[1], o.Resolve)
	case len(o.Body) > 0:
		return errors.New("body: expected a content type and a text")
	default:
		h.body = noBody{}
	}
	return err
}

// readRules reads how an answer is understood.
func (h *HTTP) readRules(o HTTPOptions) (err error) {
	if h.success, err = parseRules("success", o.Success); err != nil {
		return err
	}
	if h.failure, err = parseRules("failure", o.Failure); err != nil {
		return err
	}
	if h.ownID = slices.Equal(o.MessageID, []string{"own"}); h.ownID {
		o.MessageID = nil
	}
	for _, p := range []struct {
		option string
		words  []string
		into   **answerField
	}{
		{"message_id", o.MessageID, &h.id},
		{"error_code", o.ErrorCode, &h.code},
		{"retry_after", o.RetryAfter, &h.retry},
	} {
		if *p.into, err = parseAnswerField(p.words); err != nil {
			return fmt.Errorf("%s: %w", p.option, err)
		}
		h.readsJSON = h.readsJSON || len(p.words) > 0 && p.words[0] == "json"
	}
	for code, class := range o.Classes {
		if !slices.Contains(Classes, class) {
			return fmt.Errorf("class: %q, for the code %s, is not one of %v", class, code, Classes)
		}
	}
	for _, r := range slices.Concat(h.success, h.failure) {
		h.readsBody = h.readsBody || r.statuses == nil
		h.readsJSON = h.readsJSON || r.pointer != nil
	}
	return nil
}

// Name is "http".
func (*HTTP) Name() string { return "http" }

// OnlyCodes reports whether no part of the request holds the text of a message: two texts make the same request.
func (h *HTTP) OnlyCodes() bool {
	one, errOne := h.request(valuesOf(Message{Text: "1"}))
	other, errOther := h.request(valuesOf(Message{Text: "2"}))
	return errOne == nil && errOther == nil && reflect.DeepEqual(one, other)
}

// Send hands a message to the provider.
func (h *HTTP) Send(ctx context.Context, m Message) (Receipt, error) {
	q, err := h.request(valuesOf(m))
	if err != nil {
		return Receipt{}, &Error{Class: Config, Err: errors.New("the request cannot be made")}
	}
	a, err := h.client.do(ctx, q)
	if err != nil {
		return Receipt{}, err
	}
	receipt, err := h.judge(a)
	if err == nil && h.ownID {
		receipt.ID = m.ID
	}
	return receipt, err
}

// request makes the request for one message.
func (h *HTTP) request(v values) (request, error) {
	content, err := h.body.write(v)
	if err != nil {
		return request{}, err
	}
	u, err := url.Parse(h.url.fill(v, url.PathEscape))
	if err != nil {
		return request{}, err
	}
	u.RawQuery = encode(h.query, u.Query(), v).Encode()
	header := make(http.Header)
	if t := h.body.contentType(); t != "" {
		header.Set("Content-Type", t)
	}
	for _, f := range h.headers {
		header.Set(f.name, f.value.fill(v, asIs))
	}
	return request{h.method, u.String(), header, content}, nil
}
