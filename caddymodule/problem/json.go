package problem

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Vary lists the request headers that answers of the gate depend on.
const Vary = "Cookie, Authorization, Sec-Fetch-Mode, Sec-Fetch-Dest, Accept"

// body is the body of an application/problem+json.
type body struct {
	Type         string `json:"type"`
	Title        string `json:"title"`
	Status       int    `json:"status"`
	Detail       string `json:"detail"`
	AttemptsLeft *int   `json:"attempts_left,omitempty"`
	RetryAfter   int    `json:"retry_after,omitempty"`
	Phone        string `json:"phone,omitempty"`
	// Phones are all numbers of the visitor, in the order of the positions by which one is chosen.
	Phones   []string `json:"phones,omitempty"`
	GateName string   `json:"sms_2fa_zone,omitempty"`
}

func (f Refusal) body(status int) body {
	b := body{
		Type: "urn:sms-2fa:" + f.Name, Title: f.Title, Status: status, Detail: f.detail(), RetryAfter: seconds(f.Retry),
		Phone: f.Phone, Phones: f.Phones, GateName: f.GateName,
	}
	if f.Problem == TooEarly {
		b.Type = "about:blank"
	}
	if (f.Problem == CodeIncorrect || f.Problem == NotACode) && f.Outcome != nil {
		b.AttemptsLeft = &f.Outcome.Standing.AttemptsLeft
	}
	return b
}

// Write answers with a refusal as application/problem+json.
func Write(w http.ResponseWriter, r *http.Request, f Refusal, status int) error {
	RetryAfter(w, f.Retry)
	return WriteJSON(w, r, status, "application/problem+json", f.body(status))
}

// WriteJSON writes an answer. Whether the answer arrives is not known; a client that has left is no fault.
func WriteJSON(w http.ResponseWriter, r *http.Request, status int, contentType string, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(data)+1))
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Vary", Vary)
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(append(data, '\n'))
	}
	return nil
}

// RetryAfter tells when to try again, in whole seconds rounded up, so that no client comes back too early.
func RetryAfter(w http.ResponseWriter, d time.Duration) {
	if d > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(seconds(d)))
	}
}

func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
