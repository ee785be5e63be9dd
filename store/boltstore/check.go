package boltstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"os"
)

// The form of a bbolt file, in the order of bytes of the machine.
const (
	magic      = 0xED0CDAED
	metaSize   = 64 // behind the header of its page
	headerSize = 16 // of a page: id, flags, count, overflow
	elemSize   = 16 // of an element of a branch or leaf

	branchFlag, leafFlag, freelistFlag = 0x01, 0x02, 0x10
	bucketFlag                         = 0x01 // of an element whose value is a bucket
)

var native = binary.NativeEndian

// meta is one of the two pages that say where everything else is. The one of the later transaction counts.
type meta struct {
	pageSize             int64
	root, freelist, used uint64 // pages; used is how many there are
	transaction          uint64
}

// readMeta reads the meta page at an offset, and reports false if there is none.
func readMeta(r io.ReaderAt, offset int64) (meta, bool) {
	var b [metaSize]byte
	if _, err := r.ReadAt(b[:], offset+headerSize); err != nil {
		return meta{}, false
	}
	sum := fnv.New64a()
	_, _ = sum.Write(b[:56])
	if native.Uint32(b[:]) != magic || native.Uint64(b[56:]) != sum.Sum64() {
		return meta{}, false
	}
	return meta{
		pageSize: int64(native.Uint32(b[8:])), root: native.Uint64(b[16:]), freelist: native.Uint64(b[32:]),
		used: native.Uint64(b[40:]), transaction: native.Uint64(b[48:]),
	}, true
}

// latestMeta finds the meta page that counts, and reports false if there is none: bbolt then refuses the file. The
// second one stands one page behind the first, and the size of a page is known only from one of them.
func latestMeta(r io.ReaderAt) (meta, bool) {
	latest, ok := readMeta(r, 0)
	for size := int64(1024); size <= 1024<<14; size *= 2 {
		m, found := readMeta(r, size)
		if found && m.pageSize == size && (!ok || m.transaction > latest.transaction) {
			latest, ok = m, true
		}
	}
	return latest, ok
}

// checkSize refuses a file that is shorter than it says of itself.
func checkSize(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return fmt.Errorf("%w: it is empty", errDamaged)
	}
	m, ok := latestMeta(f)
	if !ok {
		return nil
	}
	if m.used > uint64(math.MaxInt64/m.pageSize) || info.Size() < int64(m.used)*m.pageSize {
		return fmt.Errorf("%w: it has %d bytes and speaks of %d pages of %d",
			errDamaged, info.Size(), m.used, m.pageSize)
	}
	return nil
}

// check looks at every page of the file, so that bbolt does not run in circles, or out of the file, following a
// damaged page. Each page must be the page that is looked for, hold what it says that it holds, and be used once.
func (f *file) check() error {
	m, ok := latestMeta(f.os)
	if !ok {
		return fmt.Errorf("%w: it does not say where its pages are", errDamaged)
	}
	c := checker{r: f.os, meta: m, seen: make([]bool, m.used)}
	if err := c.all(); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	return nil
}

// checker walks through the pages of a file.
type checker struct {
	r    io.ReaderAt
	meta meta
	seen []bool
	todo []uint64 // pages to look at
	page []byte   // the page that is looked at
}

func (c *checker) all() error {
	c.todo = append(c.todo, c.meta.root)
	for len(c.todo) > 0 {
		id := c.todo[len(c.todo)-1]
		c.todo = c.todo[:len(c.todo)-1]
		if err := c.load(id); err != nil {
			return err
		}
		if err := c.elements(c.page); err != nil {
			return fmt.Errorf("page %d: %w", id, err)
		}
	}
	return c.freelist()
}

