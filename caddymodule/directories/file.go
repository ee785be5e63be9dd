package directories

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/directory"
)

func init() { caddy.RegisterModule(new(File)) }

// File reads phone numbers from a CSV file with lines of `user,phone`, or from a JSON file (`.json`) with an object or
// a list. The file is read again when it has changed and
// the change has rested for a second. A change that cannot be read, or looks like a mistake, is logged, and the
// numbers known before stay in use. A number that cannot be read is a warning with file and line, and its user has
// none; if most of them cannot be read, the file is not used.
type File struct {
	// The file. Required.
	Path string `json:"path,omitempty"`

	file *directory.File
}

// CaddyModule returns the Caddy module information.
func (*File) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: guest.Directories + ".file", New: func() caddy.Module { return new(File) }}
}

// Provision reads the file, and follows its changes until the configuration ends.
func (f *File) Provision(ctx caddy.Context) error {
	path, err := caddy.NewReplacer().ReplaceOrErr(f.Path, true, true)
	switch {
	case err != nil:
		return fmt.Errorf("path: expected the path of a CSV file: %w", err)
	case path == "":
		return errors.New("path: expected the path of a CSV file, like /etc/caddy/phones.csv")
	}
	log := ctx.Logger()
	f.file, err = directory.OpenFile(path, time.Now, func(err error) {
		log.Error("directory file cannot be read again, the numbers known before stay in use", zap.Error(err))
	})
	if err == nil {
		go f.file.Watch(ctx)
	}
	return err
}

// Lookup finds a person's numbers.
func (f *File) Lookup(ctx context.Context, p directory.Person) (directory.Numbers, error) {
	return f.file.Lookup(ctx, p)
}

// Immediate says that nobody is asked.
func (*File) Immediate() {}

// AtHand finds a user's numbers without asking anybody.
func (f *File) AtHand(user string) (string, bool) { return f.file.AtHand(user) }

// Review judges all numbers, now and after each change.
func (f *File) Review(region string, warn func(error)) error { return f.file.Review(region, warn) }

// UnmarshalCaddyfile reads
//
//	directory file <path>
func (f *File) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume directory name
	return guest.Text(d, &f.Path)
}

var (
	_ directory.Reviewed  = (*File)(nil)
	_ directory.Immediate = (*File)(nil)
	_ directory.AtHand    = (*File)(nil)
	_ caddy.Provisioner   = (*File)(nil)
)
