// Command columns names the lines that do not end before column 120. A tab counts as one column.
package main

import (
	"bufio"
	"fmt"
	"os"
	"unicode/utf8"
)

// limit is the first column that no line may reach.
const limit = 120

func main() {
	status := 0
	for _, name := range os.Args[1:] {
		long, err := check(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		if long || err != nil {
			status = 1
		}
	}
	os.Exit(status)
}

// check prints the long lines of one file and reports whether there are any.
func check(name string) (long bool, err error) {
	file, err := os.Open(name)
	if err != nil {
		return false, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		if columns := utf8.RuneCount(lines.Bytes()); columns >= limit {
			fmt.Printf("%s:%d: %d columns\n", name, n, columns)
			long = true
		}
	}
	return long, lines.Err()
}
