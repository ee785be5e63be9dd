package sms_test

import (
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// In each form of the list the right code is right, any other code is wrong, and the code of an expired text is wrong.
func TestDexatelChecksOddLists(t *testing.T) {
	t.Parallel()
	for mood, want := range map[providers.Mood]bool{
		providers.Behave: true, providers.FilterIgnored: true, providers.TwoEntries: true, providers.ExpiredEntry: false,
	} {
		p := providers.StartDexatel(t)
		d := newDexatel(t, p, func(o *sms.DexatelOptions) { o.Template, o.Remote = template, true })
		receipt, err := d.Send(t.Context(), message)
		if err != nil {
			t.Fatal(err)
		}
		p.Misbehave(mood)
		for _, tt := range []struct {
			code string
			want bool
		}{{"000000", false}, {p.Wait(t, 1).Code, want}} {
			if right, err := d.Check(t.Context(), message.To, []string{receipt.ID}, tt.code); err != nil ||
				right != tt.want {
				t.Errorf("%q, code %s: %t, %v", mood, tt.code, right, err)
			}
		}
	}
}

// Dexatel lists verifications also where the gate made the code.
func TestDexatelKeepsOurCodes(t *testing.T) {
	t.Parallel()
	p := providers.StartDexatel(t)
	receipt, err := newDexatel(t, p, func(o *sms.DexatelOptions) { o.Template = template }).Send(t.Context(), message)
	if err != nil {
		t.Fatal(err)
	}
	d := newDexatel(t, p, func(o *sms.DexatelOptions) { o.Template, o.Remote = template, true })
	for _, want := range []bool{true, false} {
		if right, err := d.Check(t.Context(), message.To, []string{receipt.ID}, message.Code); err != nil ||
			right != want {
			t.Errorf("%t, %v, want %t", right, err, want)
		}
	}
}

// An origin or a template that Dexatel does not know ends in the class Config.
func TestDexatelOrigins(t *testing.T) {
	t.Parallel()
	p := providers.StartDexatel(t)
	for _, tt := range []struct {
		name   string
		change func(*sms.DexatelOptions)
		class  sms.Class
	}{
		{"eleven characters, of more bytes", func(o *sms.DexatelOptions) { o.From = "Söhne & Co." }, ""},
		{"twelve characters", func(o *sms.DexatelOptions) { o.From = "Twelve chars" }, sms.Config},
		{"a number", func(o *sms.DexatelOptions) { o.From = "123456789012345" }, ""},
		{"too long a number", func(o *sms.DexatelOptions) { o.From = "1234567890123456" }, sms.Config},
		{
			"twelve characters, with a template",
			func(o *sms.DexatelOptions) { o.From, o.Template = "Twelve chars", template }, sms.Config,
		},
		{"the name of a template", func(o *sms.DexatelOptions) { o.Template = "login" }, sms.Config},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := newDexatel(t, p, tt.change).Send(t.Context(), message)
			judge(t, err, tt.class, []string{p.Key})
		})
	}
}
