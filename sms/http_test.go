package sms_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
	"github.com/caddy-sms-2fa/gateway/sms"
)

func httpOptions(url string) sms.HTTPOptions {
	return sms.HTTPOptions{
		URL: url + "/v2/messages", Auth: []string{"bearer", providers.Password}, Timeout: timeout,
		JSON:    `{"from":"Acme","to":"{to}","text":"{text}","type":"SMS"}`,
		Failure: [][]string{{"json", "/errors/0"}}, MessageID: []string{"json", "/data/id"},
		ErrorCode: []string{"json", "/errors/0/code"},
		Classes: map[string]sms.Class{
			"10002": sms.InvalidNumber, "40300": sms.Blocked, "20100": sms.Account,
			"10007": sms.Temporary, "10011": sms.RateLimited,
		},
	}
}

func init() {
	start := func(t *testing.T) (*providers.Provider, senderAt, []string) {
		make := func(url string) (sms.Sender, error) { return sms.NewHTTP(httpOptions(url)) }
		return providers.StartTelnyx(t), make, []string{providers.Password}
	}
	everyProvider = append(everyProvider, provider{"http", start, map[sms.Class][]string{
		sms.InvalidNumber: {"10002"}, sms.Blocked: {"40300"}, sms.Account: {"20100"}, sms.Temporary: {"10007"},
		sms.RateLimited:  {"10011"},
		sms.Unauthorized: {"10009"}, sms.Config: {"10015"},
	}, "99999", sms.Ambiguous})
}

// seen is a request as it arrived.
type seen struct {
	r    *http.Request
	body string
}

// echo starts a server that gives every request the same answer and keeps the latest request.
func echo(t *testing.T, status int, header http.Header, answer string) (url string, last func() seen) {
	t.Helper()
	var got seen
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = seen{r, string(body)}
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() seen { return got }
}

func sendHTTP(t *testing.T, o sms.HTTPOptions, m sms.Message) (sms.Receipt, error) {
	t.Helper()
	s, err := sms.NewHTTP(o)
	if err != nil {
		t.Fatal(err)
	}
	return s.Send(t.Context(), m)
}

// hostile is a text with the special characters of JSON, forms, addresses and XML, and with a variable and a
// placeholder.
const hostile = `"},{"to":"+1"} \ & = % + # </text> {to} {env.HOME}` + "\n\n@app.example.com #482913"

// The value of a variable is escaped for the place where it stands, and is not searched for variables or placeholders.
func TestHTTPEscapes(t *testing.T) {
	t.Parallel()
	url, last := echo(t, 200, nil, "")
	m := message
	m.Text = hostile
	tests := []struct {
		name string
		o    sms.HTTPOptions
		want func(seen) string
	}{
		{"json", sms.HTTPOptions{
			JSON: `{"a":["{text}"],"n":{"t":"{ttl:number}","s":"{segments:number}"},"{to}":1.50,"x":"{code}-{lang}"}`,
		}, func(s seen) string { return s.body }},
		{"form", sms.HTTPOptions{Form: []sms.HTTPField{{Name: "a", Value: "{text}"}}}, func(s seen) string {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(s.body))
			r.Header.Set("Content-Type", s.r.Header.Get("Content-Type"))
			return r.PostFormValue("a")
		}},
		{
			"query",
			sms.HTTPOptions{Method: http.MethodGet, Query: []sms.HTTPField{{Name: "a", Value: "{text}"}}},
			func(s seen) string { return s.r.URL.Query().Get("a") },
		},
		{
			"path",
			sms.HTTPOptions{URL: url + "/to/{to}/{text}"},
			func(s seen) string { return strings.TrimPrefix(s.r.URL.Path, "/to/+15005550006/") },
		},
		{"plain", sms.HTTPOptions{Body: []string{"text/plain", "{text}"}}, func(s seen) string { return s.body }},
		{
			"xml",
			sms.HTTPOptions{Body: []string{"text/xml; charset=utf-8", "<text>{text}</text>"}},
			func(s seen) string { return s.body },
		},
	}
	wants := map[string]string{
		"json": `{"a":["\"},{\"to\":\"+1\"} \\ & = % + # </text> {to} {env.HOME}\n\n@app.example.com #482913"],` +
			`"n":{"s":1,"t":300},"x":"482913-en","{to}":1.50}`,
		"xml": `<text>&#34;},{&#34;to&#34;:&#34;+1&#34;} \ &amp; = % + # &lt;/text&gt; {to} {env.HOME}&#xA;&#xA;` +
			`@app.example.com #482913</text>`,
	}
	for _, tt := range tests {
		if tt.o.URL == "" {
			tt.o.URL = url
		}
		if _, err := sendHTTP(t, tt.o, m); err != nil {
			t.Fatal(err)
		}
		want := wants[tt.name]
		if want == "" {
			want = hostile
		}
		if got := tt.want(last()); got != want {
			t.Errorf("%s: %s\nwant %s", tt.name, got, want)
		}
	}
}

