package guest

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/directory"
)

// Modules is the option `directory` in JSON: a list of modules, or one module alone.
type Modules []json.RawMessage

// UnmarshalJSON reads a list, or one module.
func (l *Modules) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		*l = Modules{bytes.Clone(data)}
		return nil
	}
	return json.Unmarshal(data, (*[]json.RawMessage)(l))
}

// MarshalJSON writes a list; one module alone it writes as that module, as it was before there were lists.
func (l Modules) MarshalJSON() ([]byte, error) {
	if len(l) == 1 {
		return l[0], nil
	}
	return json.Marshal([]json.RawMessage(l))
}

// ReadDirectory reads "directory <name> …" and adds the directory to the list.
func (l *Modules) ReadDirectory(d *caddyfile.Dispenser) error {
	if l.asks() {
		return d.Err(ErrBehindEnrolling.Error())
	}
	module, err := Parse[Directory](d, Directories)
	if err == nil {
		*l = append(*l, module)
	}
	return err
}

// ErrBehindEnrolling says that a directory stands behind one that asks the visitor, and would never be asked.
var ErrBehindEnrolling = errors.New("directory: it stands behind directory enroll, which asks the visitor, " +
	"so nobody would look here; write directory enroll last")

// asks reports whether the last directory of the list asks the visitor.
func (l Modules) asks() bool {
	if len(l) == 0 {
		return false
	}
	var last struct {
		Directory string `json:"directory"`
	}
	if json.Unmarshal(l[len(l)-1], &last) != nil {
		return false
	}
	module, err := caddy.GetModule(Directories + "." + last.Directory)
	if err != nil {
		return false
	}
	_, enrolling := module.New().(directory.Enrolling)
	return enrolling
}

// DirectoryOptions are the options of every directory that asks a server. A directory of another plugin that embeds
// them has them too.
type DirectoryOptions struct {
	// How long a lookup may take. Default: `2s`.
	Timeout caddy.Duration `json:"timeout,omitempty"`

	// How long numbers that were found are remembered, in memory. Default: off.
	Cache caddy.Duration `json:"cache,omitempty"`
}

// Terms are the terms on which the directory is asked. The app fills in the rest.
func (o DirectoryOptions) Terms() directory.Terms {
	return directory.Terms{Timeout: time.Duration(o.Timeout), Cache: time.Duration(o.Cache)}
}

// ReadOption reads one of these options; it reports false for any other option.
func (o *DirectoryOptions) ReadOption(d *caddyfile.Dispenser) (bool, error) {
	switch d.Val() {
	case "timeout":
		return true, PositiveDuration(d, &o.Timeout)
	case "cache":
		return true, DurationOrOff(d, &o.Cache)
	}
	return false, nil
}
