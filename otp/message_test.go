package otp

import (
	"testing"
	"time"
)

func TestMessage(t *testing.T) {
	t.Parallel()
	m, err := ParseMessage("")
	if err != nil {
		t.Fatal(err)
	}
	text := m.Text("123456", "Acme", "app.example.com", DefaultCodeTTL)
	want := "Acme: your code is 123456. It is valid for 5 min. Do not share it with anyone.\n\n@app.example.com #123456"
	if text != want {
		t.Errorf("text is\n%s\nwant\n%s", text, want)
	}
	if len(text) > 160 {
		t.Errorf("the default text has %d characters, which is more than one segment", len(text))
	}
	for name, bad := range map[string]string{
		"no code":          "hello",
		"unknown variable": "{code} {user}",
		"own binding line": "{code}\n@evil.example #{code}",
	} {
		if _, err := ParseMessage(bad); err == nil {
			t.Errorf("%s: %q was accepted", name, bad)
		}
	}
}

func TestMinutes(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "1", 20 * time.Second: "1", 89 * time.Second: "1", 90 * time.Second: "2", 5 * time.Minute: "5",
	} {
		if got := minutes(d); got != want {
			t.Errorf("%s is %s minutes, want %s", d, got, want)
		}
	}
}
