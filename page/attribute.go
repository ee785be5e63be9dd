package page

import (
	"html"
	"html/template"
	"strings"
)

// addressAttribute is an attribute of HTML that holds an address, escaped once: the browser reads the address byte for
// byte. The escaper of html/template would take what stands before a colon in a query for a scheme and refuse the
// address, and would encode it anew. An address that may leave the site is not written; the attribute then leads to
// the page itself.
func addressAttribute(name string, u template.URL) template.HTMLAttr {
	if !staysHere(string(u)) {
		u = ""
	}
	return template.HTMLAttr(name + `="` + html.EscapeString(string(u)) + `"`)
}

// staysHere reports whether an address is one of the forms that a View has: relative to the page.
func staysHere(u string) bool { return u == "" || u[0] == '?' || strings.HasPrefix(u, "./") }
