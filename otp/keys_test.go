package otp

import "testing"

// All that is derived from a root stays what it is from release to release: records in the store are found by it, and
// cookies and texts that are under way go on to be right.
func TestDerivationNeverChanges(t *testing.T) {
	t.Parallel()
	k := testKeys(t)
	s, id := Subject{Zone: "default", Name: "alice"}, ChallengeID{1}
	m := k.marker(s, id, "482913")("one")
	for _, tt := range []struct{ name, got, want string }{
		{"account", k.Account(s), "a:IhE8JpLYnpPh3w1EN70lgA"},
		{"phone", k.Phone("+15005550006"), "p:YbDJZsukH1GDEl0KH_QMsQ"},
		{"report", k.Report("one", "SM1"), "r:5a90nux9Vkc_3ezx8iRokw"},
		{"pseudonym", k.Pseudonym(s), "05OjEJClOdh5mmPosuRATg"},
		{"session", k.Session(s, id), "xlL5rUGeSMwkVaUDxxqutw"},
		{"proof", k.Proof(s, Ticket{Challenge: id, Browser: BrowserID{2}}), "amtqfZZFtpu1sL0N2piZQQ"},
		{"gate name", k.Way("default", "app.example.com", "/a"), "_ZuIxDChqANXIA67S74sww"},
		{"code", k.Code(s, id, 6), "198085"},
		{"mark", b64(m[:]), "gF53Ukt4yYw"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s is %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}
