package directory

// AtHand is a directory that answers from memory. The gate asks such a directory at each request of a verified user,
// so that a session ends when its number changes or its user goes; a directory that would have to ask somebody is
// asked only when a code is needed.
type AtHand interface {
	Directory

	// AtHand finds the numbers of a user as Lookup does, one a line (see NumbersInText), but does not wait for anything:
	// no file, no network, no lock that is held meanwhile. user is the Canonical name. AtHand may be called at once from
	// many goroutines, allocates nothing, and takes no longer than looking into a map.
	AtHand(user string) (numbers string, found bool)
}
