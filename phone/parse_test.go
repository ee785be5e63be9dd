package phone_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"github.com/caddy-sms-2fa/gateway/phone"
)

func TestWhatIsClearlyMeantIsRead(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"apostrophe":            "'+15005550006",
		"typographic quotes":    "“+15005550006”",
		"formula":               `="+15005550006"`,
		"embedding mark":        "\u202a+15005550006\u202c",
		"isolate mark":          "\u2066+15005550006\u2069",
		"zero width":            "+1500\u200b555\u200d0006\ufeff",
		"soft hyphen":           "+1500\u00ad555\u00ad0006",
		"no-break spaces":       "+1\u00a0500\u202f555\u20070006\u3000",
		"tab":                   "+1500\t5550006",
		"full width":            "＋１５００５５５０００６",
		"small plus":            "﹢15005550006",
		"Arabic digits":         "+١٥٠٠٥٥٥٠٠٠٦",
		"mathematical digits":   "+𝟏𝟓𝟎𝟎𝟓𝟓𝟓𝟎𝟎𝟎𝟔",
		"dashes":                "+1–500—555−0006",
		"country in brackets":   "(+1) 500 555 0006",
		"all of it, and spaces": " \u200e'\u202a +1 (500) 555-0006\u202c' ",
	} {
		if n, err := phone.Parse(raw, ""); err != nil || n.E164() != "+15005550006" {
			t.Errorf("%s: %s, %v", name, n.E164(), err)
		}
	}
}

func TestWhatIsNoSingleNumberIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, raw, region string
		want              error
	}{
		{"letters", "abc", "DE", phone.ErrCharacters},
		{"floating point", "1.20256E+10", "US", phone.ErrCharacters},
		{"floating point of a comma country", "4,91511E+12", "DE", phone.ErrCharacters},
		{"fraction", "+4915112345678.0", "", phone.ErrCharacters},
		{"fraction without plus", "015112345678.00", "DE", phone.ErrCharacters},
		{"comment", "+12025550123 # mobile", "", phone.ErrCharacters},
		{"note", "+12025550123 (mobile)", "", phone.ErrCharacters},
		{"number of a note", "030 901820 (2)", "DE", phone.ErrCharacters},
		{"plus inside", "+4930901820 +4930901821", "", phone.ErrCharacters},
		{"two pluses", "++4930901820", "", phone.ErrCharacters},
		{"negative", "-4930901820", "DE", phone.ErrCharacters},
		{"next number by slash", "+4930901820/21", "", phone.ErrCharacters},
		{"next number by slash, longer", "030/901820/0821", "DE", phone.ErrCharacters},
		{"two numbers by a line end", "+15005550006\n+15005550009", "", phone.ErrCharacters},
		{"formula", "=A1+15005550006", "", phone.ErrCharacters},
		{"broken UTF-8", "+1500555\xff0006", "", phone.ErrCharacters},
		{"superscript", "+15005550006¹", "", phone.ErrCharacters},
		{"no country", "15005550006", "", phone.ErrNoCountry},
		{"no country, with 00", "0049 30 901820", "", phone.ErrNoCountry},
		{"too short", "+1500", "", phone.ErrTooShort},
		{"within one town only", "555-0006", "US", phone.ErrTooShort},
		{"too long", "+150055500061", "", phone.ErrTooLong},
		{"far too long", strings.Repeat("5", 300), "", phone.ErrTooLong},
		{"nothing but marks", "'\u202a'", "", phone.ErrNumber},
	} {
		n, err := phone.Parse(tt.raw, tt.region)
		if n != "" || !errors.Is(err, tt.want) || !errors.Is(err, phone.ErrNumber) {
			t.Errorf("%s: %s, %v; want %v", tt.name, n.E164(), err, tt.want)
		}
	}
}

func TestTwoReadings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, raw, region string
		want              phone.Number // "" where the text has two readings
	}{
		{"plus lost", "4915112345678", "DE", ""},
		{"plus lost, with spaces", "49 151 12345678", "DE", ""},
		{"0 for the plus", "04915112345678", "DE", ""},
		{"plus lost, of another country", "12025550123", "DE", ""},
		{"0 lost", "15112345678", "DE", ""},
		{"0 lost, as it could be an American number", "15712345678", "DE", ""},
		{"American number in the wrong region", "2125550123", "DE", ""},
		{"American number in another wrong region", "7185550123", "GB", ""},
		{"Indonesian number, plus lost", "62812345678", "ID", ""},
		{"00 where 011 is dialled", "0049301234", "US", ""},
		{"011 where 00 is dialled", "01149301234567", "DE", ""},
		{"Norwegian mobile or Arkansas", "4792345678", "US", ""},
		{"Chinese mobile or Chicago", "13123456789", "CN", ""},
		{"0 in brackets, where none is dialled", "+372 (0) 5123456", "", ""},

		{"as dialled", "0151 12345678", "DE", "+4915112345678"},
		{"as dialled, though an American number without its 0", "015712345678", "DE", "+4915712345678"},
		{"00", "0049 151 12345678", "DE", "+4915112345678"},
		{"011", "011 49 151 12345678", "US", "+4915112345678"},
		{"landline of Leer", "0491 5112345", "DE", "+494915112345"},
		{"American", "(202) 555-0123", "US", "+12025550123"},
		{"American, with 1", "1 202 555 0123", "US", "+12025550123"},
		{"American, or a landline of New Zealand", "6465550123", "US", "+16465550123"},
		{"Indian", "98765 43210", "IN", "+919876543210"},
		{"Indian, plus lost, which is no other number", "919876543210", "IN", "+919876543210"},
		{"Armenian", "077 123456", "AM", "+37477123456"},
		{"Armenian, plus lost, which is no other number", "37477123456", "AM", "+37477123456"},
		{"Italian mobile that begins like Italy", "393 4712345", "IT", "+393934712345"},
		{"Russian with 8", "8 912 345-67-89", "RU", "+79123456789"},
		{"Danish, plus lost", "4520123456", "DK", "+4520123456"},
		{"0 in brackets", "+49 (0)30 901820", "", "+4930901820"},
		{"0 in brackets that stays", "+39 (0)6 1234567", "", "+39061234567"},
		{"country in brackets", "(+49) 030 901820", "", "+4930901820"},
	} {
		n, err := phone.Parse(tt.raw, tt.region)
		if n != tt.want || tt.want == "" && !errors.Is(err, phone.ErrTwoReadings) && !errors.Is(err, phone.ErrTooLong) {
			t.Errorf("%s: %s, %v; want %s", tt.name, n.E164(), err, tt.want.E164())
		}
	}
}

