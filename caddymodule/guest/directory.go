package guest

import (
	"bytes"
	"encoding/json"
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
	module, err := Parse[Directory](d, Directories)
	if err == nil {
		*l = append(*l, module)
	}
	return err
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
