package caddymodule_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// times are the times in rows, which differ from run to run.
var times = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)

// exported is the register as CSV, without the headings, in order, with T for each time.
func (s *site) exported(t *testing.T) []string {
	t.Helper()
	said, status := s.operates(t, "numbers export")
	if status == 1 {
		t.Fatalf("export: %s", said)
	}
	rows := strings.Split(strings.TrimSpace(times.ReplaceAllString(said, "T")), "\n")
	if rows[0] != "user,number,first_proven,last_proven,how" {
		t.Fatalf("headings: %s", rows[0])
	}
	slices.Sort(rows[1:])
	return rows[1:]
}

// keysOf are the keys of a Redis that match a pattern.
func keysOf(server *testenv.Redis, pattern string) []string {
	var keys []string
	for _, key := range server.Do("KEYS", pattern).([]any) {
		keys = append(keys, fmt.Sprint(key))
	}
	return keys
}

// written is a file with that text.
func written(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "numbers")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// With register on, a number of a directory is in the register when a code has proved it, and not before.
func TestProvedNumbersEnterTheRegister(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		option string
		want   []string
	}{
		{"register on", []string{"alice,'+15005550006,T,T,directory"}},
		{"register off", []string{}},
		{"", []string{}},
	} {
		t.Run(tt.option, func(t *testing.T) {
			t.Parallel()
			s := startSite(t, setup{global: tt.option})
			v := s.visitor(t, "alice")
			v.open("/")
			s.visitor(t, "bob").open("/")
			if rows := s.exported(t); len(rows) != 0 {
				t.Errorf("before a code: %q", rows)
			}
			v.submit(v.open("/"), "/", s.provider.Wait(t, 1).CodeInText())
			if rows := s.exported(t); !slices.Equal(rows, tt.want) {
				t.Errorf("after it: %q", rows)
			}
		})
	}
}

// A store that does not answer when a number is to enter the register keeps nobody out whose code was right: the
// number enters with the next right code.
func TestStoreDownWhileANumberEnters(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	s := startSite(t, setup{global: "register on\nstore redis {\naddress " + server.Addr + "\n}"})
	v := s.visitor(t, "alice")
	page := v.open("/")
	code := s.provider.Wait(t, 1).CodeInText()
	// Users of the store may do all but look at records of the register.
	server.Do("ACL", "SETUSER", "default", "resetkeys", "~sms2fa:a:*", "~sms2fa:p:*", "~sms2fa:r:*", "~sms2fa:epoch",
		"~sms2fa:log*", "~sms2fa:register")
	if a := v.submit(page, "/", code); a.status != http.StatusSeeOther {
		t.Fatalf("the right code: status %d, %s", a.status, a.body)
	}
	s.AwaitLog(t, "number not entered in the register")
	server.Do("ACL", "SETUSER", "default", "allkeys")
	if rows := s.exported(t); len(rows) != 0 {
		t.Errorf("the register has %q", rows)
	}
	v.do(http.MethodPost, "/?sms_2fa=logout", asJSON(), "{}")
	v.login("/")
	if rows := s.exported(t); !slices.Equal(rows, []string{"alice,'+15005550006,T,T,directory"}) {
		t.Errorf("the register has %q", rows)
	}
}

