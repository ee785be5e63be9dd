//go:build !unix || solaris || aix

package boltstore

import "os"

// unlock leaves it to the system to give back the lock of a file that is closed.
func unlock(*os.File) {}
