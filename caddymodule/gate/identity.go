package gate

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/directory"
)

// identity says who a request is from, in the words of the first factor.
type identity struct {
	user reading
	bind reading
}

// Why a request is nobody's: the first factor named nobody, or a name that no user can have, or set no session that
// the option bind could bind the verification to.
var (
	errNoIdentity = errors.New("the first factor named no user")
	errUnreadable = errors.New("the user's name cannot be read")
	errUnbound    = errors.New("the placeholder of bind is empty")
)

// maxName bounds a user's name in bytes.
const maxName = 512

func newIdentity(user, bind string) (identity, error) {
	if err := judgeUser(user); err != nil {
		return identity{}, err
	}
	if bind == "off" {
		bind = ""
	}
	if bind != "" && !strings.Contains(bind, "{") {
		return identity{}, fmt.Errorf("bind: %q holds no placeholder", bind)
	}
	return identity{user: newReading(user), bind: newReading(bind)}, nil
}

// judgeUser refuses a user who is nobody, or the same person for everybody.
func judgeUser(user string) error {
	all := app.Placeholders(user)
	if len(all) == 0 {
		return fmt.Errorf("user: %q holds no placeholder, so everybody would be the same person", user)
	}
	for _, p := range all {
		if p.Control == app.ByRefused {
			return fmt.Errorf("user: %w", app.ErrCandidate)
		}
	}
	if p, none := app.NamesNobody(all); none {
		return fmt.Errorf("user: %s %s, so it names no person; expected who passed the first factor, like %s", p, p.Why,
			defaultUser)
	}
	return nil
}

// of reads the name and the binding of a request, as the first factor wrote them.
func (i identity) of(r *http.Request, repl *caddy.Replacer) (user, bind string, err error) {
	if i.user.certificate && (r.TLS == nil || len(r.TLS.VerifiedChains) == 0) {
		return "", "", fmt.Errorf("%w: there is no verified client certificate", errNoIdentity)
	}
	user, err = i.user.read(repl)
	if err != nil || user == "" {
		return "", "", errors.Join(errNoIdentity, err)
	}
	if len(user) > maxName {
		return "", "", fmt.Errorf("%w: it is longer than %d bytes", errUnreadable, maxName)
	}
	if i.bind.template == "" {
		return user, "", nil
	}
	if bind, err = i.bind.read(repl); err != nil || bind == "" {
		return "", "", errors.Join(errUnbound, err)
	}
	return user, bind, nil
}

// readable says why nobody can have a name, without the name.
func readable(user string) error {
	switch {
	case !utf8.ValidString(user):
		return fmt.Errorf("%w: it is not UTF-8", errUnreadable)
	case strings.ContainsFunc(user, unicode.IsControl):
		return fmt.Errorf("%w: it has control characters", errUnreadable)
	}
	return nil
}

// canonical is the one spelling under which an account is kept, "" for a name that nobody can have.
func canonical(user string) string { return directory.Canonical(user) }

// reading is a text with placeholders, prepared for the common case that it is a single one.
type reading struct {
	template    string
	single      string // the placeholder's name, if the template is that and no more
	certificate bool   // placeholders of the client certificate have values even without one
}

func newReading(template string) reading {
	r := reading{template: template, certificate: ofCertificate(template)}
	inner, ok := strings.CutPrefix(template, "{")
	if inner, end := strings.CutSuffix(inner, "}"); ok && end && !strings.ContainsAny(inner, "{}\\") {
		r.single = inner
	}
	return r
}

// ofCertificate reports whether a template reads the client certificate, in whatever case Caddy takes for that.
func ofCertificate(template string) bool {
	return strings.Contains(strings.ToLower(template), "{http.request.tls.client.")
}

func (t reading) read(repl *caddy.Replacer) (string, error) {
	if t.single != "" {
		value, _ := repl.GetString(t.single)
		return value, nil
	}
	return repl.ReplaceOrErr(t.template, true, true)
}
