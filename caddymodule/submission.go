package caddymodule

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"

	"go.uber.org/zap"
)

// maxBody bounds what is read of a request that is meant for the gateway, in bytes.
const maxBody = 4096

// crossOrigin refuses what browsers sent on behalf of another site (OWASP CSRF Prevention, Fetch Metadata).
var crossOrigin = http.NewCrossOriginProtection()

var (
	errCrossSite = errors.New("the request came from another site")
	errBody      = errors.New("the body is neither the page's form nor JSON")
)

// submission is what a POST to the gateway holds.
type submission struct {
	code string
	json bool
}

// read reads a POST. A form must carry the token of its page; JSON cannot be sent across sites without asking.
func (v *visit) read() (submission, error) {
	if crossOrigin.Check(v.r) != nil {
		return submission{}, errCrossSite
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxBody)
	contentType, _, err := mime.ParseMediaType(v.r.Header.Get("Content-Type"))
	switch {
	case err == nil && contentType == "application/json":
		return readJSON(v.r.Body)
	case err == nil && contentType == "application/x-www-form-urlencoded":
		return v.readForm()
	}
	return submission{}, errBody
}

func (v *visit) readForm() (submission, error) {
	if err := v.r.ParseForm(); err != nil {
		return submission{}, errBody
	}
	proof := v.verifier.Keys().Proof(v.subject, v.ticket)
	if subtle.ConstantTimeCompare([]byte(v.r.PostForm.Get("csrf")), []byte(proof)) != 1 {
		return submission{}, errCrossSite
	}
	return submission{code: v.r.PostForm.Get("code")}, nil
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

// unreadable answers a POST that read refused.
func (v *visit) unreadable(err error) error {
	if errors.Is(err, errCrossSite) {
		v.log.Warn("request from another site refused", zap.String("account", v.account()), clientIP(v.r))
		return v.answer(crossSite.because("the form is not from this page, or is too old"))
	}
	return v.answer(badRequest.because(`expected the page's form, or JSON like {"code":"123456"}`))
}
