package gate

import (
	"net/url"
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
	action   string // the value of our parameter; "?" when it stands twice or cannot be read
	gateName string // which gate is meant; "" for the first one on the way
	found    bool   // whether our parameter is there at all
}

// readQuery finds the gate's parameters in a query. Both '&' and ';' separate: whatever reading the app prefers, it
// gets no request that carries them.
func readQuery(rawQuery string) query {
	if rawQuery == "" || !strings.Contains(rawQuery, parameter) && !strings.Contains(rawQuery, "%") {
		return query{rest: rawQuery}
	}
	var q query
	var kept []string
	for pair := range strings.FieldsFuncSeq(rawQuery, func(c rune) bool { return c == '&' || c == ';' }) {
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(rawName)
		value, valueErr := url.QueryUnescape(rawValue)
		switch {
		case err == nil && name == parameter && (q.found || valueErr != nil):
			q.found, q.action = true, "?"
		case err == nil && name == parameter:
			q.found, q.action = true, value
		case err == nil && name == gateParameter:
			q.gateName = value
		default:
			kept = append(kept, pair)
		}
	}
	if !q.found {
		return query{rest: rawQuery}
	}
	q.rest = strings.Join(kept, "&")
	return q
}
