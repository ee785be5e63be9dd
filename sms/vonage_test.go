package sms_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
	"github.com/caddy-sms-2fa/gateway/sms"
)

func newVonage(t *testing.T, p *providers.Vonage, change func(*sms.VonageOptions)) *sms.Vonage {
	t.Helper()
	o := sms.VonageOptions{APIKey: p.Key, APISecret: p.Secret, From: "Acme", BaseURL: p.URL, Timeout: timeout}
	change(&o)
	v, err := sms.NewVonage(o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func init() {
	start := func(t *testing.T) (*providers.Provider, senderAt, []string) {
		p := providers.StartVonage(t)
		return p.Provider, func(url string) (sms.Sender, error) {
			return sms.NewVonage(sms.VonageOptions{
				APIKey: p.Key, APISecret: p.Secret, From: "Acme", BaseURL: url, Timeout: timeout,
			})
		}, []string{p.Key, p.Secret}
	}
	everyProvider = append(everyProvider, provider{"vonage", start, map[sms.Class][]string{
		sms.RateLimited: {"1", "10"}, sms.Config: {"2", "3", "11", "12", "15", "22", "23", "29", "32", "99"},
		sms.Unauthorized: {"4", "14"}, sms.Ambiguous: {"5"}, sms.InvalidNumber: {"6", "33"}, sms.Blocked: {"7"},
		sms.Account: {"8", "9"},
	}, "98", sms.Ambiguous})
}

func TestVonageContract(t *testing.T) {
	t.Parallel()
	p := providers.StartVonage(t)
	receipt, err := newVonage(t, p, func(*sms.VonageOptions) {}).Send(t.Context(), message)
	got := p.Wait(t, 1)
	if err != nil || receipt.ID != got.ID || got.To != "15005550006" || got.From != "Acme" ||
		got.Text != message.Text ||
		got.Reference != message.ID || got.Callback != "" {
		t.Errorf("%+v, receipt %+v, %v", got, receipt, err)
	}
	other := message
	other.Text, other.TTL = "Ваш код 482913", time.Second
	v := newVonage(t, p, func(o *sms.VonageOptions) { o.ReportURL = "https://app.example.com/r" })
	if _, err := v.Send(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if got := p.Wait(t, 2); got.Text != other.Text || got.Callback != "https://app.example.com/r" {
		t.Errorf("%+v", got)
	}
}

func TestVonageRefuses(t *testing.T) {
	t.Parallel()
	p := providers.StartVonage(t)
	v := newVonage(t, p, func(*sms.VonageOptions) {})
	p.Misbehave(providers.PartlyAccepted)
	_, err := v.Send(t.Context(), message)
	judge(t, err, sms.Ambiguous, []string{p.Secret})
	p.Misbehave(providers.Behave)
	p.FailWith("1")
	_, err = v.Send(t.Context(), message)
	var failure *sms.Error
	if !errors.As(err, &failure) || failure.RetryAfter != 702*time.Millisecond {
		t.Errorf("throttled: %+v", failure)
	}
}

// The name of a long text is that of its first part, and the text is refused only if all its parts are.
func TestVonageParts(t *testing.T) {
	t.Parallel()
	p := providers.StartVonage(t)
	long := message
	long.Text = strings.Repeat("x", 161) + message.Text
	receipt, err := newVonage(t, p, func(*sms.VonageOptions) {}).Send(t.Context(), long)
	if got := p.Wait(t, 1); err != nil || receipt.ID != got.ID || got.Text != long.Text {
		t.Errorf("receipt %v, %v", receipt, err)
	}
	for body, class := range map[string]sms.Class{
		`[{"status":"0","message-id":"first"},{"status":"0","message-id":"second"}]`: "",
		`[{"status":"6"},{"status":"6"}]`:                                            sms.InvalidNumber,
		`[{"status":"9"},{"status":"0","message-id":"second"}]`:                      sms.Ambiguous,
		`[{"status":"0","message-id":"first"},{"status":"9"}]`:                       sms.Ambiguous,
		`[]`: sms.Ambiguous,
	} {
		url, _ := echo(t, http.StatusOK, nil, `{"message-count":"2","messages":`+body+`}`)
		receipt, err := newVonage(t, p, func(o *sms.VonageOptions) { o.BaseURL = url }).Send(t.Context(), long)
		judge(t, err, class, []string{p.Secret})
		if class == "" && receipt.ID != "first" {
			t.Errorf("receipt %v", receipt)
		}
	}
}

func TestVonageReports(t *testing.T) {
	t.Parallel()
	now := time.Now()
	p := providers.StartVonage(t)
	for method := range map[string]bool{"md5hash": true, "md5": true, "sha1": true, "sha256": true, "sha512": true} {
		v := newVonage(t, p, func(o *sms.VonageOptions) { o.SignatureSecret, o.SignatureMethod = "s3cret", method })
		for _, way := range []string{"query", "form", "json"} {
			receipt := func(status string) *http.Request {
				return p.Receipt(way, method, "s3cret", "m-1", status, now)
			}
			tests := []struct {
				name string
				r    *http.Request
				want []sms.Report
				err  error
			}{
				{"delivered", receipt("delivered"), []sms.Report{{ID: "m-1", State: sms.Delivered}}, nil},
				{"failed", receipt("failed"), []sms.Report{{ID: "m-1", State: sms.Undelivered, Code: "6"}}, nil},
				{"accepted", receipt("accepted"), []sms.Report{{ID: "m-1", State: sms.Sent}}, nil},
				{"buffered", receipt("buffered"), []sms.Report{{ID: "m-1", State: sms.Sent}}, nil},
				{"rejected", receipt("rejected"), []sms.Report{{ID: "m-1", State: sms.Undelivered, Code: "6"}}, nil},
				{"expired", receipt("expired"), []sms.Report{{ID: "m-1", State: sms.Undelivered, Code: "6"}}, nil},
				{"unknown", receipt("unknown"), nil, nil},
				{"without a name", p.Receipt(way, method, "s3cret", "", "delivered", now), nil, sms.ErrUnreadable},
				{"another secret", p.Receipt(way, method, "other", "m-1", "delivered", now), nil, sms.ErrForged},
				{
					"old", p.Receipt(way, method, "s3cret", "m-1", "delivered", now.Add(-6*time.Minute)), nil,
					sms.ErrStale,
				},
				{
					"from the future", p.Receipt(way, method, "s3cret", "m-1", "delivered", now.Add(6*time.Minute)), nil,
					sms.ErrStale,
				},
				{"changed on its way", replaced(receipt("failed"), "failed", "delivered"), nil, sms.ErrForged},
				{"another text's", replaced(receipt("delivered"), "m-1", "m-2"), nil, sms.ErrForged},
				{"without a signature", replaced(receipt("delivered"), "sig", "gis"), nil, sms.ErrForged},
			}
			for _, tt := range tests {
				body, _ := io.ReadAll(tt.r.Body)
				got, err := v.ReadReports(tt.r, body, now)
				if !errors.Is(err, tt.err) || len(got) != len(tt.want) || len(got) == 1 && got[0] != tt.want[0] {
					t.Errorf("%s %s, %s: %+v, %v", method, way, tt.name, got, err)
				}
			}
		}
	}
	v := newVonage(t, p, func(o *sms.VonageOptions) { o.SignatureSecret = "s3cret" })
	twice := p.Receipt("query", "sha256", "s3cret", "m-1", "delivered", now)
	twice.URL.RawQuery += "&status=failed"
	if _, err := v.ReadReports(twice, nil, now); !errors.Is(err, sms.ErrForged) {
		t.Errorf("a parameter that stands twice: %v", err)
	}
	if newVonage(t, p, func(*sms.VonageOptions) {}).Reports() == nil || v.Reports() != nil {
		t.Error("a secret is what makes reports worth reading")
	}
}

// replaced is a request with one text in its body or query replaced by another.
func replaced(r *http.Request, old, new string) *http.Request {
	body, _ := io.ReadAll(r.Body)
	q := httptest.NewRequest(r.Method, strings.Replace(r.URL.String(), old, new, 1),
		strings.NewReader(strings.Replace(string(body), old, new, 1)))
	q.Header = r.Header
	return q
}

func TestVonageOptions(t *testing.T) {
	t.Parallel()
	good := sms.VonageOptions{APIKey: "k", APISecret: "s", From: "Acme"}
	for want, spoil := range map[string]func(*sms.VonageOptions){
		"":                 func(*sms.VonageOptions) {},
		"api_key":          func(o *sms.VonageOptions) { o.APIKey = "" },
		"api_secret":       func(o *sms.VonageOptions) { o.APISecret = "" },
		"from":             func(o *sms.VonageOptions) { o.From = "" },
		"signature_method": func(o *sms.VonageOptions) { o.SignatureMethod = "rot13" },
		"report_url":       func(o *sms.VonageOptions) { o.ReportURL = "x" },
		"base_url":         func(o *sms.VonageOptions) { o.BaseURL = "ftp://x" },
	} {
		o := good
		spoil(&o)
		_, err := sms.NewVonage(o)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want+":")) {
			t.Errorf("error %v does not name %q", err, want)
		}
	}
}
