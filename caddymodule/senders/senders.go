// Package senders holds the senders that ship with the gate, one file each: Caddy modules in the namespace
// sms_2fa.senders. Each reads its options, resolves its credentials and leaves the rest to the sender of the same
// name in package sms.
package senders
