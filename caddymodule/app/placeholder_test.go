package app

import (
	"strings"
	"testing"
)

// The placeholders that Caddy documents for requests, and who controls them.
var documented = map[Control]string{
	ByFirstFactor: `http.auth.user.id http.auth.user.email http.reverse_proxy.header.Remote-User http.sms_2fa.user
		http.request.tls.client.subject http.request.tls.client.fingerprint http.request.tls.client.serial
		http.request.tls.client.san.emails.0 http.request.tls.client.public_key_sha256 http.request.tls.Client.Subject`,
	ByVisitor: `http.request.header.X http.request.cookie.x http.request.uri http.request.uri_escaped
		http.request.uri.path http.request.uri.path.0 http.request.uri.path.file http.request.uri.path.file.base
		http.request.uri.path.dir http.request.uri.query http.request.uri.query.x http.request.uri.prefixed_query
		http.request.orig_uri http.request.orig_uri.path http.request.orig_uri.path.0 http.request.orig_uri.query
		http.request.body http.request.body_base64 http.regexp.x.1 http.matchers.file.relative
		http.request.of_a_later_caddy header.X cookie.x query.x path.0 re.x.1`,
	ByAddress: `http.request.remote.host http.request.remote.host/24,64 http.vars.client_ip`,
	ByNobody: `http.request.host http.request.hostport http.request.host.labels.0 http.request.port http.request.method
		http.request.orig_method http.request.scheme http.request.proto http.request.proto_name http.request.local
		http.request.local.host http.request.local.port http.request.remote http.request.remote.port
		http.request.duration http.request.duration_ms http.request.uuid http.request.tls.version
		http.request.tls.cipher_suite http.request.tls.resumed http.request.tls.proto http.request.tls.server_name
		http.request.tls.client.issuer http.request.tls.client.certificate_pem http.request.tls.CLIENT.Issuer
		http.request.tls.client.certificate_der_base64 http.reverse_proxy.upstream.address
		http.reverse_proxy.status_code http.reverse_proxy.duration http.error.message http.error http.shutting_down
		http.response.header.X
		http.auth.http_basic.error http.sms_2fa.method http.sms_2fa.verified_at env.HOME system.hostname file./etc/hostname
		time.now time.now.unix http.vars.uuid http.vars.trace_id labels.0`,
	ByRefused:  `http.auth.candidate.id http.auth.candidate.email`,
	ByOperator: `http.vars.who http.intercept.header.X of_a_map http.of_a_plugin.user`,
}

func TestPlaceholderControl(t *testing.T) {
	t.Parallel()
	for control, names := range documented {
		for _, name := range strings.Fields(names) {
			if got := Placeholders("{" + name + "}"); len(got) != 1 || got[0].Control != control || got[0].Why == "" {
				t.Errorf("{%s}: %+v, want %d", name, got, control)
			}
		}
	}
}

// What is read from the request is never taken for what a first factor or an operator says, whatever its name.
func FuzzPlaceholderOfTheRequest(f *testing.F) {
	for _, names := range documented {
		for _, name := range strings.Fields(names) {
			f.Add(strings.TrimPrefix(name, "http.request."))
		}
	}
	f.Fuzz(func(t *testing.T, name string) {
		p := placeholder("http.request." + name)
		certificate := strings.HasPrefix(strings.ToLower(name), "tls.client.")
		if p.Control == ByOperator || p.Control == ByFirstFactor && !certificate {
			t.Errorf("%s: %d", p, p.Control)
		}
	})
}

func TestPlaceholdersOfAText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "alice": "", "{http.auth.user.id}": "{http.auth.user.id}", `\{http.auth.user.id}`: "",
		"a{x}b{y}c": "{x}{y}", "{{x}": "{x}", "{}": "", "{x": "",
	} {
		var got strings.Builder
		for _, p := range Placeholders(text) {
			got.WriteString(p.String())
		}
		if got.String() != want {
			t.Errorf("%q: %s, want %s", text, got.String(), want)
		}
	}
}
