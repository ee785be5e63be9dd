package phone_test

import (
	"cmp"
	"slices"
	"testing"

	"golang.org/x/text/language"

	"github.com/caddy-sms-2fa/gateway/phone"
)

func TestCountries(t *testing.T) {
	t.Parallel()
	all := slices.Clone(phone.Countries())
	if len(all) < 240 {
		t.Fatalf("%d countries", len(all))
	}
	for _, c := range all {
		national, international := c.Example()
		if name := c.Name(language.English); len(name) < 4 || len(c.CallingCode()) < 2 {
			t.Errorf("%s is called %q and has the calling code %q", c, name, c.CallingCode())
		}
		if international == "" {
			continue // an island without mobile phones
		}
		for _, example := range []string{cmp.Or(national, international), international} {
			if n, err := phone.ParseOwn(example, c); err != nil || n.Spaced() != international {
				t.Errorf("the example %q of %s is read as %s, %v", example, c, n.E164(), err)
			}
		}
	}
	for c, want := range map[phone.Country]string{"DE": "Allemagne", "AM": "Arménie", "US": "États-Unis"} {
		if got := c.Name(language.French); got != want {
			t.Errorf("%s is called %q", c, got)
		}
	}
	if got := phone.Country("DE").Name(language.MustParse("tlh")); got != "Germany" {
		t.Errorf("without names in a language: %q", got)
	}
	some := []phone.Country{"US", "EG", "ES", "EE", "FR"}
	phone.SortByName(some, language.French) // Égypte, Espagne, Estonie, États-Unis, France
	if want := []phone.Country{"EG", "ES", "EE", "US", "FR"}; !slices.Equal(some, want) {
		t.Errorf("sorted as %v, want %v", some, want)
	}
}
