package caddymodule_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// phones is a file of numbers.
type phones struct {
	t    *testing.T
	path string
}

func newPhones(t *testing.T, content string) phones {
	t.Helper()
	p := phones{t, filepath.Join(t.TempDir(), "phones.csv")}
	p.write(content)
	return p
}

func (p phones) write(content string) {
	p.t.Helper()
	if err := os.WriteFile(p.path, []byte(content), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// rest makes the last change look older than it is.
func (p phones) rest() {
	p.t.Helper()
	if err := os.Chtimes(p.path, time.Time{}, time.Now().Add(-5*time.Second)); err != nil {
		p.t.Fatal(err)
	}
}

func (p phones) directive(more string) setup {
	return setup{directive: "directory file " + p.path + "\n" + more}
}

// reload loads the configuration again, which opens the file anew.
func (s *site) reload(file phones) error {
	again := file.directive("")
	again.provider, again.listen = s.provider, s.URL
	return s.Reload(s.config(again))
}

// warned makes sure that the log has a line of a level that names file and line, says why, and holds no number.
func (s *site) warned(t *testing.T, level, place, why string) {
	t.Helper()
	testenv.Await(t, "the log has "+place+" "+why, func() bool {
		for line := range strings.Lines(s.Log()) {
			if strings.Contains(line, `"level":"`+level) && strings.Contains(line, place+":") &&
				strings.Contains(line, why) {
				return true
			}
		}
		return false
	})
}

// A number that has two readings gets no text: the log tells file and line when the file is loaded, and its user reads
// that there is no number. What has one reading is read as its region dials it.
func TestNumberWithTwoReadingsGetsNoText(t *testing.T) {
	t.Parallel()
	file := newPhones(t, "user,phone\nalice,4915112345678\nbob,0151 12345679\ncarol,'+4915112345670\n"+
		"nobody,\u202a+4915112345671\u202c\n")
	s := startSite(t, file.directive("default_region DE"))
	s.warned(t, "warn", file.path+":2", "more than one reading")
	if p := s.visitor(t, "alice").open("/"); p.status != http.StatusForbidden ||
		!strings.Contains(p.body, "no phone number on file") {
		t.Errorf("a number with two readings: status %d, %.200s", p.status, p.body)
	}
	if n := len(s.provider.Texts()); n != 0 {
		t.Fatalf("%d texts to nobody knows whom", n)
	}
	for i, want := range []struct{ user, number string }{
		{"bob", "4915112345679"}, {"carol", "4915112345670"}, {"nobody", "4915112345671"},
	} {
		s.visitor(t, want.user).open("/")
		if to := s.provider.Wait(t, i+1).To; strings.TrimPrefix(to, "+") != want.number {
			t.Errorf("%s: a text to %s", want.user, to)
		}
	}
	if strings.Contains(s.Log(), "15112345678") {
		t.Error("the log holds the number")
	}
}

// Numbers are judged when the file is loaded, and again whenever it is read: each that cannot be read is a warning
// with file and line and without the number.
func TestUnreadableNumbersAreWarnedOf(t *testing.T) {
	t.Parallel()
	const good = "\ufeffUser;Phone\r\nalice;+15005550006\r\nbob;+1 500 555-0009\r\n" +
		"u1;+15005550001\r\nu2;+15005550002\r\nu3;+15005550003\r\nu4;+15005550004\r\n"
	file := newPhones(t, good+"nobody;5005550010\r\nabc;abc\r\n")
	s := startSite(t, file.directive(""))
	s.warned(t, "warn", file.path+":8", "it has no country")
	s.warned(t, "warn", file.path+":9", "something other than digits")
	file.write(good + "nobody;1.20256E+10\r\nabc;+15005550011 # mobile\r\n+15005550012;carol\r\n")
	s.warned(t, "warn", file.path+":8", "something other than digits")
	s.warned(t, "warn", file.path+":10", "the columns seem to be swapped")
	file.write(good + "u5;abc\r\nu6;abc\r\nu7;abc\r\nu8;abc\r\nu9;abc\r\nu10;abc\r\nu11;abc\r\n")
	s.warned(t, "error", file.path+":8", "7 of 13 numbers cannot be read")
	if p := s.visitor(t, "bob").open("/"); p.status != http.StatusForbidden {
		t.Errorf("bob: status %d", p.status)
	}
	s.provider.Wait(t, 1)
	if err := s.reload(file); err == nil || !strings.Contains(err.Error(), "7 of 13 numbers cannot be read") {
		t.Errorf("a file of which most is none was loaded: %v", err)
	}
	for line := range strings.Lines(s.Log()) {
		if strings.Contains(line, "50055500") && !strings.Contains(line, "alice,+15005550006") {
			t.Errorf("the log holds a number: %s", line)
		}
	}
}

// A file that was emptied, cut off, replaced by something else or is being written is not used: the numbers known
// before stay, and the log says why.
func TestDamagedFileIsNotUsed(t *testing.T) {
	t.Parallel()
	var lines strings.Builder
	for i := range 20 {
		fmt.Fprintf(&lines, "user%d,+150055510%02d\n", i, i)
	}
	good := "user,phone\nalice,+15005550006\n" + lines.String()
	file := newPhones(t, good)
	s := startSite(t, file.directive("code_ttl 10m"))
	v := s.visitor(t, "alice")
	v.open("/")
	number := func() string { return field(v.do(http.MethodGet, "/?sms_2fa=status", nil, "").body, "phone") }
	for _, tt := range []struct{ name, content, why string }{
		{"emptied", "", "has no users any more"},
		{"only the header is written yet", "user,phone\n", "has no users any more"},
		{"an error page", "<!DOCTYPE html>\n<html><body>502, Bad Gateway</body></html>\n", "a page of HTML"},
		{"cut off within a line", good[:len(good)-6], "seems to be cut off"},
		{"cut off between two lines", strings.Join(strings.SplitAfter(good, "\n")[:8], ""), "less than half"},
	} {
		file.write(tt.content)
		file.rest()
		s.AwaitLog(t, tt.why)
		if number() != "••••••••06" {
			t.Errorf("%s: the number is %s", tt.name, number())
		}
	}
	file.write(strings.Replace(good, "15005550006", "15005550019", 1))
	testenv.Await(t, "the file is read again, and the old number's code is over", func() bool { return number() == "" })
	if p := v.do(http.MethodPost, "/?sms_2fa=send", asJSON(), "{}"); field(p.body, "phone") != "••••••••19" {
		t.Errorf("the number is not the new one: %s", p.body)
	}
}

// A request does not wait for what stands in the place of the file: a FIFO, a directory, a device.
func TestNoRequestHangsOnTheFile(t *testing.T) {
	t.Parallel()
	file := newPhones(t, "alice,+15005550006\nbob,+15005550009\n")
	s := startSite(t, file.directive(""))
	odd := filepath.Join(filepath.Dir(file.path), "fifo")
	if err := syscall.Mkfifo(odd, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, replace := range []func() error{
		func() error { return os.Rename(odd, file.path) },
		func() error { _ = os.Remove(file.path); return os.Mkdir(file.path, 0o700) },
		func() error { _ = os.Remove(file.path); return os.Symlink("/dev/zero", file.path) },
	} {
		if err := replace(); err != nil {
			t.Fatal(err)
		}
		s.AwaitLog(t, "is no regular file")
		begun := time.Now()
		if p := s.visitor(t, []string{"alice", "bob", "nobody"}[i]).open("/"); p.status != http.StatusForbidden {
			t.Errorf("status %d", p.status)
		}
		if took := time.Since(begun); took > 2*time.Second {
			t.Errorf("an answer took %v", took)
		}
		begun = time.Now()
		if err := s.reload(file); err == nil || !strings.Contains(err.Error(), "no regular file") ||
			time.Since(begun) > 5*time.Second {
			t.Errorf("reload after %v: %v", time.Since(begun), err)
		}
	}
	s.provider.Wait(t, 2)
}

// A user without a number is told so, and the log tells of the account, once in a while.
func TestUserWithoutNumberIsLogged(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	for range 3 {
		if p := s.visitor(t, "nobody").do(http.MethodPost, "/?sms_2fa=send", asJSON(), "{}"); p.problem() != "no-phone" {
			t.Errorf("status %d, %s", p.status, p.body)
		}
	}
	var told []string
	for line := range strings.Lines(s.Log()) {
		if strings.Contains(line, "there is no phone number on file") {
			told = append(told, line)
		}
	}
	if len(told) != 1 {
		t.Fatalf("the log tells it %d times", len(told))
	}
	if field(told[0], "level") != "warn" || field(told[0], "zone") != "default" ||
		field(told[0], "problem") != "no-phone" ||
		field(told[0], "account") == "" || field(told[0], "client_ip") == "" || strings.Contains(told[0], "nobody") {
		t.Errorf("the log says %s", told[0])
	}
}

// Numbers in the Caddyfile are judged when it is read and when it is loaded.
func TestInlineNumbers(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	site := func(global, directive string) string {
		return "{\nadmin off\nsms_2fa {\nsender log\n" + global + "\n}\n}\n" +
			"http://localhost:0 {\nsms_2fa {\n" + directive + "\n}\nbasic_auth {\nalice " + swordfish + "\n}\n}\n"
	}
	for _, tt := range []struct{ name, global, directive, adapts, loads string }{
		{"letters", "", "directory inline {\nbob +15005550009\nalice abc\n}", "Caddyfile:12", ""},
		{"floating point, globally", "directory inline {\nalice 1.20256E+10\n}", "", "Caddyfile:6", ""},
		{
			"two readings", "", "directory inline {\nalice 4915112345678\n}\ndefault_region DE", "",
			`user "alice": reading number`,
		},
		{"no country", "directory inline {\nalice 030901820\n}", "", "", "it has no country"},
		{
			"no country for one of two gates", "directory inline {\nalice 030901820\n}",
			"default_region DE\n}\nsms_2fa /x {\nzone x", "", "it has no country",
		},
		{"too short", "", "directory inline {\nalice +1500\n}", "", "too short"},
		{"swapped", "", "directory inline {\n+15005550006 +x\n}", "Caddyfile:11", ""},
		{"placeholder", "", "directory inline {\nalice {$NONE:+15005550006}\n}", "", "-"},
		{"clearly meant", "", "directory inline {\nalice \"'+1 500 555-0006\"\n}", "", "-"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			adapted, err := adapt(site(tt.global, tt.directive))
			if tt.adapts != "" {
				if err == nil || !strings.Contains(err.Error(), tt.adapts) {
					t.Errorf("error %v, want %q", err, tt.adapts)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var config caddy.Config
			if err := json.Unmarshal(adapted, &config); err != nil {
				t.Fatal(err)
			}
			err = caddy.Validate(&config)
			if tt.loads == "-" && err != nil || tt.loads != "-" && (err == nil || !strings.Contains(err.Error(), tt.loads)) {
				t.Errorf("error %v, want %q", err, tt.loads)
			}
			if err != nil && strings.Contains(err.Error(), "030901820") {
				t.Errorf("the error holds the number: %v", err)
			}
		})
	}
}
