package gate

import (
	"mime"
	"net/http"
	"strings"
)

// navigates reports whether a browser asks for a page to show to a person: not an image, a script's fetch, a frame, a
// prefetch, an API client or a WebSocket (W3C Fetch Metadata; the Accept header where a browser does not send it).
// A service worker that hands a navigation on keeps its mode, but not its destination.
func (v *visitor) navigates() bool {
	h := v.r.Header
	if !v.wantsPage() {
		return false
	}
	mode, dest := h.Get("Sec-Fetch-Mode"), h.Get("Sec-Fetch-Dest")
	if mode != "" || dest != "" {
		return mode == "navigate" && (dest == "document" || dest == "empty")
	}
	return v.r.Method == http.MethodGet && accepts(h.Get("Accept"), "text/html")
}

// framed reports whether a browser asks for a page to show inside another page. The code is never asked for there.
func (v *visitor) framed() bool {
	if !v.wantsPage() || v.r.Header.Get("Sec-Fetch-Mode") != "navigate" {
		return false
	}
	switch v.r.Header.Get("Sec-Fetch-Dest") {
	case "iframe", "frame", "embed", "object":
		return true
	}
	return false
}

// wantsPage reports whether an answer may be shown at once: it has a body, and is neither kept for later nor the
// beginning of another protocol.
func (v *visitor) wantsPage() bool {
	return v.r.Method != http.MethodHead && len(v.r.Header["Upgrade"]) == 0 && !prefetched(v.r.Header)
}

// unasked reports whether another site makes the browser come here, and no person: a pop-up or redirect by script.
// Browsers tell a click, also through the redirects after it, by Sec-Fetch-User; Safari does not send that, so there
// even a link from another site counts as unasked.
func (v *visitor) unasked() bool {
	return v.r.Header.Get("Sec-Fetch-Site") == "cross-site" && v.r.Header.Get("Sec-Fetch-User") != "?1"
}

func prefetched(h http.Header) bool {
	return h.Get("Sec-Purpose") != "" || h.Get("Purpose") == "prefetch" || h.Get("X-Moz") == "prefetch"
}

func accepts(header, want string) bool {
	for part := range strings.SplitSeq(header, ",") {
		if t, params, err := mime.ParseMediaType(part); err == nil && t == want && params["q"] != "0" {
			return true
		}
	}
	return false
}