// load reads a page.
func (c *checker) load(id uint64) error {
	if err := c.use(id); err != nil {
		return err
	}
	var header [headerSize]byte
	offset := int64(id) * c.meta.pageSize
	if _, err := c.r.ReadAt(header[:], offset); err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	if found := native.Uint64(header[:]); found != id {
		return fmt.Errorf("page %d says that it is page %d", id, found)
	}
	further := uint64(native.Uint32(header[12:]))
	for next := id + 1; next <= id+further; next++ {
		if err := c.use(next); err != nil {
			return err
		}
	}
	size := int(further+1) * int(c.meta.pageSize)
	if cap(c.page) < size {
		c.page = make([]byte, size)
	}
	c.page = c.page[:size]
	if _, err := c.r.ReadAt(c.page, offset); err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	return nil
}

// use notes that a page is used.
func (c *checker) use(id uint64) error {
	if id < 2 || id >= uint64(len(c.seen)) {
		return fmt.Errorf("there is no page %d", id)
	}
	if c.seen[id] {
		return fmt.Errorf("page %d is used twice", id)
	}
	c.seen[id] = true
	return nil
}

var errNoElements = errors.New("it does not hold what it says that it holds")

// elements looks at the elements of a branch or leaf, and finds the pages to look at next.
func (c *checker) elements(page []byte) error {
	if len(page) < headerSize {
		return errNoElements
	}
	flags, count := native.Uint16(page[8:]), int(native.Uint16(page[10:]))
	branch := flags == branchFlag
	if !branch && flags != leafFlag || branch && count == 0 || headerSize+count*elemSize > len(page) {
		return errNoElements
	}
	var before []byte
	for i := range count {
		elem := page[headerSize+i*elemSize:]
		read := c.leafElement
		if branch {
			read = c.branchElement
		}
		key, err := read(elem)
		if err != nil {
			return err
		}
		if i > 0 && bytes.Compare(before, key) >= 0 {
			return errors.New("its keys are out of order")
		}
		before = key
	}
	return nil
}

// branchElement looks at the element at the beginning of b, which names another page.
func (c *checker) branchElement(b []byte) (key []byte, err error) {
	c.todo = append(c.todo, native.Uint64(b[8:]))
	return part(b, native.Uint32(b), native.Uint32(b[4:]))
}

// leafElement looks at the element at the beginning of b, a key and its value, which may be a bucket.
func (c *checker) leafElement(b []byte) (key []byte, err error) {
	pos, keySize := native.Uint32(b[4:]), native.Uint32(b[8:])
	if key, err = part(b, pos, keySize); err != nil {
		return nil, err
	}
	value, err := part(b[pos+keySize:], 0, native.Uint32(b[12:]))
	if err != nil || native.Uint32(b)&bucketFlag == 0 {
		return key, err
	}
	return key, c.bucket(value)
}

// bucket looks at a bucket, which has a page of its own or, where it is small, is a page itself.
func (c *checker) bucket(value []byte) error {
	if len(value) < 16 {
		return errNoElements
	}
	if root := native.Uint64(value); root != 0 {
		c.todo = append(c.todo, root)
		return nil
	}
	return c.elements(value[16:])
}

// part is size bytes of b from pos on.
func part(b []byte, pos, size uint32) ([]byte, error) {
	if uint64(pos)+uint64(size) > uint64(len(b)) {
		return nil, errNoElements
	}
	return b[pos : pos+size], nil
}

// freelist looks at the list of pages that are free to use.
func (c *checker) freelist() error {
	id := c.meta.freelist
	if id == math.MaxUint64 { // it was not written down
		return nil
	}
	if err := c.load(id); err != nil {
		return err
	}
	if native.Uint16(c.page[8:]) != freelistFlag {
		return fmt.Errorf("page %d is no list of free pages", id)
	}
	count, ids := uint64(native.Uint16(c.page[10:])), c.page[headerSize:]
	if count == math.MaxUint16 { // too many for the header: the first number is the count
		count, ids = native.Uint64(ids), ids[8:]
	}
	if count > uint64(len(ids)/8) {
		return fmt.Errorf("page %d: %w", id, errNoElements)
	}
	for i := range count {
		if err := c.use(native.Uint64(ids[8*i:])); err != nil {
			return fmt.Errorf("list of free pages: %w", err)
		}
	}
	return nil
}
