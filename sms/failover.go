package sms

import (
	"context"
	"errors"
	"slices"

	"github.com/caddy-sms-2fa/gateway/phone"
)

// errNoSender is the cause of the error when no sender of a failover serves the number.
var errNoSender = errors.New("no sender is for numbers of this area, see its options only and except")

// errOnlyCodes is the cause of the error when no sender of a failover can deliver a notice to the number.
var errOnlyCodes = errors.New("no sender for numbers of this area delivers a text without a code: " +
	"their providers put codes into texts of their own")

// Failover is all senders of a gateway, in the order in which a message is offered to them.
type Failover struct{ entries []*Entry }

// NewFailover returns a failover over entries, whose names must differ. onBreaker, if it is not nil, is called when
// the breaker of an entry opens (resting is true) and when it closes again.
func NewFailover(entries []*Entry, onBreaker func(name string, resting bool)) *Failover {
	for _, e := range entries {
		e.breaker = newBreaker(e.Name, onBreaker)
	}
	return &Failover{entries: entries}
}

// Try is the outcome of offering a message to one sender.
type Try struct {
	Sender  string // the name of the entry, "" when no entry serves the number
	Receipt Receipt
	Err     error // nil, or an *Error
}

// Order changes the order in which one message is offered to the entries. The zero Order is that of the configuration.
type Order struct {
	// SkipSender names the entry that is to be passed over for now, because its earlier text has not arrived: the
	// entries behind it come first, then those before it, and the entry itself last. "" passes over none.
	SkipSender string
	// Prefer picks the entries that come before all others; among them, and among the others, the order stays. nil
	// picks none.
	Prefer func(*Entry) bool
}

// Send offers a message to the senders that serve its number, until one accepts it, and returns every try in order,
// at least one; the last one tells how it went. The next sender is offered the message only when the one before has
// surely not accepted it, and failed for a reason that lies with the provider and not with the number: no message is
// sent twice. All tries together end with ctx.
func (f *Failover) Send(ctx context.Context, m Message, order Order) []Try {
	var tries []Try
	for _, e := range f.from(m.To, order) {
		if m.Code == "" && e.onlyCodes() {
			continue
		}
		receipt, err := e.send(ctx, m)
		tries = append(tries, Try{Sender: e.Name, Receipt: receipt, Err: err})
		if err == nil || !ClassOf(err).allowsFailover() || ctx.Err() != nil {
			return tries
		}
	}
	if len(tries) == 0 && m.Code == "" {
		return []Try{{Err: &Error{Class: Config, Err: errOnlyCodes}}}
	}
	if len(tries) == 0 {
		return []Try{{Err: &Error{Class: Config, Err: errNoSender}}}
	}
	return tries
}

// from lists the entries that serve a number, in the order in which they are tried.
func (f *Failover) from(to phone.Number, order Order) []*Entry {
	var before, behind []*Entry
	passed := false
	for _, e := range f.entries {
		switch {
		case !e.serves(to):
		case passed:
			behind = append(behind, e)
		default:
			before = append(before, e)
		}
		passed = passed || order.SkipSender != "" && e.Name == order.SkipSender
	}
	all := append(behind, before...)
	if order.Prefer != nil {
		slices.SortStableFunc(all, func(a, b *Entry) int { return turn(order.Prefer(a)) - turn(order.Prefer(b)) })
	}
	return all
}

// turn is 0 for an entry that is preferred and 1 for any other, to sort by.
func turn(preferred bool) int {
	if preferred {
		return 0
	}
	return 1
}

// First is the entry that is tried first for a number, nil when no entry serves it.
func (f *Failover) First(to phone.Number, order Order) *Entry {
	if entries := f.from(to, order); len(entries) > 0 {
		return entries[0]
	}
	return nil
}

// Entry is the entry of a name, nil when there is none.
func (f *Failover) Entry(name string) *Entry {
	for _, e := range f.entries {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// Entries are all entries, in the order of the configuration.
func (f *Failover) Entries() []*Entry { return f.entries }
