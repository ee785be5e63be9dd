package caddymodule_test

import "testing"

// Where a site answers to any host, whoever has a password would choose the host in the text.
func TestOriginIsRequired(t *testing.T) {
	t.Parallel()
	load(t, []loading{
		{"any host", onFile, gateOf("", ""), "origin: it is missing, and the gate of any host"},
		{"a star", onFile, gateOf("*", ""), "write the host of the site, like: origin app.example.com"},
		{"below a public suffix", onFile, gateOf("*.co.uk", ""), "origin: it is missing"},
		{"a star in the middle", onFile, gateOf("app.*.com", ""), "origin: it is missing"},
		{
			"brand and message name no host", onFile, gateOf("", "brand Acme\nmessage \"{code}\""), "origin: it is missing",
		},
		{
			"one of two gates", onFile,
			gateOf("app.example.com", "") + gateOf("", "zone other"), "origin: it is missing",
		},
	}, true)
}

// Who answers to certain hosts needs no origin, nor does a gate whose texts have other words.
func TestOriginIsNotRequired(t *testing.T) {
	t.Parallel()
	load(t, []loading{
		{"a wildcard of one's own", onFile, gateOf("*.example.com", ""), ""},
		{"with origin", onFile, gateOf("", "origin app.example.com"), ""},
		{"with a global origin", onFile + "origin app.example.com", gateOf("", ""), ""},
		{"loopback names", onFile, gateOf("*.localhost", ""), ""},
		{"hosts by a matcher", onFile, siteOf("", "@a host a.example.com\nhandle @a {\n"+login+"sms_2fa\n}"), ""},
	}, false)
}
