// Package store is the contract between the gateway and the database that keeps its state.
//
// A store knows nothing of codes, accounts or phones. It keeps small opaque records, counts uses against limits, and
// keeps one log of revocations that every gateway follows. Package boltstore keeps them in one file, for a gateway on
// one machine; package redisstore keeps them in Redis, for gateways on many machines.
//
// # Contract
//
// [Store] says method by method what a store must do. What they have in common:
//
//   - Every method may be called from many goroutines at once, and returns soon after its context ends.
//   - The clock that decides is the store's own: gateways whose clocks differ cannot stretch a limit or a lifetime.
//   - A write is atomic, and durable as far as the store can be when the method returns.
//   - Every use and entry expires, and every record but those of the register; nothing has to be cleaned up by hand.
//   - A store never guesses. A record that cannot be read is an error and not "no record": to take it for none would
//     forget guesses that were counted.
//
// [Change] is how a caller changes a record that other gateways change at the same time: it reads, computes the next
// record, and tries to swap it in until it succeeds or the context ends.
//
// # Keys
//
// These are all keys, who writes them and what for. Names behind the colon are keyed hashes, so that a copy of the
// store names no person and no number. The Redis store puts key_prefix before each of them.
//
//	epoch     record  package session  the epoch: its ID and its sealed root; read by every gateway
//	register  record  package register the sealed root of the register; kept without end
//	u:<name>  record  package register a user of the register, with numbers; kept without end, found by Scan
//	i:<name>  record  package register an invitation of a user to give a number, for 7 days
//	n:<name>  record  package register a number of the register, with its owners; kept without end
//	a:<name>  record  package otp      one account (a user in a zone): counters, block, open challenge, texts
//	r:<name>  record  package otp      for delivery reports, kept for an hour: the account that a text belongs to,
//	                                   by the sender and the name that the provider gave the text
//	p:<name>  limit   package otp      one phone number: the texts sent to it, counted by Take, Give and Clear
//	t:<name>  limit   package otp      numbers that users without any try, and texts to them: by user, address, calling
//	                                   code, and in all; and the forms that are kept for an account
//	f:<name>  record  package otp      a form that was interrupted, sealed, for ten minutes
//	log       log     package session  the revocations, written by Append and read by Follow
//
// The log has no key in the contract; "log" is the name of the stream in Redis and of the bucket in the file.
//
// # Errors
//
// Every error of a store wraps [ErrUnavailable] or [ErrRefused]; if the context has ended, it wraps the error of the
// context as well. An error means no: no guess is accepted, no text is sent and no session is opened, and the visitor
// gets 503 store-unavailable.
//
//   - [ErrUnavailable]: the store was not reached or did not answer in time. A write may have happened or not. Trying
//     again later may help. A store must not repeat a write on its own, because a guess could count twice.
//   - [ErrRefused]: the store answered and will not do it: out of memory, read-only, wrong password, damaged file.
//     Nothing was written. Somebody has to act, so the message says what to do.
//   - [ErrContended]: only from [Change]: other writers were faster until the context ended. Nothing was written.
//
// # Writing another store
//
// Implement [Store] in a package of its own below this one, with a compile-time check (var _ store.Store =
// (*Store)(nil)), and run the conformance suite from its tests. The suite runs each case on a fresh, empty store:
//
//	func TestConformance(t *testing.T) {
//		t.Parallel()
//		storetest.Run(t, func(t *testing.T) storetest.Harness {
//			s := mystore.New(t.TempDir())
//			t.Cleanup(func() { _ = s.Close() })
//			return storetest.Harness{Store: s, Second: s}
//		})
//	}
//
// Where several processes can share the data, Second is a second client on the same data; otherwise it is the same
// store again. Advance moves the store's clock, where a test can; otherwise the suite sleeps. storetest.Bench
// measures a store. Beside the suite, test what only your store can do: a lost connection, a full disk, a damaged
// file.
package store
