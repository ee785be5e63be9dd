package app

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"unicode/utf8"
)

// maxWay bounds help and contact, in bytes.
const maxWay = 500

// Way is help or a contact: an address of the schemes https, http, mailto or tel, or else a text.
// Both are "" for none.
type Way struct{ Text, URL string }

// NewWay reads help or a contact.
func NewWay(value string) (Way, error) {
	switch {
	case len(value) > maxWay || !utf8.ValidString(value) || strings.ContainsAny(value, "\r\n"):
		return Way{}, fmt.Errorf("it has more than one line or more than %d bytes", maxWay)
	}
	scheme, rest, found := strings.Cut(value, ":")
	switch strings.ToLower(scheme) {
	case "https", "http":
		if u, err := url.Parse(value); err != nil || u.Host == "" {
			return Way{}, fmt.Errorf("%q is not an address like https://example.com/help", value)
		}
	case "mailto", "tel":
		if u, err := url.Parse(value); err != nil || u.Opaque == "" || strings.ContainsAny(rest, " \t") {
			return Way{}, fmt.Errorf("%q is not like mailto:help@example.com or tel:+15005550006", value)
		}
	case "javascript", "data", "vbscript", "file", "blob":
		return Way{}, fmt.Errorf("%q would run or show something else than a page; expected a text, or an address that "+
			"begins with https:, mailto: or tel", value)
	default:
		if found && strings.HasPrefix(rest, "//") {
			return Way{}, fmt.Errorf("%q is an address that browsers do not open; expected https, mailto or tel", value)
		}
		return Way{Text: value}, nil
	}
	return Way{URL: value}, nil
}

// maxLogo bounds the picture: it is sent with every page.
const maxLogo = 50_000

var errNoPicture = errors.New("it is no picture in PNG, JPEG, GIF, WebP or SVG")

// LoadLogo reads a picture, as an address of the scheme data; "" for none. Scripts in an SVG do not run, because the
// page shows the picture as an image.
func LoadLogo(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	content, err := os.ReadFile(path)
	switch {
	case err != nil:
		return "", fmt.Errorf("reading logo: %w", err)
	case len(content) > maxLogo:
		return "", fmt.Errorf("reading logo %s: it has %d bytes, and is part of every page; expected at most %d",
			path, len(content), maxLogo)
	}
	kind := http.DetectContentType(content)
	switch kind {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
	default:
		if !strings.Contains(string(content[:min(len(content), 1000)]), "<svg") {
			return "", fmt.Errorf("reading logo %s: %w", path, errNoPicture)
		}
		kind = "image/svg+xml"
	}
	return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(content), nil
}
