// Package page renders the page that a visitor sees: it asks for the code and says what went wrong.
//
// A [View] is everything that the page can show; its [State] says which of the page's variants it is. [New] returns
// the built-in page, [Load] a template of the operator's own, which is tried with every state when the configuration
// is loaded. [Page.Write] answers a request with the page, and sets the headers that keep other sites from framing,
// caching or reading it.
//
// The page is rendered on the server and works without JavaScript. With JavaScript the code is filled in from the
// text message (WICG Web OTP), a code that was pasted or filled in is sent at once, and waiting times count down. A
// code that is typed waits for the button (WCAG 2.2, 3.2.2).
//
// The words stand in the package words, by language and key, and the template asks for them. Each language has its
// own copy of the template, whose functions speak it; [View.Language] says which one a visitor gets.
//
// A template of the operator is a template of html/template. It can call these functions:
//
//	say key …    the text with that key, and with values for its variables: {{say "code-valid" "time" .ExpiresIn}}
//	duration d   the duration in words, rounded up: "5 minutes"
//	countdown d  the duration in words, which the script counts down; a value for {time}
//	seconds d    the duration in seconds, rounded up: 300
//	phone p      the masked number, kept on one line, and for screen readers its last digits; a value for {phone}
//	name n       a name, kept apart from words of another direction; a value for {user}
//	address a    an address, likewise; a value for {address}
//	link u       a link to the address; a value for {link}, which stands around a part of a text
//	action u     the attribute action="…" of a form, with the address byte for byte
//	href u       the attribute href="…" of a link, likewise
//	style        the style sheet of the built-in page
//	script       the script of the built-in page, with its words
//
// A form begins with <form method="post" {{action .VerifyURL}}>. With action="{{.VerifyURL}}" it works too, but
// html/template writes the address as it thinks addresses should be: %zz becomes %25zz.
package page

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/caddy-sms-2fa/gateway/page/words"
)

// The parts of the built-in page.
var (
	//go:embed page.html
	builtin string
	//go:embed style.css
	style string
)

// Page renders views with one template. Its methods may be called from many goroutines at once.
type Page struct {
	tongues []*tongue // the languages of the page, the first one for everybody who reads none of them
	// Forms are what the page can do for a visitor who is asked for the code.
	Forms Forms
	// Rand is the source of the nonces of the Content-Security-Policy; it must be cryptographically secure. Default:
	// the reader of crypto/rand.
	Rand io.Reader
}

// New returns the built-in page in the languages of the set.
func New(set *words.Set) *Page {
	tongues, err := parse("page.html", builtin, set)
	if err != nil {
		panic(err) // the built-in page parses
	}
	return &Page{tongues: tongues, Rand: rand.Reader, Forms: Forms{true, true, true, true, true}}
}

// Load reads a template of the operator's own from the file at path. It executes the template with a View of every
// state in every language, so that a mistake in the template, or a page without the form that sends the code, is an
// error when the configuration is loaded and not when a visitor comes.
func Load(path string, set *words.Set) (*Page, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading page: %w", err)
	}
	p := &Page{Rand: rand.Reader}
	if p.tongues, err = parse(path, string(source), set); err != nil {
		return nil, fmt.Errorf("parsing page: %w", err)
	}
	for _, t := range p.tongues {
		if err := p.try(t); err != nil {
			return nil, fmt.Errorf("page %s: %w", path, err)
		}
	}
	return p, nil
}

// try executes the template of one language with a View of every state, and finds out what the page can do.
func (p *Page) try(t *tongue) error {
	enrolled, trusted := false, false
	for _, s := range samples() {
		v := s.View
		var rendered strings.Builder
		if err := t.template().Execute(&rendered, t.translate(v)); err != nil {
			return fmt.Errorf("trying page in the state %s, language %s: %w", v.State, t.words.Tag, err)
		}
		switch v.State {
		case Enter:
			p.Forms = findForms(rendered.String())
			trusted = trusted || p.Forms.Trust
		case Enroll:
			enrolled = enrolled || enrolls(rendered.String())
		}
	}
	p.Forms.Enroll, p.Forms.Trust = enrolled, trusted
	return p.Forms.check()
}

// Write answers a request with the page and the given HTTP status. It renders the whole page before it sends
// anything. If the template fails, or no nonce can be drawn, the answer is a 500 without content, and the error says
// why. Whether the page arrives is not known; a visitor who has left is no error.
func (p *Page) Write(w http.ResponseWriter, status int, v View) error {
	body, err := p.render(w.Header(), v)
	if err != nil {
		w.Header().Del("Content-Type")
		w.WriteHeader(http.StatusInternalServerError)
		return err
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
	return nil
}

// render returns the page and sets its headers, also where the template fails.
func (p *Page) render(h http.Header, v View) ([]byte, error) {
	nonce := make([]byte, 16)
	if _, err := io.ReadFull(p.Rand, nonce); err != nil {
		return nil, fmt.Errorf("drawing nonce: %w", err)
	}
	v.Nonce = base64.RawURLEncoding.EncodeToString(nonce)
	t := p.tongue(v.Language)
	v = t.translate(v)
	setHeaders(h, v)
	var body bytes.Buffer
	if err := t.template().Execute(&body, v); err != nil {
		return nil, fmt.Errorf("rendering page: %w", err)
	}
	return body.Bytes(), nil
}

// setHeaders sets the headers by which browsers and proxies load nothing into the page from elsewhere, do not show
// the page inside another, and do not store it (OWASP ASVS 3.4.3, 3.4.4, 3.4.6, 14.3.2). The page of the state Framed
// is for inside another, and holds nothing but a link.
func setHeaders(h http.Header, v View) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.Language)
	h.Set("Cache-Control", "no-store")
	policy := "default-src 'none'; style-src 'nonce-" + v.Nonce + "'; script-src 'nonce-" + v.Nonce + "'; " +
		"connect-src 'self'; form-action 'self'; base-uri 'none'"
	if v.Logo != "" {
		policy += "; img-src data:"
	}
	if v.State != Framed {
		policy += "; frame-ancestors 'none'"
		h.Set("X-Frame-Options", "DENY")
	}
	h.Set("Content-Security-Policy", policy)
	// With no-referrer, browsers would send "Origin: null" with the forms of this page, as they do with a form of
	// another site in a sandbox, and the two could not be told apart.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "otp-credentials=(self)")
	h.Set("X-Robots-Tag", "noindex")
}
