// Package page is what a visitor sees: one server-rendered page that asks for the code and says what went wrong. It works
// without JavaScript; with it, the code is filled in from the text (WICG Web OTP), sent on its last digit, and waiting times
// count down.
package page

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"math"
	"net/http"
	"os"
	"strconv"
	"time"
)

// The parts of the built-in page.
var (
	//go:embed page.html
	builtin string
	//go:embed style.css
	style string
	//go:embed script.js
	script string
)

// Page renders views.
type Page struct {
	template *template.Template
	// Rand is where nonces come from; it must be cryptographically secure.
	Rand io.Reader
}

// New returns the built-in page.
func New() *Page {
	return &Page{template: template.Must(parse("page.html", builtin)), Rand: rand.Reader}
}

// Load reads a page of the operator's own: a template of html/template that is given a View. It is tried with every state
// there is, so that a mistake is found when the configuration is loaded and not when a visitor comes.
func Load(path string) (*Page, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading page: %w", err)
	}
	t, err := parse(path, string(source))
	if err != nil {
		return nil, fmt.Errorf("parsing page: %w", err)
	}
	p := &Page{template: t, Rand: rand.Reader}
	for _, v := range samples() {
		if err := t.Execute(io.Discard, v); err != nil {
			return nil, fmt.Errorf("trying page in the state %s: %w", v.State, err)
		}
	}
	return p, nil
}

// parse reads a template. It can call duration, which puts a duration into words; seconds, which makes it a number; and
// style and script, which are those of the built-in page.
func parse(name, source string) (*template.Template, error) {
	return template.New(name).Option("missingkey=error").Funcs(template.FuncMap{
		"duration": words,
		"seconds":  seconds,
		"style":    func() template.CSS { return template.CSS(style) },
		"script":   func() template.JS { return template.JS(script) },
	}).Parse(source)
}

// Write answers with the page. The page is rendered whole before anything is sent; when that fails, the answer is a 500
// without content.
func (p *Page) Write(w http.ResponseWriter, status int, v View) error {
	nonce := make([]byte, 16)
	if _, err := io.ReadFull(p.Rand, nonce); err != nil {
		return fmt.Errorf("drawing nonce: %w", err)
	}
	v.Nonce = base64.RawURLEncoding.EncodeToString(nonce)
	setHeaders(w.Header(), v.Nonce)
	var body bytes.Buffer
	if err := p.template.Execute(&body, v); err != nil {
		w.Header().Del("Content-Type")
		w.WriteHeader(http.StatusInternalServerError)
		return fmt.Errorf("rendering page: %w", err)
	}
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, err := w.Write(body.Bytes())
	if err != nil {
		return fmt.Errorf("writing page: %w", err)
	}
	return nil
}

// setHeaders sets what keeps the page to itself: nothing is loaded from elsewhere, nothing frames it, nothing stores it
// (OWASP ASVS 3.4.3, 3.4.4, 3.4.6, 14.3.2).
func setHeaders(h http.Header, nonce string) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+nonce+"'; script-src 'nonce-"+nonce+"'; "+
		"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	// With no-referrer, browsers send "Origin: null" with the page's own forms, and they could not be told from another
	// site's.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "otp-credentials=(self)")
	h.Set("X-Robots-Tag", "noindex")
}

// words is a duration as people say it, rounded up so that nobody comes back too early.
func words(d time.Duration) string {
	s := seconds(d)
	switch {
	case s <= 90:
		return plural(s, "second")
	case s <= 90*60:
		return plural(int(math.Ceil(float64(s)/60)), "minute")
	}
	return plural(int(math.Ceil(float64(s)/3600)), "hour")
}

func plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return strconv.Itoa(n) + " " + unit + "s"
}

func seconds(d time.Duration) int { return max(0, int(math.Ceil(d.Seconds()))) }
