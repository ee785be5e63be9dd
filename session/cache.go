package session

import "sync"

// generation is how many tokens one generation of the cache holds.
const generation = 16384

// Cache remembers what was found out about tokens, so that the signature of a token is checked once and not with each
// request. It holds two generations of them: when the younger is full it becomes the older, and the older is forgotten.
// That bounds its size and keeps what is in use. It says nothing of expiry or revocation; these change, and are checked
// each time.
type Cache[T any] struct {
	mu       sync.RWMutex
	young    map[string]T
	old      map[string]T
	capacity int
}

// NewCache returns an empty cache.
func NewCache[T any]() *Cache[T] {
	return &Cache[T]{young: make(map[string]T), capacity: generation}
}

// Get finds what was put under the token.
func (c *Cache[T]) Get(token string) (T, bool) {
	c.mu.RLock()
	found, ok := c.young[token]
	if ok {
		c.mu.RUnlock()
		return found, true
	}
	found, ok = c.old[token]
	c.mu.RUnlock()
	if ok {
		c.Put(token, found)
	}
	return found, ok
}

// Put remembers what was found out about a token.
func (c *Cache[T]) Put(token string, found T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= c.capacity {
		c.old, c.young = c.young, make(map[string]T)
	}
	c.young[token] = found
}

// Clear forgets everything.
func (c *Cache[T]) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.young, c.old = make(map[string]T), nil
}
