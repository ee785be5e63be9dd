package directory

import (
	"sync"
	"time"
)

// maxCached is how many people a cache remembers.
const maxCached = 10000

// cache remembers numbers that were found, for a while.
type cache struct {
	keep time.Duration
	now  func() time.Time

	mu      sync.Mutex
	entries map[Person]cached
	dropped int // how often the cache was dropped
}

type cached struct {
	numbers Numbers
	until   time.Time
}

func newCache(keep time.Duration, now func() time.Time) *cache {
	return &cache{keep: keep, now: now, entries: make(map[Person]cached)}
}

func (c *cache) get(p Person) (Numbers, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, known := c.entries[p]
	if !known || !c.now().Before(e.until) {
		return nil, false
	}
	return e.numbers, true
}

// generation tells whether the cache was dropped between a question and its answer.
func (c *cache) generation() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dropped
}

// put remembers the numbers of a person, unless the cache was dropped since the generation in which they were asked
// for.
func (c *cache) put(p Person, numbers Numbers, generation int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dropped != generation {
		return
	}
	if len(c.entries) >= maxCached {
		c.makeRoom()
	}
	c.entries[p] = cached{numbers, c.now().Add(c.keep)}
}

// makeRoom forgets what is over, and some others if nothing is.
func (c *cache) makeRoom() {
	now := c.now()
	for p, e := range c.entries {
		if !now.Before(e.until) {
			delete(c.entries, p)
		}
	}
	for p := range c.entries {
		if len(c.entries) < maxCached {
			return
		}
		delete(c.entries, p)
	}
}

func (c *cache) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropped++
	clear(c.entries)
}
