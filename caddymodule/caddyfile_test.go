package caddymodule_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/caddy-sms-2fa/gateway/caddymodule"
)

var update = flag.Bool("update", false, "write the golden files anew")

func adapt(caddyfile string) ([]byte, error) {
	adapter := caddyconfig.GetAdapter("caddyfile")
	adapted, _, err := adapter.Adapt([]byte(caddyfile), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = json.Indent(&out, adapted, "", "\t")
	return out.Bytes(), err
}

// TestAdapt holds what Caddyfiles become: those in testdata, and the example that `make run` starts.
func TestAdapt(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.caddyfile")
	if err != nil || len(files) == 0 {
		t.Fatalf("no Caddyfiles: %v", err)
	}
	for _, file := range append(files, "../Caddyfile.example") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := adapt(string(source))
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", filepath.Base(file)+".json")
			if *update {
				if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if string(want) != string(got)+"\n" {
				t.Errorf("%s adapts to\n%s", file, got)
			}
		})
	}
}

// Every error names the file, the line and the option, and says what is expected.
func TestCaddyfileErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, global, directive, want string }{
		{"unknown option", "", "colour red", "colour: there is no such option"},
		{"no value", "", "zone", "zone: expected one value"},
		{"two values", "", "zone a b", "zone: expected one value"},
		{"not a number", "", "attempts many", `attempts: "many" is not a whole number`},
		{"zero attempts", "", "attempts 0", `attempts: "0" is not a whole number above 0`},
		{"too many attempts", "", "attempts 11", "attempts: 11 is not between 1 and 10"},
		{"short code", "", "code_length 5", "code_length: 5 is not between 6 and 10"},
		{"not a duration", "", "session long", `session: "long" is not a duration like`},
		{"long challenge", "", "code_ttl 11m", "code_ttl: 11m0s"},
		{"long session", "", "session 91d", "session:"},
		{"off where it cannot be", "", "session off", `session: "off" is not a duration`},
		{
			"no patience with the store", "", "stale_ok 0s",
			"stale_ok: 0s is shorter than a store in good health may take to answer",
		},
		{"little patience with the store", "", "stale_ok 300ms", "expected at least 2s"},
		{"little patience with the store, globally", "stale_ok 1999ms", "", "expected at least 2s"},
		{"long wait for the provider", "", "send_wait 31s", "send_wait: 31s is negative, or over 30s"},
		{"send", "", "send never", `send: "never" is neither auto nor button`},
		{"sends", "", "sends five", `sends: "five" is not like "5 per 10m"`},
		{"status", "", "challenge_status 200", "challenge_status: 200 is not between 400 and 499"},
		{"zone", "", "zone a/b", `zone: "a/b" has other characters`},
		{"origin with scheme", "", "origin https://app.example.com", "origin:"},
		{"region", "", "default_region Germany", "default_region:"},
		{"message without code", "", `message "hello"`, "message: it does not contain {code}"},
		{"message with unknown variable", "", `message "{code} {color}"`, `unknown variable at "{color}"`},
		{"option twice", "", "zone a\nzone b", "zone: already specified"},
		{"constant user", "", "user alice", "user: \"alice\" holds no placeholder"},
		{"candidate", "", "user {http.auth.candidate.id}", "names whoever was refused"},
		{"global option in a site", "", "sender log", "sender: it belongs into the global options"},
		{
			"unknown directory", "", "directory nis",
			`directory: unknown module "nis"; known: enroll, file, http, inline, ldap, placeholder, redis, sql, at`,
		},
		{"no directory", "", "directory", "directory: expected the name of a sms_2fa.directories module"},
		{"placeholder without value", "", "directory placeholder", "placeholder: expected one value"},
		{"option of a directory twice", "", "directory ldap {\nbase a\nbase b\n}", "base: already specified"},
		{"unknown option of LDAP", "", "directory ldap {\nhost x\n}", `directory ldap: there is no option "host"`},
		{"LDAP without servers", "", "directory ldap {\nurl\n}", "url: expected one or more values"},
		{"LDAP with an argument", "", "directory ldap ldaps://x", "wrong argument count"},
		{"database of no kind", "", "directory sql", "directory sql: expected the kind of database"},
		{"database of another kind", "", "directory sql oracle {\n}", "directory sql: expected the kind of database"},
		{"unknown option of SQL", "", "directory sql mysql {\ntable x\n}", `directory sql: there is no option "table"`},
		{"unknown kind of Redis", "", "directory redis ring", `directory redis: "ring" is neither cluster nor failover`},
		{"unknown option of Redis", "", "directory redis {\nset x\n}", `directory redis: there is no option "set"`},
		{"unknown option of HTTP", "", "directory http {\nauth x\n}", `directory http: there is no option "auth"`},
		{"header without value", "", "directory http {\nheader X\n}", "header: expected a name and a value"},
		{"header twice", "", "directory http {\nheader X a\nheader X b\n}", "header: X stands twice"},
		{"user without password", "", "directory http {\nbasic_auth u\n}", "basic_auth: expected a user and a password"},
		{"cache for nothing", "", "directory http {\ncache long\n}", `cache: "long" is not a duration`},
		{"countries missing", "", "directory enroll {\ncountries\n}", "countries: expected one or more values"},
		{"no such country", "", "directory enroll {\ncountries AM xx\n}", `countries: "xx" is not a country like AM`},
		{"no such kind", "", "directory enroll {\nkinds cell\n}", `kinds: "cell" is no kind of numbers`},
		{"kind never texted", "", "directory enroll {\nkinds premium\n}", "can be texted; expected mobile, fixed_line_or"},
		{"invited whom", "", "directory enroll {\ninvited alice\n}", "wrong argument count"},
		{"shared with whom", "", "directory enroll {\nshared_numbers on\n}", "wrong argument count"},
		{"limit of nothing", "", "directory enroll {\ntotal_limit many\n}", `total_limit: "many" is not like "5 per 10m"`},
		{"limit of none", "", "directory enroll {\ncountry_limit 0 per 1h\n}", `country_limit: "0 per 1h" is not 1 to`},
		{"limit for long", "", "directory enroll {\naddress_limit 5 per 60d\n}", "in at most 31 days"},
		{"enroll with an argument", "", "directory enroll AM", "wrong argument count"},
		{"unknown option of enroll", "", "directory enroll {\nask\n}", `directory enroll: there is no option "ask"`},
		{
			"directory behind enroll", "", "directory enroll\ndirectory file phones.csv",
			"directory: it stands behind directory enroll, which asks the visitor",
		},
		{
			"directory behind enroll, globally", "sender log\ndirectory enroll\ndirectory enroll", "",
			"directory: it stands behind directory enroll",
		},
		{"no time for a lookup", "", "directory http {\ntimeout 0s\n}", "timeout: expected more than 0"},
		{"unknown option of TLS", "", "directory http {\ntls {\nname x\n}\n}", `tls: there is no option "name"`},
		{"empty inline directory", "", "directory inline", "expected lines of a user and a phone number"},
		{
			"unknown sender", "sender pigeon", "",
			`sender: unknown module "pigeon"; known: aws, dexatel, http, infobip, log, twilio, vonage, at`,
		},
		{"unknown store", "sender log\nstore etcd", "", `store: unknown module "etcd"; known: embedded, redis, at`},
		{"unknown option of a sender", "sender dexatel {\nkey x\n}", "", `sender dexatel: there is no option "key"`},
		{
			"unknown option of a store", "sender log\nstore redis {\nhost x\n}", "",
			`store redis: there is no option "host"`,
		},
		{"unknown kind of Redis", "sender log\nstore redis ring", "", `"ring" is neither cluster nor failover`},
		{"no secret", "sender log\nsecret", "", "secret: expected one or more secrets"},
		{"user globally", "user {http.auth.user.id}", "", "user: it belongs into the directive of a site"},
		{
			"remote or local", "sender twilio {\ncheck elsewhere\n}", "",
			`check: "elsewhere" is neither remote nor local`,
		},
		{
			"area of no country", "sender log {\nonly Armenia\n}", "",
			"only: expected beginnings of numbers or countries, like +374 AM",
		},
		{"areas left out", "sender log {\nexcept\n}", "", "except: expected beginnings of numbers or countries"},
		{"option of a sender twice", "sender vonage {\nfrom a\nfrom b\n}", "", "from: already specified"},
		{"class that is none", "sender http {\nclass odd 1\n}", "", `class: "odd" is not one of`},
		{"class without codes", "sender http {\nclass blocked\n}", "", "class: expected a class and codes"},
		{
			"code of two classes", "sender http {\nclass blocked 7\nclass config 7\n}", "",
			"class: the code 7 is of the class blocked already",
		},
		{"form field without value", "sender http {\nform to\n}", "", "form: expected a name and a value"},
		{
			"unknown option of reports", "sender http {\nreports {\nkey x\n}\n}", "",
			`reports: there is no option "key"`,
		},
		{"texts in flight", "sender log\nmax_in_flight none", "", `max_in_flight: "none" is not a whole number`},
		{
			"test number in one word", "", "test_number +15005550006",
			"test_number: expected a number, a code and a last day",
		},
		{
			"test number in local spelling", "", "test_number 5005550006 code 123456 until 2027-01-31",
			`test_number: "5005550006" is not a number like`,
		},
		{
			"test number until some day", "", "test_number +15005550006 code 123456 until soon",
			`test_number: "soon" is not a day like 2027-01-31`,
		},
		{
			"test number with letters", "", "test_number +15005550006 code 12345a until 2027-01-31",
			"test_number: the code has other characters than digits",
		},
		{"language that there is not", "", "languages de tlh", `"tlh" is no language of the page; expected one of en`},
		{"no language", "", "languages", "languages: expected one or more languages, like de en"},
		{"language twice", "", "languages en en-GB", "languages: en stands twice"},
		{"help by script", "", "help javascript:alert(1)", "would run or show something else than a page"},
		{"help in two lines", "", "help \"a\nb\"", "help: it has more than one line"},
		{"contact by fax", "", "contact fax://1", "that browsers do not open; expected https, mailto or tel"},
		{"contact without a host", "", "contact https:///x", "is not an address like https://example.com/help"},
		{"user shown sometimes", "", "show_user mostly", `show_user: "mostly" is neither on nor off`},
		{"restore of everything", "", "restore 1GB", `restore: "1GB" is neither off nor a size like 1MB, at most 10MB`},
		{"restore of nothing", "", "restore 0", `restore: "0" is neither off nor a size`},
		{"trust of a year", "", "trust 365d", "trust: 8760h0m0s is negative, or more than 90d"},
		{"trust that is no gain", "", "session 12h\ntrust 12h", "trust: 12h0m0s is not longer than session, 12h0m0s"},
		{"trust below the global session", "session 2d", "trust 1d", "trust: 24h0m0s is not longer than session, 48h0m0s"},
		{"notify sometimes", "", "notify_change mostly", `notify_change: "mostly" is neither on nor off`},
		{"resend via another", "", "resend_via other", `resend_via: "other" is neither same nor next`},
		{
			"message of three words", "", "message de a b",
			"message: expected a text in quotes, or a language like de and a text",
		},
		{
			"message twice", "", "message de {code}\nmessage de {code}",
			`message: the text for the language "de" stands twice`,
		},
		{
			"message in no language", "", "message klingon {code}",
			`message: "klingon" is not a language like de or pt-BR`,
		},
		{
			"Redis without a port", "sender log\nstore redis {\naddress 127.0.0.1\n}", "",
			`address: "127.0.0.1" is neither host:port`,
		},
		{
			"Redis by URL", "sender log\nstore redis {\naddress redis://127.0.0.1:6379/0\n}", "",
			"address: a URL is not expected here; write host:port",
		},
		{
			"Redis by URL without a scheme", "sender log\nstore redis {\naddress user:hunter2@127.0.0.1:6379\n}", "",
			"address: a URL is not expected here",
		},
		{
			"Redis with an odd port", "sender log\nstore redis {\naddress 127.0.0.1:redis\n}", "",
			`has no port from 1 to 65535`,
		},
		{
			"Redis on IPv6 without brackets", "sender log\nstore redis {\naddress ::1:6379\n}", "",
			`is neither host:port`,
		},
		{
			"one of several nodes without a port",
			"sender log\nstore redis cluster {\naddress 10.0.0.1:6379 10.0.0.2\n}", "",
			`"10.0.0.2" is neither host:port`,
		},
		{"half a replica", "sender log\nstore redis {\nreplicas 1.5\n}", "", `replicas: "1.5" is not a whole number`},
		{
			"Redis addresses with commas", "sender log\nstore redis cluster {\naddress 10.0.0.1:6379,10.0.0.2:6379\n}", "",
			"is several addresses; separate them by spaces",
		},
		{
			"database of a cluster", "sender log\nstore redis cluster {\naddress 10.0.0.1:6379\ndb 3\n}", "",
			"db: a cluster has no database but 0",
		},
		{
			"master of a cluster", "sender log\nstore redis cluster {\naddress 10.0.0.1:6379\nmaster_name m\n}", "",
			"master_name: only Sentinels know masters by name",
		},
		{
			"master without Sentinels", "sender log\nstore redis {\nmaster_name m\n}", "",
			"master_name: only Sentinels know masters by name",
		},
		{
			"failover without addresses", "sender log\nstore redis failover {\nmaster_name m\n}", "",
			"address: it is missing, failover needs the addresses of the Sentinels",
		},
		{
			"several servers", "sender log\nstore redis {\naddress 10.0.0.1:6379 10.0.0.2:6379\n}", "",
			"address: one is expected",
		},
		{
			"user without a password", "sender log\nstore redis {\nusername gate\n}", "",
			"password: it is missing, and username does nothing without it",
		},
		{
			"password of Sentinels that are not", "sender log\nstore redis {\nsentinel_password {env.X}\n}", "",
			"sentinel_password: there are no Sentinels",
		},
		{"negative timeout", "sender dexatel {\ntimeout -1s\n}", "", "timeout: expected more than 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := adapt("{\nsms_2fa {\n" + tt.global + "\n}\n}\nexample.com {\nsms_2fa {\n" + tt.directive + "\n}\n}\n")
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "Caddyfile:") {
				t.Errorf("error %v, want %q with file and line", err, tt.want)
			}
		})
	}
}

