package page

import (
	"fmt"
	"html/template"
	"time"

	"github.com/caddy-sms-2fa/gateway/page/words"
)

// countdown is a duration in words, which the script counts down.
func countdown(l *words.Language, d time.Duration) template.HTML {
	said := template.HTMLEscapeString(l.Duration(d))
	return template.HTML(fmt.Sprintf(`<span data-countdown="%d">%s</span>`, words.Seconds(d), said))
}

// phone is a masked number, which stays on one line.
func phone(masked string) template.HTML {
	return template.HTML(`<span class="phone">` + template.HTMLEscapeString(masked) + `</span>`)
}

// link is the tags of a link to an address.
func link(u template.URL) words.Element {
	return words.Element{Open: template.HTML("<a " + string(addressAttribute("href", u)) + ">"), Close: "</a>"}
}
