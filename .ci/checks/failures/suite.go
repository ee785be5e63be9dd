package main

import (
	"slices"
	"strings"
)

// suite is the tests of one package, in the order in which they began. What the package prints itself is a test
// without a name.
type suite struct {
	tests []*test
}

func (s *suite) of(name string) *test {
	i := slices.IndexFunc(s.tests, func(t *test) bool { return t.name == name })
	if i < 0 {
		i = len(s.tests)
		s.tests = append(s.tests, &test{name: name})
	}
	return s.tests[i]
}

// failedBelow reports whether a subtest of a test failed.
func (s *suite) failedBelow(name string) bool {
	return slices.ContainsFunc(s.tests, func(t *test) bool { return t.failed && strings.HasPrefix(t.name, name+"/") })
}

// test is one test, or one subtest.
type test struct {
	name          string
	output        []string // lines, each with its end
	ended, failed bool
}

// framing is how the lines begin that only say which test is under way and how it ended.
var framing = []string{
	"=== RUN ", "=== PAUSE ", "=== CONT ", "=== NAME ", "--- PASS: ", "--- FAIL: ", "--- SKIP: ", "PASS\n", "FAIL\n",
	"FAIL\t", "ok  \t",
}

func (t *test) add(output string) {
	begins := func(frame string) bool { return strings.HasPrefix(output, frame) }
	if !slices.ContainsFunc(framing, begins) {
		t.output = append(t.output, output)
	}
}

// alarms reports whether the runtime spoke while the test ran, which may be about another test.
func (t *test) alarms() bool {
	return slices.ContainsFunc(t.output, func(line string) bool {
		return strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") ||
			strings.HasPrefix(line, "WARNING: DATA RACE")
	})
}
