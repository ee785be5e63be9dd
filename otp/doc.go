// Package otp is the domain of the gateway: what a second factor by text message is, and what may happen to it.
//
// Everything about one person in one zone is an account: guesses counted, blocks, texts, challenges. An account
// changes only by the steps listed below. A step is a pure function of the account, the policy and the time: it has
// no I/O, reads no clock and draws no randomness. The [Verifier] runs steps on the records of a store. A caller
// outside the package knows the verifier, hands it a [Subject], a [Ticket] and a [Policy], and gets an [Outcome].
//
// What a step finds is a value, a [Kind]. An error is a fault of the store or a record that cannot be read, and a
// fault means no.
//
// # Words
//
//   - Subject: one person in one zone, by the name that the first factor vouched for. Zones share nothing but the
//     limits of a phone number.
//   - Account: all that is known of a subject. It is the one record that the store keeps for the subject.
//   - Challenge: the question for one code. It has a random ID, from which the code is derived, and lives for
//     [Policy.CodeTTL] after its latest text, at most [MaxCodeTTL].
//   - Ticket: what a browser keeps of its challenge, in a cookie: the challenge's ID and a random name for the
//     browser.
//   - Phone: where a text goes, by the name under which its texts are counted. A subject may have several, and the
//     visitor may choose one. A challenge knows the one that it was texted to, and goes to no other; its code opens
//     nothing once that phone is none of the subject's any more. An account also knows the phone of its latest text.
//   - Text: one text message of a challenge. A challenge has several when the visitor asks for the text again;
//     all whose code the gate makes carry the same code.
//   - Code: the digits that the visitor reads from a text. A challenge that waits, waits for the code of one text
//     of its own, the code text; see codeText.
//   - Maker of a code, CodeBy: the gate, written "", or the sender whose provider makes and checks codes of its
//     own. The caller may also name a maker of its own, as it does for test numbers.
//   - Sender: the caller's name for the way by which a text goes to a provider.
//   - ProviderID: what the provider calls a text, kept where the provider will be asked or told about the text's
//     code.
//   - ReportID: what the provider's reports call a text, kept where reports of the text are expected.
//   - Reference: our own name for a text, Dispatch.ID, which the reports of some providers repeat.
//   - Dispatch: the order to send one text. SkipSender is the sender after which the text may begin, because that
//     sender did not deliver the account's last text. SameCodeBy asks for a sender whose code has the same maker as
//     a text before, because the code of that text can still be typed.
//   - Handover: how a dispatch went, told by the caller.
//   - Delivery: what is known of a text's way to the phone.
//   - Guess: what a visitor typed, once it has the form of a code. Guesses are counted before they are compared.
//   - Mark: what an account keeps of a guess, so that the same guess is recognized later; useless without the key.
//   - Counted: the guesses counted since the last block. A right guess is counted, too, until it turns out right.
//   - Bar: a block, which ends by itself, or the disabling of an account, which an operator ends.
//
// # States
//
// The bar before an account (state, what happens, next state):
//
//	free      the guess number Policy.Attempts is counted   blocked for Policy.Block; each further block lasts twice
//	                                                        as long as the one before, up to MaxBlock
//	blocked   the time is over                              free, with a new budget of guesses; the number of
//	                                                        blocks is remembered
//	blocked   a guess is given back                         free, with one guess left
//	any       MaxInARow guesses counted since a right one   disabled
//	any       a guess that was counted turns out right      free; nothing is remembered
//	any       unlock                                        free; nothing is remembered, no text counts any more
//	any       nothing happens for 400 days                  free; the record has expired
//
// A challenge (state, what happens, next state):
//
//	(none)    begin or send orders a first text             waiting
//	waiting   a right code                                  opened, in the browser that typed the code
//	waiting   send orders another text                      waiting until a new end, MaxCodeTTL after begin at most
//	waiting   send orders a text to another phone, which    gone, when settle has noted that the text may be out
//	          the visitor has chosen
//	opened    the same browser repeats the code             opened; for a minute the answer is Right once more
//	any       its end, or a revocation, or a fourth         gone
//	          challenge of the account when it is the
//	          oldest, or a text when its phone is none
//	          of the subject's any more
//
// The delivery of a text (state, step, next state):
//
//	(none)         begin or send                            sending
//	sending        settle                                   sent, failed or unknown
//	sending        report, which names the text by our      sent, delivered or undelivered; settle leaves that as it
//	               reference                                is, unless another sender took the text in the end
//	sending        the caller takes the order back          failed; a challenge without another text is gone
//	sending        MaxSending is over                       unknown
//	unknown        settle, later than that                  sent, failed or unknown
//	sent           report                                   delivered or undelivered
//	unknown        report                                   sent, delivered or undelivered
//
// No report changes a text that is failed, delivered or undelivered. Failed and undelivered texts are lost: the
// visitor need not wait for them. Undelivered ones still count for the limits, because they were paid for. A text
// is forgotten when no limit counts it any more: a failed one after ten minutes, or when the wait is over that its
// sender asked for, any other one after the longest window of the limits.
//
// # Steps
//
// Before each step, texts and challenges that are over are dropped. Then each step is tried from the top down; the
// first line that applies decides. A line says when it applies, and on the right what the step does or finds.
//
// begin shows the visitor where things stand, and orders a first text unless the caller only looks:
//
//	the account is barred                                          Blocked or Disabled
//	the ticket's challenge was texted to a phone of the subject,
//	and waits, or this browser just opened it                      Waiting
//	the newest challenge was texted to a phone of the subject and
//	waits, and its text went out a moment ago, or a limit forbids
//	another                                                        Waiting: the browser joins that challenge
//	the caller only looks                                          Idle
//	else                                                           send, without the ticket's challenge
//
// send orders a text:
//
//	the account is barred                                          Blocked or Disabled
//	the pause since the latest text that is neither lost nor
//	answered, a provider's wish or a limit forbids a text          Limited
//	the ticket's challenge was texted to a phone of the subject,
//	and waits, and the visitor has chosen no other phone           Sending: another text of that challenge
//	else                                                           Sending: the first text of a new challenge, to the
//	                                                               phone that the visitor has chosen, or the first;
//	                                                               challenges of phones that the subject no longer
//	                                                               has are gone
//
// After Sending the verifier counts the text for the phone number, too. When the number has too many, the order is
// taken back and the outcome is Limited: of a challenge that was to be left for that phone, and goes on, or of the
// newest challenge of that phone that waits, if there is one. When the store fails
// over an order, the order is taken back later.
//
// settle notes what the caller's sender said of a text, and report what the provider said later.
//
// attempt takes a guess. What does not have the form of a code is no guess: the outcome is that of a look, with
// Malformed for Waiting and Expired for Idle.
//
//	the guess is written down, and this browser just opened        compared, not counted again
//	the guess is written down, the account is barred, the
//	challenge waits, and the gate made the code                    compared, not counted again
//	the account is barred                                          Blocked or Disabled
//	the ticket's challenge is gone or opened, or was texted to
//	a phone that is none of the numbers on file now                Expired
//	else                                                           counted, written down, and compared
//
// Comparing is the verifier's part:
//
//	a provider made the code, and the challenge waits              Asking: the caller asks, then Decide or Unanswered
//	the gate made the code, and the guess is another code          wrong
//	else                                                           open
//
// open notes a right guess:
//
//	the challenge is gone, or the guess is not written down, or
//	another browser opened, or a minute has passed since           Expired
//	the challenge waits                                            Right: opened, its texts are answered, and the
//	                                                               account is forgiven
//	else                                                           Right: what this browser already has
//
// wrong notes a wrong guess:
//
//	a provider made the code, and this browser just opened the
//	challenge with the same guess                                  Right: the provider accepts a code only once
//	the account is barred                                          Blocked or Disabled
//	else                                                           Wrong
//
// unanswer gives a guess back that a provider did not answer, three times for each challenge. endOne and endAll end
// all challenges of the account, whose texts count as answered then, and tell what has to be written to the log of
// revocations so that one session ends, or all of them. unlock forgives all guesses and blocks and lifts the limits
// of all texts so far, also those of the phone that the latest text went to.
//
// # Clocks
//
// The time of a step is the store's. Before each step, what lies in the future is moved to now: texts, challenges and
// blocks that were written while that clock was ahead. So nobody waits longer than the policy says after the clock was
// put right.
//
// # Count first
//
// One rule spans two steps, and [Verifier.Check] holds it: a guess is counted and written into the store before
// anybody compares it. So a visitor who interrupts a check, or sends a thousand guesses at once, or types while the
// store refuses writes, learns nothing about the code beyond the budget of guesses. Only a right guess, or a
// provider's answer, causes a second write.
package otp
