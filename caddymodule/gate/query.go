package gate

import (
	"iter"
	"net/url"
	"slices"
	"strings"
)

// parameter is the query parameter that the gate reserves. Beside it, gateParameter names the gate that is meant,
// where a request passes several.
const (
	parameter     = "sms_2fa"
	gateParameter = "sms_2fa_zone"
)

// query is what the query of an address asks of a gate.
type query struct {
	rest     string // the query without our parameters, as it was written
	action   string // what the value of our parameter asks for; "?" when it stands twice or cannot be read
	page     string // which page of the gate is asked for, or the visitor goes on to after the action: "" for none
	gateName string // which gate is meant; "" for the first one on the way
	found    bool   // whether our parameter is there at all
}

// readQuery finds the gate's parameters in a query. Both '&' and ';' separate: whatever reading the app prefers, it
// gets no request that carries them. What is left is as it was written, byte for byte: each of our parameters goes
// with the separator before it, the first pair of all with the one behind it.
func readQuery(rawQuery string) query {
	if rawQuery == "" || !strings.Contains(rawQuery, parameter) && !strings.Contains(rawQuery, "%") {
		return query{rest: rawQuery}
	}
	var q query
	var rest strings.Builder
	kept := false
	for separator, pair := range pairs(rawQuery) {
		if q.take(pair) {
			continue
		}
		if kept {
			rest.WriteString(separator)
		}
		rest.WriteString(pair)
		kept = true
	}
	if !q.found {
		return query{rest: rawQuery}
	}
	q.rest = rest.String()
	return q
}

// pairs are the parts of a query, each with the separator before it, which the first one lacks.
func pairs(rawQuery string) iter.Seq2[string, string] {
	return func(yield func(separator, pair string) bool) {
		separator := ""
		for {
			i := strings.IndexAny(rawQuery, "&;")
			if i < 0 {
				yield(separator, rawQuery)
				return
			}
			if !yield(separator, rawQuery[:i]) {
				return
			}
			separator, rawQuery = rawQuery[i:i+1], rawQuery[i+1:]
		}
	}
}

// take reads a pair if it is one of the gate's parameters, and reports whether it is.
func (q *query) take(pair string) bool {
	rawName, rawValue, _ := strings.Cut(pair, "=")
	name, err := url.QueryUnescape(rawName)
	if err != nil || name != parameter && name != gateParameter {
		return false
	}
	value, err := url.QueryUnescape(rawValue)
	switch {
	case name == gateParameter:
		q.gateName = value
	case q.found || err != nil:
		q.found, q.action, q.page = true, "?", ""
	default:
		q.found = true
		q.action, q.page = readAction(value)
	}
	return true
}

// Pages of the gate, and the actions that ask for them. Behind a dot a page follows the actions that lead there.
const (
	accountAction = "account" // the number of the visitor, and how to sign out
	changeAction  = "change"  // another number in the place of that
	restoreAction = "restore" // a form that was interrupted
)

// readAction reads the value of our parameter: an action, and the page of the gate that the visitor goes on to after
// it.
func readAction(value string) (action, page string) {
	for _, page := range []string{accountAction, changeAction, restoreAction} {
		first, ok := strings.CutSuffix(value, "."+page)
		if value == page || ok && keepsPage(first) {
			return first, page
		}
	}
	return value, ""
}

// leadsOn reports whether a visitor goes on to what was asked for after an action.
func leadsOn(action string) bool { return action == "verify" || action == "send" }

// keepsPage reports whether an action is one on the way to a page.
func keepsPage(action string) bool {
	return leadsOn(action) || slices.Contains([]string{"status", "enroll", "look", "cookie"}, action)
}

// withAction is a query that asks for an action of a gate: what the app's query holds, and our parameters at the end.
// gateName is the name of the gate that is meant, "" for the first one on the way. A name of another gate, which the
// app's query may hold, goes.
func withAction(rest, action, gateName string) string {
	rest = readQuery(parameter + "&" + rest).rest
	if rest != "" {
		rest += "&"
	}
	rest += parameter + "=" + action
	if gateName != "" {
		rest += "&" + gateParameter + "=" + gateName
	}
	return rest
}
