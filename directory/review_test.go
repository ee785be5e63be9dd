package directory_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/directory"
)

// watched is a directory file whose warnings and faults are kept.
type watched struct {
	*directory.File
	path     string
	faults   []string
	warnings map[string][]string // by region
}

func watch(t *testing.T, content string, regions ...string) *watched {
	t.Helper()
	w := &watched{path: filepath.Join(t.TempDir(), "phones.csv"), warnings: make(map[string][]string)}
	put(t, w.path, content)
	var err error
	w.File, err = directory.OpenFile(w.path, new(clock).now, func(err error) { w.faults = append(w.faults, err.Error()) })
	if err != nil {
		t.Fatal(err)
	}
	for _, region := range regions {
		if err := w.Review(region, func(err error) {
			w.warnings[region] = append(w.warnings[region], err.Error())
		}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

const some = "alice,+15005550006\nbob,+15005550009\ncarol,+15005550010\n"

// Gates with several regions read one file, each in its own way.
func TestReviewOfSeveralRegions(t *testing.T) {
	t.Parallel()
	w := watch(t, some+"dave,030 901820\nerin,(202) 555-0123\n", "DE", "US", "")
	for region, want := range map[string][]string{
		"DE": {":5: "}, "US": {":4: "}, "": {":4: ", ":5: "},
	} {
		if got := w.warnings[region]; len(got) != len(want) || !strings.Contains(strings.Join(got, "\n"), w.path+want[0]) {
			t.Errorf("region %q: %q", region, got)
		}
	}
	put(t, w.path, some+"dave,(202) 555-0123\nerin,(202) 555-0124\nfrank,(202) 555-0125\ngrace,(202) 555-0126\n")
	_, found, _ := first(t, w, "frank")
	if found || len(w.faults) != 1 || !strings.Contains(w.faults[0], "4 of 7 numbers") {
		t.Errorf("found %v, faults %q", found, w.faults)
	}
}

func TestReviewTellsOfTheFirstNumbersOnly(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, "user%d,+15005551%03d\n", i, i)
		if i < 50 {
			fmt.Fprintf(&b, "bad%d,abc\n", i)
		}
	}
	w := watch(t, b.String(), "")
	if got := w.warnings[""]; len(got) != 21 || !strings.Contains(got[20], "30 more") {
		t.Errorf("%d warnings, the last one %q", len(got), got[len(got)-1])
	}
	err := w.Review("DE", func(error) {})
	if err != nil {
		t.Error(err)
	}
}

// Contents that look like a mistake are not used; they are used when the file is opened anew, unless there is nothing
// in them at all.
func TestMistakesAreNotUsed(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	for i := range 30 {
		fmt.Fprintf(&many, "user%d,+15005551%03d\n", i, i)
	}
	lines := strings.SplitAfter("alice,+15005550006\n"+many.String(), "\n")
	for _, tt := range []struct {
		name, content, want string
		opens               bool
	}{
		{"emptied", "", "has no users any more, and had 31", false},
		{"blank", "\n\n", "has no users any more", false},
		{"header alone", "user,phone\n", "has no users any more", true},
		{"comment alone", "# nobody yet\n", "has no users any more", true},
		{"cut off", strings.Join(lines[:30], "") + "user29,+1500", "seems to be cut off", true},
		{"half of it", strings.Join(lines[:15], ""), "has 15 users, less than half of the 31", true},
		{"swapped", "+15005550006,alice\n+15005550009,bob\n", "2 users, less than half", true},
		{"page", "<html>\n", "a page of HTML", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := watch(t, strings.Join(lines, ""), "")
			put(t, w.path, tt.content)
			for range 3 {
				if number, found, err := first(t, w, "alice"); number != "+15005550006" || !found || err != nil {
					t.Errorf("%q, %v, %v", number, found, err)
				}
			}
			if len(w.faults) != 1 || !strings.Contains(w.faults[0], tt.want) || !strings.Contains(w.faults[0], w.path) {
				t.Errorf("faults %q, want one of %q", w.faults, tt.want)
			}
			if _, err := directory.OpenFile(w.path, time.Now, func(error) {}); (err == nil) != tt.opens {
				t.Errorf("opened anew: %v", err)
			}
			put(t, w.path, "alice,+15005550019\n"+many.String())
			if number, _, _ := first(t, w, "alice"); number != "+15005550019" {
				t.Errorf("after the mistake: %q", number)
			}
		})
	}
}