// An operator enters, looks up, changes and removes numbers of users. Each command says what it did, and its exit
// status tells it from what it could not do.
func TestNumbersCommands(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{global: "register on"})
	for _, tt := range []struct {
		line   string
		status int
		says   string
	}{
		{"numbers list", 2, ""},
		{"numbers list --json", 2, "[]\n"},
		{"numbers show --user alice", 2, "the register knows no such user or number"},
		{"numbers set --user Alice --number +1(500)555-0006", 0, "sessions of the user ended in: default"},
		{"numbers set --user bob --number +15005550006", 1, "the number is that of alice; remove it there first"},
		{"numbers set --user bob --number 12", 1, "number"},
		{"numbers set --user bob", 1, "--number: it is missing"},
		{"numbers set --number +15005550006", 1, "--user: it is missing"},
		{"numbers show --user ALICE", 0, "not proved by a code yet"},
		{"numbers show --number +15005550006", 0, "alice"},
		{"numbers show --number +15005550006 --json", 0, `[{"user":"alice","number":"+15005550006","how":"operator"}]`},
		{"numbers show", 1, "expected --user or --number"},
		{"numbers show --user alice --number +15005550006", 1, "expected --user or --number"},
		{"numbers set --user alice --number +15005550007", 0, "+15005550007"},
		{"numbers set --user bob --number +15005550006", 0, "+15005550006"},
		{"numbers list", 0, "bob"},
		{"numbers list --json", 0, `{"user":"bob","number":"+15005550006","how":"operator"}`},
		{"numbers remove --user bob", 0, "sessions of the user ended in: default"},
		{"numbers remove --user bob", 2, "the register knows no such user or number"},
		{"numbers remove", 1, "--user: it is missing"},
		{"numbers remove --number +15005550007", 1, "unknown flag"},
		{"numbers show --number +15005550006", 2, ""},
	} {
		said, status := s.operates(t, tt.line)
		if status != tt.status || !strings.Contains(said, tt.says) {
			t.Errorf("%s: status %d, %s", tt.line, status, said)
		}
	}
}

// A number that is set or removed ends the user's sessions, in every zone.
func TestSetAndRemoveEndSessions(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"numbers set --user alice --number +15005550007", "numbers remove --user alice"} {
		t.Run(strings.Fields(line)[1], func(t *testing.T) {
			t.Parallel()
			s := startSite(t, setup{site: twoZones, global: "register on"})
			v, other := s.visitor(t, "alice"), s.visitor(t, "bob")
			v.login("/")
			v.login("/admin")
			other.login("/")
			if said, status := s.operates(t, line); status != 0 || !strings.Contains(said, "admin, default") {
				t.Fatalf("status %d, %s", status, said)
			}
			for _, path := range []string{"/", "/admin"} {
				if v.do(http.MethodGet, path, nil, "").isApp() {
					t.Errorf("the session at %s goes on", path)
				}
			}
			if !other.do(http.MethodGet, "/", nil, "").isApp() {
				t.Error("somebody else's session has ended")
			}
			s.AwaitLog(t, `"zone":"admin"`)
		})
	}
}

// A file is entered as far as possible: what is wrong with a line is said with its number, and entering the file again
// changes nothing.
func TestImport(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{global: "register on\ndefault_region US"})
	const file = "\ufeffuser;number;first_proven;how\r\n" +
		"alice;+1 500 555 0006;2026-01-02T03:04:05Z;directory\r\n" +
		"Bob;(202) 555-0109;;\r\n" +
		"carol;12;;\r\n" +
		"dave;+15005550006;;\r\n" +
		";+15005550010;;\r\n" +
		"erin;+15005550011;yesterday;\r\n" +
		"frank;+15005550012;;magic\r\n" +
		"\"'=cmd|' /C calc'!A0\";+15005550013;;\r\n"
	want := []string{
		`line 4: number: `, `line 5: number: it is the number of "alice"`, "line 6: user: it is empty",
		"line 7: first_proven: it is not a time like", "line 8: how: it is none of enroll, directory and operator",
	}
	name := written(t, file)
	for try, count := range []string{"entered: 3, unchanged: 0, refused: 5", "entered: 0, unchanged: 3, refused: 5"} {
		said, status := s.operates(t, "numbers import "+name)
		if status != 1 || !strings.Contains(said, count) || strings.Count(said, "\nline")+1 < len(want) {
			t.Errorf("try %d: status %d, %s", try, status, said)
		}
		for _, line := range want {
			if !strings.Contains(said, line) {
				t.Errorf("try %d does not say %q but %s", try, line, said)
			}
		}
	}
	rows := []string{
		"'=cmd|' /c calc'!a0,'+15005550013,,,operator", "alice,'+15005550006,T,T,directory", "bob,'+12025550109,,,operator",
	}
	if got := s.exported(t); !slices.Equal(got, rows) {
		t.Errorf("the register has %q", got)
	}
}

