// Package guest is the contract between the app sms_2fa and its guests: the modules that keep its state (stores),
// deliver its texts (senders) and know its phone numbers (directories). It also holds what the Caddyfile readers of
// all guests share, so that an option is read, and refused, in the same words everywhere.
//
// # A guest of another plugin
//
// A guest is a Caddy module that registers itself in one of the three namespaces and is a [Store], a [Sender] or a
// [Directory]. If it is a caddyfile.Unmarshaler, it can stand in a Caddyfile by the last part of its module ID:
//
//	directory ldap { … }    # the module sms_2fa.directories.ldap
//
// A guest never imports the gate.
package guest

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/directory"
	"github.com/caddy-sms-2fa/gateway/sms"
	"github.com/caddy-sms-2fa/gateway/store"
)

// The namespaces of the guests. A plugin that registers a module in one of them can be named in a Caddyfile like ours.
const (
	Stores      = "sms_2fa.stores"
	Senders     = "sms_2fa.senders"
	Directories = "sms_2fa.directories"
)

// Store is what a module in the namespace sms_2fa.stores must be.
type Store interface {
	// StoreKey names what OpenStore opens: two modules with equal keys share one open store, also across a reload of the
	// configuration. It must not hold a secret in clear.
	StoreKey() string

	// OpenStore returns the store without any input or output; it connects, or opens its file, when it is first used.
	// The module must not keep it: the store outlives the module, and is closed when the last configuration that uses it
	// is gone.
	OpenStore() (store.Store, error)
}

// Sender is what a module in the namespace sms_2fa.senders must be. It must go on working after its Cleanup, for the
// texts that are on their way when the configuration changes.
type Sender = sms.Sender

// Directory is what a module in the namespace sms_2fa.directories must be.
type Directory = directory.Directory

// Load loads a guest module and makes sure that it is what its namespace promises. Errors begin with the option.
func Load[T any](ctx caddy.Context, host any, field, option string) (T, error) {
	var none T
	loaded, err := ctx.LoadModule(host, field)
	if err != nil {
		return none, fmt.Errorf("%s: %w", option, err)
	}
	guest, ok := loaded.(T)
	if !ok {
		return none, fmt.Errorf("%s: module %T is not a %T", option, loaded, new(T))
	}
	return guest, nil
}

// Parse reads "<option> <name> …" and returns the guest's configuration. It starts on the option.
func Parse[T any](d *caddyfile.Dispenser, namespace string) (json.RawMessage, error) {
	option := d.Val()
	if !d.NextArg() {
		return nil, d.Errf("%s: expected the name of a %s module", option, namespace)
	}
	name := d.Val()
	if _, err := caddy.GetModule(namespace + "." + name); err != nil {
		return nil, d.Errf("%s: unknown module %q; known: %s", option, name, Known(namespace))
	}
	guest, err := caddyfile.UnmarshalModule(d, namespace+"."+name)
	if err != nil {
		return nil, err
	}
	if _, ok := guest.(T); !ok {
		return nil, d.Errf("%s: module %s.%s (%T) cannot be used here", option, namespace, name, guest)
	}
	return caddyconfig.JSONModuleObject(guest, option, name, nil), nil
}

// Known lists the guests of a namespace, for error messages.
func Known(namespace string) string {
	var names []string
	for _, m := range caddy.GetModules(namespace) {
		names = append(names, m.ID.Name())
	}
	return strings.Join(names, ", ")
}
