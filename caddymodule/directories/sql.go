package directories

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/directory"
)

func init() { caddy.RegisterModule(new(SQL)) }

// SQL finds phone numbers in a database, by one SELECT. Its connections are read-only.
type SQL struct {
	guest.DirectoryOptions

	// `postgres`, or `mysql` (also for MariaDB). Required.
	Kind string `json:"kind,omitempty"`

	// Where the database is, with the credentials and how TLS is spoken, as the driver takes it. Required.
	DSN string `json:"dsn,omitempty"`

	// One SELECT of one column, the number. `$1` (postgres), `?` (mysql) or `{user}` is a parameter with the user's
	// canonical name, `{user.given}` one with the name as the first factor wrote it, `{user.login}` one with the
	// canonical name without a domain. Required.
	Query string `json:"query,omitempty"`

	lease
}

// CaddyModule returns the Caddy module information.
func (*SQL) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: guest.Directories + ".sql", New: func() caddy.Module { return new(SQL) }}
}

// Provision resolves placeholders. It does not connect.
func (s *SQL) Provision(ctx caddy.Context) error {
	o := directory.SQLOptions{Kind: s.Kind, Query: s.Query}
	if err := s.settings(&o).Resolve(); err != nil {
		return err
	}
	open := func() (client, error) { return directory.NewSQL(o) }
	if err := s.enter("sql", open, o); err != nil {
		return err
	}
	if w := s.client.(*directory.SQL).Warning(); w != "" {
		ctx.Logger().Warn(w, zap.String("kind", s.Kind))
	}
	return nil
}

func (s *SQL) settings(o *directory.SQLOptions) guest.Settings {
	return guest.Settings{guest.Expanded("dsn", &s.DSN, &o.DSN), guest.Literal("query", &s.Query)}
}

// UnmarshalCaddyfile reads
//
//	directory sql postgres|mysql {
//		dsn     <dsn>
//		query   <select>
//		timeout <duration>
//		cache   <duration>|off
//	}
func (s *SQL) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume directory name
	if !d.AllArgs(&s.Kind) || s.Kind != "postgres" && s.Kind != "mysql" {
		return d.Err("directory sql: expected the kind of database, like: directory sql postgres { … }, " +
			"or: directory sql mysql { … }")
	}
	settings := s.settings(new(directory.SQLOptions))
	return readBlock(d, "sql", []reader{settings.Read, s.ReadOption})
}

var (
	_ guest.Directory    = (*SQL)(nil)
	_ caddy.Provisioner  = (*SQL)(nil)
	_ caddy.CleanerUpper = (*SQL)(nil)
)
