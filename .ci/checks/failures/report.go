package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is a line of go test -json, as "go doc test2json" and "go help buildjson" describe it.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
	ImportPath                    string // of build-output: what was built
	FailedBuild                   string // of the failure of a package: the ImportPath that could not be built
}

// report writes failures as they come.
type report struct {
	out    io.Writer
	failed bool // whether something failed or skipped itself
	suites map[string]*suite
	builds map[string][]string // what the compiler and vet said, by ImportPath
}

func newReport(out io.Writer) *report {
	return &report{out: out, suites: make(map[string]*suite), builds: make(map[string][]string)}
}

// read reads events until there are no more. A line that is no event is shown as it is.
func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		if len(line) > 0 && json.Unmarshal(line, &e) == nil {
			r.take(e)
		} else {
			fmt.Fprintf(r.out, "%s", line)
		}
		switch {
		case errors.Is(err, io.EOF):
			r.close()
			return nil
		case err != nil:
			return fmt.Errorf("reading events: %w", err)
		}
	}
}

func (r *report) take(e event) {
	switch e.Action {
	case "build-output":
		r.builds[e.ImportPath] = append(r.builds[e.ImportPath], e.Output)
	case "output":
		r.suite(e.Package).of(e.Test).add(e.Output)
	case "start":
		r.suite(e.Package)
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endSuite(e)
		} else {
			r.endTest(e)
		}
	}
}

func (r *report) suite(name string) *suite {
	if r.suites[name] == nil {
		r.suites[name] = new(suite)
	}
	return r.suites[name]
}

// endTest shows a test that failed or skipped itself. A test whose subtests failed is shown only if it has something
// to say itself.
func (r *report) endTest(e event) {
	s := r.suite(e.Package)
	t := s.of(e.Test)
	t.ended = true
	switch {
	case e.Action == "pass":
		if !t.alarms() {
			t.output = nil
		}
		return
	case e.Action == "fail" && (len(t.output) > 0 || !s.failedBelow(e.Test)):
		r.show("FAIL", e.Package, t)
	case e.Action == "skip":
		r.show("SKIP", e.Package, t)
	}
	r.failed = true
	t.failed, t.output = true, nil
}

// endSuite shows why a package failed beyond the tests that failed: it could not be built, or it ended early, by a
// panic or because its time was up, or it raced. What the runtime says then stands with a test that happened to run,
// be it one that passed.
func (r *report) endSuite(e event) {
	s := r.suite(e.Package)
	delete(r.suites, e.Package)
	switch e.Action {
	case "pass":
		fmt.Fprintf(r.out, "ok   %s %.1fs\n", e.Package, e.Elapsed)
		return
	case "skip": // no test files
		return
	}
	r.failed = true
	r.write(r.builds[e.FailedBuild])
	for _, t := range s.tests {
		switch {
		case len(t.output) == 0:
		case t.ended || t.name == "":
			r.show("WITH", e.Package, t)
		default:
			r.show("DURING", e.Package, t)
		}
	}
	fmt.Fprintf(r.out, "FAIL %s %.1fs\n", e.Package, e.Elapsed)
}

// close counts packages that never ended as failures.
func (r *report) close() {
	for name := range r.suites {
		r.failed = true
		fmt.Fprintf(r.out, "FAIL %s: it never ended\n", name)
	}
}

// show writes what a test printed, under its name.
func (r *report) show(what, suite string, t *test) {
	fmt.Fprintf(r.out, "%-4s %s %s\n", what, suite, t.name)
	r.write(t.output)
}

// shown is how many lines of one output are shown from its beginning and from its end, where the whole is longer.
const (
	shownFirst = 150
	shownLast  = 50
)

func (r *report) write(lines []string) {
	if left := len(lines) - shownFirst - shownLast; left > 0 {
		cut := fmt.Sprintf("... %d lines more ...\n", left)
		lines = slices.Concat(lines[:shownFirst], []string{cut}, lines[len(lines)-shownLast:])
	}
	fmt.Fprint(r.out, strings.Join(lines, ""))
}