// What only the values tell is refused when the configuration is loaded; neither network nor store is needed for that.
func TestValidate(t *testing.T) {
	t.Setenv("SMS_2FA_EMPTY", "")
	t.Setenv("SMS_2FA_HOST", "redis.internal")
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	const directory = "directory inline {\nalice +15005550006\n}"
	tests := []struct{ name, global, directive, want string }{
		{"good, with a Redis that is not there", "sender log\nstore redis {\naddress 127.0.0.1:1\n}", directory, ""},
		{"good, embedded", "sender log", directory, ""},
		{"good, with a Redis on a socket", "sender log\nstore redis {\naddress /run/redis.sock\n}", directory, ""},
		{
			"Redis without a port, from the environment", "sender log\nstore redis {\naddress {env.SMS_2FA_HOST}\n}",
			directory, `"redis.internal" is neither host:port`,
		},
		{"no sender", "", directory, "sender: it is missing"},
		{"no directory", "sender log", "", "directory: it is missing"},
		{"empty secret", "sender log\nsecret {env.SMS_2FA_EMPTY}", directory, "{env.SMS_2FA_EMPTY} is empty"},
		{
			"weak secret", "sender log\nsecret changemechangemechangemechangemechangeme", directory,
			"secret is too weak",
		},
		{"no key", "sender dexatel {\nfrom Acme\n}", directory, "api_key: it is missing"},
		{"no sender name", "sender dexatel {\napi_key x\n}", directory, "from: it is missing"},
		{
			"plain HTTP", "sender dexatel {\napi_key x\nfrom Acme\nbase_url http://sms.example.com\n}", directory,
			"base_url: it is not https",
		},
		{
			"remote check without template", "sender dexatel {\napi_key x\nfrom Acme\ncheck remote\n}", directory,
			"check remote: it needs a template",
		},
		{"two senders of a name", "sender log\nsender log", directory, "there are two of the name log"},
		{"two senders of a name", "sender log\nsender log {\nname other\n}", directory, ""},
		{
			"sender with an odd name", "sender log {\nname a/b\n}", directory,
			`sender number 1: name: "a/b" has other characters`,
		},
		{
			"Twilio without account", "sender twilio {\nauth_token x\n}", directory,
			"account_sid: it is not like AC and 32 letters and digits",
		},
		{"Vonage without secret", "sender vonage {\napi_key x\nfrom Acme\n}", directory, "api_secret: it is missing"},
		{"Infobip without address", "sender infobip {\napi_key x\nfrom Acme\n}", directory, "base_url: it is missing"},
		{
			"AWS without region", "sender aws {\naccess_key_id x\nsecret_access_key y\n}", directory,
			"region: it is missing",
		},
		{"any provider without address", "sender http {\njson []\n}", directory, "url: it is missing"},
		{
			"test number with a short code", "sender log",
			directory + "\ntest_number +15005550006 code 1234 until 2027-01-31", "does not have 6 digits",
		},
		{
			"code too long for a template", "sender dexatel {\napi_key x\nfrom Acme\ntemplate y\n}",
			directory + "\ncode_length 9", "code_length: 9 digits are more than",
		},
		{"several directories", "sender log\ndirectory inline {\nbob +15005550009\n}", directory + "\n" + directory, ""},
		{
			"LDAP that is not there", "sender log",
			"directory ldap {\nurl ldaps://127.0.0.1:1\nbase dc=x\nfilter (uid={user})\nattribute mobile\n}", "",
		},
		{
			"LDAP without encryption", "sender log",
			"directory ldap {\nurl ldap://192.0.2.1\nbase dc=x\nfilter (uid={user})\nattribute mobile\n}",
			"url: ldap:// alone is not encrypted",
		},
		{"LDAP without all", "sender log", "directory ldap", "base: it is missing"},
		{
			"empty LDAP password", "sender log", "directory ldap {\nbind_password {env.SMS_2FA_EMPTY}\n}",
			"bind_password: ",
		},
		{
			"missing CA", "sender log", "directory ldap {\ntls {\nca testdata/none.pem\n}\n}", "tls ca: ",
		},
		{
			"SQL that is not there", "sender log",
			"directory sql postgres {\ndsn postgres://127.0.0.1:1/x\nquery \"SELECT p FROM q WHERE u = $1\"\n}", "",
		},
		{
			"SQL that writes", "sender log",
			"directory sql postgres {\ndsn postgres://127.0.0.1:1/x\nquery \"DELETE FROM q WHERE u = $1\"\n}",
			"query: it does not begin with SELECT",
		},
		{
			"SQL for everybody", "sender log",
			"directory sql mysql {\ndsn x@tcp(127.0.0.1:1)/x\nquery \"SELECT p FROM q\"\n}",
			"everybody would have the same number",
		},
		{"Redis without key", "sender log", "directory redis {\naddress 127.0.0.1:1\n}", "hash, key: expected one of"},
		{"HTTP without address", "sender log", "directory http", "url: it is missing"},
		{
			"HTTP with an unknown placeholder", "sender log", "directory http {\nurl https://example.com/{usr}\n}",
			"there is no variable {usr}",
		},
		{
			"placeholder of nobody", "sender log", "directory placeholder {http.auth.candidate.phone}",
			"names whoever was refused",
		},
		{"no placeholder", "sender log", "directory placeholder +15005550006", "placeholder: expected one"},
		{"missing file", "sender log", "directory file testdata/none.csv", "none.csv"},
		{"broken file", "sender log", "directory file testdata/broken.csv", "broken.csv:2"},
		{"missing words", "sender log", directory + "\nwords testdata/none.json", "words: reading words: open "},
		{"words that are no JSON", "sender log", directory + "\nwords testdata/broken.csv", "words of testdata/broken.csv"},
		{
			"unknown word", "sender log", directory + "\nwords testdata/unknown-word.json",
			`there is no text with the key "title-entry"`,
		},
		{"missing logo", "sender log", directory + "\nlogo testdata/none.png", "logo: reading logo: open testdata/none.png"},
		{"logo that is no picture", "sender log", directory + "\nlogo testdata/broken.csv", "it is no picture"},
		{"missing template", "sender log", directory + "\ntemplate testdata/none.html", "none.html"},
		{"broken template", "sender log", directory + "\ntemplate testdata/broken.html", "template:"},
		{"many replicas", "sender log\nstore redis {\nreplicas 99\n}", directory, "replicas: 99 is not between 0 and 16"},
		{
			"failover without master", "sender log\nstore redis failover {\naddress 127.0.0.1:1\n}", directory,
			"master_name: it is missing",
		},
		{
			"user twice in another spelling", "sender log", "directory inline {\nalice +1500\nAlice +1501\n}",
			"stands twice",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			adapted, err := adapt("{\nadmin off\nsms_2fa {\n" + tt.global + "\n}\n}\n" +
				"http://localhost:0 {\nbasic_auth {\nalice " + swordfish + "\n}\nsms_2fa {\n" + tt.directive + "\n}\n}\n")
			if err != nil {
				t.Fatal(err)
			}
			var config caddy.Config
			if err := json.Unmarshal(adapted, &config); err != nil {
				t.Fatal(err)
			}
			err = caddy.Validate(&config)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func FuzzCaddyfile(f *testing.F) {
	f.Add("zone", "a b")
	f.Add("sends", "5 per 10m, 1 per 1h")
	f.Add("directory inline", "{\nalice +1\n}")
	f.Add("store redis", "failover {\ntls {\nca x\n}\n}")
	f.Fuzz(func(_ *testing.T, option, value string) {
		_, _ = adapt("{\nsms_2fa {\n" + option + " " + value + "\n}\n}\n")
		_, _ = adapt("example.com {\nsms_2fa {\n" + option + " " + value + "\n}\n}\n")
	})
}
