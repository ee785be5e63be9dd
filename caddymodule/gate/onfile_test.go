package gate

import (
	"bytes"
	"testing"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/otp"
)

func TestProved(t *testing.T) {
	t.Parallel()
	keys, err := otp.NewKeys(bytes.Repeat([]byte{1}, otp.RootSize))
	if err != nil {
		t.Fatal(err)
	}
	alice := otp.Subject{Zone: "default", Name: "alice"}
	claim := keys.Number(alice, "+15005550006")
	h := &Handler{Options: app.Options{DefaultRegion: "US"}}
	for _, tt := range []struct {
		name  string
		claim string
		file  onFile
		want  bool
	}{
		{"the number", claim, onFile{"+15005550006", true}, true},
		{"another spelling", claim, onFile{"500-555-0006", true}, true},
		{"another number", claim, onFile{"+15005550009", true}, false},
		{"no number", claim, onFile{"", true}, false},
		{"a number that cannot be read", claim, onFile{"12", true}, false},
		{"the second number", claim, onFile{"+15005550009\n+15005550006", true}, true},
		{"one of a list", claim, onFile{`["12", "+15005550006"]`, true}, true},
		{"none of several", claim, onFile{"+15005550009\n+15005550010", true}, false},
		{"a list that cannot be read", claim, onFile{`["+15005550006"`, true}, false},
		{"not at hand", claim, onFile{}, true},
		{
			"the number of another user", keys.Number(otp.Subject{Zone: "default", Name: "bob"}, "+15005550006"),
			onFile{"+15005550006", true},
			false,
		},
		{"a token from before the claim", "", onFile{"+15005550006", true}, true},
		{"such a token, whose user is gone", "", onFile{"", true}, false},
		{"such a token, whose user's number cannot be read", "", onFile{"12", true}, false},
		{"such a token, and no number at hand", "", onFile{}, true},
	} {
		if got := h.proved(keys, alice, tt.claim, tt.file); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}
