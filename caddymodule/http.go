package caddymodule

import (
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/sms"
)

// HTTPSender delivers texts through any provider that takes them by HTTP. Values may hold variables: `{to}`, `{to_digits}`,
// `{to_00}` and `{to_national}` are the number, `{text}` the text and `{text_hex}` the same in UTF-16, `{code}`, `{lang}`,
// `{ttl}` (in seconds), `{id}` (stable for one text), `{encoding}` (`gsm7` or `ucs2`) and `{segments}`. They are escaped for
// where they stand. In JSON, `"{ttl:number}"` and `"{segments:number}"` become numbers.
type HTTPSender struct {
	SenderOptions

	// The address; variables may stand in its path. Required.
	URL string `json:"url,omitempty"`

	// `POST` or `GET`. Default: `POST`.
	Method string `json:"method,omitempty"`

	// Allows `http://` to other machines, for a gateway in a network that you trust. Default: false.
	PlainHTTP bool `json:"plain_http,omitempty"`

	// The credentials: `basic <user> <password>`, `bearer <token>`, `header <name> <value>` or `query <name> <value>`.
	// Default: none.
	Auth []string `json:"auth,omitempty"`

	// Headers, parameters of the query and fields of a form. The last two can be limited to texts of one encoding.
	Headers []sms.HTTPField `json:"header,omitempty"`
	Query   []sms.HTTPField `json:"query,omitempty"`
	Form    []sms.HTTPField `json:"form,omitempty"`

	// The body as JSON, in whose texts variables may stand.
	JSON string `json:"json,omitempty"`

	// The body as it is: a content type, `text/plain` or XML, and a text.
	Body []string `json:"body,omitempty"`

	// What an answer says when the text was accepted: `status <status>...`, `json <pointer> [<value>...]` or `text
	// <pattern>`, all of them. Default: a status from 200 to 299.
	Success [][]string `json:"success,omitempty"`

	// What an answer says when it was not, in the same way; one is enough, whatever else the answer says.
	Failure [][]string `json:"failure,omitempty"`

	// Where in an answer the provider's name for the text stands, its error code, and how many seconds to wait: `json
	// <pointer>` or `text <pattern with one group>`; for the name also `own`, when it is `{id}`. Default: nowhere, the HTTP status, the header Retry-After.
	MessageID  []string `json:"message_id,omitempty"`
	ErrorCode  []string `json:"error_code,omitempty"`
	RetryAfter []string `json:"retry_after,omitempty"`

	// What error codes and HTTP statuses mean: `invalid_number`, `blocked`, `rate_limited`, `unauthorized`, `account`,
	// `config`, `temporary` or `ambiguous`, by code. Default: what HTTP says of the status.
	Classes map[string]sms.Class `json:"class,omitempty"`

	// How reports are verified and read, for `sms_2fa_reports`. Default: there are none.
	Reporting *HTTPReports `json:"reports,omitempty"`

	*sms.HTTP `json:"-"`
}

// HTTPReports describe how a provider reports what became of texts, and how it is known that it was the provider.
type HTTPReports struct {
	sms.HTTPReports

	// How far the time in a report may be from ours. Default: `5m`.
	Window caddy.Duration `json:"window,omitempty"`
}

// reports is the description with its window, nil without one.
func (r *HTTPReports) reports() *sms.HTTPReports {
	if r == nil {
		return nil
	}
	described := r.HTTPReports
	described.Window = time.Duration(r.Window)
	return &described
}

// CaddyModule returns the Caddy module information.
func (*HTTPSender) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: senderNamespace + ".http", New: func() caddy.Module { return new(HTTPSender) }}
}

// Provision resolves the credentials and reads everything else.
func (s *HTTPSender) Provision(caddy.Context) error {
	repl := caddy.NewReplacer()
	var err error
	s.HTTP, err = sms.NewHTTP(sms.HTTPOptions{
		URL: s.URL, Method: s.Method, PlainHTTP: s.PlainHTTP, Auth: s.Auth, Headers: s.Headers, Query: s.Query, Form: s.Form,
		JSON: s.JSON, Body: s.Body, Success: s.Success, Failure: s.Failure, MessageID: s.MessageID, ErrorCode: s.ErrorCode,
		RetryAfter: s.RetryAfter, Classes: s.Classes, Reports: s.Reporting.reports(), Timeout: time.Duration(s.Timeout),
		Resolve: func(placeholder string) (string, error) { return repl.ReplaceOrErr(placeholder, true, true) },
	})
	return err
}

