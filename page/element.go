package page

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/caddy-sms-2fa/gateway/page/words"
)

// countdown is a duration in words, which the script counts down.
func countdown(l *words.Language, d time.Duration) template.HTML {
	said := template.HTMLEscapeString(l.Duration(d))
	return template.HTML(fmt.Sprintf(`<span data-countdown="%d">%s</span>`, words.Seconds(d), said))
}

// phone is a number, which stays in one piece, from left to right. A masked one is read aloud by its last digits
// alone.
func phone(l *words.Language, number string) (template.HTML, error) {
	shown := template.HTMLEscapeString(number)
	ending := strings.TrimLeft(number, "•")
	if ending == number {
		return template.HTML(`<bdi class="phone" dir="ltr">` + shown + `</bdi>`), nil
	}
	said, err := l.Say("phone-ending", "digits", ending)
	return template.HTML(`<bdi class="phone" dir="ltr" aria-hidden="true">`+shown+`</bdi><span class="aloud">`) +
		said + `</span>`, err
}

// piece is a name or an address, in one piece between words of either direction.
func piece(text string) template.HTML {
	return template.HTML(`<bdi>` + template.HTMLEscapeString(text) + `</bdi>`)
}

// link is the tags of a link to an address.
func link(u template.URL) words.Element {
	return words.Element{Open: template.HTML("<a " + string(addressAttribute("href", u)) + ">"), Close: "</a>"}
}
