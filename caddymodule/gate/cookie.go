package gate

import (
	"net/http"
	"strings"
	"time"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/otp"
)

// cookieBase begins the name of every cookie of ours, after the prefix.
const cookieBase = "sms2fa"

// cookieNames are the names and attributes of a zone's two cookies.
type cookieNames struct {
	session, challenge string
	domain             string
	secure             bool
}

// secureNames are the names over HTTPS. The prefix makes browsers refuse cookies that a subdomain or plain HTTP tries
// to set (RFC 6265bis 4.1.3).
func secureNames(zone, domain string) cookieNames {
	if domain == "off" {
		domain = ""
	}
	prefix := "__Host-"
	if domain != "" {
		prefix = "__Secure-"
	}
	n := named(prefix, zone)
	n.domain, n.secure = domain, true
	return n
}

// plainNames are the names on loopback hosts without HTTPS.
func plainNames(zone string) cookieNames { return named("", zone) }

func named(prefix, zone string) cookieNames {
	suffix := ""
	if zone != app.DefaultZone {
		suffix = "-" + zone
	}
	return cookieNames{session: prefix + cookieBase + suffix, challenge: prefix + cookieBase + "_challenge" + suffix}
}

// set writes a cookie that lives for life; none, and it is removed.
func (n *cookieNames) set(w http.ResponseWriter, name, value string, life time.Duration) {
	c := &http.Cookie{
		Name: name, Value: value, Path: "/", Domain: n.domain,
		Secure: n.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		MaxAge: int((life + time.Second - 1) / time.Second),
	}
	if value == "" {
		c.MaxAge = -1
	}
	w.Header().Add("Set-Cookie", c.String())
}

// ticket reads the challenge cookie; two of them are as good as none.
func (n *cookieNames) ticket(lines []string) (otp.Ticket, bool) {
	value, ok := onlyCookie(lines, n.challenge)
	if !ok {
		return otp.Ticket{}, false
	}
	return otp.ParseTicket(value)
}

// onlyCookie finds the one cookie of that exact name. It reports false when there is none or more than one: which of
// two is the browser's and which was smuggled in cannot be told. It allocates nothing.
func onlyCookie(headers []string, name string) (value string, ok bool) {
	for _, line := range headers {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			n, v, eq := strings.Cut(strings.Trim(pair, " \t"), "=")
			if !eq || n != name {
				continue
			}
			if ok {
				return "", false
			}
			value, ok = v, true
		}
	}
	return value, ok
}