func TestHTTPVariables(t *testing.T) {
	t.Parallel()
	url, last := echo(t, 200, nil, "")
	m := message
	m.To, m.Text, m.Language = "+4915123456789", "Ж", "de-AT"
	o := sms.HTTPOptions{
		URL: url + "?fixed=1", Method: http.MethodGet, Auth: []string{"query", "key", "{env.KEY}"},
		Headers: []sms.HTTPField{{Name: "X-Id", Value: "{id}/{lang}"}},
		Query: []sms.HTTPField{
			{Name: "all", Value: "{to} {to_digits} {to_00} {to_national} {text_hex} " +
				"{code} {lang} {ttl} {id} {encoding} {segments}"},
			{Name: "coding", Value: "0", Encoding: "gsm7"},
			{Name: "coding", Value: "8", Encoding: "ucs2"},
			{Name: "braces", Value: "{ not one } {} {NOT ONE}"},
		},
		Resolve: func(placeholder string) (string, error) {
			if placeholder != "{env.KEY}" {
				return "", errors.New("unknown placeholder")
			}
			return "se{to}cret", nil
		},
	}
	if _, err := sendHTTP(t, o, m); err != nil {
		t.Fatal(err)
	}
	q := last().r.URL.Query()
	for name, want := range map[string]string{
		"all": "+4915123456789 4915123456789 004915123456789 015123456789 0416 " +
			"482913 de-AT 300 0123456789abcdef ucs2 1",
		"fixed": "1", "coding": "8", "key": "se{to}cret", "braces": "{ not one } {} {NOT ONE}",
	} {
		if len(q[name]) != 1 || q.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, q[name], want)
		}
	}
	if got := last().r.Header.Get("X-Id"); got != m.ID+"/de-AT" {
		t.Errorf("header %q", got)
	}
}

func TestHTTPRules(t *testing.T) {
	t.Parallel()
	success := func(rules ...[]string) sms.HTTPOptions { return sms.HTTPOptions{Success: rules} }
	tests := []struct {
		name   string
		o      sms.HTTPOptions
		status int
		body   string
		class  sms.Class
	}{
		{"by status", sms.HTTPOptions{}, 204, "", ""},
		{"a status of its own", success([]string{"status", "202"}), 200, "", sms.Ambiguous},
		{"statuses on two lines", success([]string{"status", "200"}, []string{"status", "202"}), 202, "", ""},
		{"one of several", success([]string{"status", "200", "302"}), 302, "", ""},
		{"a value", success([]string{"json", "/a/0/b", "OK", "QUEUED"}), 200, `{"a":[{"b":"QUEUED"}]}`, ""},
		{"another value", success([]string{"json", "/a/0/b", "OK"}), 200, `{"a":[{"b":"ERR"}]}`, sms.Ambiguous},
		{"another value, and a known code", sms.HTTPOptions{
			Success: [][]string{{"json", "/a", "OK"}}, ErrorCode: []string{"json", "/code"},
			Classes: map[string]sms.Class{"7": sms.Account},
		}, 200, `{"a":"ERR","code":7}`, sms.Account},
		{"a number", success([]string{"json", "/a", "0"}), 200, `{"a":0}`, ""},
		{"something", success([]string{"json", "/a"}), 200, `{"a":{}}`, ""},
		{"null is nothing", success([]string{"json", "/a"}), 200, `{"a":null}`, sms.Ambiguous},
		{"a pointer that is escaped", success([]string{"json", "/a~1b~0c"}), 200, `{"a/b~c":1}`, ""},
		{"a pattern", success([]string{"text", "^Sent"}), 200, "Sent.", ""},
		{"all must match", success([]string{"json", "/a"}, []string{"json", "/b"}), 200, `{"a":1}`, sms.Ambiguous},
		{"no JSON", success([]string{"json", "/a"}), 200, `Sent.`, sms.Ambiguous},
		{"failure wins", sms.HTTPOptions{
			Success: [][]string{{"json", "/a", "1"}},
			Failure: [][]string{{"json", "/error"}},
		}, 200, `{"a":1,"error":"x"}`, sms.Config},
		{"failure by status", sms.HTTPOptions{Failure: [][]string{{"status", "206"}}}, 206, "", sms.Config},
		{"no failure", sms.HTTPOptions{Failure: [][]string{{"json", "/error"}}}, 200, `{"a":1}`, ""},
		{"a code", sms.HTTPOptions{
			ErrorCode: []string{"json", "/code"},
			Classes:   map[string]sms.Class{"E7": sms.Blocked},
		}, 400, `{"code":"E7"}`, sms.Blocked},
		{"a code by pattern", sms.HTTPOptions{
			ErrorCode: []string{"text", "ERR ([0-9]+)"},
			Classes:   map[string]sms.Class{"7": sms.Blocked},
		}, 400, `ERR 7`, sms.Blocked},
		{
			"a status for a code",
			sms.HTTPOptions{Classes: map[string]sms.Class{"418": sms.Blocked}},
			418, "",
			sms.Blocked,
		},
		{"a bad gateway may have accepted", sms.HTTPOptions{}, 502, "", sms.Ambiguous},
		{"a conflict may be with the text itself", sms.HTTPOptions{}, 409, "", sms.Ambiguous},
		{"done, look there", sms.HTTPOptions{}, 303, "", sms.Ambiguous},
		{"moved", sms.HTTPOptions{}, 308, "", sms.Config},
		{"not paid", sms.HTTPOptions{}, 402, "", sms.Account},
		{"forbidden", sms.HTTPOptions{}, 403, "", sms.Unauthorized},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.o.URL, _ = echo(t, tt.status, nil, tt.body)
			_, err := sendHTTP(t, tt.o, message)
			judge(t, err, tt.class, nil)
		})
	}
}

