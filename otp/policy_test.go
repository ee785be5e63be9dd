package otp

import (
	"strings"
	"testing"
)

func TestPolicyValidate(t *testing.T) {
	t.Parallel()
	if err := DefaultPolicy().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
	tests := []struct {
		option string
		break_ func(*Policy)
	}{
		{"code_length", func(p *Policy) { p.CodeLength = 5 }},
		{"code_length", func(p *Policy) { p.CodeLength = 11 }},
		{"code_ttl", func(p *Policy) { p.CodeTTL = MaxCodeTTL + 1 }},
		{"code_ttl", func(p *Policy) { p.CodeTTL = 0 }},
		{"attempts", func(p *Policy) { p.Attempts = 0 }},
		{"attempts", func(p *Policy) { p.Attempts = 11 }},
		{"block", func(p *Policy) { p.Block = -1 }},
		{"resend_after", func(p *Policy) { p.ResendAfter = -1 }},
		{"sends", func(p *Policy) { p.Sends = nil }},
		{"sends", func(p *Policy) { p.Sends[0].Max = 0 }},
	}
	for _, tt := range tests {
		p := DefaultPolicy()
		tt.break_(&p)
		if err := p.Validate(); err == nil || !strings.HasPrefix(err.Error(), tt.option+":") {
			t.Errorf("error %v does not name %s", err, tt.option)
		}
	}
}
