package sms_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
	"github.com/caddy-sms-2fa/gateway/phone"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// template is the ID of an approved template.
const template = "11111111-2222-4333-8444-555555555555"

// dexatelWith starts Dexatel with a revision of its API, and makes senders whose options are changed.
func dexatelWith(revision providers.Revision, change func(*sms.DexatelOptions)) starter {
	return func(t *testing.T) (*providers.Provider, senderAt, []string) {
		d := providers.StartDexatelOf(t, revision)
		return d.Provider, func(url string) (sms.Sender, error) {
			o := sms.DexatelOptions{APIKey: d.Key, From: "Acme", BaseURL: url, Timeout: timeout}
			change(&o)
			return sms.NewDexatel(o)
		}, []string{d.Key}
	}
}

var dexatelCodes = map[sms.Class][]string{
	sms.Config: {
		"1005", "1007", "1503", "1504", "1505", "1620", "1625", "1508", "1510", "1526", "1705", "1512", "1513", "1514",
		"1622", "1624", "1628", "1635", "1515", "1623", "1629", "1631", "1632", "1640", "1641", "1642", "1643", "1644",
		"1645", "1646", "1647", "1648", "1649",
	},
	sms.InvalidNumber: {"1506", "1507", "1523", "1621"},
	sms.Account:       {"1524", "1525"},
	sms.Blocked:       {"1530", "1531"},
}

func init() {
	for name, change := range map[string]func(*sms.DexatelOptions){
		"dexatel":                 func(*sms.DexatelOptions) {},
		"dexatel with a template": func(o *sms.DexatelOptions) { o.Template = template },
		"dexatel, checking":       func(o *sms.DexatelOptions) { o.Template, o.Remote = template, true },
	} {
		for _, revision := range providers.DexatelRevisions {
			everyProvider = append(everyProvider,
				provider{name + " of " + string(revision), dexatelWith(revision, change), dexatelCodes, "9999", ""})
		}
	}
}

