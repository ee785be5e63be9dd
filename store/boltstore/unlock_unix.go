//go:build unix && !solaris && !aix

package boltstore

import (
	"os"
	"syscall"
)

// unlock gives back the lock that bbolt has on a file. To close the file is not enough: as long as it is mapped into
// memory, which bbolt may not have undone, the lock stays.
func unlock(f *os.File) { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }
