package app

import (
	"fmt"
	"regexp"
	"strings"
)

// Control says who decides what a placeholder holds.
type Control int

// Who can decide what a placeholder holds.
const (
	// ByOperator: a handler of the operator's in front sets it, like vars, map or a plugin.
	ByOperator Control = iota
	// ByFirstFactor: only the first factor in front can set it.
	ByFirstFactor
	// ByVisitor: the visitor writes it into the request.
	ByVisitor
	// ByAddress: the network from which the request comes; everybody behind one address has the same.
	ByAddress
	// ByNobody: it names no person, because it is the same for everybody, or another with every request.
	ByNobody
	// ByRefused: it names whoever was refused.
	ByRefused
)

// family is the placeholders that begin alike.
type family struct {
	prefix  string // a name, or what names begin with if it ends in a dot or a slash
	control Control
	why     string // what such a placeholder holds, after "it"
}

const (
	sameForAll   = "is the same for everybody"
	alwaysNew    = "is another with every request or connection"
	namesRefused = "names whoever was refused"
)

// families are the placeholders that Caddy knows while it serves a request. The longest prefix counts. What is not
// listed is set by the operator's handlers.
var families = []family{
	{"http.auth.user.", ByFirstFactor, "is set by the first factor"},
	{"http.auth.candidate.", ByRefused, namesRefused},
	{"http.sms_2fa.user", ByFirstFactor, "is set by a gate in front"},
	{"http.sms_2fa.", ByNobody, "does not say who the visitor is"},
	{"http.reverse_proxy.header.", ByFirstFactor, "is set by the answer of a server in front"},
	{"http.reverse_proxy.", ByNobody, "does not say who the visitor is"},

	{"http.request.", ByVisitor, "is what the visitor sent"},
	{"http.request.header.", ByVisitor, "is a header that the visitor can send"},
	{"http.request.cookie.", ByVisitor, "is a cookie that the visitor can send"},
	{"http.request.uri", ByVisitor, "is the address that the visitor asks for"},
	{"http.request.uri.", ByVisitor, "is the address that the visitor asks for"},
	{"http.request.uri.query.", ByVisitor, "is a parameter that the visitor can write into the address"},
	{"http.request.orig_uri", ByVisitor, "is the address that the visitor asks for"},
	{"http.request.orig_uri.", ByVisitor, "is the address that the visitor asks for"},
	{"http.request.method", ByNobody, sameForAll},
	{"http.request.orig_method", ByNobody, sameForAll},
	{"http.request.scheme", ByNobody, sameForAll},
	{"http.request.proto", ByNobody, sameForAll},
	{"http.request.proto_name", ByNobody, sameForAll},
	{"http.request.host", ByNobody, sameForAll},
	{"http.request.host.", ByNobody, sameForAll},
	{"http.request.hostport", ByNobody, sameForAll},
	{"http.request.port", ByNobody, sameForAll},
	{"http.request.local", ByNobody, sameForAll},
	{"http.request.local.", ByNobody, sameForAll},
	{"http.request.remote", ByNobody, alwaysNew},
	{"http.request.remote.port", ByNobody, alwaysNew},
	{"http.request.remote.host", ByAddress, "is the address of a machine or a network"},
	{"http.request.remote.host/", ByAddress, "is the address of a machine or a network"},
	{"http.request.duration", ByNobody, alwaysNew},
	{"http.request.duration_ms", ByNobody, alwaysNew},
	{"http.request.uuid", ByNobody, alwaysNew},
	{"http.request.tls.", ByNobody, sameForAll},
	{"http.request.tls.client.", ByFirstFactor, "is of the client certificate"},
	{"http.request.tls.client.issuer", ByNobody, "is the same for everybody with a certificate of that authority"},
	{"http.request.tls.client.certificate_pem", ByNobody, "is longer than a name may be"},
	{"http.request.tls.client.certificate_der_base64", ByNobody, "is longer than a name may be"},
	{"http.regexp.", ByVisitor, "is what a matcher found in the request"},
	{"http.matchers.", ByVisitor, "is what a matcher found in the request"},

	{"http.vars.client_ip", ByAddress, "is the address of a machine or a network"},
	{"http.vars.trusted_proxy", ByNobody, sameForAll},
	{"http.vars.start_time", ByNobody, alwaysNew},
	{"http.vars.uuid", ByNobody, alwaysNew},
	{"http.vars.trace_id", ByNobody, alwaysNew},
	{"http.vars.span_id", ByNobody, alwaysNew},
	{"http.error", ByNobody, "does not say who the visitor is"},
	{"http.error.", ByNobody, "does not say who the visitor is"},
	{"http.response.", ByNobody, "is of the answer, which says nothing of the visitor"},
	{"http.shutting_down", ByNobody, sameForAll},
	{"http.time_until_shutdown", ByNobody, sameForAll},
	{"env.", ByNobody, sameForAll},
	{"system.", ByNobody, sameForAll},
	{"file.", ByNobody, sameForAll},
	{"time.", ByNobody, alwaysNew},

	// Short forms, which Caddy replaces in sites and leaves as they are in global options.
	{"header.", ByVisitor, "is a header that the visitor can send"},
	{"cookie.", ByVisitor, "is a cookie that the visitor can send"},
	{"query.", ByVisitor, "is a parameter that the visitor can write into the address"},
	{"path.", ByVisitor, "is the address that the visitor asks for"},
	{"re.", ByVisitor, "is what a matcher found in the request"},
	{"labels.", ByNobody, sameForAll},
}

// Placeholder is one placeholder of a text.
type Placeholder struct {
	Name    string // without braces
	Control Control
	Why     string // what the placeholder holds, as the end of a sentence that begins with its name
}

// String is the placeholder as it stands in a configuration.
func (p Placeholder) String() string { return "{" + p.Name + "}" }

var braced = regexp.MustCompile(`\\?\{[^{}]+\}`)

// Placeholders are those of a text, in order.
func Placeholders(text string) []Placeholder {
	var all []Placeholder
	for _, found := range braced.FindAllString(text, -1) {
		if !strings.HasPrefix(found, `\`) {
			all = append(all, placeholder(strings.Trim(found, "{}")))
		}
	}
	return all
}

// placeholder finds out who controls the placeholder of a name. Caddy reads what follows "http.request.tls." in any
// case.
func placeholder(name string) Placeholder {
	compared := name
	if strings.HasPrefix(name, "http.request.tls.") {
		compared = strings.ToLower(name)
	}
	if strings.HasPrefix(name, "http.auth.") && strings.HasSuffix(name, ".error") {
		return Placeholder{name, ByNobody, "does not say who the visitor is"}
	}
	best := family{control: ByOperator, why: "is set by a handler in front"}
	for _, f := range families {
		if len(f.prefix) > len(best.prefix) && f.has(compared) {
			best = f
		}
	}
	return Placeholder{name, best.control, best.why}
}

// has reports whether a name belongs to the family.
func (f family) has(name string) bool {
	if strings.HasSuffix(f.prefix, ".") || strings.HasSuffix(f.prefix, "/") {
		return strings.HasPrefix(name, f.prefix)
	}
	return name == f.prefix
}

// judgePhone refuses a number that somebody else than the first factor or the operator chooses.
func judgePhone(template string) error {
	for _, p := range Placeholders(template) {
		if err := JudgePhone(p); err != nil {
			return err
		}
	}
	return nil
}

// JudgePhone says why a number must not be read from a placeholder.
func JudgePhone(p Placeholder) error {
	switch p.Control {
	case ByRefused:
		return fmt.Errorf("phone: %w", ErrCandidate)
	case ByVisitor, ByAddress:
		return fmt.Errorf("phone: %s %s, so whoever has the password could choose the number; take the number from a "+
			"directory, or from the first factor, like {http.reverse_proxy.header.Remote-Phone}", p, p.Why)
	}
	ofRequest := strings.HasPrefix(p.Name, "http.request.") || strings.HasPrefix(p.Name, "http.response.")
	if ofRequest && p.Control == ByNobody {
		return fmt.Errorf("phone: %s is no phone number; take the number from a directory, or from the first factor, "+
			"like {http.reverse_proxy.header.Remote-Phone}", p)
	}
	return nil
}

// judgeBind refuses a binding that binds to nothing.
func judgeBind(template string) error {
	if template == "" || template == "off" {
		return nil
	}
	all := Placeholders(template)
	for _, p := range all {
		if p.Control == ByRefused {
			return fmt.Errorf("bind: %w", ErrCandidate)
		}
	}
	if p, none := NamesNobody(all); none {
		return fmt.Errorf("bind: %s %s, so it is no session of the first factor; "+
			"expected one, like {http.request.cookie.authelia_session}", p, p.Why)
	}
	return nil
}

// NamesNobody reports whether no placeholder tells one person from another, and which one is to blame.
func NamesNobody(all []Placeholder) (Placeholder, bool) {
	for _, p := range all {
		if p.Control != ByNobody {
			return Placeholder{}, false
		}
	}
	if len(all) == 0 {
		return Placeholder{}, false
	}
	return all[0], true
}
