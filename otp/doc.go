// Package otp is the domain of the gateway: what a second factor by text message is, and what may happen to it.
//
// Everything about one person in one zone is an account: wrong codes, blocks, texts sent, open challenges. An account
// changes only by the steps of this package (begin, send, settle, report, attempt, unanswer, open, revoke, unlock). A step
// is a pure function of the account, the policy and the time; it has no I/O and reads no clock. The [Verifier] runs steps
// on the records of a store and owns the one rule that spans two of them: a guess is written down before it is compared.
//
// What a step finds is a value, a [Kind]. An error is a fault, and a fault means no.
package otp
