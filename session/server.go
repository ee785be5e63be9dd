package session

import (
	"context"
	"fmt"
	"time"
)

// identified is a store that can tell by which server, and in which life of that server, it answers. Another name than
// before says that the latest writes may be missing; "" says that it is not known.
type identified interface {
	Identity(ctx context.Context) (string, error)
}

// settling is how long after a change of the server this gateway's own revocations are looked for: some may be written
// to the server before, until every connection has noticed.
const settling = 30 * time.Second

// checkServer finds out whether another server answers than before. The log is then read anew, because its end may lie
// before what was read already; what was read stays known.
func (f *Follower) checkServer(ctx context.Context) error {
	s, ok := f.store.(identified)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	server, err := s.Identity(ctx)
	if err != nil {
		return fmt.Errorf("asking for the server: %w", err)
	}
	if server == "" || server == f.server {
		return nil
	}
	if f.server != "" {
		f.log.Warn("store answers by another server, or by one that was started anew; the log of revocations is read again")
		f.settled = f.now().Add(settling)
		if f.reading != nil {
			f.reading.cursor = ""
		}
	}
	f.server = server
	return nil
}

// writeAgain writes the revocations of this gateway again that the store has lost with its former server. It does so
// for a while after the change, and nothing otherwise.
func (f *Follower) writeAgain(ctx context.Context) error {
	now := f.now()
	if !now.Before(f.settled) {
		return nil
	}
	lost := 0
	for _, one := range f.written.lately(now) {
		again, err := f.writeOneAgain(ctx, one)
		if err != nil {
			return fmt.Errorf("writing revocations again: %w", err)
		}
		if again {
			lost++
		}
	}
	if lost > 0 {
		f.lost.Add(int64(lost))
		f.log.Error("store has lost its latest writes: revocations of this gateway are written again; "+
			"wrong codes and texts of the last seconds may not be counted", "revocations", lost)
	}
	return nil
}

// writeOneAgain writes a revocation again if the log does not hold it, and reports whether that was so.
func (f *Follower) writeOneAgain(ctx context.Context, one writing) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	held, err := f.store.Holds(ctx, one.position)
	if err != nil || held {
		return false, err
	}
	entry, err := one.Encode()
	if err != nil {
		return false, err
	}
	position, err := f.store.Append(ctx, entry, time.Unix(one.Until, 0))
	if err != nil {
		return false, err
	}
	f.written.moved(one.position, position)
	return true, nil
}

// Lost is how many revocations of this gateway the store had lost, and got again.
func (f *Follower) Lost() int64 { return f.lost.Load() }
