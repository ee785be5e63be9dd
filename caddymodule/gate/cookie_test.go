package gate

import (
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/otp"
)

func TestCookiesOfOneName(t *testing.T) {
	t.Parallel()
	all := slices.Repeat([]string{"x"}, maxCookies)
	tests := []struct {
		name  string
		lines []string
		want  []string
	}{
		{"none", nil, nil},
		{"one", []string{"sms2fa=x"}, []string{"x"}},
		{"among the app's", []string{"a=1; sms2fa=x; b=2"}, []string{"x"}},
		{"two", []string{"sms2fa=x; sms2fa=y"}, []string{"x", "y"}},
		{"two with others between", []string{"sms2fa=x;a=1;; sms2fa=y"}, []string{"x", "y"}},
		{"in two lines, as HTTP/2 may", []string{"sms2fa=x", "", "a=1; sms2fa=y"}, []string{"x", "y"}},
		{"another case", []string{"SMS2FA=x"}, nil},
		{"a name that only begins so", []string{"sms2fa_challenge=x; sms2fa-admin=y"}, nil},
		{"no value", []string{"sms2fa; sms2fa="}, []string{""}},
		{"as many as are read", []string{strings.Repeat("sms2fa=x; ", maxCookies)}, all},
		{"more", []string{strings.Repeat("sms2fa=x; ", 50)}, all},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for c := cookiesOf(tt.lines, "sms2fa"); c.next(); {
				got = append(got, c.value)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("found %q, want %q", got, tt.want)
			}
			if got, want := tooMany(tt.lines, "sms2fa"), tt.name == "more"; got != want {
				t.Errorf("too many: %v, want %v", got, want)
			}
		})
	}
}

func TestTickets(t *testing.T) {
	t.Parallel()
	one, two := otp.Ticket{Browser: otp.BrowserID{1}}, otp.Ticket{Browser: otp.BrowserID{2}}
	names := plainNames("default")
	line := "sms2fa_challenge=" + one.String() + "; sms2fa_challenge=junk; sms2fa_challenge=" + two.String() +
		"; sms2fa_challenge=" + one.String()
	if got := names.tickets([]string{line}); !slices.Equal(got, []otp.Ticket{one, two}) {
		t.Errorf("%d tickets", len(got))
	}
}
