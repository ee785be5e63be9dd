package gate

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/otp"
)

// cookieBase begins the name of every cookie of ours, after the prefix.
const cookieBase = "sms2fa"

// cookieNames are the names and attributes of a zone's cookies.
type cookieNames struct {
	session, challenge string
	number             string // that the visitor has given, until its code
	forms              string // that were interrupted: their IDs
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
	return cookieNames{
		session: prefix + cookieBase + suffix, challenge: prefix + cookieBase + "_challenge" + suffix,
		number: prefix + cookieBase + "_challenge_number" + suffix,
		forms:  prefix + cookieBase + "_challenge_forms" + suffix,
	}
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

// tickets reads the challenge cookies.
func (n *cookieNames) tickets(lines []string) []otp.Ticket {
	var tickets []otp.Ticket
	for values := cookiesOf(lines, n.challenge); values.next(); {
		if t, ok := otp.ParseTicket(values.value); ok && !slices.Contains(tickets, t) {
			tickets = append(tickets, t)
		}
	}
	return tickets
}

// maxCookies is how many cookies of one name are looked at.
const maxCookies = 8

// cookies are the cookies of one name in a request. A browser may send several: those of a site on a parent domain,
// with other secrets, have the same name. Which of them is meant for this gate is not said, so each is tried, and the
// one that verifies counts. Reading them allocates nothing.
type cookies struct {
	lines []string // of the header Cookie, not read yet
	line  string   // the rest of the line that is being read
	name  string

	value string // of the cookie that next has found
	count int    // cookies found so far
}

func cookiesOf(lines []string, name string) cookies { return cookies{lines: lines, name: name} }

// next finds the next cookie, and reports false when there is none, or when there are more than maxCookies.
func (c *cookies) next() bool {
	for c.count <= maxCookies {
		if c.line == "" {
			if len(c.lines) == 0 {
				return false
			}
			c.line, c.lines = c.lines[0], c.lines[1:]
			continue
		}
		var pair string
		pair, c.line, _ = strings.Cut(c.line, ";")
		if name, value, ok := strings.Cut(strings.Trim(pair, " \t"), "="); ok && name == c.name {
			c.value = value
			c.count++
			return c.count <= maxCookies
		}
	}
	return false
}

// tooMany reports whether a request has more cookies of a name than are looked at.
func tooMany(lines []string, name string) bool {
	c := cookiesOf(lines, name)
	for c.next() {
	}
	return c.count > maxCookies
}