func TestHTTPReadsAnswers(t *testing.T) {
	t.Parallel()
	o := sms.HTTPOptions{MessageID: []string{"text", `id=(\S+)`}}
	o.URL, _ = echo(t, 200, nil, "ok id=abc-1 .")
	if receipt, err := sendHTTP(t, o, message); err != nil || receipt.ID != "abc-1" {
		t.Errorf("%+v, %v", receipt, err)
	}
	o = sms.HTTPOptions{MessageID: []string{"own"}}
	o.URL, _ = echo(t, 200, nil, "")
	if receipt, err := sendHTTP(t, o, message); err != nil || receipt.ID != message.ID {
		t.Errorf("our own name: %+v, %v", receipt, err)
	}
}

// The time to wait is read from the field of the option retry_after, or from the header Retry-After, and is bounded.
func TestHTTPRetryAfter(t *testing.T) {
	t.Parallel()
	inBody := sms.HTTPOptions{RetryAfter: []string{"json", "/wait"}}
	in := func(d time.Duration) http.Header {
		return http.Header{"Retry-After": {time.Now().Add(d).UTC().Format(http.TimeFormat)}}
	}
	for _, tt := range []struct {
		name   string
		o      sms.HTTPOptions
		header http.Header
		body   string
		want   time.Duration
	}{
		{"in the body", inBody, http.Header{"Retry-After": {"99"}}, `{"wait":1.5}`, 1500 * time.Millisecond},
		{"not in the body", inBody, http.Header{"Retry-After": {"99"}}, `{}`, 99 * time.Second},
		{"for ever", inBody, nil, `{"wait":1e99}`, 24 * time.Hour},
		{"infinitely", inBody, nil, `{"wait":"Inf"}`, 24 * time.Hour},
		{"less than nothing", inBody, nil, `{"wait":-5}`, 0},
		{"until a date", sms.HTTPOptions{}, in(time.Minute), "", time.Minute},
		{"until a date far away", sms.HTTPOptions{}, in(99 * time.Hour), "", 24 * time.Hour},
		{"until a date that is over", sms.HTTPOptions{}, in(-time.Hour), "", 0},
		{"a word", sms.HTTPOptions{}, http.Header{"Retry-After": {"soon"}}, "", 0},
	} {
		tt.o.URL, _ = echo(t, 429, tt.header, tt.body)
		_, err := sendHTTP(t, tt.o, message)
		got := sms.RetryAfterOf(err)
		if sms.ClassOf(err) != sms.RateLimited || got > tt.want || got < tt.want-2*time.Second {
			t.Errorf("%s: %v, wait %s, want %s", tt.name, err, got, tt.want)
		}
	}
}

