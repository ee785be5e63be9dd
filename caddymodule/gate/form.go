package gate

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/body"
	"github.com/caddy-sms-2fa/gateway/caddymodule/metrics"
	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/page"
)

// A visitor whose session ends while filling in a form sends the form, and gets the page. The form is kept,
// encrypted, under a random ID that stands in a cookie of this browser alone. After the code the page asks whether to
// send the form, and a press sends the form to the app at the same address, once (resend.go).
//
// Only what a person sends in a browser from a page of this site is kept: a form of another site, which the app would
// refuse for its missing proof, is not. The app gets the form with the cookies with which it came, or not at all.

// formTimeout bounds how long a form may take to arrive.
const formTimeout = 30 * time.Second

// maxDrained is how much of a form that is too large is read nevertheless, in bytes, so that the browser shows the
// page.
const maxDrained = 100_000_000

// maxForms is how many forms of a browser are kept at once, as in several tabs.
const maxForms = 4

// formsAtOnce bounds the forms that are read at once, which stand in memory meanwhile.
var formsAtOnce = make(chan struct{}, 32)

var errManyAtOnce = errors.New("too many forms arrive at once")

// interrupt keeps the form that the visitor was about to send, if that is what the request is. The page then leads on
// to where the form is sent, or says that the form was not saved.
func (a *account) interrupt() {
	if a.at.query.page == restoreAction && len(a.formIDs()) > 0 {
		a.interrupted = page.FormHeld
	}
	if !a.sendsForm() {
		return
	}
	if err := a.keepForm(); err != nil {
		metrics.Forms.WithLabelValues("lost").Inc()
		a.log.Warn("form of a visitor without a session is not kept", a.fields(zap.Error(err))...)
		a.interrupted = page.FormLost
		return
	}
	metrics.Forms.WithLabelValues("held").Inc()
	a.interrupted = page.FormHeld
	a.at.query.found, a.at.query.page = true, restoreAction
}

// sendsForm reports whether a navigation brings a form for the app, from a page of this very site.
func (v *visitor) sendsForm() bool {
	if v.r.Method != http.MethodPost || v.at.query.found || crossOrigin.Check(v.r) != nil ||
		v.r.Header.Get("Sec-Fetch-Site") != "same-origin" {
		return false
	}
	switch kind, _, _ := mime.ParseMediaType(v.r.Header.Get("Content-Type")); kind {
	case "application/x-www-form-urlencoded", "multipart/form-data":
		return true
	}
	return false
}

// keepForm keeps a form, and gives the browser its ID.
func (a *account) keepForm() error {
	if a.r.ContentLength > a.restore {
		body.Drain(a.w, a.r, maxDrained, formTimeout)
		return fmt.Errorf("%w: it has %d bytes, restore allows %d", body.ErrLong, a.r.ContentLength, a.restore)
	}
	select {
	case formsAtOnce <- struct{}{}:
		defer func() { <-formsAtOnce }()
	default:
		return errManyAtOnce
	}
	content, err := body.ReadWithin(a.w, a.r, a.restore, formTimeout)
	if err != nil {
		return err
	}
	id, err := ask(a, func(ctx context.Context) (string, error) {
		return a.verifier.KeepForm(ctx, a.subject, otp.Form{
			Address: a.askedAddress(), ContentType: a.r.Header.Get("Content-Type"),
			Referer: a.r.Header.Get("Referer"), Cookies: a.appCookies(), Body: content,
		})
	})
	if err == nil {
		a.setForms(append(a.formIDs(), id))
	}
	return err
}

// askedAddress is the path and the query that the browser asked for, without our parameters.
func (v *visitor) askedAddress() string {
	if rest := v.at.query.rest; rest != "" {
		return rawPath(v.at.url) + "?" + rest
	}
	return rawPath(v.at.url)
}

// appCookies names the cookies that are not ours, and the session of the first factor.
func (a *account) appCookies() string {
	var all []string
	for _, line := range a.cookieLines(a.r) {
		if kept := stripLine(line); kept != "" {
			all = append(all, kept)
		}
	}
	return a.verifier.Keys().Cookies(strings.Join(all, "; "), a.bind)
}

// formIDs are the IDs in the browser's cookie, the latest one last.
func (v *visitor) formIDs() (ids []string) {
	for values := cookiesOf(v.cookieLines(v.r), v.at.names.forms); values.next(); {
		for id := range strings.SplitSeq(values.value, ".") {
			if id != "" && len(id) <= maxFormID && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids[max(0, len(ids)-maxForms):]
}

// maxFormID is the size of the longest ID that is looked for.
const maxFormID = 32

// setForms gives the browser the IDs to keep, of which the latest ones count; without any, the cookie goes.
func (a *account) setForms(ids []string) {
	ids = ids[max(0, len(ids)-maxForms):]
	a.at.names.set(a.w, a.at.names.forms, strings.Join(ids, "."), otp.FormLife)
}

// belongs reports whether a form goes to the address of this request, and came with the same cookies of the app.
func (a *account) belongs(f otp.Form) bool {
	return f.Address == a.askedAddress() && f.Cookies == a.appCookies()
}

// latestForm finds the latest form of this browser that goes to the address of the request, by one of the verifier's
// ways to find one, and tells its ID. Without any, the ID is "".
func (a *account) latestForm(
	find func(ctx context.Context, id string) (otp.Form, bool, error),
) (latest otp.Form, id string, err error) {
	for _, id := range slices.Backward(a.formIDs()) {
		ctx, cancel := context.WithTimeout(a.ctx, storeTimeout)
		f, ok, err := find(ctx, id)
		cancel()
		if err != nil {
			return otp.Form{}, "", err
		}
		if ok && a.belongs(f) {
			return f, id, nil
		}
	}
	return otp.Form{}, "", nil
}

// waitingForm reports whether a form waits to be sent to this address.
func (a *account) waitingForm() (bool, error) {
	_, id, err := a.latestForm(func(ctx context.Context, id string) (otp.Form, bool, error) {
		return a.verifier.Form(ctx, a.subject, id)
	})
	return id != "", err
}

// takeForm takes the form that is to be sent to this address, nil where there is none. Nobody finds the form again.
func (a *account) takeForm() (*otp.Form, error) {
	f, id, err := a.latestForm(func(ctx context.Context, id string) (otp.Form, bool, error) {
		return a.verifier.TakeForm(ctx, a.subject, id, a.belongs)
	})
	if err != nil || id == "" {
		return nil, err
	}
	a.setForms(slices.DeleteFunc(a.formIDs(), func(other string) bool { return other == id }))
	return &f, nil
}
