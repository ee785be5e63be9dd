package app

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/otp"
)

// A basis tells of a difference in any of its parts, and never of a secret in a directory or a code.
func TestBasisDiffers(t *testing.T) {
	t.Parallel()
	o := Options{TestNumbers: []TestNumber{{"+15005550006", "123456", "2027-01-31"}}}
	ldap := guest.Modules{json.RawMessage(`{"directory":"ldap","password":"hunter2"}`)}
	base := NewBasis("{u}", ldap, o, otp.DefaultPolicy())
	if d := base.differs(base); d != "" {
		t.Fatalf("a basis differs from itself in %s", d)
	}
	spaced := base
	spaced.directory = guest.Modules{json.RawMessage(`{ "password": "hunter2", "directory": "ldap" }`)}
	if d := base.differs(spaced); d != "" {
		t.Errorf("the same directory, written in another way, differs in %s", d)
	}
	for i := range reflect.TypeFor[Basis]().NumField() {
		other := base
		switch name := reflect.TypeFor[Basis]().Field(i).Name; name {
		case "user":
			other.user = "{v}"
		case "directory":
			other.directory = guest.Modules{json.RawMessage(`{"directory":"ldap","password":"hunter3"}`)}
		case "phone":
			other.phone = "{p}"
		case "defaultRegion":
			other.defaultRegion = "DE"
		case "policy":
			other.policy.Attempts = 9
		case "testNumbers":
			other.testNumbers = []TestNumber{{"+15005550006", "654321", "2027-01-31"}}
		default:
			t.Fatalf("%s: nothing compares it", name)
		}
		d := base.differs(other)
		if d == "" || d != "" && other.differs(base) == "" {
			t.Errorf("%s: no difference is told", reflect.TypeFor[Basis]().Field(i).Name)
		}
		for _, secret := range []string{"hunter", "123456", "654321"} {
			if strings.Contains(d, secret) {
				t.Errorf("%q has a secret", d)
			}
		}
	}
}

func TestCookiesMeet(t *testing.T) {
	t.Parallel()
	host := func(hosts ...string) CookieReach { return CookieReach{Hosts: hosts} }
	for _, tt := range []struct {
		name     string
		one, two CookieReach
		want     bool
	}{
		{"hosts of their own", host("a"), host("b"), false},
		{"one host", host("a", "b"), host("b"), true},
		{"any host", CookieReach{AnyHost: true}, CookieReach{AnyHost: true}, true},
		{"one domain", CookieReach{Domain: "a"}, CookieReach{Domain: "a"}, true},
		{"two domains on a host", CookieReach{Domain: "a", Hosts: []string{"h"}}, host("h"), false},
		{"hosts that are not known", CookieReach{}, CookieReach{}, false},
	} {
		if tt.one.meets(tt.two) != tt.want || tt.two.meets(tt.one) != tt.want {
			t.Errorf("%s: want %t", tt.name, tt.want)
		}
	}
}
