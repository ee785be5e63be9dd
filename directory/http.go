package directory

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// maxHTTPAnswer is how many bytes of an answer are read; a longer answer is not understood.
	maxHTTPAnswer = 64 << 10
	// maxHTTPRedirects is how often an answer may redirect, to the same host.
	maxHTTPRedirects = 3
	// dialHTTP bounds connecting beside the time of the lookup.
	dialHTTP = 10 * time.Second
)

// HTTPHeader is a header of each request.
type HTTPHeader struct{ Name, Value string }

// HTTPOptions say which server is asked for a number, and where in its answer the number is.
type HTTPOptions struct {
	// URL holds variables in its path or query, where they are escaped. https, or http to this machine. Required, and
	// {user} in it, unless JSON has that.
	URL string

	// Method is GET or POST. Default: GET, or POST with JSON.
	Method string

	// Headers are sent with each request. Default: Accept: application/json.
	Headers []HTTPHeader

	// BasicUser and BasicPassword, or Bearer, are the credentials. Default: none.
	BasicUser, BasicPassword, Bearer string

	// JSON is the body, in whose texts variables may stand. Default: there is none.
	JSON string

	// Phone is where the number stands in the answer: a JSON pointer (RFC 6901). Default: /phone.
	Phone string

	// PlainHTTP allows http:// to other machines. Whoever is in between can read the credentials and change the
	// numbers. Default: false.
	PlainHTTP bool

	// TLS has the authorities of the server's certificate, and the certificate that is shown to the server. Default:
	// those of the system, and none.
	TLS *tls.Config

	// Resolve replaces placeholders in URL and JSON. Default: there are none.
	Resolve Resolve
}

// HTTP is a directory behind a JSON API. An answer with status 404, or in which the number is null or missing, is "no
// number"; any other answer that is not a success is an error.
type HTTP struct {
	options HTTPOptions
	client  *http.Client
	path    template // the URL up to the question mark
	query   template // what is behind the question mark
	body    template
	phone   []string // the pointer's parts
}

var _ Directory = (*HTTP)(nil)

// NewHTTP returns a directory. It does not connect. Errors begin with the name of the option.
func NewHTTP(o HTTPOptions) (*HTTP, error) {
	if o.Phone == "" {
		o.Phone = "/phone"
	}
	if o.Method == "" {
		o.Method = http.MethodGet
		if o.JSON != "" {
			o.Method = http.MethodPost
		}
	}
	h := &HTTP{options: o, client: newHTTPClient(o.TLS)}
	if err := h.read(o); err != nil {
		return nil, err
	}
	return h, h.check(o)
}

// read parses what has a syntax.
func (h *HTTP) read(o HTTPOptions) (err error) {
	whole, err := parseTemplate(o.URL, o.Resolve)
	if err != nil {
		return fmt.Errorf("url: %w", err)
	}
	h.path, h.query = whole.cut("?") // the question mark may stand in a placeholder, like {env.HR_URL}
	if h.body, err = parseTemplate(o.JSON, o.Resolve); err != nil {
		return fmt.Errorf("json: %w", err)
	}
	if !strings.HasPrefix(o.Phone, "/") {
		return fmt.Errorf("phone: %q is not a JSON pointer like /contact/mobile", o.Phone)
	}
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	for part := range strings.SplitSeq(o.Phone[1:], "/") {
		h.phone = append(h.phone, unescape.Replace(part))
	}
	return nil
}

func (h *HTTP) check(o HTTPOptions) error {
	someone := Person{Name: "someone", Given: "someone"}
	target, err := url.Parse(h.path.fill(someone, url.PathEscape) + "?" + h.query.fill(someone, url.QueryEscape))
	switch {
	case o.URL == "":
		return errors.New("url: it is missing; expected one like https://hr.example.com/people/{user}")
	case err != nil || target.Hostname() == "" || target.User != nil || target.Fragment != "":
		return errors.New("url: it is not a URL like https://hr.example.com/people/{user}")
	case strings.Contains(target.Host, "someone"):
		return errors.New("url: a variable stands in its host; expected it in the path or the query")
	case target.Scheme != "https" && target.Scheme != "http":
		return fmt.Errorf("url: the scheme %q is neither https nor http", target.Scheme)
	case target.Scheme == "http" && !o.PlainHTTP && !isLoopback(target.Hostname()):
		return errors.New("url: it is not https; plain_http allows it in a network that you trust")
	case !h.path.names() && !h.query.names() && !h.body.names():
		return errors.New("url: it holds no {user}, so everybody would have the same number")
	case o.Method != http.MethodGet && o.Method != http.MethodPost:
		return fmt.Errorf("method: %q is neither GET nor POST", o.Method)
	case o.JSON != "" && o.Method == http.MethodGet:
		return errors.New("json: a GET has no body; write method POST")
	case o.JSON != "" && !json.Valid([]byte(h.body.fill(someone, jsonEscape))):
		return errors.New(`json: it is not JSON; expected a text like {"login": "{user}"}`)
	case o.Bearer != "" && o.BasicUser != "":
		return errors.New("basic_auth, bearer: expected one of the two")
	}
	return checkHeaders(o.Headers)
}

func checkHeaders(headers []HTTPHeader) error {
	for _, f := range headers {
		if f.Name == "" || strings.ContainsAny(f.Name, " :\r\n") || strings.ContainsAny(f.Value, "\r\n\x00") {
			return errors.New("header: expected a name and a value of one line, like X-Api-Key {env.HR_KEY}")
		}
	}
	return nil
}

