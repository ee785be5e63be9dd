package sms_test

import (
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/phone"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// message is the text of the tests.
var message = sms.Message{
	ID: "0123456789abcdef", To: phone.Number("+15005550006"), Code: "482913", Language: "en", TTL: 5 * time.Minute,
	Text: "Acme: your code is 482913.\n\n@app.example.com #482913",
}

// timeout is how long the senders of the tests are patient.
const timeout = 700 * time.Millisecond

// provider is one sender, with a server that holds it to the provider's documentation.
type provider struct {
	name string
	// start starts the server and returns it with the sender's secrets, and new makes a sender for a URL.
	start func(t *testing.T) (server *testenv.Provider, make func(url string) (sms.Sender, error), secrets []string)
	// codes are all documented error codes, by the class in which they must end. An unknown one ends in unknown.
	codes   map[sms.Class][]string
	unknown string
	// unreadable is the class of an answer that says yes by its status and has a body that cannot be read: "" where the
	// status has the last word.
	unreadable sms.Class
}

// providers are all of them; each adds itself in its own file.
var providers []provider

func mustSender(t *testing.T, make func(string) (sms.Sender, error), url string) sms.Sender {
	t.Helper()
	s, err := make(url)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
