package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// stream is what go test -json prints for events.
func stream(t *testing.T, events []event) string {
	t.Helper()
	var lines strings.Builder
	for _, e := range events {
		line, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	return lines.String()
}

func said(test, output string) event {
	return event{Action: "output", Package: "p", Test: test, Output: output}
}

func ended(test, action string) event { return event{Action: action, Package: "p", Test: test} }

func TestReport(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		events []event
		shown  string
		failed bool
	}{
		{"a pass is one line", []event{
			{Action: "start", Package: "p"},
			said("A", "=== RUN   A\n"), said("A", "noise\n"), said("A", "--- PASS: A (0.00s)\n"),
			ended("A", "pass"), said("", "PASS\n"), ended("", "pass"),
		}, "ok   p 0.0s\n", false},
		{"a failure without the passes around it", []event{
			said("A", "noise\n"), said("B", "got 1\n"), said("A", "noise\n"), ended("A", "pass"),
			said("B", "--- FAIL: B (0.00s)\n"),
			ended("B", "fail"), ended("", "fail"),
		}, "FAIL p B\ngot 1\nFAIL p 0.0s\n", true},
		{"a test is not shown for its subtest", []event{
			said("B/x", "got 1\n"), ended("B/x", "fail"), said("B", "--- FAIL: B (0.00s)\n"), ended("B", "fail"),
			ended("", "fail"),
		}, "FAIL p B/x\ngot 1\nFAIL p 0.0s\n", true},
		{"a failure that says nothing", []event{ended("B", "fail"), ended("", "fail")}, "FAIL p B\nFAIL p 0.0s\n", true},
		{"a skip fails", []event{
			said("A", "no redis\n"), ended("A", "skip"), ended("", "pass"),
		}, "SKIP p A\nno redis\nok   p 0.0s\n", true},
		{"no test files", []event{ended("", "skip")}, "", false},
		{"a race while another test runs", []event{
			said("A", "WARNING: DATA RACE\n"), ended("A", "pass"), said("B", "race detected\n"), ended("B", "fail"),
			ended("", "fail"),
		}, "FAIL p B\nrace detected\nWITH p A\nWARNING: DATA RACE\nFAIL p 0.0s\n", true},
		{"a panic", []event{
			said("A", "noise\n"), ended("A", "pass"), said("B", "panic: x\n"), ended("", "fail"),
		}, "DURING p B\npanic: x\nFAIL p 0.0s\n", true},
		{
			"what the package says",
			[]event{said("", "exit status 3\n"), ended("", "fail")},
			"WITH p \nexit status 3\nFAIL p 0.0s\n", true,
		},
		{"a build", []event{
			{Action: "build-output", ImportPath: "p [p.test]", Output: "undefined: x\n"},
			{Action: "build-fail", ImportPath: "p [p.test]"},
			{Action: "fail", Package: "p", FailedBuild: "p [p.test]"},
		}, "undefined: x\nFAIL p 0.0s\n", true},
		{"a stream that breaks off", []event{said("A", "noise\n")}, "FAIL p: it never ended\n", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var shown strings.Builder
			r := newReport(&shown)
			if err := r.read(strings.NewReader(stream(t, tt.events))); err != nil {
				t.Fatal(err)
			}
			if shown.String() != tt.shown || r.failed != tt.failed {
				t.Errorf("failed: %t, shown:\n%swant:\n%s", r.failed, shown.String(), tt.shown)
			}
		})
	}
}

func TestLinesThatAreNoEvents(t *testing.T) {
	t.Parallel()
	var shown strings.Builder
	r := newReport(&shown)
	if err := r.read(strings.NewReader("go: no such module\n{half")); err != nil ||
		shown.String() != "go: no such module\n{half" {
		t.Errorf("%v, shown %q", err, shown.String())
	}
}

func TestLongOutputIsCut(t *testing.T) {
	t.Parallel()
	var shown strings.Builder
	r := newReport(&shown)
	r.write(append([]string{"first\n"}, append(make([]string, 500), "last\n")...))
	if got := shown.String(); got != "first\n... 302 lines more ...\nlast\n" {
		t.Errorf("shown %q", got)
	}
}
