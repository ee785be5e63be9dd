package app

import (
	"cmp"
	"fmt"

	"github.com/dustin/go-humanize"
)

// maxForm bounds the option restore, in bytes: each form is one record of the store.
const maxForm = 10_000_000

// LargestForm is the size in bytes of the largest form that is kept for a visitor whose session has ended; 0 where
// none is.
func (o Options) LargestForm() (int64, error) {
	size := cmp.Or(o.Restore, Defaults().Restore)
	if size == "off" {
		return 0, nil
	}
	n, err := humanize.ParseBytes(size)
	if err != nil || n == 0 || n > maxForm {
		return 0, fmt.Errorf("restore: %q is neither off nor a size like 1MB, at most 10MB", size)
	}
	return int64(n), nil
}
