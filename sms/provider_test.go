package sms_test

import (
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
	"github.com/caddy-sms-2fa/gateway/phone"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// message is the text of the tests.
var message = sms.Message{
	ID: "0123456789abcdef", To: phone.Number("+15005550006"), Code: "482913", Language: "en", TTL: 5 * time.Minute,
	Text: "Acme: your code is 482913.\n\n@app.example.com #482913",
}

// timeout is the timeout of the senders in the tests.
const timeout = 700 * time.Millisecond

// senderAt makes a sender that sends to the server at a URL.
type senderAt func(url string) (sms.Sender, error)

// starter starts a server that holds a sender to the documentation of its provider, and returns the server, a way to
// make the sender, and the secrets of the sender.
type starter func(t *testing.T) (server *providers.Provider, make senderAt, secrets []string)

// provider is one sender with its server, for the tests that hold for every sender.
type provider struct {
	name  string
	start starter
	// codes are all documented error codes, by the class in which they must end. An unknown one ends in unknown.
	codes   map[sms.Class][]string
	unknown string
	// unreadable is the class of an answer that says yes by its status and has a body that cannot be read: "" where
	// the status has the last word.
	unreadable sms.Class
}

// everyProvider are all everyProvider; the test file of each adds its own.
var everyProvider []provider

func mustSender(t *testing.T, make senderAt, url string) sms.Sender {
	t.Helper()
	s, err := make(url)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
