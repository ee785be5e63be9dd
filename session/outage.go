package session

import (
	"log/slog"
	"time"
)

// How often the log tells of an outage that lasts: of each other reason, but not more often than every few seconds,
// and of the same one once a minute.
const (
	otherReason = 5 * time.Second
	sameReason  = time.Minute
)

// outage is what the log was told of a store that does not answer as it should.
type outage struct {
	reason string    // the latest one, "" while all is well
	since  time.Time // when it began
	told   time.Time // when the log was told last
}

// tell logs the beginning of an outage, what changes in it and that it goes on, and its end.
func (o *outage) tell(log *slog.Logger, err error, now time.Time) {
	switch {
	case err == nil && o.reason == "":
	case err == nil:
		log.Info("store answers again", "after", now.Sub(o.since).Round(time.Second).String())
		*o = outage{}
	case o.reason == "":
		log.Error("store does not answer as it should", "error", err)
		*o = outage{err.Error(), now, now}
	case o.due(err, now):
		log.Error("store still does not answer as it should",
			"error", err, "for", now.Sub(o.since).Round(time.Second).String())
		o.reason, o.told = err.Error(), now
	}
}

// due reports whether it is time to tell of an outage again.
func (o *outage) due(err error, now time.Time) bool {
	quiet := now.Sub(o.told)
	return quiet >= sameReason || quiet >= otherReason && err.Error() != o.reason
}