// A file that never had a line end at its end need not get one; users may go one by one, and one that comes back is
// read again.
func TestChangesThatAreMeant(t *testing.T) {
	t.Parallel()
	w := watch(t, strings.TrimSuffix(some, "\n"), "")
	if len(w.warnings[""]) != 1 || !strings.Contains(w.warnings[""][0], "no line end") {
		t.Errorf("warnings %q", w.warnings)
	}
	for _, content := range []string{
		"alice,+15005550006\ncarol,+15005550010", "carol,+15005550010", some, "bob,+15005550009\n", some,
	} {
		put(t, w.path, content)
		for _, user := range []string{"alice", "bob", "carol"} {
			if _, found, _ := first(t, w, user); found != strings.Contains(content, user) {
				t.Errorf("%s is found: %v in %q", user, found, content)
			}
		}
	}
	if len(w.faults) != 0 {
		t.Errorf("faults %q", w.faults)
	}
}

// A change is used when it has rested for a second.
func TestChangeRestsBeforeItIsUsed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "phones.csv")
	put(t, path, some)
	d, err := directory.OpenFile(path, time.Now, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	has := func(user string) bool { _, found, _ := first(t, d, user); return found }
	begun := time.Now()
	for !has("dave") {
		if time.Since(begun) > 10*time.Second {
			t.Fatal("the change is never used")
		}
		if time.Since(begun) < 900*time.Millisecond { // somebody writes line by line
			put(t, path, some+"dave,+15005550011\n")
		}
		time.Sleep(50 * time.Millisecond)
	}
	if took := time.Since(begun); took < 1500*time.Millisecond {
		t.Errorf("the change was used after %v", took)
	}
}

// What is no regular file is refused at once, and a request does not wait for it.
func TestNoRegularFile(t *testing.T) {
	t.Parallel()
	w := watch(t, some, "")
	if err := os.Remove(w.path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(w.path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, found, _ := first(t, w, "alice"); !found || len(w.faults) != 1 ||
		!strings.Contains(w.faults[0], "no regular file") {
		t.Errorf("found %v, faults %q", found, w.faults)
	}
	for _, path := range []string{w.path, filepath.Dir(w.path), "/dev/zero", w.path + "/x"} {
		begun := time.Now()
		if _, err := directory.OpenFile(path, time.Now, func(error) {}); err == nil || time.Since(begun) > time.Second {
			t.Errorf("%s: %v after %v", path, err, time.Since(begun))
		}
	}
}

func TestInlineReview(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ user, number, region, want string }{
		{"alice", "+15005550006", "", ""},
		{"alice", "030 901820", "DE", ""},
		{"alice", "030 901820", "", `user "alice": reading number: not a telephone number: it has no country`},
		{"alice", "4915112345678", "DE", "more than one reading"},
		{"+15005550006", "alice", "", "the columns seem to be swapped"},
	} {
		d, err := directory.NewInline(map[string]string{tt.user: tt.number})
		if err != nil {
			t.Fatal(err)
		}
		err = d.Review(tt.region, nil)
		if (err == nil) != (tt.want == "") || err != nil && (!strings.Contains(err.Error(), tt.want) ||
			strings.Contains(err.Error(), `"+1500`)) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

// Numbers that cost a lot, or reach nobody, are told by their lines, and are never texted.
func TestReviewOfNumbersThatAreNeverTexted(t *testing.T) {
	t.Parallel()
	w := watch(t, some+"dave,+19002345678\nerin,+881612345678\nfrank,0900 1234567\n", "DE")
	for i, line := range []string{":4: ", ":5: ", ":6: "} {
		if got := w.warnings["DE"]; len(got) != 3 || !strings.Contains(got[i], w.path+line) ||
			!strings.Contains(got[i], "premium") {
			t.Errorf("warnings %q", got)
		}
	}
}