// The error for a mistake names the option with the mistake.
func TestHTTPOptions(t *testing.T) {
	t.Parallel()
	const good = "https://api.example.com/send"
	tests := []struct {
		name, want string
		change     func(*sms.HTTPOptions)
	}{
		{"good", "", func(*sms.HTTPOptions) {}},
		{"no URL", "url: it is missing", func(o *sms.HTTPOptions) { o.URL = "" }},
		{"plain HTTP", "url: it is not https", func(o *sms.HTTPOptions) { o.URL = "http://gateway.lan/" }},
		{"plain HTTP, allowed", "", func(o *sms.HTTPOptions) { o.URL, o.PlainHTTP = "http://gateway.lan/", true }},
		{
			"variable in the host", "url: variables can stand in its path only",
			func(o *sms.HTTPOptions) { o.URL = "https://{to}.example.com/" },
		},
		{
			"variable in the query", "url: variables can stand in its path only",
			func(o *sms.HTTPOptions) { o.URL = good + "?to={to}" },
		},
		{
			"user in the URL", "url: it is not an address",
			func(o *sms.HTTPOptions) { o.URL = "https://u:p@api.example.com/" },
		},
		{"method", `method: "PUT" is neither`, func(o *sms.HTTPOptions) { o.Method = "PUT" }},
		{
			"two bodies", "body: expected one of",
			func(o *sms.HTTPOptions) { o.JSON, o.Body = "{}", []string{"text/plain", "x"} },
		},
		{"GET with a body", "body: GET has none", func(o *sms.HTTPOptions) { o.Method, o.JSON = "GET", "{}" }},
		{"broken JSON", "json: ", func(o *sms.HTTPOptions) { o.JSON = `{"a":` }},
		{"two JSON values", "json: there is something behind", func(o *sms.HTTPOptions) { o.JSON = `{} {}` }},
		{
			"unknown variable", "json: there is no variable {phone}; known are {code}",
			func(o *sms.HTTPOptions) { o.JSON = `{"a":"{phone}"}` },
		},
		{
			"unknown placeholder", "json: there are no placeholders here",
			func(o *sms.HTTPOptions) { o.JSON = `{"a":"{env.X}"}` },
		},
		{
			"raw JSON", "body: for JSON there is the option json",
			func(o *sms.HTTPOptions) { o.Body = []string{"application/json", "{}"} },
		},
		{
			"raw form", "body: for a form there is the option form",
			func(o *sms.HTTPOptions) { o.Body = []string{"application/x-www-form-urlencoded", "a={to}"} },
		},
		{
			"raw of an unknown type", "body: it is not known how to escape in text/csv",
			func(o *sms.HTTPOptions) { o.Body = []string{"text/csv", "{to}"} },
		},
		{
			"text in a header", "header X: a text of several lines",
			func(o *sms.HTTPOptions) { o.Headers = []sms.HTTPField{{Name: "X", Value: "{text}"}} },
		},
		{
			"header of two lines", "header X: a text of several lines",
			func(o *sms.HTTPOptions) { o.Headers = []sms.HTTPField{{Name: "X", Value: "a\nb"}} },
		},
		{"auth", "auth: expected none, basic", func(o *sms.HTTPOptions) { o.Auth = []string{"digest", "a", "b"} }},
		{
			"auth of two lines", "auth: it has more than one line",
			func(o *sms.HTTPOptions) { o.Auth = []string{"bearer", "a\nb"} },
		},
		{
			"auth by variable", "auth: variables of the message",
			func(o *sms.HTTPOptions) { o.Auth = []string{"bearer", "{code}"} },
		},
		{
			"encoding", `query a: "utf8" is neither`,
			func(o *sms.HTTPOptions) { o.Query = []sms.HTTPField{{Name: "a", Encoding: "utf8"}} },
		},
		{"rule", "success: expected", func(o *sms.HTTPOptions) { o.Success = [][]string{{"json"}} }},
		{
			"status", `success: "OK" is not an HTTP status`,
			func(o *sms.HTTPOptions) { o.Success = [][]string{{"status", "OK"}} },
		},
		{
			"pointer", `failure: "a.b" is not a JSON pointer`,
			func(o *sms.HTTPOptions) { o.Failure = [][]string{{"json", "a.b"}} },
		},
		{
			"pattern", "failure: error parsing regexp",
			func(o *sms.HTTPOptions) { o.Failure = [][]string{{"text", "("}} },
		},
		{"group", "message_id: the pattern", func(o *sms.HTTPOptions) { o.MessageID = []string{"text", "id"} }},
		{
			"class", `class: "broken", for the code 7`,
			func(o *sms.HTTPOptions) { o.Classes = map[string]sms.Class{"7": "broken"} },
		},
		{
			"reports that anybody could send", "reports: secret or hmac is missing",
			reports(func(r *sms.HTTPReports) { r.Secret = nil }),
		},
		{
			"short secret", "reports: secret: it is shorter",
			reports(func(r *sms.HTTPReports) { r.Secret[2] = "short" }),
		},
		{"time that is not signed", "reports: timestamp: it must be in signed", reports(func(r *sms.HTTPReports) {
			r.HMAC, r.Timestamp = []string{"sha256", "k", "X-Sig"}, "X-Time"
		})},
		{"body that is not signed", "reports: signed: {body} is missing", reports(func(r *sms.HTTPReports) {
			r.HMAC, r.Signed = []string{"sha256", "k", "X-Sig"}, "x"
		})},
		{"name outside of what is signed", "reports: message_id: the query is not signed", reports(func(r *sms.HTTPReports) {
			r.Secret, r.HMAC, r.MessageID = nil, []string{"sha256", "k", "X-Sig"}, []string{"query", "id"}
		})},
		{"state outside of what is signed", "reports: state: the query is not signed", reports(func(r *sms.HTTPReports) {
			r.Secret, r.HMAC, r.State = nil, []string{"sha256", "k", "X-Sig"}, []string{"query", "state"}
		})},
		{"code outside of what is signed", "reports: error_code: the query is not signed", reports(func(r *sms.HTTPReports) {
			r.Secret, r.HMAC, r.ErrorCode = nil, []string{"sha256", "k", "X-Sig"}, []string{"query", "code"}
		})},
		{"name beside a signature and a secret", "", reports(func(r *sms.HTTPReports) {
			r.HMAC, r.MessageID = []string{"sha256", "k", "X-Sig"}, []string{"query", "id"}
		})},
		{"name in the body that is signed", "", reports(func(r *sms.HTTPReports) {
			r.Secret, r.HMAC, r.MessageID = nil, []string{"sha256", "k", "X-Sig"}, []string{"form", "id"}
		})},
		{
			"hash", "reports: hmac: expected sha1",
			reports(func(r *sms.HTTPReports) { r.HMAC = []string{"md5", "k", "X-Sig"} }),
		},
		{
			"no states", "reports: delivered and failed are missing",
			reports(func(r *sms.HTTPReports) { r.Delivered = nil }),
		},
		{
			"field", "reports: state: expected json",
			reports(func(r *sms.HTTPReports) { r.State = []string{"xml", "/a"} }),
		},
	}
	for _, tt := range tests {
		o := sms.HTTPOptions{URL: good}
		tt.change(&o)
		_, err := sms.NewHTTP(o)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}

// reports is a change of options that adds valid reports and changes them.
func reports(change func(*sms.HTTPReports)) func(*sms.HTTPOptions) {
	return func(o *sms.HTTPOptions) {
		r := &sms.HTTPReports{
			Secret: []string{"query", "secret", "0123456789abcdef"}, MessageID: []string{"json", "/id"},
			State:     []string{"json", "/state"},
			Delivered: []string{"ok"},
		}
		change(r)
		o.Reports = r
	}
}

func TestHTTPReportsWithSharedSecret(t *testing.T) {
	t.Parallel()
	o := sms.HTTPOptions{URL: "https://api.example.com"}
	reports(func(r *sms.HTTPReports) { r.Secret[0], r.Answer = "header", "thanks" })(&o)
	s, err := sms.NewHTTP(o)
	if err != nil || s.Reports() != nil || s.Acknowledgement() != "thanks" {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, secret, body string
		want               int
		err                error
	}{
		{"good", "0123456789abcdef", `{"id":"m","state":"ok"}`, 1, nil},
		{"a state that means nothing", "0123456789abcdef", `{"id":"m","state":"queued"}`, 0, nil},
		{"no secret", "", `{"id":"m","state":"ok"}`, 0, sms.ErrForged},
		{"another secret", "0123456789abcdeg", `{"id":"m","state":"ok"}`, 0, sms.ErrForged},
		{"no name", "0123456789abcdef", `{"state":"ok"}`, 0, sms.ErrUnreadable},
		{"no JSON", "0123456789abcdef", `x`, 0, sms.ErrUnreadable},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("secret", tt.secret)
		got, err := s.ReadReports(r, []byte(tt.body), time.Now())
		if len(got) != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
	}
	none, _ := sms.NewHTTP(sms.HTTPOptions{URL: "https://api.example.com"})
	_, err = none.ReadReports(httptest.NewRequest(http.MethodPost, "/", nil), nil, time.Now())
	if none.Reports() == nil || !errors.Is(err, sms.ErrForged) {
		t.Error("a sender without reports believes them")
	}
}
