package store

// Condition is how a server of a store is set up that does not suit a gateway. Only stores with servers have any.
type Condition struct {
	Kind   Kind
	Server string // host:port, "" for the only one
	Value  string // what the server says
}

// Kind tells conditions apart.
type Kind string

// The conditions there are.
const (
	// Evicts: the server removes records when memory runs out. Accounts that are blocked may guess again then, and the
	// log of revocations may vanish, which ends all sessions.
	Evicts Kind = "evicts"
	// Forgets: the server writes nothing to its disk. When it restarts, all sessions end, and blocks begin anew.
	Forgets Kind = "forgets"
	// Old: the server is older than 6.2, and lacks commands that the store needs.
	Old Kind = "old"
)
