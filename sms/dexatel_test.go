package sms_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/phone"
	"github.com/caddy-sms-2fa/gateway/sms"
)

var message = sms.Message{
	ID: "0123", To: phone.Number("+15005550006"), Code: "482913", TTL: 5 * time.Minute,
	Text: "Acme: your code is 482913.\n\n@app.example.com #482913",
}

func newDexatel(t *testing.T, url, key, template string) *sms.Dexatel {
	t.Helper()
	d, err := sms.NewDexatel(sms.DexatelOptions{APIKey: key, From: "Acme", Template: template, BaseURL: url, Timeout: 700 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDexatelContract(t *testing.T) {
	t.Parallel()
	p := testenv.StartDexatel(t)
	for _, template := range []string{"", "11111111-2222-3333-4444-555555555555"} {
		for _, mood := range []testenv.Mood{testenv.Behave, testenv.ObjectData, testenv.ArrayData} {
			p.Misbehave(mood)
			receipt, err := newDexatel(t, p.URL, p.Key, template).Send(t.Context(), message)
			if err != nil || !strings.HasPrefix(receipt.ID, "message-") {
				t.Errorf("template %q, %q: receipt %+v, %v", template, mood, receipt, err)
			}
		}
	}
	texts := p.Texts()
	if got := texts[0]; got.To != "15005550006" || got.From != "Acme" || got.Text != message.Text || got.Code != "" {
		t.Errorf("message %+v", got)
	}
	if got := texts[3]; got.To != "15005550006" || got.Code != message.Code || got.Text != "" {
		t.Errorf("verification %+v", got)
	}
}

// Every documented code ends in the right class, and none tells anything of the text.
func TestDexatelCodes(t *testing.T) {
	t.Parallel()
	classes := map[sms.Class][]int{
		sms.Config: {1005, 1007, 1503, 1504, 1505, 1620, 1625, 1508, 1510, 1526, 1705, 1512, 1513, 1514, 1622, 1624, 1628, 1635, 1515,
			1623, 1629, 1631, 1632, 1640, 1641, 1642, 1643, 1644, 1645, 1646, 1647, 1648, 1649, 9999},
		sms.InvalidNumber: {1506, 1507, 1523, 1621},
		sms.Account:       {1524, 1525},
		sms.Blocked:       {1530, 1531},
	}
	p := testenv.StartDexatel(t)
	d := newDexatel(t, p.URL, p.Key, "")
	for class, codes := range classes {
		for _, code := range codes {
			p.FailWith(code)
			_, err := d.Send(t.Context(), message)
			var failure *sms.Error
			if !errors.As(err, &failure) || failure.Class != class || failure.Code != fmt.Sprint(code) {
				t.Errorf("code %d: %v, want %s", code, err, class)
			}
		}
	}
}

func TestDexatelFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		mood       testenv.Mood
		class      sms.Class // "" is accepted
		retryAfter time.Duration
	}{
		{testenv.Unauthorized, sms.Unauthorized, 0},
		{testenv.TooMany, sms.RateLimited, 7 * time.Second},
		{testenv.TooManyBare, sms.RateLimited, 0},
		{testenv.Error500, sms.Temporary, 0},
		{testenv.Hang, sms.Ambiguous, 0},
		{testenv.Drip, "", 0},
		{testenv.Huge, "", 0},
		{testenv.BrokenJSON, "", 0},
		{testenv.StringCodes, sms.InvalidNumber, 0},
		{testenv.Redirect, sms.Config, 0},
		{testenv.AcceptThenReset, sms.Ambiguous, 0},
		{testenv.OKWithErrors, sms.Blocked, 0},
		{testenv.Rejected, sms.Blocked, 0},
	}
	for _, tt := range tests {
		t.Run(string(tt.mood), func(t *testing.T) {
			t.Parallel()
			p := testenv.StartDexatel(t)
			p.Misbehave(tt.mood)
			began := time.Now()
			_, err := newDexatel(t, p.URL, p.Key, "").Send(t.Context(), message)
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("took %s", took)
			}
			judge(t, err, tt.class, p.Key)
			var failure *sms.Error
			if errors.As(err, &failure) && failure.RetryAfter != tt.retryAfter {
				t.Errorf("retry after %s, want %s", failure.RetryAfter, tt.retryAfter)
			}
			if requests, elsewhere := p.Requests(); requests != 1 || elsewhere != 0 {
				t.Errorf("%d requests, %d of them elsewhere", requests, elsewhere)
			}
		})
	}
}

// judge holds a result against its class, and makes sure that nothing secret is in the error.
func judge(t *testing.T, err error, class sms.Class, key string) {
	t.Helper()
	var failure *sms.Error
	switch {
	case class == "" && err != nil:
		t.Errorf("not accepted: %v", err)
	case class != "" && (!errors.As(err, &failure) || failure.Class != class):
		t.Errorf("%v, want %s", err, class)
	}
	for _, secret := range []string{"15005550006", message.Code, key, "your code is"} {
		if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, secret) {
			t.Errorf("%q tells %q", text, secret)
		}
	}
}

func TestDexatelUnreachable(t *testing.T) {
	t.Parallel()
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(untrusted.Close)
	for name, url := range map[string]string{
		"refused":         "http://" + testenv.FreeAddr(t),
		"no such name":    "https://sms.invalid",
		"bad certificate": untrusted.URL,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newDexatel(t, url, "key-of-the-account", "").Send(t.Context(), message)
			judge(t, err, sms.Temporary, "key-of-the-account")
		})
	}
}

// A provider that closes a connection which is used again may have accepted. net/http repeats some requests then.
func TestNothingIsSentTwice(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	var requests atomic.Int64
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := new(bytes.Buffer)
		_, _ = body.ReadFrom(r.Body)
		if requests.Add(1) == 1 {
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, `{"data":[{"id":"x"}]}`)
			return
		}
		c, _, _ := w.(http.Hijacker).Hijack()
		c.Close()
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	d := newDexatel(t, "http://"+l.Addr().String(), "key", "")
	if _, err := d.Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	_, err = d.Send(t.Context(), message)
	judge(t, err, sms.Ambiguous, "key-")
	if n := requests.Load(); n != 2 {
		t.Errorf("%d requests for two sends", n)
	}
}

func TestDexatelOptions(t *testing.T) {
	t.Parallel()
	good := sms.DexatelOptions{APIKey: "k", From: "Acme"}
	if _, err := sms.NewDexatel(good); err != nil {
		t.Error(err)
	}
	for option, break_ := range map[string]func(*sms.DexatelOptions){
		"api_key":  func(o *sms.DexatelOptions) { o.APIKey = "" },
		"from":     func(o *sms.DexatelOptions) { o.From = "" },
		"base_url": func(o *sms.DexatelOptions) { o.BaseURL = "http://api.example.com" },
	} {
		o := good
		break_(&o)
		if _, err := sms.NewDexatel(o); err == nil || !strings.HasPrefix(err.Error(), option+":") {
			t.Errorf("error %v does not name %s", err, option)
		}
	}
}

func TestLogPrintsLoudly(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if _, err := sms.NewLog(&b).Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"DEVELOPMENT ONLY", message.Text, "••••••••06"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "5005550006") {
		t.Error("the number is printed")
	}
}