// examples are numbers of every region that has such numbers.
func examples(t *testing.T, kind phonenumbers.PhoneNumberType) map[string]*phonenumbers.PhoneNumber {
	t.Helper()
	all := make(map[string]*phonenumbers.PhoneNumber)
	for region := range phonenumbers.GetSupportedRegions() {
		if n := phonenumbers.GetExampleNumberForType(region, kind); n != nil {
			all[region] = n
		}
	}
	if len(all) < 200 {
		t.Fatalf("%d examples", len(all))
	}
	return all
}

// readers are regions whose plans of numbers differ much: short and long, of one length and of many, with and without
// a prefix.
var readers = strings.Fields("AR AT AU BR CN DE DK FI FR GB ID IN IT JP KE MX NO RU SG US")

// A mobile number whose plus was lost is read as itself or not at all, in whatever region it is read.
func TestMobileNumberWithoutPlusIsNeverAnother(t *testing.T) {
	t.Parallel()
	mobiles := examples(t, phonenumbers.MOBILE)
	own := 0
	for of, example := range mobiles {
		want := phone.Number(phonenumbers.Format(example, phonenumbers.E164))
		for _, region := range append(readers, of) {
			spellings := []string{want.Digits()}
			if region == of {
				spellings = append(spellings, "0"+want.Digits(), "00"+want.Digits(), "011"+want.Digits())
			}
			for _, written := range spellings {
				n, err := phone.Parse(written, region)
				if err == nil && n != want {
					t.Errorf("%s, a mobile of %s, is read in %s as %s", written, of, region, n.E164())
				}
				if err == nil && region == of && written == want.Digits() {
					own++
				}
			}
		}
	}
	if own < 150 {
		t.Errorf("only %d numbers without plus are read in their own region", own)
	}
}

// A mobile number that is written as it is dialled in its region is read, or another number could be meant.
func TestMobileNumberAsDialledIsRead(t *testing.T) {
	t.Parallel()
	refused := 0
	mobiles := examples(t, phonenumbers.MOBILE)
	for region, example := range mobiles {
		want := phone.Number(phonenumbers.Format(example, phonenumbers.E164))
		for _, written := range []string{
			phonenumbers.Format(example, phonenumbers.INTERNATIONAL), want.E164(), " '" + want.E164() + "\u202c",
		} {
			if n, err := phone.Parse(written, region); n != want {
				t.Errorf("%s of %s: %s, %v", written, region, n.E164(), err)
			}
		}
		n, err := phone.Parse(phonenumbers.Format(example, phonenumbers.NATIONAL), region)
		if err == nil && n != want || err != nil && !errors.Is(err, phone.ErrTwoReadings) {
			t.Errorf("%s in %s: %s, %v", phonenumbers.Format(example, phonenumbers.NATIONAL), region, n.E164(), err)
		}
		if err != nil {
			t.Logf("%s in %s: %v", phonenumbers.Format(example, phonenumbers.NATIONAL), region, err)
			refused++
		}
	}
	if refused > len(mobiles)/10 {
		t.Errorf("%d of %d regions", refused, len(mobiles))
	}
}

// FuzzParseWithoutPlus looks for texts that are read in a region as one number, and that with a plus in front are
// another one that could get a text.
func FuzzParseWithoutPlus(f *testing.F) {
	f.Add("4915112345678", "DE")
	f.Add("(0)49/15112345678", "DE")
	f.Add("011 49 151 12345678", "US")
	f.Fuzz(func(t *testing.T, raw, region string) {
		n, err := phone.Parse(raw, region)
		if err != nil {
			if n != "" || !errors.Is(err, phone.ErrNumber) {
				t.Errorf("%q: number %q with error %v", raw, n.E164(), err)
			}
			return
		}
		if again, err := phone.Parse(n.E164(), region); again != n {
			t.Errorf("%q is read as %q, which is read as %q (%v)", raw, n.E164(), again.E164(), err)
		}
		other, err := phonenumbers.Parse("+"+phonenumbers.NormalizeDigitsOnly(raw), "")
		if err != nil || strings.ContainsAny(raw, "+＋﹢") || phonenumbers.GetNumberType(other) != phonenumbers.MOBILE {
			return
		}
		if lost := phonenumbers.Format(other, phonenumbers.E164); lost != n.E164() {
			t.Errorf("%q is read in %s as %q, and could be %q", raw, region, n.E164(), lost)
		}
	})
}
