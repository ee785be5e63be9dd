// Package session holds what follows a right code: the visitor's browser gets a signed token in a cookie, and every
// gateway of the installation accepts that token until it expires or is revoked. The package knows nothing of HTTP, of
// codes or of phone numbers.
//
// # Token
//
// A [Session] is one verification of one subject in one browser. [Tokens] writes it as a JSON Web Token (RFC 7519)
// that is signed with HMAC-SHA256, and reads it as RFC 8725 asks: one algorithm, an explicit type, our own keys
// only, issuer, audience and expiry checked. The token names no person: its subject is a pseudonym, a keyed hash of
// zone and user.
//
//	iss        sms_2fa
//	sub        the pseudonym of the subject
//	aud        the zone in which the session counts
//	sid        the ID of the session, by which it is revoked
//	epoch      the epoch of the store in which it was opened
//	bind       a keyed hash of the first factor's session, only with the option bind
//	number     a keyed hash of the phone number whose text had the code
//	auth_time  when the code was typed
//	stamp      the place of the session among the openings and revocations of the subject
//	iat, exp   when the token was made, and when it expires
//	jti        the ID of the token: sid and iat
//	amr        sms, mfa (RFC 8176)
//
// Checking a signature at each request would be slow, so a [Cache] remembers what was found out about a token. What
// changes with time (expiry, epoch, revocation) is not in the cache and must be checked at each request.
//
// # Key ring
//
// The operator configures one or more secrets. A [KeyRing] derives three keys from each: one signs tokens, another
// seals the root of the epoch, and the third goes into the codes that are texted. The first secret signs, seals and
// begins challenges; all of them verify, open and check. To change the secret,
// put the new one before the old one on every gateway, and remove the old one when the longest session has ended.
// The ID of a key stands in the header kid of the token and tells nothing of the secret.
//
// # Epoch
//
// An [Epoch] is the memory of a store, from the day it was empty to the day it loses its data. It is one record
// under the key "epoch" with a random ID and a random root, from which the keys of all accounts are derived. The
// root is sealed with AES-256-GCM by a secret, so that the store alone, or a copy of it, does not tell which account
// is whose. A token of another epoch is worthless, because the store that could say whether it was revoked is gone:
// after the loss of the store everybody signs in again. The record is renewed long before it expires, and is sealed
// anew when another secret has become the first. With a secret that none of the gateways before had, [OpenEpoch]
// returns [ErrForeignSecret], and the gateway starts no challenge.
//
// # State and follower
//
// A [State] is what one gateway knows of the epoch: its root and the sessions that were revoked in it. A [Follower]
// keeps it current: Run reads the epoch and the store's log of revocations, waits for the next entry, and begins
// again. A request reads the state from memory and causes no question to the store:
//
//	follower := session.NewFollower(store, ring, rand.Reader, time.Now, log)
//	go follower.Run(ctx)
//	state, err := follower.Wait(ctx)                 // once, until the store has answered for the first time
//	s, err := tokens.Read(cookie, zone)              // at each request, or from the Cache
//	ok := s.Epoch == state.Epoch.ID && !state.Revoked.Has(&s)
//
// [Follower.Age] tells how long ago the store last answered. A caller that must not honour a revoked session for
// longer than some time refuses sessions when Age exceeds that time. When the store loses its data, or the log of
// revocations alone, the follower notices within a second, begins a new State with the new epoch, and logs the loss.
// [Follower.EndEpoch] begins a new epoch on an operator's word. A long log is read in portions, each with a deadline
// of its own.
//
// # Revocation
//
// A [Revocation] is an entry of the store's log. It ends one session, or all sessions of a subject that were opened
// before it. Before and after are not a matter of clocks, which differ from machine to machine and are put back: each
// session and each revocation has a stamp, drawn from the account's record in the store, that is greater than every
// stamp of the subject before. [Follower.Revoke] appends a revocation and applies it at once on this gateway; the
// others hear of it within 50 ms (see the contract of package store). An entry is kept until the last session it can
// be about has expired anyway. An entry that cannot be read is a fault of the follower, reported by [Follower.Fault],
// and the Age grows from then on: nobody knows which session it ends.
package session
