package gate

import (
	"strings"
	"testing"
)

func TestReadQuery(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, raw string
		want      query
	}{
		{"none", "", query{}},
		{"of the app", "a=1&b=2", query{rest: "a=1&b=2"}},
		{"of the app, escaped", "q=100%25&x=%zz", query{rest: "q=100%25&x=%zz"}},
		{"ours", "sms_2fa=verify", query{action: "verify", found: true}},
		{"ours among the app's", "a=1&sms_2fa=send&b=2", query{rest: "a=1&b=2", action: "send", found: true}},
		{"ours, with another separator", "a=1;sms_2fa=send;b=2", query{rest: "a=1;b=2", action: "send", found: true}},
		{"ours, escaped", "a=1&sms%5f2fa=send", query{rest: "a=1", action: "send", found: true}},
		{"ours, without a value", "sms_2fa", query{found: true}},
		{"ours, twice", "sms_2fa=send&sms_2fa=verify", query{action: "?", found: true}},
		{"ours, unreadable", "sms_2fa=%zz", query{action: "?", found: true}},
		{"with a gate", "sms_2fa=send&sms_2fa_zone=admin.x", query{action: "send", gateName: "admin.x", found: true}},
		{"a gate alone", "sms_2fa_zone=admin.x&a=1", query{rest: "sms_2fa_zone=admin.x&a=1"}},
		{"ours, first", "sms_2fa=send;a&b", query{rest: "a&b", action: "send", found: true}},
		{"ours, before an empty pair", "sms_2fa=send&&a", query{rest: "&a", action: "send", found: true}},
		{"empty pairs", "&a;;b&&sms_2fa=send", query{rest: "&a;;b&", action: "send", found: true}},
		{"a gate before ours", "sms_2fa_zone=x.y&a=%zz&sms_2fa=send;b", query{
			rest: "a=%zz;b", action: "send", gateName: "x.y", found: true,
		}},
		{"a longer name", "sms_2fax=send&xsms_2fa=send", query{rest: "sms_2fax=send&xsms_2fa=send"}},
		{"in a value", "next=%3Fsms_2fa%3Dsend", query{rest: "next=%3Fsms_2fa%3Dsend"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := readQuery(tt.raw); got != tt.want {
				t.Errorf("query %+v, want %+v", got, tt.want)
			}
		})
	}
}

// Whatever a query holds, what is left of it does not carry our parameter, and a query without it stays as it is.
func FuzzReadQuery(f *testing.F) {
	f.Add("a=1&sms_2fa=verify&sms_2fa_zone=x")
	f.Add("%73ms_2fa=send;b")
	f.Fuzz(func(t *testing.T, raw string) {
		q := readQuery(raw)
		if readQuery(q.rest).found {
			t.Errorf("%q still carries the parameter after %q", q.rest, raw)
		}
		if !q.found && q.rest != raw {
			t.Errorf("%q became %q", raw, q.rest)
		}
		if !q.found && strings.HasPrefix(raw, parameter+"=") {
			t.Errorf("the parameter in %q was not found", raw)
		}
	})
}

// The forms of a page carry the app's query byte for byte, whatever it is, and ask the right gate for the right thing.
func FuzzWithAction(f *testing.F) {
	for _, query := range []string{
		"", "&", "a=1&", ";;", "from=12:30", "p=a;b=1", "q=%zz", "u=http://x/?y=z", "sms_2fa_zone=other.x&a",
		"%73ms_2fa_zone",
	} {
		f.Add(query, "")
		f.Add(query, "admin.proof")
	}
	f.Fuzz(func(t *testing.T, rest, gateName string) {
		before := readQuery(rest)
		if before.found || strings.ContainsAny(gateName, "&;%+") {
			return
		}
		q := readQuery(withAction(rest, "verify", gateName))
		if !q.found || q.action != "verify" || q.gateName != gateName {
			t.Errorf("after %q: %+v", rest, q)
		}
		if want := readQuery("sms_2fa&" + rest).rest; q.rest != want {
			t.Errorf("%q became %q", want, q.rest)
		}
		if !strings.Contains(rest, gateParameter) && !strings.Contains(rest, "%") && q.rest != rest {
			t.Errorf("%q became %q", rest, q.rest)
		}
	})
}