// What is exported can be imported elsewhere, as CSV and as JSON, with names that a spreadsheet would take for
// formulas.
func TestExportIsImport(t *testing.T) {
	t.Parallel()
	from := startSite(t, setup{global: "register on"})
	names := []string{
		"=1+2", "+1", "-1", "@a", "'=1", "'a", "'", "#a", "a;b", `a"b`, "a b", "ä/ö", "a,b", "日本", "-",
		"=HYPERLINK(\"x\")", "\\",
	}
	var list []map[string]string
	for i, name := range names {
		list = append(list, map[string]string{"user": name, "number": fmt.Sprintf("+150055501%02d", i)})
	}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	if said, status := from.operates(t, "numbers import "+written(t, string(text))); status != 0 {
		t.Fatalf("status %d, %s", status, said)
	}
	want := from.exported(t)
	if len(want) != len(names) {
		t.Errorf("%d rows of %d", len(want), len(names))
	}
	for _, row := range want {
		if strings.ContainsAny(row[:1], "=+-@\t\r") {
			t.Errorf("a spreadsheet takes %s for a formula", row)
		}
	}
	for _, option := range []string{"", " --json"} {
		to := startSite(t, setup{global: "register on"})
		file := filepath.Join(t.TempDir(), "export")
		if said, status := from.operates(t, "numbers export --output "+file+option); status != 0 {
			t.Fatalf("status %d, %s", status, said)
		}
		if said, status := to.operates(t, "numbers import --json "+file); status != 0 {
			t.Errorf("%s: status %d, %s", option, status, said)
		}
		if got := to.exported(t); !slices.Equal(got, want) {
			t.Errorf("%s: %q", option, got)
		}
		said, status := from.operates(t, "numbers export --output "+file)
		if status != 1 || !strings.Contains(said, "--output") {
			t.Errorf("over a file that exists: status %d, %s", status, said)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
	}
}

// Files that are no list of numbers are refused in words.
func TestImportOfOtherFiles(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{global: "register on"})
	for name, tt := range map[string]struct {
		text   string
		status int
		says   string
	}{
		"empty":             {"", 2, "entered: 0"},
		"headings alone":    {"user,number\n", 2, "entered: 0"},
		"UTF-16":            {"\xff\xfea\x00", 1, "UTF-16"},
		"spreadsheet":       {"PK\x03\x04xxxx", 1, "save it as CSV"},
		"no number":         {"user,mail\nalice,a@example.com\n", 1, "there is no heading number"},
		"other heading":     {"user,number,first\nalice,+15005550006,x\n", 1, "is not known; expected some of user"},
		"one column":        {"alice\nbob\n", 1, "expected a line like: alice,+15005550006"},
		"latin-1":           {"m\xfcller,+15005550006\n", 1, "line 1: user: it is not in UTF-8"},
		"cut off":           {`[{"user":"zoe","number":"+15005550099"}`, 1, "the file may be cut off"},
		"no JSON":           {`[{"user":]`, 1, "it is not JSON"},
		"JSON of another":   {`[{"name":"alice"}]`, 1, `expected an object like {"user":"alice"`},
		"a quote is open":   {"alice,\"+15005550006\nbob,+15005550009\n", 1, "line 1"},
		"more than columns": {"alice,+15005550006,x,y\n", 1, "there are more than two columns"},
	} {
		said, status := s.operates(t, "numbers import "+written(t, tt.text))
		if status != tt.status || !strings.Contains(said, tt.says) {
			t.Errorf("%s: status %d, %s", name, status, said)
		}
	}
	said, status := s.operates(t, "numbers import /no/such/file")
	if status != 1 || !strings.Contains(said, "/no/such/file") {
		t.Errorf("no file: status %d, %s", status, said)
	}
}

