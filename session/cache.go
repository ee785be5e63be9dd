package session

import "sync"

// generation is how many tokens one generation of the cache holds: two of them take a few megabytes.
const generation = 16384

// Cache remembers what was found out about tokens, so that the signature of a token is checked once and not at each
// request. The tokens are held in two generations of at most 16,384 tokens each: when the younger generation is full
// it becomes the older one, and the older one is forgotten. A token that is read from the older generation moves to
// the younger, so tokens in use stay. The cache says nothing of expiry or revocation: these change with time, and
// the caller checks them at each request. All methods may be called from many goroutines at once.
type Cache[T any] struct {
	mu    sync.RWMutex
	young map[string]T
	old   map[string]T
}

// NewCache returns an empty cache.
func NewCache[T any]() *Cache[T] {
	return &Cache[T]{young: make(map[string]T)}
}

// Get returns what was last put under the token, and false if there is nothing.
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

// Put remembers found as what was found out about the token.
func (c *Cache[T]) Put(token string, found T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= generation {
		c.old, c.young = c.young, make(map[string]T)
	}
	c.young[token] = found
}

// Clear forgets all tokens, for example because the keys that verified them are no longer valid.
func (c *Cache[T]) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.young, c.old = make(map[string]T), nil
}
