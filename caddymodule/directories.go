package caddymodule

import (
	"context"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/directory"
)

// FileDirectory reads phone numbers from a CSV file with lines of `user,phone`. The file is read again when it changes; a
// change that cannot be read is logged, and the numbers known before stay in use.
type FileDirectory struct {
	// The file. Required.
	Path string `json:"path,omitempty"`

	file *directory.File
}

// CaddyModule returns the Caddy module information.
func (*FileDirectory) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: directoryNamespace + ".file", New: func() caddy.Module { return new(FileDirectory) }}
}

// Provision reads the file.
func (f *FileDirectory) Provision(ctx caddy.Context) error {
	path, err := caddy.NewReplacer().ReplaceOrErr(f.Path, true, true)
	if err != nil || path == "" {
		return fmt.Errorf("path: expected the path of a CSV file: %v", err)
	}
	log := ctx.Logger()
	f.file, err = directory.OpenFile(path, time.Now, func(err error) {
		log.Error("directory file cannot be read again, the numbers known before stay in use", zap.Error(err))
	})
	return err
}

// Lookup finds a user's number.
func (f *FileDirectory) Lookup(ctx context.Context, user string) (string, bool, error) {
	return f.file.Lookup(ctx, user)
}

// UnmarshalCaddyfile reads
//
//	directory file <path>
func (f *FileDirectory) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume directory name
	return oneText(d, &f.Path)
}

// InlineDirectory holds phone numbers in the configuration itself.
type InlineDirectory struct {
	// The numbers by user.
	Users map[string]string `json:"users,omitempty"`

	inline *directory.Inline
}

// CaddyModule returns the Caddy module information.
func (*InlineDirectory) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: directoryNamespace + ".inline", New: func() caddy.Module { return new(InlineDirectory) }}
}

// Provision resolves placeholders in the numbers.
func (i *InlineDirectory) Provision(caddy.Context) error {
	repl := caddy.NewReplacer()
	users := make(map[string]string, len(i.Users))
	for user, number := range i.Users {
		resolved, err := repl.ReplaceOrErr(number, true, true)
		if err != nil {
			return fmt.Errorf("number of a user: %w", err)
		}
		users[user] = resolved
	}
	var err error
	i.inline, err = directory.NewInline(users)
	return err
}

// Lookup finds a user's number.
func (i *InlineDirectory) Lookup(ctx context.Context, user string) (string, bool, error) {
	return i.inline.Lookup(ctx, user)
}

// UnmarshalCaddyfile reads
//
//	directory inline {
//		<user> <phone>
//	}
func (i *InlineDirectory) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	i.Users = make(map[string]string)
	err := block(d, func(user string) error {
		var number string
		if err := oneText(d, &number); err != nil {
			return err
		}
		i.Users[user] = number
		return nil
	})
	if err == nil && len(i.Users) == 0 {
		return d.Err("directory inline: expected lines of a user and a phone number, like: alice +15005550006")
	}
	return err
}

var (
	_ DirectoryModule   = (*FileDirectory)(nil)
	_ DirectoryModule   = (*InlineDirectory)(nil)
	_ caddy.Provisioner = (*FileDirectory)(nil)
	_ caddy.Provisioner = (*InlineDirectory)(nil)
)
