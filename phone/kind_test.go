package phone_test

import (
	"errors"
	"testing"

	"github.com/caddy-sms-2fa/gateway/phone"
)

func TestKind(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		raw  string
		want phone.Kind
	}{
		"mobile":                   {"+4915123456789", phone.Mobile},
		"mobile of Armenia":        {"+37477123456", phone.Mobile},
		"fixed line or mobile":     {"+12025550123", phone.FixedLineOrMobile},
		"fixed line":               {"+4930123456", phone.FixedLine},
		"toll-free":                {"+18002345678", phone.TollFree},
		"personal":                 {"+15005550006", phone.Personal},
		"not in the plan":          {"+491551234", phone.Unknown},
		"premium":                  {"+19002345678", phone.Premium},
		"premium of Germany":       {"+499001234567", phone.Premium},
		"shared cost":              {"+491801123456", phone.SharedCost},
		"pager":                    {"+49164123456", phone.Pager},
		"satellite":                {"+881612345678", phone.Satellite},
		"satellite at sea":         {"+870773123456", phone.Satellite},
		"network across countries": {"+883510012345", phone.Satellite},
		"premium across countries": {"+979123456789", phone.Satellite},
		"short code":               {"+2741348", phone.Short},
		"no number":                {"", phone.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := phone.Number(tt.raw).Kind(); got != tt.want {
				t.Errorf("%s is %s, want %s", tt.raw, got, tt.want)
			}
			if tt.want.Texted() || tt.raw == "" {
				return
			}
			if _, err := phone.Parse(tt.raw, ""); !errors.Is(err, phone.ErrNumber) {
				t.Errorf("%s can be read: %v", tt.raw, err)
			}
		})
	}
}

func TestParseKind(t *testing.T) {
	t.Parallel()
	for _, k := range phone.Kinds {
		if got, err := phone.ParseKind(string(k)); got != k || err != nil || !k.Texted() {
			t.Errorf("%s: %s, %v", k, got, err)
		}
	}
	for _, bad := range []string{"", "Mobile", "premium", "satellite", "short"} {
		if _, err := phone.ParseKind(bad); err == nil {
			t.Errorf("%q is a kind", bad)
		}
	}
}
