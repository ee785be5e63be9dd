package sms

import (
	"slices"
	"strconv"
	"time"
)

// judge finds out whether the provider accepted a text. A rule of failure that the answer meets refuses it, whatever
// the rules of success say. If the status is one of success but the answer misses a rule of success, or has a body
// that decides and cannot be read, the class is Ambiguous, unless the answer has a code whose class is known: the
// text may have been accepted.
func (h *HTTP) judge(a answer) (Receipt, error) {
	s := a.read(h.readsJSON)
	refuses := func(r rule) bool { return (s.readable || r.statuses != nil) && r.matches(s) }
	missed := func(r rule) bool { return r.statuses == nil && !r.matches(s) }
	switch {
	case slices.ContainsFunc(h.failure, refuses):
		return Receipt{}, h.refusal(s)
	case h.statusAccepts(s) && h.readsBody && !s.readable:
		return Receipt{}, a.unclear()
	case !h.statusAccepts(s), slices.ContainsFunc(h.success, missed):
		e := h.refusal(s)
		if _, known := h.classes[h.code.find(s)]; s.ok() && !known {
			e.Class = Ambiguous
		}
		return Receipt{}, e
	}
	return Receipt{ID: printable(h.id.find(s))}, nil
}

// statusAccepts reports whether the status is one of success: one of those that the rules of success list, or, if they
// list none, one from 200 to 299.
func (h *HTTP) statusAccepts(s parsedAnswer) bool {
	listed := false
	for _, r := range h.success {
		if r.statuses != nil {
			listed = true
			if r.matches(s) {
				return true
			}
		}
	}
	return !listed && s.ok()
}

// refusal is the error for an answer that refuses a text. Its class is that of the code if Classes has the code, or
// that of the status if Classes has the status and it is not one of success, or the usual class of the status.
func (h *HTTP) refusal(s parsedAnswer) *Error {
	status := strconv.Itoa(s.status)
	code := h.code.find(s)
	e := s.answer.refusal(code, nil)
	if class, ok := h.classes[code]; ok {
		e.Class = class
	} else if class, ok := h.classes[status]; ok && !s.ok() {
		e.Class = class
	}
	if n, err := strconv.ParseFloat(h.retry.find(s), 64); err == nil && n > 0 {
		e.RetryAfter = time.Duration(min(n, maxRetryAfter.Seconds()) * float64(time.Second))
	}
	return e
}
