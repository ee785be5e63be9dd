package senders

import (
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/sms"
)

func init() { caddy.RegisterModule(new(HTTP)) }

// HTTP delivers texts through any provider that takes them by HTTP. Values may hold variables: `{to}`, `{to_digits}`,
// `{to_00}` and `{to_national}` are the number, `{text}` the text and `{text_hex}` the same in UTF-16, `{code}`,
// `{lang}`, `{ttl}` (in seconds), `{id}` (stable for one text), `{encoding}` (`gsm7` or `ucs2`) and `{segments}`.
// They are escaped for where they stand. In JSON, `"{ttl:number}"` and `"{segments:number}"` become numbers.
type HTTP struct {
	Options

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
	// <pointer>` or `text <pattern with one group>`; for the name also `own`, when it is `{id}`. Default: nowhere, the
	// HTTP status, the header Retry-After.
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
func (*HTTP) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: guest.Senders + ".http", New: func() caddy.Module { return new(HTTP) }}
}

// Provision resolves the credentials and reads everything else.
func (s *HTTP) Provision(caddy.Context) error {
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
func (s *HTTP) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	texts := guest.Settings{
		guest.Literal("url", &s.URL), guest.Literal("method", &s.Method), guest.Literal("json", &s.JSON),
	}
	own := func(option string) (bool, error) { return s.readOption(d, option) }
	return s.read(d, "http", texts, own, "header", "query", "form", "success", "failure", "class")
}

func (s *HTTP) readOption(d *caddyfile.Dispenser, option string) (bool, error) {
	lists := map[string]*[]string{
		"auth": &s.Auth, "body": &s.Body,
		"message_id": &s.MessageID, "error_code": &s.ErrorCode, "retry_after": &s.RetryAfter,
	}
	fields := map[string]*[]sms.HTTPField{"header": &s.Headers, "query": &s.Query, "form": &s.Form}
	rules := map[string]*[][]string{"success": &s.Success, "failure": &s.Failure}
	switch {
	case lists[option] != nil:
		return true, guest.Texts(d, lists[option])
	case fields[option] != nil:
		return true, httpField(d, fields[option])
	case rules[option] != nil:
		var rule []string
		err := guest.Texts(d, &rule)
		*rules[option] = append(*rules[option], rule)
		return true, err
	}
	switch option {
	case "plain_http":
		return true, guest.Flag(d, &s.PlainHTTP)
	case "class":
		return true, s.readClass(d)
	case "reports":
		return true, s.readReports(d)
	}
	return false, nil
}

func httpField(d *caddyfile.Dispenser, into *[]sms.HTTPField) error {
	option, args := d.Val(), d.RemainingArgs()
	encoded := len(args) == 3 && option != "header" && (args[2] == "gsm7" || args[2] == "ucs2")
	if len(args) != 2 && !encoded {
		return d.Errf("%s: expected a name and a value, in quotes if it has spaces; "+
			"behind those of query and form, gsm7 or ucs2", option)
	}
	f := sms.HTTPField{Name: args[0], Value: args[1]}
	if encoded {
		f.Encoding = args[2]
	}
	*into = append(*into, f)
	return nil
}

func (s *HTTP) readClass(d *caddyfile.Dispenser) error {
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

func (s *HTTP) readReports(d *caddyfile.Dispenser) error {
	r := new(HTTPReports)
	s.Reporting = r
	texts := guest.Settings{
		guest.Literal("signed", &r.Signed), guest.Literal("timestamp", &r.Timestamp),
		guest.Literal("nonce", &r.Nonce), guest.Literal("answer", &r.Answer),
	}
	lists := map[string]*[]string{
		"secret": &r.Secret, "hmac": &r.HMAC, "message_id": &r.MessageID, "state": &r.State, "error_code": &r.ErrorCode,
		"sent": &r.Sent, "delivered": &r.Delivered, "failed": &r.Failed,
	}
	return guest.InnerBlock(d, func(option string) error {
		if known, err := texts.Read(d); known {
			return err
		}
		switch {
		case lists[option] != nil:
			return guest.Texts(d, lists[option])
		case option == "window":
			return guest.PositiveDuration(d, &r.Window)
		}
		return d.Errf("reports: there is no option %q", option)
	})
}

var (
	_ guest.Sender      = (*HTTP)(nil)
	_ caddy.Provisioner = (*HTTP)(nil)
	_ sms.Reporter      = (*HTTP)(nil)
	_ sms.Acknowledger  = (*HTTP)(nil)
)
