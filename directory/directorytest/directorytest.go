// Package directorytest is the conformance suite for directories: it holds a directory to the contract of package
// directory. The test of each directory calls Run with a function that opens a directory over the people of a case.
package directorytest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/directory"
)

// People are the numbers of people by their Canonical name.
type People map[string][]string

// Harness is a directory over the people of one case.
type Harness struct {
	Directory directory.Directory

	// Single says that a person of this directory has one number at most.
	Single bool

	// Down breaks the way to the server off, Slow holds back what the server says, and Up ends both. They are nil for a
	// directory that asks nobody.
	Down, Slow, Up func()

	// Crawl makes each new connection to the server wait before anything is said on it. It is nil for a directory that
	// asks nobody, or that needs no more words for a connection than for a question.
	Crawl func(wait time.Duration)

	// Refuses reports whether the directory cannot be asked about a name, and answers with an error instead. Default:
	// it can be asked about every name.
	Refuses func(name string) bool

	// Unstorable reports whether the source cannot hold a name. Default: it can hold every name.
	Unstorable func(name string) bool
}

// Open opens a directory in which exactly these people have numbers.
type Open func(t *testing.T, people People) Harness

// Run runs the suite. It calls open once for each case; open registers a cleanup that closes the directory.
func Run(t *testing.T, open Open) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(t *testing.T, open Open)
	}{
		{"found", found},
		{"not found", notFound},
		{"several", several},
		{"unreadable number", unreadable},
		{"slow", slow},
		{"slow to connect", slowToConnect},
		{"down and back again", down},
		{"cancelled", cancelled},
		{"200 at once", atOnce},
		{"dangerous names that nobody has", strangers},
		{"dangerous names that somebody has", owners},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, open)
		})
	}
}

// patience is how long a directory in good health may take, on a busy machine.
const patience = 10 * time.Second

func person(name string) directory.Person { return directory.Person{Name: name, Given: name} }

// lookup asks with patience.
func lookup(t *testing.T, d directory.Directory, name string) (directory.Numbers, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return d.Lookup(ctx, person(name))
}

// has fails the test unless a person has exactly these numbers.
func has(t *testing.T, d directory.Directory, name string, want ...string) {
	t.Helper()
	numbers, err := lookup(t, d, name)
	if err != nil || !slices.Equal(numbers, want) {
		t.Errorf("%q: %q, %v; want %q", name, numbers, err, want)
	}
}

func found(t *testing.T, open Open) {
	h := open(t, People{"alice": {"+15005550006"}, "bob": {"+15005550009"}})
	for range 3 { // on the same connection
		has(t, h.Directory, "alice", "+15005550006")
		has(t, h.Directory, "bob", "+15005550009")
	}
}

func notFound(t *testing.T, open Open) {
	h := open(t, People{"alice": {"+15005550006"}})
	has(t, h.Directory, "bob")
	has(t, h.Directory, "alic")
	has(t, h.Directory, "alicea")
}

func several(t *testing.T, open Open) {
	h := open(t, People{"alice": {"+15005550006"}})
	if h.Single {
		return // "found" has shown that there is one
	}
	h = open(t, People{"bob": {"+15005550009", "+15005550010", "+15005550011"}})
	has(t, h.Directory, "bob", "+15005550009", "+15005550010", "+15005550011")
}

// A directory tells what is written down; whether that is a number, others judge.
func unreadable(t *testing.T, open Open) {
	h := open(t, People{"alice": {"call reception"}, "bob": {"+15005550009"}})
	has(t, h.Directory, "alice", "call reception")
	has(t, h.Directory, "bob", "+15005550009")
}

// fails holds that a lookup fails soon, with an error of a class and without any name or number.
func fails(t *testing.T, d directory.Directory, timeout time.Duration, classes ...directory.Class) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	began := time.Now()
	numbers, err := d.Lookup(ctx, person("alice"))
	if took := time.Since(began); took > timeout+3*time.Second {
		t.Errorf("the lookup took %s, with a timeout of %s", took, timeout)
	}
	if err == nil || numbers != nil {
		t.Fatalf("numbers %q, error %v; want an error", numbers, err)
	}
	if class := directory.ClassOf(err); !slices.Contains(classes, class) {
		t.Errorf("class %s of %v, want one of %v", class, err, classes)
	}
	if strings.Contains(err.Error(), "alice") || strings.Contains(err.Error(), "1500555") {
		t.Errorf("the error tells a name or a number: %v", err)
	}
}

func slow(t *testing.T, open Open) {
	h := open(t, People{"alice": {"+15005550006"}})
	if h.Slow == nil {
		return // nobody is asked
	}
	h.Slow()
	fails(t, h.Directory, 300*time.Millisecond, directory.Slow) // while connecting
	h.Up()
	has(t, h.Directory, "alice", "+15005550006")
	h.Slow()
	fails(t, h.Directory, 300*time.Millisecond, directory.Slow) // while asking
	h.Up()
	has(t, h.Directory, "alice", "+15005550006")
}

// A server to which it takes longer to connect than a question may take is asked in the end: the connection is made
// all the same, and a later question finds it.
func slowToConnect(t *testing.T, open Open) {
	h := open(t, People{"alice": {"+15005550006"}})
	if h.Crawl == nil {
		return // a connection costs nothing
	}
	h.Crawl(2 * time.Second)
	fails(t, h.Directory, time.Second, directory.Slow)
	for deadline := time.Now().Add(2 * patience); ; time.Sleep(100 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		numbers, err := h.Directory.Lookup(ctx, person("alice"))
		cancel()
		switch {
		case err == nil && slices.Equal(numbers, directory.Numbers{"+15005550006"}):
			return
		case err == nil || directory.ClassOf(err) != directory.Slow:
			t.Fatalf("numbers %q, error %v", numbers, err)
		case time.Now().After(deadline):
			t.Fatal("no question found a connection")
		}
	}
}

func down(t *testing.T, open Open) {
	h := open(t, People{"alice": {"+15005550006"}})
	if h.Down == nil {
		return // nobody is asked
	}
	for range 2 {
		has(t, h.Directory, "alice", "+15005550006")
		h.Down()
		fails(t, h.Directory, patience, directory.Down, directory.Slow)
		h.Up()
	}
	has(t, h.Directory, "alice", "+15005550006")
	h.Down() // and up again while nobody asks: the connections are dead, and no lookup may suffer from that
	h.Up()
	has(t, h.Directory, "alice", "+15005550006")
}

func cancelled(t *testing.T, open Open) {
	h := open(t, People{"alice": {"+15005550006"}})
	if h.Slow == nil {
		return // nobody is asked
	}
	h.Slow()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	began := time.Now()
	numbers, err := h.Directory.Lookup(ctx, person("alice"))
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the lookup went on for %s", took)
	}
	if err == nil || numbers != nil {
		t.Errorf("numbers %q, error %v; want an error", numbers, err)
	}
	h.Up()
	has(t, h.Directory, "alice", "+15005550006")
}

// atOnce asks about 200 people at once, in the way that the gate asks.
func atOnce(t *testing.T, open Open) {
	people := make(People)
	for _, name := range names(200) {
		people[name] = []string{"+1500" + name[1:]}
	}
	h := open(t, people)
	link := directory.NewLink(h.Directory, directory.Terms{Name: "test", Timeout: patience})
	errs := make(chan error, len(people))
	for name, want := range people {
		go func() {
			numbers, err := link.Lookup(t.Context(), person(name))
			if err == nil && !slices.Equal(numbers, want) {
				err = errors.New("somebody has another's number")
			}
			errs <- err
		}()
	}
	for range people {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
