// Package sms hands text messages to the providers that deliver them: one file or a few for each provider, one set of
// error classes for all of them, and a failover that decides which sender a message is offered to.
//
// # Senders
//
// A [Sender] hands a [Message] to one provider. Send makes one attempt, returns when the provider has answered, and
// never repeats a request, because hardly any provider can tell a repeated message from a second one. A message
// holds the code in clear: a sender never logs it, and no error of a sender holds a number, a code or a secret.
//
// A sender may implement more interfaces, when its provider can do more:
//
//   - [CodeLimiter]: the provider takes codes up to some length only.
//   - [Reporter], [Referrer] and [Acknowledger]: the provider reports what became of a text, see Reports.
//   - [Checker]: the provider makes and checks the codes, see Remote check.
//   - [Confirmer]: the provider wants to hear that a code was typed right.
//
// [Dexatel], [Twilio], [Vonage], [Infobip] and [AWS] speak the API of their provider; [HTTP] speaks any API that the
// operator describes; [Log] prints texts, for development.
//
// # Error classes
//
// Every error of a sender is an [*Error] with a [Class]. Providers have hundreds of error codes and keep splitting
// them; these classes are all that leads to a different act:
//
//	class           next sender  counts for the breaker  text
//	invalid_number  no           no                      surely not accepted
//	blocked         no           no                      surely not accepted
//	rate_limited    yes          no                      surely not accepted
//	unauthorized    yes          yes                     surely not accepted
//	account         yes          yes                     surely not accepted
//	config          yes          yes                     surely not accepted
//	temporary       yes          yes                     surely not accepted
//	ambiguous       no           yes                     may have been accepted
//
// When in doubt the class is Ambiguous: a text that may have been accepted must not be sent again. An error without a
// class counts as Ambiguous too, see [ClassOf].
//
// # Failover
//
// A [Failover] is all senders in the order of the configuration. Each [Entry] has a name, the areas of numbers it
// serves (only, except) and a breaker. [Failover.Send] offers a message to one entry after another, until one
// accepts it or fails in a way that forbids another try, and returns every [Try]. An [Order] changes the order for
// one message: another sender first when the text before has not arrived, or senders whose codes are made by the
// same party first, so that the codes of an earlier text go on to hold.
//
// # Breaker
//
// When a sender has failed five times in a row for reasons that speak against the provider, each time with another
// number, it is passed over for [BreakerPause]; then one message is let through, and its outcome decides. The
// failures of one number count once, so that one odd number cannot keep the texts from all others.
//
// # Reports
//
// A [Reporter] verifies and reads the requests by which its provider reports what became of a text: the signature
// first, then the age, then the content. [ErrForged], [ErrStale] and [ErrUnreadable] say what was wrong. A state
// that leads to nothing is no error; the list of reports is then empty. A [Report] names the text as [Receipt] did;
// that of a [Referrer] has the gate's own name for the text, too.
//
// # Remote check
//
// A [Checker] whose MakesCodes is true ignores the code and the text of a message: its provider makes the code,
// fills its own template, and says at [Checker.Check] whether a typed code is right. The gate still counts guesses,
// blocks and limits on its own. An error of Check means that nobody knows: the guess opens nothing.
//
// # Notices
//
// A message without a code is a notice, like the one to a number that was changed. The failover offers it to no
// [CodeCarrier] whose OnlyCodes is true: its provider puts codes into a template, and would send nonsense.
//
// # Adding a sender
//
//   - Write the options as a struct whose comments say what is required and what the defaults are, and a constructor
//     that names the wrong option in its errors.
//   - Use client.do for requests, so that timeouts, redirects, size of answers and errors of the network are treated
//     as with every other provider.
//   - List the documented error codes in a map from code to Class, and let an answer that cannot be read end in
//     Ambiguous, unless its status alone says that the text was accepted.
//   - Let the package's tests hold the sender to the provider's documentation: a server in internal/testenv/providers
//     that answers as documented, and an entry in the table of providers in the tests of this package, which tries
//     every documented code, broken answers, timeouts and secrets in errors.
//   - Register it as a Caddy module sms_2fa.senders.<name> in caddymodule/senders, and describe it in docs/.
package sms
