package sms

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
)

// What every account at a provider has: an address, and something secret.

// baseURL is the address of a provider's API, without the slash at its end: HTTPS, or plain HTTP on this machine.
func baseURL(option, configured, otherwise string) (string, error) {
	configured = cmp.Or(configured, otherwise)
	u, err := url.Parse(configured)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%s: it is not an address like https://api.example.com", option)
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && isLocal(u.Hostname())) {
		return "", fmt.Errorf("%s: it is not https", option)
	}
	return strings.TrimRight(configured, "/"), nil
}

// publicURL refuses what is no address that a provider could report to.
func publicURL(option, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("%s: it is not an address like https://app.example.com/sms/reports", option)
	}
	return nil
}

// basic is the value of the header Authorization for a user and a password (RFC 7617).
func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func isLocal(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

// credential refuses a secret that is missing, or that could end a header early.
func credential(option, value string) error {
	switch {
	case value == "":
		return fmt.Errorf("%s: it is missing", option)
	case strings.ContainsAny(value, "\r\n"):
		return fmt.Errorf("%s: it has more than one line", option)
	}
	return nil
}

// printable keeps a provider's name for a message fit for a log line; one that is not is dropped.
func printable(id string) string {
	if len(id) > 64 || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return id
}
