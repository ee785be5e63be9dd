package gate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/caddymodule/body"
	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
)

// maxBody bounds what is read of a request that is meant for the gate, in bytes.
const maxBody = 4096

// crossOrigin refuses what browsers sent on behalf of another site (OWASP CSRF Prevention, Fetch Metadata).
var crossOrigin = http.NewCrossOriginProtection()

var (
	errCrossSite = errors.New("the request came from another site")
	errNoCookie  = errors.New("the request has no cookie of the page")
	errBody      = errors.New("the body is neither the page's form nor JSON")
)

// submission is what a POST to the gate holds.
type submission struct {
	code string

	number, country, invitation string // that a visitor gives as their own

	form string // what is to become of an interrupted form: "send" or "drop"

	trust bool // not to be asked again in this browser

	csrf string // the proof of the page that a form was posted from
	json bool

	chosen bool   // it names the position of a number
	at     string // that position, as it was written
}

// read reads a POST, whoever it is from: no question to the store waits for its body. The form is what the body holds;
// the query is the app's, and may hold anything.
func (v *visitor) read() (submission, error) {
	if crossOrigin.Check(v.r) != nil {
		return submission{}, errCrossSite
	}
	read := readForm
	switch contentType, _, err := mime.ParseMediaType(v.r.Header.Get("Content-Type")); {
	case err == nil && contentType == "application/json":
		read = readJSON
	case err != nil || contentType != "application/x-www-form-urlencoded":
		return submission{}, errBody
	}
	content, err := body.Read(v.w, v.r, maxBody)
	if err != nil {
		return submission{}, fmt.Errorf("%w: %w", errBody, err)
	}
	return read(content)
}

func readForm(content []byte) (submission, error) {
	form, err := url.ParseQuery(string(content))
	if err != nil {
		return submission{}, errBody
	}
	number := form.Get("number")
	return submission{
		code: form.Get("code"), csrf: form.Get("csrf"), country: form.Get("country"),
		invitation: form.Get("invitation"), trust: form.Get("trust") == "on", form: form.Get("form"),
		number: number, chosen: number != "", at: number,
	}, nil
}

func readJSON(content []byte) (submission, error) {
	var members struct {
		Code    string          `json:"code"`
		Number  json.RawMessage `json:"number"`
		Country string          `json:"country"`
		Trust   bool            `json:"trust"`

		Invitation string `json:"invitation"`
	}
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	if err := d.Decode(&members); err != nil {
		return submission{}, errBody
	}
	if _, err := d.Token(); err != io.EOF {
		return submission{}, errBody
	}
	s := submission{code: members.Code, country: members.Country, invitation: members.Invitation, json: true}
	s.trust = members.Trust
	s.at = string(members.Number)
	s.chosen = s.at != ""
	_ = json.Unmarshal(members.Number, &s.number) // a position is no text
	return s, nil
}

// trusts reports whether a submission is this browser's own. A form must carry the proof of its page; JSON cannot be
// sent across sites without asking.
func (a *account) trusts(s submission) bool {
	return s.json || a.proves(s.csrf)
}

// unproved is why a form lacks the proof of its page. A browser that keeps no cookies is no other site, and its
// visitor must read what is wrong: no code could ever let them in.
func (a *account) unproved() error {
	if len(a.tickets) == 0 {
		return errNoCookie
	}
	return errCrossSite
}

// unreadable is the refusal of a POST that cannot be taken, because of err.
func (v *visitor) unreadable(err error, pseudonym string) problem.Refusal {
	if errors.Is(err, errNoCookie) {
		return problem.NoCookie.Refusal()
	}
	if errors.Is(err, errCrossSite) {
		v.log.Warn("request from another site refused", zap.String("account", pseudonym), app.ClientIP(v.r))
		return problem.CrossSite.Because("The form is not from this page, or is too old.")
	}
	if errors.Is(err, body.ErrLate) {
		return problem.BadRequest.Because("The code did not arrive in time.")
	}
	if errors.Is(err, body.ErrLong) {
		return problem.TooLong.Because(v.codeForm())
	}
	return problem.BadRequest.Because(`Expected is the page's form, or JSON like {"code":"123456"} or {"number":2}.`)
}
