package directories

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/directory"
)

func init() { caddy.RegisterModule(new(LDAP)) }

// LDAP finds phone numbers in an LDAP server, also in Active Directory. In `base` and `filter`, `{user}` is the user's
// canonical name, `{user.given}` the name as the first factor wrote it, and `{user.login}` the canonical name without
// a domain (`CORP\alice`, `alice@corp.example.com`). They are escaped for where they stand.
type LDAP struct {
	guest.DirectoryOptions

	// The servers, which are asked in turn: `ldaps://host[:port]` or `ldap://host[:port]`. Required.
	URL []string `json:"url,omitempty"`

	// Encrypts connections to `ldap://` servers. Default: off.
	StartTLS bool `json:"starttls,omitempty"`

	// Allows `ldap://` without `starttls` to other machines, in a network that you trust. Default: off.
	Plain bool `json:"plain,omitempty"`

	// Which certificates are accepted, and which one is shown. Default: those of the system's authorities; none.
	TLS *guest.TLS `json:"tls,omitempty"`

	// The credentials for a simple bind. Default: none, the bind is anonymous.
	BindDN       string `json:"bind_dn,omitempty"`
	BindPassword string `json:"bind_password,omitempty"`

	// Where people are searched, with everything below it. Required.
	Base string `json:"base,omitempty"`

	// What finds the entry of one person, like `(&(objectClass=person)(uid={user}))`. Required.
	Filter string `json:"filter,omitempty"`

	// The attributes with the numbers, those of the first one before those of the next. Required.
	Attribute []string `json:"attribute,omitempty"`

	lease
}

// CaddyModule returns the Caddy module information.
func (*LDAP) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: guest.Directories + ".ldap", New: func() caddy.Module { return new(LDAP) }}
}

// Provision resolves placeholders and reads certificates. It does not connect.
func (l *LDAP) Provision(caddy.Context) error {
	o := directory.LDAPOptions{StartTLS: l.StartTLS, Plain: l.Plain, Attributes: l.Attribute, Resolve: resolve}
	if err := l.settings(&o).Resolve(); err != nil {
		return err
	}
	var err error
	if o.URLs, err = resolveAll("url", l.URL); err != nil {
		return err
	}
	if o.TLS, err = l.TLS.Config(); err != nil {
		return err
	}
	o.Base, o.Filter = l.Base, l.Filter
	open := func() (client, error) { return directory.NewLDAP(o) }
	return l.enter("ldap", open, o.URLs, o.StartTLS, o.Plain, tlsKey(l.TLS), o.BindDN, o.BindPassword,
		resolved(l.Base), resolved(l.Filter), l.Attribute)
}

func (l *LDAP) settings(o *directory.LDAPOptions) guest.Settings {
	return guest.Settings{
		guest.Expanded("bind_dn", &l.BindDN, &o.BindDN),
		guest.Expanded("bind_password", &l.BindPassword, &o.BindPassword),
		guest.Literal("base", &l.Base),
		guest.Literal("filter", &l.Filter),
	}
}

// UnmarshalCaddyfile reads
//
//	directory ldap {
//		url           <url>...
//		starttls
//		plain
//		tls {
//			ca          <file>
//			server_name <name>
//			certificate <file>
//			key         <file>
//			insecure_skip_verify
//		}
//		bind_dn       <dn>
//		bind_password <password>
//		base          <dn>
//		filter        <filter>
//		attribute     <name>...
//		timeout       <duration>
//		cache         <duration>|off
//	}
func (l *LDAP) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume directory name
	if d.NextArg() {
		return d.ArgErr()
	}
	settings := l.settings(new(directory.LDAPOptions))
	return readBlock(d, "ldap", []reader{settings.Read, l.ReadOption, l.readOption})
}

func (l *LDAP) readOption(d *caddyfile.Dispenser) (bool, error) {
	switch d.Val() {
	case "url":
		return true, guest.Texts(d, &l.URL)
	case "attribute":
		return true, guest.Texts(d, &l.Attribute)
	case "starttls":
		return true, guest.Flag(d, &l.StartTLS)
	case "plain":
		return true, guest.Flag(d, &l.Plain)
	case "tls":
		return true, guest.ReadTLS(d, &l.TLS)
	}
	return false, nil
}

var (
	_ guest.Directory    = (*LDAP)(nil)
	_ caddy.Provisioner  = (*LDAP)(nil)
	_ caddy.CleanerUpper = (*LDAP)(nil)
)
