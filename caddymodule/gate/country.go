package gate

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/caddy-sms-2fa/gateway/page"
	"github.com/caddy-sms-2fa/gateway/phone"
)

// maxLanguages bounds the header that is read.
const maxLanguages = 200

// languages are the visitor's, in the order of preference.
func (v *visitor) languages() []language.Tag {
	header := v.r.Header.Get("Accept-Language")
	if len(header) > maxLanguages {
		header = header[:strings.LastIndex(header[:maxLanguages], ",")+1]
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return nil
	}
	return tags
}

// ask is what the page that asks for a number shows.
func (h *holder) ask(given submission) *page.Ask {
	tongue := nameable(h.languages())
	countries := slices.Clone(h.enrolment.Countries)
	if len(countries) == 0 {
		countries = slices.Clone(phone.Countries())
	}
	phone.SortByName(countries, tongue)
	chosen := phone.Country(given.country)
	if !slices.Contains(countries, chosen) {
		chosen = h.likelyCountry(countries)
	}
	a := &page.Ask{
		Number: given.number, Replaces: h.replaces.Masked(), Language: tongue.String(),
		Invited: h.enrolment.Invited && h.replaces == "", Invitation: given.invitation,
	}
	for _, c := range countries {
		national, international := c.Example()
		a.Countries = append(a.Countries, page.Country{
			Code: string(c), Name: c.Name(tongue), CallingCode: c.CallingCode(), Selected: c == chosen,
			National: national, International: international,
		})
	}
	return a
}

// nameable is the first language in which countries have names.
var nameable = func() func([]language.Tag) language.Tag {
	known := append([]language.Tag{language.English}, display.Supported.Tags()...)
	matcher := language.NewMatcher(known)
	return func(preferred []language.Tag) language.Tag {
		_, i, _ := matcher.Match(preferred...)
		return known[i]
	}
}()

// likelyCountry is where the visitor seems to be: the region of a language, like de-AT, then the default region, then
// where a language is spoken most; "" where none of these is in the list.
func (h *holder) likelyCountry(countries []phone.Country) phone.Country {
	if len(countries) == 1 {
		return countries[0]
	}
	var named, likely []phone.Country
	for _, tag := range h.languages() {
		switch region, confidence := tag.Region(); confidence {
		case language.Exact:
			named = append(named, phone.Country(region.String()))
		case language.No:
		default:
			likely = append(likely, phone.Country(region.String()))
		}
	}
	for _, c := range slices.Concat(named, []phone.Country{phone.Country(h.DefaultRegion)}, likely) {
		if slices.Contains(countries, c) {
			return c
		}
	}
	return ""
}