// UnmarshalCaddyfile reads
//
//	sender http {
//		url         <url>
//		method      POST|GET
//		plain_http
//		auth        basic <user> <password>|bearer <token>|header <name> <value>|query <name> <value>
//		header      <name> <value>
//		query       <name> <value> [gsm7|ucs2]
//		form        <name> <value> [gsm7|ucs2]
//		json        <json>
//		body        <content type> <text>
//		success     status <status>...|json <pointer> [<value>...]|text <pattern>
//		failure     status <status>...|json <pointer> [<value>...]|text <pattern>
//		message_id  json <pointer>|text <pattern>|own
//		error_code  json <pointer>|text <pattern>
//		retry_after json <pointer>|text <pattern>
//		class       <class> <code>...
//		reports {
//			secret     header|query <name> <secret>
//			hmac       sha1|sha256|sha512 <key> <header> [hex|base64]
//			signed     <text>
//			timestamp  <header>
//			nonce      <header>
//			window     <duration>
//			message_id json|form|query <name>
//			state      json|form|query <name>
//			error_code json|form|query <name>
//			sent       <state>...
//			delivered  <state>...
//			failed     <state>...
//			answer     <text>
//		}
//		<options of every sender>
//	}
func (s *HTTPSender) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	texts := map[string]*string{"url": &s.URL, "method": &s.Method, "json": &s.JSON}
	return senderBlock(d, "http", &s.SenderOptions, texts, func(option string) (bool, error) { return s.readOption(d, option) },
		"header", "query", "form", "success", "failure", "class")
}

func (s *HTTPSender) readOption(d *caddyfile.Dispenser, option string) (bool, error) {
	lists := map[string]*[]string{"auth": &s.Auth, "body": &s.Body, "message_id": &s.MessageID, "error_code": &s.ErrorCode, "retry_after": &s.RetryAfter}
	fields := map[string]*[]sms.HTTPField{"header": &s.Headers, "query": &s.Query, "form": &s.Form}
	rules := map[string]*[][]string{"success": &s.Success, "failure": &s.Failure}
	switch {
	case lists[option] != nil:
		return true, words(d, lists[option])
	case fields[option] != nil:
		return true, httpField(d, fields[option])
	case rules[option] != nil:
		var rule []string
		err := words(d, &rule)
		*rules[option] = append(*rules[option], rule)
		return true, err
	}
	switch option {
	case "plain_http":
		s.PlainHTTP = true
		if d.NextArg() {
			return true, d.ArgErr()
		}
		return true, nil
	case "class":
		return true, s.readClass(d)
	case "reports":
		return true, s.readReports(d)
	}
	return false, nil
}

// words reads one or more arguments.
func words(d *caddyfile.Dispenser, into *[]string) error {
	option := d.Val()
	if *into = d.RemainingArgs(); len(*into) == 0 {
		return d.Errf("%s: expected one or more values", option)
	}
	return nil
}

func httpField(d *caddyfile.Dispenser, into *[]sms.HTTPField) error {
	option, args := d.Val(), d.RemainingArgs()
	if len(args) < 2 || len(args) > 3 || len(args) == 3 && (option == "header" || args[2] != "gsm7" && args[2] != "ucs2") {
		return d.Errf("%s: expected a name and a value, in quotes if it has spaces; behind those of query and form, gsm7 or ucs2", option)
	}
	f := sms.HTTPField{Name: args[0], Value: args[1]}
	if len(args) == 3 {
		f.Encoding = args[2]
	}
	*into = append(*into, f)
	return nil
}

func (s *HTTPSender) readClass(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) < 2 {
		return d.Err("class: expected a class and codes, like: class invalid_number 10002 10016")
	}
	if !slices.Contains(sms.Classes, sms.Class(args[0])) {
		return d.Errf("class: %q is not one of %v", args[0], sms.Classes)
	}
	for _, code := range args[1:] {
		if s.Classes == nil {
			s.Classes = make(map[string]sms.Class)
		}
		if earlier, twice := s.Classes[code]; twice {
			return d.Errf("class: the code %s is of the class %s already", code, earlier)
		}
		s.Classes[code] = sms.Class(args[0])
	}
	return nil
}

func (s *HTTPSender) readReports(d *caddyfile.Dispenser) error {
	r := new(HTTPReports)
	s.Reporting = r
	texts := map[string]*string{"signed": &r.Signed, "timestamp": &r.Timestamp, "nonce": &r.Nonce, "answer": &r.Answer}
	lists := map[string]*[]string{
		"secret": &r.Secret, "hmac": &r.HMAC, "message_id": &r.MessageID, "state": &r.State, "error_code": &r.ErrorCode,
		"sent": &r.Sent, "delivered": &r.Delivered, "failed": &r.Failed,
	}
	return options(d, func(option string) error {
		switch {
		case texts[option] != nil:
			return oneText(d, texts[option])
		case lists[option] != nil:
			return words(d, lists[option])
		case option == "window":
			return plainDuration(d, &r.Window)
		}
		return d.Errf("reports: there is no option %q", option)
	})
}

var (
	_ SenderModule      = (*HTTPSender)(nil)
	_ caddy.Provisioner = (*HTTPSender)(nil)
	_ sms.Reporter      = (*HTTPSender)(nil)
	_ sms.Acknowledger  = (*HTTPSender)(nil)
)
