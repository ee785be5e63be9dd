// Command failures reads what go test -json prints and shows what failed, each failure under its name, and one line
// for each package that passed. What passed tests print is left out. A test that skips itself counts as a failure.
//
//	go test -json ./... | failures
package main

import (
	"fmt"
	"os"
)

func main() {
	r := newReport(os.Stdout)
	if err := r.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if r.failed {
		os.Exit(1)
	}
}
