package directories

import (
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
)

// reader reads the option at the dispenser; it reports false for an option that it does not have.
type reader func(d *caddyfile.Dispenser) (bool, error)

// readBlock reads "{ … }", whose options some readers have. Options in repeated may stand several times.
func readBlock(d *caddyfile.Dispenser, kind string, readers []reader, repeated ...string) error {
	return guest.InnerBlock(d, func(option string) error {
		for _, read := range readers {
			if known, err := read(d); known {
				return err
			}
		}
		return d.Errf("directory %s: there is no option %q", kind, option)
	}, repeated...)
}
