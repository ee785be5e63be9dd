package caddymodule

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/page"
)

// problem is one way in which the gateway says no: a type (RFC 9457) "urn:sms-2fa:<name>", a status that page and JSON
// share, and what the page shows.
type problem struct {
	name   string
	status int
	title  string
	state  page.State
}

// All problems there are. The status of the first five is the option challenge_status.
var (
	verificationRequired = problem{"verification-required", 0, "A code from a text message is required", page.Start}
	codeIncorrect        = problem{"code-incorrect", 0, "The code is not right", page.Enter}
	codeExpired          = problem{"code-expired", 0, "The code does not hold any more", page.Enter}
	noIdentity           = problem{"no-identity", 0, "The first factor named no user", page.NoIdentity}
	noPhone              = problem{"no-phone", 0, "There is no phone number on file", page.NoPhone}

	crossSite        = problem{"cross-site", http.StatusForbidden, "The request came from another site", page.CrossSite}
	blocked          = problem{"blocked", http.StatusTooManyRequests, "Too many wrong codes", page.Blocked}
	disabled         = problem{"blocked", http.StatusTooManyRequests, "Too many wrong codes; an operator must unlock the account", page.Disabled}
	tooManyRequests  = problem{"too-many-requests", http.StatusTooManyRequests, "No more texts for now", page.Limited}
	deliveryFailed   = problem{"delivery-failed", http.StatusBadGateway, "The text could not be sent", page.Enter}
	storeUnavailable = problem{"store-unavailable", http.StatusServiceUnavailable, "The gateway cannot read or write its state", page.Outage}
	busy             = problem{"busy", http.StatusServiceUnavailable, "Too many texts are on their way", page.Limited}
	checkUnavailable = problem{"check-unavailable", http.StatusServiceUnavailable, "The provider of the code does not answer", page.Outage}
	badRequest       = problem{"bad-request", http.StatusBadRequest, "The request cannot be understood", page.BadRequest}
	tooEarly         = problem{"too-early", http.StatusTooEarly, "The request came before the connection was safe from replay", page.BadRequest}

	// What providers are told whose reports are not taken; no visitor sees these.
	reportForged     = problem{"report-forged", http.StatusForbidden, "The report is not signed by the provider", ""}
	reportStale      = problem{"report-stale", http.StatusForbidden, "The report is outside of its time", ""}
	reportUnreadable = problem{"report-unreadable", http.StatusBadRequest, "The report cannot be read", ""}
)

// outageRetry is when a visitor shall try again after a fault.
const outageRetry = 5 * time.Second

// disabledRetry is what Retry-After says where only an operator can help.
const disabledRetry = 24 * time.Hour

// refusal is a problem as it applies to one request.
type refusal struct {
	problem
	detail  string
	outcome *otp.Outcome  // how the account stands, when it is known
	retry   time.Duration // when to try again, 0 when that is not said
	phone   string        // masked
	way     string        // which gate says no, where a request passes several
}

func (p problem) refusal() refusal              { return refusal{problem: p} }
func (p problem) because(detail string) refusal { return refusal{problem: p, detail: detail} }

// problemBody is the body of an application/problem+json.
type problemBody struct {
	Type         string `json:"type"`
	Title        string `json:"title"`
	Status       int    `json:"status"`
	Detail       string `json:"detail,omitempty"`
	AttemptsLeft *int   `json:"attempts_left,omitempty"`
	RetryAfter   int    `json:"retry_after,omitempty"`
	Phone        string `json:"phone,omitempty"`
	Way          string `json:"sms_2fa_zone,omitempty"`
}

// body is what is told of a refusal, under the status that it ends with.
func (f refusal) body(status int) problemBody {
	body := problemBody{
		Type: "urn:sms-2fa:" + f.name, Title: f.title, Status: status, Detail: f.detail, RetryAfter: seconds(f.retry), Phone: f.phone, Way: f.way,
	}
	if f.problem == tooEarly {
		body.Type = "about:blank"
	}
	if f.problem == codeIncorrect && f.outcome != nil {
		body.AttemptsLeft = &f.outcome.Standing.AttemptsLeft
	}
	return body
}

// refuse answers with a problem, and counts it.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, f refusal) error {
	metrics.refusals.WithLabelValues(f.name).Inc()
	f.way = h.way(r, askedFor(r))
	return writeProblem(w, r, f, h.statusOf(f.problem))
}

func (h *Handler) statusOf(p problem) int { return first(p.status, h.ChallengeStatus) }

func writeProblem(w http.ResponseWriter, r *http.Request, f refusal, status int) error {
	retryAfter(w, f.retry)
	return writeJSON(w, r, status, "application/problem+json", f.body(status))
}

// writeJSON writes an answer. It is not known whether it arrives; a client that has left is no fault.
func writeJSON(w http.ResponseWriter, r *http.Request, status int, contentType string, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(data)+1))
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Vary", "Cookie, Authorization, Sec-Fetch-Mode, Sec-Fetch-Dest, Accept")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(append(data, '\n'))
	}
	return nil
}

func retryAfter(w http.ResponseWriter, d time.Duration) {
	if d > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(seconds(d)))
	}
}

// seconds rounds up, so that nobody is told to come back too early.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
