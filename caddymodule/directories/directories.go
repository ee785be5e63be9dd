// Package directories holds the directories that ship with the gate, one file each: Caddy modules in the namespace
// sms_2fa.directories. Each reads its options and leaves the rest to package directory.
package directories
