package gate

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-sms-2fa/gateway/caddymodule/live"
	"github.com/caddy-sms-2fa/gateway/caddymodule/problem"
)

// pass hands a verified request to the app. This file is all that decides what the app gets to see: the placeholders,
// and nothing else of ours.
func (h *Handler) pass(
	w http.ResponseWriter, r *http.Request, repl *caddy.Replacer, next caddyhttp.Handler, at location, a *admission,
) error {
	if !plainOrWebSocket(r) {
		return h.refuse(w, r, at, problem.BadRequest.Because("Only upgrades to websocket pass."))
	}
	if early(r) && !isSafe(r.Method) {
		return h.refuse(w, r, at, problem.TooEarly.Refusal())
	}
	repl.Set("http.sms_2fa.user", a.userValue)
	repl.Set("http.sms_2fa.verified_at", a.verifiedAt)
	repl.Set("http.sms_2fa.method", a.method)
	if at.meant == meantForInner {
		stripParameters(r)
	}
	h.stripCookies(r)
	keepHopHeaders(r.Header)
	request := h.app.Backend().Live().Enter(w, a)
	defer request.Leave()
	renewed := h.renewing(w, at, &a.session)
	if renewed != nil {
		w = renewed
	}
	if live.ExpectedToLast(r) {
		w, r = request.Follow(w, r)
	}
	err := next.ServeHTTP(w, r)
	if renewed != nil && err == nil {
		renewed.begin(http.StatusOK) // for an answer without a body
	}
	return err
}

// plainOrWebSocket reports whether a request asks for no other protocol than WebSocket: once a proxy has tunnelled
// another protocol, no handler sees the requests in it any more.
func plainOrWebSocket(r *http.Request) bool {
	if r.Method == http.MethodConnect {
		return r.Header.Get(":protocol") == "websocket"
	}
	upgrades := r.Header["Upgrade"]
	return len(upgrades) == 0 || len(upgrades) == 1 && strings.EqualFold(upgrades[0], "websocket")
}

// stripParameters takes our parameters out of what the next handler sees. A gate behind this one reads what the
// browser asked for, and no other handler gets to see them, whatever else decides where that gate stands.
func stripParameters(r *http.Request) { r.URL.RawQuery = readQuery(r.URL.RawQuery).rest }

// keepHopHeaders leaves only harmless names in Connection. A proxy removes every header that is named there, so a
// client could name a header that was set to tell the app who is coming.
func keepHopHeaders(header http.Header) {
	lines := header["Connection"]
	if len(lines) == 0 {
		return
	}
	if len(lines) == 1 && hopHeader(lines[0]) {
		return
	}
	var kept []string
	for _, line := range lines {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); hopHeader(name) {
				kept = append(kept, name)
			}
		}
	}
	if len(kept) == 0 {
		delete(header, "Connection")
		return
	}
	header["Connection"] = []string{strings.Join(kept, ", ")}
}

func hopHeader(name string) bool {
	return strings.EqualFold(name, "upgrade") || strings.EqualFold(name, "keep-alive") || strings.EqualFold(name, "close")
}

// keptCookies is the request's variable in which a gate keeps the cookies as they came, for another gate behind it.
const keptCookies = "sms_2fa.cookies"

// cookieLines are the cookies as they came from the browser.
func (h *Handler) cookieLines(r *http.Request) []string {
	if h.app.SeveralGates() {
		if lines, ok := caddyhttp.GetVar(r.Context(), keptCookies).([]string); ok {
			return lines
		}
	}
	return r.Header["Cookie"]
}

// stripCookies takes every cookie of ours out of a request, whatever its zone, so that the app never sees one.
func (h *Handler) stripCookies(r *http.Request) {
	lines := r.Header["Cookie"]
	kept := lines[:0]
	if h.app.SeveralGates() && caddyhttp.GetVar(r.Context(), keptCookies) == nil {
		caddyhttp.SetVar(r.Context(), keptCookies, lines)
		kept = nil
	}
	for _, line := range lines {
		if strings.Contains(line, cookieBase) {
			line = stripLine(line)
		}
		if line != "" {
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 {
		delete(r.Header, "Cookie")
		return
	}
	r.Header["Cookie"] = kept
}

// stripLine takes the cookies of ours out of one line of a Cookie header.
func stripLine(line string) string {
	var b strings.Builder
	for line != "" {
		var pair string
		pair, line, _ = strings.Cut(line, ";")
		pair = strings.Trim(pair, " \t")
		if pair == "" || ours(pair) {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("; ")
		} else {
			b.Grow(len(pair) + len(line))
		}
		b.WriteString(pair)
	}
	return b.String()
}

// ours reports whether a cookie pair is one of the gate's.
func ours(pair string) bool {
	name, _, _ := strings.Cut(pair, "=")
	name = strings.Trim(name, " \t")
	name = strings.TrimPrefix(strings.TrimPrefix(name, "__Host-"), "__Secure-")
	rest, ok := strings.CutPrefix(name, cookieBase)
	return ok && (rest == "" || rest[0] == '-' || strings.HasPrefix(rest, "_challenge"))
}
