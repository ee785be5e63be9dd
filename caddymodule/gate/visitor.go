package gate

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/caddymodule/body"
	"github.com/caddy-sms-2fa/gateway/caddymodule/metrics"
	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
	"github.com/caddy-sms-2fa/gateway/page"
)

// storeTimeout bounds one question to the store, so that a visitor has an answer within a second when the store is
// silent.
const storeTimeout = 800 * time.Millisecond

// visitor is somebody at a location, whose request the gate answers.
type visitor struct {
	*Handler
	w    http.ResponseWriter
	r    *http.Request
	repl *caddy.Replacer
	at   location
	user string // the name that the first factor gave, "" before it is known

	interrupted page.Interruption // what became of the form that the visitor was about to send

	wantsTrust bool // the visitor asks not to be asked again in this browser

	// ctx goes on when the visitor has left, and has no deadline: each question to the store, the directory or a provider
	// has one of its own.
	ctx context.Context
}

// errSilent says that it is not known which gate a request is meant for, because the store has not been heard of.
var errSilent = errors.New("the store has not been heard of")

// receive answers a request that is not verified, or is meant for this gate. Whatever it finds, the app is not
// reached. No error leaves it: Caddy would hand the request on to the error routes of the site, and the app may stand
// behind those too.
func (h *Handler) receive(w http.ResponseWriter, r *http.Request, repl *caddy.Replacer, at location) {
	body.Bound(w, r)
	v := &visitor{Handler: h, w: w, r: r, repl: repl, at: at, ctx: context.WithoutCancel(r.Context())}
	if err := v.respond(); err != nil {
		metrics.Faults.Inc()
		h.log.Error("request cannot be answered", zap.String("zone", h.Zone), zap.Error(err), app.ClientIP(r))
	}
}

// respond finds out what a request is about.
func (v *visitor) respond() error {
	at := v.at
	v.noteHost()
	switch {
	case early(v.r):
		return v.refuse(v.w, v.r, at, problem.TooEarly.Refusal())
	case !isHostName(hostOf(v.r.Host)):
		return v.refuse(v.w, v.r, at, problem.BadRequest.Because("The host is no host name."))
	case !at.safe:
		return v.refuseInsecure()
	case at.meant.passes():
		return v.identified((*caller).challenge) // a visitor who is not let through here does not get to a gate behind
	case at.meant == meantForUnknown:
		return v.fault("store does not answer", errSilent)
	case at.meant == meantForNobody:
		return v.answer(problem.BadRequest.Because("There is no such gate at this address."))
	}
	return v.act(at.query.action)
}

// act does what a request with our parameter asks for.
func (v *visitor) act(action string) error {
	method := v.r.Method
	switch {
	case action == "status" && method == http.MethodGet:
		return v.identified((*caller).status)
	case action == "logout" && method == http.MethodGet && v.navigates():
		return v.askLogout()
	case action == "look" && method == http.MethodGet && v.navigates():
		return v.identified((*caller).lookAgain)
	case action == "cookie" && method == http.MethodGet && v.navigates():
		return v.endProbe()
	case action == accountAction && method == http.MethodGet:
		return v.identified((*caller).myNumber)
	case action == restoreAction && method == http.MethodGet:
		return v.identified((*caller).askForm)
	case action == restoreAction && method == http.MethodPost:
		return v.redirect(v.action(restoreAction)) // the session has ended, see Handler.resend
	case action == changeAction && method == http.MethodGet:
		return v.identified((*caller).changeNumber)
	case action == "enroll" && method == http.MethodGet && v.navigates():
		return v.identified((*caller).numberPage)
	case (leadsOn(action) || action == "logout-everywhere") && method == http.MethodGet && v.navigates():
		return v.redirect(v.home())
	case method != http.MethodPost:
		v.w.Header().Set("Allow", "POST")
		return v.answer(problem.BadRequest.Because("POST is expected."))
	case action == "verify":
		return v.identified((*caller).verify)
	case action == "send":
		return v.identified((*caller).send)
	case action == "enroll":
		return v.identified((*caller).enroll)
	case action == "logout":
		return v.identified((*caller).logout)
	case action == "logout-everywhere":
		return v.identified((*caller).logoutEverywhere)
	}
	return v.answer(problem.BadRequest.Because(
		"The parameter sms_2fa is verify, send, enroll, account, change, logout, logout-everywhere or status, once."))
}
