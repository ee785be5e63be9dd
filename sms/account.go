package sms

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
)

// This file checks the options that most providers have: the address of the API, the address for reports, credentials.

// baseURL is the address of a provider's API, without a slash at its end: the configured address, or otherwise if
// none is configured. It must be https, or http on this machine. option is the name of the option in errors.
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

// publicURL refuses an address to which a provider could not send reports.
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

// isLocal reports whether a host is this machine.
func isLocal(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

// credential refuses a secret that is missing, or that has a line end, with which it could add a header to the
// request.
func credential(option, value string) error {
	switch {
	case value == "":
		return fmt.Errorf("%s: it is missing", option)
	case strings.ContainsAny(value, "\r\n"):
		return fmt.Errorf("%s: it has more than one line", option)
	}
	return nil
}

// printable is a provider's name for a message, or "" if the name is not fit for a log line: longer than 64
// characters, or with characters other than printable ASCII.
func printable(id string) string {
	if len(id) > 64 || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return id
}
