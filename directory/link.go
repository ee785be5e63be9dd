package directory

import (
	"context"
	"time"

	"golang.org/x/sync/singleflight"
)

// Rules that hold for every directory which asks somebody.
const (
	// DefaultTimeout is how long a lookup may take if Terms.Timeout is not set.
	DefaultTimeout = 2 * time.Second
	// atOnce is how many questions a directory is asked at once. Further lookups wait for one of them to end.
	atOnce = 32
	// maxNumbers is how many numbers one person can have. An answer with more is no answer about one person.
	maxNumbers = 16
)

// Terms are the terms on which a directory is asked.
type Terms struct {
	// Name tells the directory from the others of its chain, in logs and metrics.
	Name string
	// Timeout is how long a lookup may take, waiting for other questions included. Default: DefaultTimeout.
	Timeout time.Duration
	// Cache is how long numbers are remembered that were found. That somebody has no number is never remembered.
	// Default: 0, nothing is remembered.
	Cache time.Duration
	// Now is the clock of the cache. Default: time.Now.
	Now func() time.Time
	// OnResult, if it is not nil, is called after each lookup with what came of it: "found", "cached", "none", or the
	// class of the error.
	OnResult func(name, result string)
	// OnBreaker, if it is not nil, is called when the directory is left alone because several questions in a row failed
	// (resting is true), and when it works again.
	OnBreaker func(name string, resting bool)
}

// Link is a directory in a chain. An Immediate directory is simply asked. Any other one has a limit of time, one
// question at a time for one person, a limit of questions at once, a breaker, and a cache if the Terms say so.
type Link struct {
	directory Directory
	terms     Terms
	immediate bool

	cache   *cache // nil without one
	flights singleflight.Group
	slots   chan struct{}
	breaker *breaker
}

// NewLink returns a directory on some terms.
func NewLink(d Directory, t Terms) *Link {
	if t.Timeout <= 0 {
		t.Timeout = DefaultTimeout
	}
	if t.Now == nil {
		t.Now = time.Now
	}
	l := &Link{directory: d, terms: t, slots: make(chan struct{}, atOnce)}
	_, l.immediate = d.(Immediate)
	if t.Cache > 0 && !l.immediate {
		l.cache = newCache(t.Cache, t.Now)
	}
	l.breaker = newBreaker(t.Name, t.OnBreaker)
	return l
}

// Name is the name of the directory in logs and metrics.
func (l *Link) Name() string { return l.terms.Name }

// Directory is the directory itself.
func (l *Link) Directory() Directory { return l.directory }

// Drop forgets what is cached, also what questions under way will bring, and reports whether there is a cache.
func (l *Link) Drop() bool {
	if l.cache != nil {
		l.cache.drop()
	}
	return l.cache != nil
}

// Lookup asks the directory. An error is an *Error that names the directory.
func (l *Link) Lookup(ctx context.Context, p Person) (Numbers, error) {
	numbers, result, err := l.lookup(ctx, p)
	if err != nil {
		class := ClassOf(err)
		result, err = string(class), &Error{Directory: l.terms.Name, Class: class, Err: err}
	}
	if l.terms.OnResult != nil {
		l.terms.OnResult(l.terms.Name, result)
	}
	return numbers, err
}

func (l *Link) lookup(ctx context.Context, p Person) (numbers Numbers, result string, err error) {
	if l.cache != nil {
		if numbers, known := l.cache.get(p); known {
			return numbers, "cached", nil
		}
	}
	if l.immediate {
		numbers, err = l.ask(ctx, p)
	} else {
		numbers, err = l.join(ctx, p)
	}
	if len(numbers) == 0 {
		return nil, "none", err
	}
	return numbers, "found", err
}

// join takes part in the question about a person that is under way, or asks one. The question goes on when those who
// wait for its answer leave: whoever joined later still waits, and the limit of time ends it in any case.
func (l *Link) join(ctx context.Context, p Person) (Numbers, error) {
	answer := l.flights.DoChan(p.Name+"\x00"+p.Given, func() (any, error) {
		asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.terms.Timeout)
		defer cancel()
		return l.question(asking, p)
	})
	waiting, cancel := context.WithTimeout(ctx, l.terms.Timeout+slack)
	defer cancel()
	select {
	case a := <-answer:
		return a.Val.(Numbers), a.Err
	case <-waiting.Done():
		return nil, unreachable(waiting.Err())
	}
}

// slack is how much longer than the question its first asker waits, so that the answer is that of the question.
const slack = 50 * time.Millisecond

// question asks, unless the breaker is open, and remembers the answer.
func (l *Link) question(ctx context.Context, p Person) (Numbers, error) {
	if l.cache == nil {
		return l.breaker.ask(p, func() (Numbers, error) { return l.bounded(ctx, p) })
	}
	generation := l.cache.generation()
	numbers, err := l.breaker.ask(p, func() (Numbers, error) { return l.bounded(ctx, p) })
	if err == nil && len(numbers) > 0 {
		l.cache.put(p, numbers, generation)
	}
	return numbers, err
}

// errBusy says that the directory had no time for a question, because of other questions.
var errBusy = fault(Busy, "too many questions are waiting for this directory")

// bounded waits for a free slot and asks. A question that lost most of its time waiting, and then was too slow, says
// nothing about the server.
func (l *Link) bounded(ctx context.Context, p Person) (Numbers, error) {
	began := time.Now()
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, errBusy
	}
	hurried := time.Since(began) > l.terms.Timeout/2
	numbers, err := l.detached(ctx, p)
	if err != nil && hurried && ClassOf(err) == Slow {
		return nil, errBusy
	}
	return numbers, err
}

// detached asks, and returns when ctx ends even if the directory does not. The slot is free again when the directory
// has returned.
func (l *Link) detached(ctx context.Context, p Person) (Numbers, error) {
	type answer struct {
		numbers Numbers
		err     error
	}
	answers := make(chan answer, 1)
	go func() {
		defer func() { <-l.slots }()
		numbers, err := l.ask(ctx, p)
		answers <- answer{numbers, err}
	}()
	select {
	case a := <-answers:
		return a.numbers, a.err
	case <-ctx.Done():
		return nil, unreachable(ctx.Err())
	}
}

// ask calls the directory, which may be the plugin of another author. If it panics, the process goes on. The value of
// the panic is left out, because it could hold a number or a secret.
func (l *Link) ask(ctx context.Context, p Person) (numbers Numbers, err error) {
	defer func() {
		if recover() != nil {
			numbers, err = nil, fault(Panicked, "the directory panicked")
		}
	}()
	numbers, err = l.directory.Lookup(ctx, p)
	if err != nil {
		return nil, err
	}
	if len(numbers) > maxNumbers {
		return nil, fault(Unreadable, "the directory has more than 16 numbers for one person")
	}
	return numbers, nil
}
