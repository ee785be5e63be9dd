package directory

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"plain":                    "alice,+15005550006\nbob,+15005550009\n",
		"no line end at the end":   "alice,+15005550006\nbob,+15005550009",
		"BOM and CRLF":             "\ufeffuser,phone\r\nalice,+15005550006\r\nbob,+15005550009\r\n",
		"CR alone":                 "user,phone\ralice,+15005550006\rbob,+15005550009\r",
		"semicolons":               "Login;Mobile\nalice;+15005550006\nbob;+15005550009\n",
		"tabs":                     "alice\t+15005550006\nbob\t +15005550009\n",
		"separator line":           "sep=;\r\nalice;+15005550006\r\nbob;+15005550009\r\n",
		"quotes":                   "\"User Name\",\"Phone Number\"\n\"alice\",\"+15005550006\"\n\"bob\",+15005550009\n",
		"separator inside quotes":  "\"alice\";\"+15005550006\"\n\"bob\";\"+15005550009\"\n",
		"comments and empty lines": "# staff, all of them\n\nalice,+15005550006\n\n# more\nbob,+15005550009\n",
		"empty columns and lines":  "alice,+15005550006,,\n,,,\nbob,+15005550009,,\n",
	} {
		table, err := parse("f", []byte(content))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(table.numbers) != 2 || table.numbers["alice"] != "+15005550006" || table.numbers["bob"] != "+15005550009" {
			t.Errorf("%s: %v", name, table.numbers)
		}
	}
	for name, tt := range map[string]struct{ content, want string }{
		"UTF-16":                     {"\xff\xfea\x00,\x001\x00", "f:1: the file is in UTF-16"},
		"UTF-16 without a mark":      {"a\x00,\x001\x00\n\x00", "f:1: the line has null characters"},
		"Latin-1":                    {"alice,+15005550006\nm\xfcller,+15005550009\n", "f:2: the line is not in UTF-8"},
		"page":                       {"\n<html>\n", "f:1: the file is a page"},
		"spreadsheet":                {"PK\x03\x04\x00", "f:1: the file is a spreadsheet"},
		"user twice, equal numbers":  {"alice,1\nbob,1\nalice,1\n", "f:3: the user stands twice, first in line 1"},
		"user twice, other numbers":  {"u,1\n# x\nAlice,2\nALICE,3\n", "f:4: the user stands twice, first in line 3"},
		"number of another column":   {"alice,Sales,+15005550006\n", "f:1: 3 fields"},
		"quote that does not end":    {"alice,+15005550006\nbob,\"+15005550009\n", "f:2: "},
		"separators that are mixed":  {"alice,+15005550006\nbob;+15005550009\n", "f:2: 1 fields"},
		"header in the middle":       {"alice,+15005550006\nuser\n", "f:2: 1 fields"},
		"user of control characters": {"a\x01b,+15005550006\n", "f:1: the user is empty or has control characters"},
	} {
		if _, err := parse("f", []byte(tt.content)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
	}
}

func FuzzTable(f *testing.F) {
	f.Add([]byte("user,phone\nalice,+15005550006\n"), "DE")
	f.Add([]byte("sep=;\na;4915112345678\n\"b\"\"\";'030 1\n"), "DE")
	f.Add([]byte("\ufeffa\t1\rb\t2\r"), "")
	number := regexp.MustCompile(`[0-9]{7,}`)
	f.Fuzz(func(t *testing.T, data []byte, region string) {
		silent := func(err error) {
			if err == nil || number.MatchString(region) {
				return
			}
			if number.MatchString(strings.ReplaceAll(err.Error(), expected, "")) {
				t.Errorf("a number is told: %v", err)
			}
		}
		table, err := parse("f", data)
		silent(err)
		if err != nil {
			return
		}
		if len(table.users) != len(table.numbers) {
			t.Errorf("%d lines of %d users", len(table.users), len(table.numbers))
		}
		for user := range table.numbers {
			if Canonical(user) != user || user == "" {
				t.Errorf("user %q", user)
			}
		}
		silent(review{region, silent}.of("f", table))
	})
}

// While a look at the file hangs, lookups answer from memory.
func TestLookupDoesNotWaitForALook(t *testing.T) {
	t.Parallel()
	table, err := parse("f", []byte("alice,+15005550006\n"))
	if err != nil {
		t.Fatal(err)
	}
	f := &File{path: "f", now: time.Now, report: func(err error) { t.Error(err) }}
	f.table.Store(table)
	f.looking.Store(true)
	numbers, err := f.Lookup(t.Context(), Person{Name: "alice"})
	if len(numbers) != 1 || numbers[0] != "+15005550006" || err != nil {
		t.Errorf("%q, %v", numbers, err)
	}
}
