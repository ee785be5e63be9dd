package directory

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// maxFile is the size in bytes of the largest file that is read.
const maxFile = 64 << 20

// errChanging says that a file changed while it was read.
var errChanging = errors.New("the file is being written")

// source is the contents of a file and what the file was when they were read.
type source struct {
	data []byte
	info os.FileInfo
}

// statSource finds a regular file. A FIFO, a device or a directory is refused before it is opened, because opening or
// reading it could wait for ever.
func statSource(path string) (os.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("opening directory: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("opening directory: %s is no regular file", path)
	}
	return info, nil
}

// readSource reads a regular file of at most maxFile bytes.
func readSource(path string) (source, error) {
	if _, err := statSource(path); err != nil {
		return source{}, err
	}
	// Something else may stand there by now; a FIFO that is opened like this does not wait for a writer.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return source{}, fmt.Errorf("opening directory: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return source{}, errors.Join(fmt.Errorf("opening directory: %s is no regular file", path), err)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return source{}, fmt.Errorf("reading directory: %w", err)
	}
	if len(data) > maxFile {
		return source{}, fmt.Errorf("reading directory: %s is larger than %d MiB", path, maxFile>>20)
	}
	after, err := file.Stat()
	if err != nil || !same(info, after) || after.Size() != int64(len(data)) {
		return source{}, errors.Join(fmt.Errorf("reading directory: %s: %w", path, errChanging), err)
	}
	return source{data: data, info: info}, nil
}

// same reports whether a file has not changed between two looks, judged by identity, size and time of change.
func same(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// fresh reports whether a file was changed a moment ago, so that whoever writes it may not be done.
func fresh(info os.FileInfo, now time.Time) bool { return now.Sub(info.ModTime()).Abs() < settle }