func newDexatel(t *testing.T, p *providers.Dexatel, change func(*sms.DexatelOptions)) *sms.Dexatel {
	t.Helper()
	o := sms.DexatelOptions{APIKey: p.Key, From: "Acme", BaseURL: p.URL, Timeout: timeout}
	change(&o)
	d, err := sms.NewDexatel(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// onEachRevision runs a test against each published form of the API.
func onEachRevision(t *testing.T, test func(*testing.T, *providers.Dexatel)) {
	t.Helper()
	for _, revision := range providers.DexatelRevisions {
		t.Run(string(revision), func(t *testing.T) {
			t.Parallel()
			test(t, providers.StartDexatelOf(t, revision))
		})
	}
}

func TestDexatelContract(t *testing.T) {
	t.Parallel()
	onEachRevision(t, func(t *testing.T, p *providers.Dexatel) {
		moods := []providers.Mood{
			providers.Behave, providers.ObjectData, providers.ArrayData, providers.BareData, providers.CodeInClear,
		}
		for _, id := range []string{"", template} {
			for _, mood := range moods {
				p.Misbehave(mood)
				d := newDexatel(t, p, func(o *sms.DexatelOptions) { o.Template = id })
				receipt, err := d.Send(t.Context(), message)
				if texts := p.Texts(); err != nil || receipt.ID != texts[len(texts)-1].ID {
					t.Errorf("template %q, %q: receipt %+v, %v", id, mood, receipt, err)
				}
			}
		}
		texts := p.Texts()
		if got := texts[0]; got.To != "15005550006" || got.From != "Acme" || got.Text != message.Text || got.Code != "" ||
			got.Reference != message.ID {
			t.Errorf("message %+v", got)
		}
		if got := texts[len(moods)]; got.To != "15005550006" || got.Code != message.Code || got.Text != "" ||
			got.Reference != message.ID {
			t.Errorf("verification %+v", got)
		}
	})
}

// Numbers go to Dexatel as they are in E.164, also those with a zero behind the country code.
func TestDexatelKeepsTheZeroBehindTheCountryCode(t *testing.T) {
	t.Parallel()
	onEachRevision(t, func(t *testing.T, p *providers.Dexatel) {
		for _, to := range []phone.Number{"+2250712345678", "+242061234567", "+390612345678"} {
			for _, id := range []string{"", template} {
				m := message
				m.To = to
				d := newDexatel(t, p, func(o *sms.DexatelOptions) { o.Template = id })
				if _, err := d.Send(t.Context(), m); err != nil {
					t.Fatal(err)
				}
				if texts := p.Texts(); texts[len(texts)-1].To != to.Digits() {
					t.Errorf("%s, template %q: went to %s", to, id, texts[len(texts)-1].To)
				}
			}
		}
	})
}

// The ways to refuse that only Dexatel has; fault_test.go has those of every provider.
func TestDexatelRefuses(t *testing.T) {
	t.Parallel()
	for mood, class := range map[providers.Mood]sms.Class{
		providers.StringCodes: sms.InvalidNumber, providers.OKWithErrors: sms.Blocked, providers.Rejected: sms.Blocked,
	} {
		p := providers.StartDexatel(t)
		p.Misbehave(mood)
		_, err := newDexatel(t, p, func(*sms.DexatelOptions) {}).Send(t.Context(), message)
		judge(t, err, class, []string{p.Key})
	}
}

func TestDexatelChecks(t *testing.T) {
	t.Parallel()
	onEachRevision(t, testDexatelChecks)
}

func testDexatelChecks(t *testing.T, p *providers.Dexatel) {
	d := newDexatel(t, p, func(o *sms.DexatelOptions) { o.Template, o.Remote = template, true })
	if _, err := d.Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	text := p.Wait(t, 1)
	code := text.Code
	for _, tt := range []struct {
		name     string
		to       phone.Number
		id, code string
		want     bool
	}{
		{"wrong code", message.To, text.ID, message.Code, false},
		{"right code of another number", "+15005550009", text.ID, code, false},
		{"right code", message.To, text.ID, code, true},
		{"right code again", message.To, text.ID, code, false},
	} {
		if right, err := d.Check(t.Context(), tt.to, []string{tt.id}, tt.code); err != nil || right != tt.want {
			t.Errorf("%s: %v, %v", tt.name, right, err)
		}
	}
	for mood, class := range map[providers.Mood]sms.Class{
		providers.Unauthorized: sms.Unauthorized, providers.TooMany: sms.RateLimited, providers.Error500: sms.Ambiguous,
		providers.Hang:       sms.Ambiguous,
		providers.BrokenJSON: sms.Ambiguous, providers.GzipBomb: sms.Ambiguous, providers.Redirect: sms.Config,
	} {
		p.Misbehave(mood)
		right, err := d.Check(t.Context(), message.To, []string{text.ID}, code)
		if right {
			t.Errorf("%s: the code counts as right", mood)
		}
		judge(t, err, class, []string{p.Key, code})
	}
}

func TestDexatelReports(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p := providers.StartDexatel(t)
	d := newDexatel(t, p, func(o *sms.DexatelOptions) { o.ReportSecret = "dxt-secret" })
	const body = `{"data":{"event":"delivery","status":"delivered",` +
		`"message_id":"m-1","timestamp":"2026-01-02 03:04:00"}}`
	sign := func(body string) []byte {
		mac := hmac.New(sha256.New, []byte("dxt-secret"))
		mac.Write([]byte(body))
		return mac.Sum(nil)
	}
	inHex := func(body string) string { return hex.EncodeToString(sign(body)) }
	with := func(old, new string) string { return strings.Replace(body, old, new, 1) }
	capital, capitals := with(`"delivery"`, `"Delivery"`), with(`"delivery"`, `"DELIVERY"`)
	iso := with("2026-01-02 03:04:00", "2026-01-02T03:04:00.123Z")
	old := with("2026-01-02 03:04:00", "2026-01-01T03:04:00.123Z")
	bare := strings.TrimSuffix(strings.TrimPrefix(body, `{"data":`), "}")
	tests := []struct {
		name, body, signature string
		want                  sms.State
		err                   error
	}{
		{"delivered, in hex", body, inHex(body), sms.Delivered, nil},
		{"delivered, in base64", body, base64.StdEncoding.EncodeToString(sign(body)), sms.Delivered, nil},
		{"in capitals", with("delivered", "FAILED"), inHex(with("delivered", "FAILED")), sms.Undelivered, nil},
		{"expired", with("delivered", "expired"), inHex(with("delivered", "expired")), sms.Undelivered, nil},
		{"sent", with("delivered", "sent"), inHex(with("delivered", "sent")), sms.Sent, nil},
		{"read", with("delivered", "read"), inHex(with("delivered", "read")), sms.Delivered, nil},
		{"rejected", with("delivered", "rejected"), inHex(with("delivered", "rejected")), sms.Undelivered, nil},
		{"event with a capital", capital, inHex(capital), sms.Delivered, nil},
		{"event in capitals", capitals, inHex(capitals), sms.Delivered, nil},
		{"in ISO 8601", iso, inHex(iso), sms.Delivered, nil},
		{"in ISO 8601, a day old", old, inHex(old), "", sms.ErrStale},
		{"without the wrapper", bare, inHex(bare), sms.Delivered, nil},
		{"another event", with(`"delivery"`, `"message"`), inHex(with(`"delivery"`, `"message"`)), "", nil},
		{"unknown status", with("delivered", "pondered"), inHex(with("delivered", "pondered")), "", nil},
		{"not signed", body, "", "", sms.ErrForged},
		{"signed by somebody else", body, inHex(body + " "), "", sms.ErrForged},
		{"old", with("2026-01-02", "2026-01-01"), inHex(with("2026-01-02", "2026-01-01")), "", sms.ErrStale},
		{"from the future", with("03:04:00", "03:10:00"), inHex(with("03:04:00", "03:10:00")), "", sms.ErrStale},
		{
			"of no time", with("2026-01-02 03:04:00", "soon"), inHex(with("2026-01-02 03:04:00", "soon")), "",
			sms.ErrStale,
		},
		{"no JSON", "x", inHex("x"), "", sms.ErrUnreadable},
		{"without a name", `{"data":{}}`, inHex(`{"data":{}}`), "", sms.ErrUnreadable},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(tt.body))
		r.Header.Set("X-Dexatel-Signature", tt.signature)
		reports, err := d.ReadReports(r, []byte(tt.body), now)
		if !errors.Is(err, tt.err) || tt.want == "" && len(reports) > 0 ||
			tt.want != "" && (len(reports) != 1 || reports[0] != sms.Report{ID: "m-1", State: tt.want}) {
			t.Errorf("%s: %+v, %v", tt.name, reports, err)
		}
	}
	// The vector of the documentation's algorithm.
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Header.Set("X-Dexatel-Signature", "f14d09b157f19de37ab3e0ecc14ea3d988d015065fb4bf0af4c3eec9aeb97df6")
	_, err := d.ReadReports(r, []byte(`{"data":{"event":"delivery","status":"delivered"}}`), now)
	if !errors.Is(err, sms.ErrUnreadable) {
		t.Errorf("the vector's signature: %v", err)
	}
	if newDexatel(t, p, func(*sms.DexatelOptions) {}).Reports() == nil || d.Reports() != nil {
		t.Error("a secret is what makes reports worth reading")
	}
}

// An entry of Dexatel's list proves a code only if the entry names this text, this number and this code, and has not
// expired.
func TestDexatelChecksWhatIsListed(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	entry := func(id, to, code string, end time.Time) string {
		return fmt.Sprintf(`{"message_id":%q,"phone":%q,"code":%s,"expire_date":%q}`, id, to, code,
			end.Format(time.DateTime))
	}
	good := entry("m-1", "15005550006", `"482913"`, now.Add(time.Minute))
	for _, tt := range []struct {
		name, data string
		want       bool
	}{
		{"ours", "[" + good + "]", true},
		{
			"ours, with a number for a code", "[" + entry("m-1", "+15005550006", `482913`, now.Add(time.Minute)) + "]",
			true,
		},
		{
			"ours among others", "[" + entry("m-0", "15005550006", `"111111"`, now.Add(time.Minute)) + "," + good + "]",
			true,
		},
		{"ours twice", "[" + good + "," + good + "]", true},
		{"none", "[]", false},
		{"another code, as if nobody had filtered", "[" +
			entry("m-1", "15005550006", `"111111"`, now.Add(time.Minute)) + "]", false},
		{"another text", "[" + entry("m-2", "15005550006", `"482913"`, now.Add(time.Minute)) + "]", false},
		{"another number", "[" + entry("m-1", "15005550009", `"482913"`, now.Add(time.Minute)) + "]", false},
		{"over", "[" + entry("m-1", "15005550006", `"482913"`, now.Add(-time.Minute)) + "]", false},
		{"ours, with a time in ISO 8601", `[{"message_id":"m-1","phone":"15005550006","code":"482913",` +
			`"expire_date":"2099-01-01T00:00:00.000Z"}]`, true},
		{"over, with a time in ISO 8601", `[{"message_id":"m-1","phone":"15005550006","code":"482913",` +
			`"expire_date":"2026-01-01T00:00:00.000Z"}]`, false},
		{"with a code of null", `[{"message_id":"m-1","phone":"15005550006","code":null,` +
			`"expire_date":"2099-01-01T00:00:00.000Z"}]`, false},
		{"without an end", `[{"message_id":"m-1","phone":"15005550006","code":"482913"}]`, false},
		{"without a code", `[{"message_id":"m-1","phone":"15005550006","expire_date":"2099-01-01 00:00:00"}]`, false},
	} {
		list := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"data":`+tt.data+`}`) }
		server := httptest.NewServer(http.HandlerFunc(list))
		defer server.Close()
		d, err := sms.NewDexatel(sms.DexatelOptions{
			APIKey: "k", From: "Acme", Template: template, Remote: true,
			BaseURL: server.URL,
		})
		if err != nil {
			t.Fatal(err)
		}
		if right, err := d.Check(t.Context(), message.To, []string{"m-1"}, "482913"); err != nil || right != tt.want {
			t.Errorf("%s: %t, %v", tt.name, right, err)
		}
	}
}

func TestDexatelOptions(t *testing.T) {
	t.Parallel()
	good := sms.DexatelOptions{APIKey: "k", From: "Acme"}
	if _, err := sms.NewDexatel(good); err != nil {
		t.Error(err)
	}
	for option, spoil := range map[string]func(*sms.DexatelOptions){
		"api_key":      func(o *sms.DexatelOptions) { o.APIKey = "k\nX-Evil: 1" },
		"from":         func(o *sms.DexatelOptions) { o.From = "" },
		"base_url":     func(o *sms.DexatelOptions) { o.BaseURL = "http://api.example.com" },
		"check remote": func(o *sms.DexatelOptions) { o.Remote = true },
	} {
		o := good
		spoil(&o)
		if _, err := sms.NewDexatel(o); err == nil || !strings.HasPrefix(err.Error(), option+":") {
			t.Errorf("error %v does not name %s", err, option)
		}
	}
}
