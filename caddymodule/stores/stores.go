// Package stores holds the stores that ship with the gate, one file each: Caddy modules in the namespace
// sms_2fa.stores. Each reads its options and leaves the rest to a package below store.
package stores
