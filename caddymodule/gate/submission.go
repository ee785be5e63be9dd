package gate

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
)

// maxBody bounds what is read of a request that is meant for the gate, in bytes.
const maxBody = 4096

// crossOrigin refuses what browsers sent on behalf of another site (OWASP CSRF Prevention, Fetch Metadata).
var crossOrigin = http.NewCrossOriginProtection()

var (
	errCrossSite = errors.New("the request came from another site")
	errBody      = errors.New("the body is neither the page's form nor JSON")
)

// submission is what a POST to the gate holds.
type submission struct {
	code string
	json bool
}

// read reads a POST. A form must carry the proof of its page; JSON cannot be sent across sites without asking.
func (a *account) read() (submission, error) {
	if crossOrigin.Check(a.r) != nil {
		return submission{}, errCrossSite
	}
	a.r.Body = http.MaxBytesReader(a.w, a.r.Body, maxBody)
	contentType, _, err := mime.ParseMediaType(a.r.Header.Get("Content-Type"))
	switch {
	case err == nil && contentType == "application/json":
		return readJSON(a.r.Body)
	case err == nil && contentType == "application/x-www-form-urlencoded":
		return a.readForm()
	}
	return submission{}, errBody
}

func (a *account) readForm() (submission, error) {
	if err := a.r.ParseForm(); err != nil {
		return submission{}, errBody
	}
	proof := a.verifier.Keys().Proof(a.subject, a.ticket)
	if subtle.ConstantTimeCompare([]byte(a.r.PostForm.Get("csrf")), []byte(proof)) != 1 {
		return submission{}, errCrossSite
	}
	return submission{code: a.r.PostForm.Get("code")}, nil
}

func readJSON(body io.Reader) (submission, error) {
	var content struct {
		Code string `json:"code"`
	}
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	if err := d.Decode(&content); err != nil {
		return submission{}, errBody
	}
	if _, err := d.Token(); err != io.EOF {
		return submission{}, errBody
	}
	return submission{code: content.Code, json: true}, nil
}

// unreadable is the refusal of a POST that cannot be taken, because of err.
func (v *visitor) unreadable(err error, pseudonym string) problem.Refusal {
	if errors.Is(err, errCrossSite) {
		v.log.Warn("request from another site refused", zap.String("account", pseudonym), app.ClientIP(v.r))
		return problem.CrossSite.Because("the form is not from this page, or is too old")
	}
	return problem.BadRequest.Because(`expected the page's form, or JSON like {"code":"123456"}`)
}
