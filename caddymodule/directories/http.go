package directories

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/directory"
)

func init() { caddy.RegisterModule(new(HTTP)) }

var errBasicAuth = errors.New("basic_auth: expected a user and a password, like {env.HR_USER} {env.HR_PASSWORD}")

// HTTP asks a JSON API for phone numbers. In `url` and `json`, `{user}` is the user's canonical name, `{user.given}`
// the name as the first factor wrote it, and `{user.login}` the canonical name without a domain. They are escaped for
// where they stand. Status 404, and a number that is null, missing or empty, mean that there is no number.
type HTTP struct {
	guest.DirectoryOptions

	// The address; variables may stand in its path and its query. Required.
	URL string `json:"url,omitempty"`

	// `GET` or `POST`. Default: `GET`; with `json`, `POST`.
	Method string `json:"method,omitempty"`

	// Headers of each request, by name.
	Header map[string]string `json:"header,omitempty"`

	// A user and a password. Default: none.
	BasicAuth []string `json:"basic_auth,omitempty"`

	// A token for the header Authorization. Default: none.
	Bearer string `json:"bearer,omitempty"`

	// The body, in whose texts variables may stand. Default: there is none.
	JSON string `json:"json,omitempty"`

	// Where the number stands in the answer: a JSON pointer. Default: `/phone`.
	Phone string `json:"phone,omitempty"`

	// Allows `http://` to other machines, in a network that you trust. Default: off.
	PlainHTTP bool `json:"plain_http,omitempty"`

	// Which certificates are accepted, and which one is shown. Default: those of the system's authorities; none.
	TLS *guest.TLS `json:"tls,omitempty"`

	lease
}

// CaddyModule returns the Caddy module information.
func (*HTTP) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: guest.Directories + ".http", New: func() caddy.Module { return new(HTTP) }}
}

// Provision resolves placeholders and reads certificates. It does not connect.
func (h *HTTP) Provision(caddy.Context) error {
	o := directory.HTTPOptions{
		URL: h.URL, Method: h.Method, JSON: h.JSON, Phone: h.Phone, PlainHTTP: h.PlainHTTP, Resolve: resolve,
	}
	if err := h.credentials(&o); err != nil {
		return err
	}
	var err error
	if o.TLS, err = h.TLS.Config(); err != nil {
		return err
	}
	open := func() (client, error) { return directory.NewHTTP(o) }
	return h.enter("http", open, resolved(o.URL), o.Method, o.Headers, o.BasicUser, o.BasicPassword, o.Bearer,
		resolved(o.JSON), o.Phone, o.PlainHTTP, tlsKey(h.TLS))
}

// credentials resolves what may be or hold a secret.
func (h *HTTP) credentials(o *directory.HTTPOptions) error {
	if err := h.settings(o).Resolve(); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(h.Header)) {
		value, err := resolve(h.Header[name])
		if err != nil {
			return fmt.Errorf("header: %w", err)
		}
		o.Headers = append(o.Headers, directory.HTTPHeader{Name: name, Value: value})
	}
	if h.BasicAuth == nil {
		return nil
	}
	basic, err := resolveAll("basic_auth", h.BasicAuth)
	if err != nil {
		return err
	}
	if len(basic) != 2 {
		return errBasicAuth
	}
	o.BasicUser, o.BasicPassword = basic[0], basic[1]
	return nil
}

func (h *HTTP) settings(o *directory.HTTPOptions) guest.Settings {
	return guest.Settings{
		guest.Expanded("bearer", &h.Bearer, &o.Bearer), guest.Literal("url", &h.URL),
		guest.Literal("method", &h.Method), guest.Literal("json", &h.JSON), guest.Literal("phone", &h.Phone),
	}
}

// UnmarshalCaddyfile reads
//
//	directory http {
//		url        <url>
//		method     GET|POST
//		header     <name> <value>
//		basic_auth <user> <password>
//		bearer     <token>
//		json       <json>
//		phone      <json pointer>
//		plain_http
//		tls {
//			ca          <file>
//			server_name <name>
//			certificate <file>
//			key         <file>
//			insecure_skip_verify
//		}
//		timeout    <duration>
//		cache      <duration>|off
//	}
func (h *HTTP) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume directory name
	if d.NextArg() {
		return d.ArgErr()
	}
	settings := h.settings(new(directory.HTTPOptions))
	return readBlock(d, "http", []reader{settings.Read, h.ReadOption, h.readOption}, "header")
}

func (h *HTTP) readOption(d *caddyfile.Dispenser) (bool, error) {
	switch d.Val() {
	case "header":
		return true, h.readHeader(d)
	case "basic_auth":
		if h.BasicAuth = d.RemainingArgs(); len(h.BasicAuth) != 2 {
			return true, d.WrapErr(errBasicAuth)
		}
		return true, nil
	case "plain_http":
		return true, guest.Flag(d, &h.PlainHTTP)
	case "tls":
		return true, guest.ReadTLS(d, &h.TLS)
	}
	return false, nil
}

func (h *HTTP) readHeader(d *caddyfile.Dispenser) error {
	var name, value string
	if !d.AllArgs(&name, &value) {
		return d.Err("header: expected a name and a value, in quotes if it has spaces")
	}
	if _, twice := h.Header[name]; twice {
		return d.Errf("header: %s stands twice", name)
	}
	if h.Header == nil {
		h.Header = make(map[string]string)
	}
	h.Header[name] = value
	return nil
}

var (
	_ guest.Directory    = (*HTTP)(nil)
	_ caddy.Provisioner  = (*HTTP)(nil)
	_ caddy.CleanerUpper = (*HTTP)(nil)
)
