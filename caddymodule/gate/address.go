package gate

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// The addresses that the gate writes, in Location and on the page, are references relative to the address of the
// request (RFC 3986 section 4.2): a proxy in front may strip a prefix of the path that only the browser knows. Each
// begins with "?" or "./", so none can lead to another site, whatever the path holds.

// home is what was asked for: the address without our parameters, or a page of the gate at that address.
func (v *visitor) home() string {
	if page := v.at.query.page; page != "" {
		return v.action(page)
	}
	return v.plainAddress()
}

// plainAddress is the address that was asked for, without our parameters.
func (v *visitor) plainAddress() string {
	if rest := v.at.query.rest; rest != "" {
		return "?" + printable(rest, "#")
	}
	return "./" + printable(v.lastSegment(), `#?\`)
}

// link is home as a link on the page. A page that stands at that address already links to itself.
func (v *visitor) link() string {
	if !v.at.query.found {
		return ""
	}
	return v.home()
}

// action is the address for one of our own requests: that of the page, and our parameters.
func (v *visitor) action(value string) string {
	if page := v.at.query.page; page != "" && keepsPage(value) {
		value += "." + page
	}
	return "?" + printable(withAction(v.at.query.rest, value, v.gateName(v.r, v.at)), "#")
}

// lastSegment is what stands behind the last slash of the path, as the browser wrote it. Where a proxy in front strips
// the prefix /tools, both /tools and /tools/ arrive as /; the page that posts tells which one it was.
func (v *visitor) lastSegment() string {
	path := rawPath(v.at.url)
	if from := v.postedFrom(); from != nil && (path == "" || path == "/") {
		path = rawPath(from)
	}
	return path[strings.LastIndexByte(path, '/')+1:]
}

// rawPath is a path as it was written: net/url keeps it in RawPath where it could be written otherwise.
func rawPath(u *url.URL) string { return cmp.Or(u.RawPath, u.EscapedPath()) }

// postedFrom is the page of this site that a form was posted from, nil if that is not known.
func (v *visitor) postedFrom() *url.URL {
	from, err := url.Parse(v.r.Header.Get("Referer"))
	if err != nil || v.r.Method != http.MethodPost || from.Host == "" || from.Host != v.r.Host {
		return nil
	}
	return from
}

// printable is a part of an address in printable ASCII, as browsers write it: every other byte is percent-encoded, and
// so are those of ends, which would end the part or be read otherwise. All else stays, also what is no valid encoding.
func printable(part, ends string) string {
	var b strings.Builder
	b.Grow(len(part))
	for i := range len(part) {
		c := part[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(ends, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