// Of a user who was removed, the store keeps nothing but the account's own memory, which ends by itself.
func TestRemovedUserLeavesNothing(t *testing.T) {
	t.Parallel()
	server := testenv.StartRedis(t)
	s := startSite(t, setup{global: "register on\nstore redis {\naddress " + server.Addr + "\n}"})
	s.visitor(t, "bob").login("/")
	records := func() []string {
		keys := keysOf(server, "sms2fa:u:*")
		keys = append(keys, keysOf(server, "sms2fa:n:*")...)
		slices.Sort(keys)
		return keys
	}
	before := records()
	s.visitor(t, "alice").login("/")
	if n := len(records()); n != len(before)+2 || len(before) != 2 {
		t.Fatalf("%d records after %d", n, len(before))
	}
	if said, status := s.operates(t, "numbers remove --user alice"); status != 0 {
		t.Fatalf("status %d, %s", status, said)
	}
	if after := records(); !slices.Equal(after, before) {
		t.Errorf("%q are left", after)
	}
	for _, key := range keysOf(server, "sms2fa:*") {
		value := fmt.Sprint(server.Do("DUMP", key))
		if strings.Contains(value, "5005550006") || strings.Contains(value, "alice") {
			t.Errorf("%s tells of the user", key)
		}
	}
}

// A secret that comes before an older one takes the register along, and the older one can go.
func TestSecretOfTheRegisterRotates(t *testing.T) {
	t.Parallel()
	keygen := func() string {
		said, _ := caddyEnds(t, "sms-2fa", "keygen")
		return strings.TrimSpace(said)
	}
	first, second := keygen(), keygen()
	server := testenv.StartRedis(t)
	store := "store redis {\naddress " + server.Addr + "\n}\nregister on\n"
	s := startSite(t, setup{global: store + "secret " + first})
	s.visitor(t, "alice").login("/")
	want := s.exported(t)
	sealed := server.Do("DUMP", "sms2fa:register")
	for _, secret := range []string{"secret " + second + " " + first, "secret " + second} {
		next := setup{provider: s.provider, listen: s.URL, global: store + secret}
		if err := s.Reload(next.caddyfile()); err != nil {
			t.Fatal(err)
		}
		testenv.Await(t, "the register is as before", func() bool {
			return server.Do("DUMP", "sms2fa:register") != sealed && slices.Equal(s.exported(t), want)
		})
	}
	s.visitor(t, "bob").login("/")
	if rows := s.exported(t); len(rows) != 2 {
		t.Errorf("%q", rows)
	}
}

// An option of the register that is wrong is told at load, with file and line.
func TestRegisterOption(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	bad := setup{provider: s.provider, listen: s.URL, global: "register maybe"}
	const want = `register: \"maybe\" is neither on nor off`
	if err := s.Reload(bad.caddyfile()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v", err)
	}
}

// Of several numbers, the one that the code went to is proved.
func TestChosenNumberEntersTheRegister(t *testing.T) {
	t.Parallel()
	numbers := newNumbers(t, severalNumbers)
	s := startSite(t, setup{directive: "directory file " + numbers.path, global: "register on"})
	v := s.visitor(t, "alice")
	v.do(http.MethodPost, "/?sms_2fa=send", asJSON(), `{"number":2}`)
	code := s.provider.Wait(t, 1).CodeInText()
	if a := v.do(http.MethodPost, "/?sms_2fa=verify", asJSON(), `{"code":"`+code+`"}`); a.status != http.StatusOK {
		t.Fatalf("status %d, %s", a.status, a.body)
	}
	if rows := s.exported(t); !slices.Equal(rows, []string{"alice,'+15005550007,T,T,directory"}) {
		t.Errorf("%q", rows)
	}
}