func newHTTPClient(c *tls.Config) *http.Client {
	if c == nil {
		c = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: dialHTTP}).DialContext,
			TLSClientConfig: c, TLSHandshakeTimeout: dialHTTP, MaxIdleConnsPerHost: 8, IdleConnTimeout: 90 * time.Second,
			ForceAttemptHTTP2: true, DisableCompression: true, MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: sameHost,
	}
}

// errRedirect says that an answer sent the question, and with it the credentials, elsewhere.
var errRedirect = errors.New("the server redirects to another host, or too often")

func sameHost(r *http.Request, via []*http.Request) error {
	if r.URL.Scheme != via[0].URL.Scheme || r.URL.Host != via[0].URL.Host || len(via) > maxHTTPRedirects {
		return errRedirect
	}
	return nil
}

// Close closes the connections that are not in use.
func (h *HTTP) Close() error {
	h.client.CloseIdleConnections()
	return nil
}

// Lookup asks the server, in one round trip on a connection that is there already.
func (h *HTTP) Lookup(ctx context.Context, p Person) (Numbers, error) {
	r, err := h.request(ctx, p)
	if err != nil {
		return nil, err
	}
	res, err := h.client.Do(r)
	if errors.Is(err, errRedirect) {
		return nil, &Error{Class: Config, Err: errRedirect}
	}
	if err != nil {
		return nil, unreachable(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxHTTPAnswer+1))
	switch {
	case res.StatusCode == http.StatusNotFound:
		return nil, nil
	case res.StatusCode < 200 || res.StatusCode > 299:
		return nil, fault(classOfStatus(res.StatusCode), "the server answers with status "+strconv.Itoa(res.StatusCode))
	case err != nil:
		return nil, unreachable(err)
	case len(body) > maxHTTPAnswer:
		return nil, fault(Unreadable, "the answer is longer than 64 KiB")
	}
	return h.numbers(body)
}

// errName is the fault of a name that cannot stand in a path, because servers take it for a step up or for nothing.
var errName = fault(Unreadable, "the user's name, or a part of it, is . or .. and cannot stand in the path of a URL")

func (h *HTTP) request(ctx context.Context, p Person) (*http.Request, error) {
	target := h.path.fill(p, url.PathEscape)
	for segment := range strings.SplitSeq(strings.ReplaceAll(h.path.fill(p, nil), `\`, "/"), "/") {
		if segment == "." || segment == ".." {
			return nil, errName
		}
	}
	if h.query != nil && h.query.fill(p, nil) != "" {
		target += "?" + h.query.fill(p, url.QueryEscape)
	}
	var body io.Reader
	if h.options.JSON != "" {
		body = bytes.NewReader([]byte(h.body.fill(p, jsonEscape)))
	}
	r, err := http.NewRequestWithContext(ctx, h.options.Method, target, body)
	if err != nil {
		return nil, fault(Config, "the url with the user in it is no URL")
	}
	h.setHeaders(r.Header, body != nil)
	return r, nil
}

func (h *HTTP) setHeaders(header http.Header, hasBody bool) {
	header.Set("Accept", "application/json")
	header.Set("User-Agent", "caddy-sms-2fa")
	if hasBody {
		header.Set("Content-Type", "application/json")
		// Asking again does no harm, so net/http may do that when the server has closed an idle connection. A header
		// without a value is not sent.
		header["Idempotency-Key"] = []string{}
	}
	for _, f := range h.options.Headers {
		header.Set(f.Name, f.Value)
	}
	switch o := h.options; {
	case o.Bearer != "":
		header.Set("Authorization", "Bearer "+o.Bearer)
	case o.BasicUser != "":
		r := http.Request{Header: header}
		r.SetBasicAuth(o.BasicUser, o.BasicPassword)
	}
}

// jsonEscape escapes a value for a text of JSON.
func jsonEscape(value string) string {
	quoted, _ := json.Marshal(value) // a string can always be marshalled
	return string(quoted[1 : len(quoted)-1])
}

func classOfStatus(status int) Class {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusProxyAuthRequired:
		return Refused
	case status == http.StatusRequestTimeout, status == http.StatusGatewayTimeout:
		return Slow
	case status >= 500, status == http.StatusTooManyRequests:
		return Down
	}
	return Config
}

// numbers finds the numbers in an answer. Where the last part of the pointer is missing there is no number; where an
// earlier part is missing, the answer is none that the pointer was written for.
func (h *HTTP) numbers(body []byte) (Numbers, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, fault(Unreadable, "the answer is not JSON")
	}
	for i, part := range h.phone {
		if value == nil {
			return nil, nil
		}
		next, found := child(value, part)
		_, isObject := value.(map[string]any)
		if !found && (i < len(h.phone)-1 || !isObject) {
			return nil, fault(Unreadable, "the answer has nothing where the pointer of phone leads; check phone")
		}
		value = next
	}
	numbers, err := numbersOf(value)
	if err != nil {
		return nil, &Error{Class: Unreadable, Err: err}
	}
	return numbers, nil
}

// child is the member or element of a JSON value.
func child(value any, part string) (any, bool) {
	switch v := value.(type) {
	case map[string]any:
		next, found := v[part]
		return next, found
	case []any:
		if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < len(v) {
			return v[i], true
		}
	}
	return nil, false
}
