package sms

import (
	"encoding/json"
	"strings"
	"testing"
)

// The pointers are those of RFC 6901 5, and some that lead to nothing.
func TestPointer(t *testing.T) {
	t.Parallel()
	d := json.NewDecoder(strings.NewReader(
		`{"foo":["bar","baz"],"":0,"a/b":1,"m~n":8,"yes":true,"null":null,` +
			`"object":{"id":"x"},"long":12345678901234567890}`,
	))
	d.UseNumber()
	var document any
	if err := d.Decode(&document); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		pointer, want string
		present       bool
	}{
		{"", "", true},
		{"/foo", "", true},
		{"/foo/0", "bar", true},
		{"/foo/2", "", false},
		{"/foo/-1", "", false},
		{"/foo/bar", "", false},
		{"/", "0", true},
		{"/a~1b", "1", true},
		{"/m~0n", "8", true},
		{"/yes", "true", true},
		{"/null", "", false},
		{"/missing", "", false},
		{"/object/id", "x", true},
		{"/object/id/deeper", "", false},
		{"/long", "12345678901234567890", true},
	} {
		pointer, err := parsePointer(tt.pointer)
		if err != nil {
			t.Fatal(err)
		}
		if got, present := at(document, pointer); got != tt.want || present != tt.present {
			t.Errorf("%q leads to %q, %v, want %q, %v", tt.pointer, got, present, tt.want, tt.present)
		}
	}
	if _, err := parsePointer("foo"); err == nil {
		t.Error("a pointer without a slash is accepted")
	}
}

func TestRule(t *testing.T) {
	t.Parallel()
	ok := answer{status: 202, body: []byte(`{"status":"queued","error":null}`), whole: true}
	for _, tt := range []struct {
		words string
		want  bool
	}{
		{"status 200 202", true},
		{"status 200", false},
		{"json /status queued sent", true},
		{"json /status sent", false},
		{"json /status", true},
		{"json /error", false},
		{`text "queued"`, true},
		{"text ^queued", false},
	} {
		rules, err := parseRules("success", [][]string{strings.Fields(tt.words)})
		if err != nil {
			t.Fatal(err)
		}
		if got := rules[0].matches(ok.read(true)); got != tt.want {
			t.Errorf("%s: the answer meets it: %v, want %v", tt.words, got, tt.want)
		}
	}
}
