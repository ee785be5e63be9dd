package providers_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

// client has connections of its own: a server of the package httptest that is closed closes the idle connections of
// the default client, and one of them may be in use by another test at that moment.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// ask is a request by hand, in the form that its body has.
func ask(t *testing.T, method, address, body string, change func(*http.Request)) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case strings.HasPrefix(body, "{"):
		r.Header.Set("Content-Type", "application/json")
	case body != "":
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if change != nil {
		change(r)
	}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	said, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(said)
}

func withBearer(r *http.Request) { r.Header.Set("Authorization", "Bearer "+providers.Password) }

func withPassword(r *http.Request) { r.SetBasicAuth(providers.User, providers.Password) }

// Forms and queries, with one thing changed: what arrives, or "" when it is refused.
func TestFormContracts(t *testing.T) {
	t.Parallel()
	user, password := providers.User, providers.Password
	jasmin := url.Values{
		"username": {user}, "password": {password}, "to": {"15005550006"}, "from": {"Acme"},
		"content": {"x"}, "coding": {"0"},
	}
	kannel := url.Values{
		"username": {user}, "password": {password}, "to": {"+15005550006"}, "from": {"Acme"}, "text": {"x"},
		"charset": {"UTF-8"}, "coding": {"0"},
	}
	playsms := url.Values{
		"app": {"ws"}, "op": {"pv"}, "u": {user}, "h": {password}, "to": {"+15005550006"}, "msg": {"x"}, "type": {"text"},
		"nofooter": {"1"},
	}
	for _, tt := range []struct {
		name         string
		start        func(testing.TB) *providers.Provider
		method, path string
		good         url.Values
		change, want string // change is name=value, separated by spaces; a value of "-" takes the name away
	}{
		{"good", providers.StartJasmin, "POST", "/send", jasmin, "", "x"},
		{"by GET", providers.StartJasmin, "GET", "/send", jasmin, "", "x"},
		{"by PUT", providers.StartJasmin, "PUT", "/send", jasmin, "", ""},
		{"coding left out", providers.StartJasmin, "POST", "/send", jasmin, "coding=-", "x"},
		{"content of another coding", providers.StartJasmin, "POST", "/send", jasmin, "coding=8", ""},
		{"content that is not in GSM-7", providers.StartJasmin, "POST", "/send", jasmin, "content=Ж", ""},
		{"a backtick", providers.StartJasmin, "POST", "/send", jasmin, "content=`", ""},
		{"a tab", providers.StartJasmin, "POST", "/send", jasmin, "content=\t", ""},
		{"empty content", providers.StartJasmin, "POST", "/send", jasmin, "content=", ""},
		{"both contents", providers.StartJasmin, "POST", "/send", jasmin, "hex-content=0416", ""},
		{"hex", providers.StartJasmin, "POST", "/send", jasmin, "content=- hex-content=0416 coding=8", "Ж"},
		{"hex of another coding", providers.StartJasmin, "POST", "/send", jasmin, "content=- hex-content=0416", ""},
		{"odd hex", providers.StartJasmin, "POST", "/send", jasmin, "content=- hex-content=041 coding=8", ""},
		{"no hex", providers.StartJasmin, "POST", "/send", jasmin, "content=- hex-content=xy coding=8", ""},
		{"empty hex", providers.StartJasmin, "POST", "/send", jasmin, "content=- hex-content= coding=8", ""},
		{"reports to nowhere", providers.StartJasmin, "POST", "/send", jasmin, "dlr=yes dlr-level=3 dlr-method=POST", ""},
		{
			"reports without a level", providers.StartJasmin, "POST", "/send", jasmin,
			"dlr=yes dlr-method=POST dlr-url=https://a.example/", "",
		},
		{
			"reports", providers.StartJasmin, "POST", "/send", jasmin,
			"dlr=yes dlr-level=3 dlr-method=post dlr-url=https://a.example/", "x",
		},
		{"good", providers.StartKannel, "GET", "/cgi-bin/sendsms", kannel, "", "x"},
		{"by POST", providers.StartKannel, "POST", "/cgi-bin/sendsms", kannel, "", ""},
		{"UCS-2", providers.StartKannel, "GET", "/cgi-bin/sendsms", kannel, "text=` coding=2", "`"},
		{"GSM-7 as UCS-2", providers.StartKannel, "GET", "/cgi-bin/sendsms", kannel, "coding=2", ""},
		{
			"reports without a state", providers.StartKannel, "GET", "/cgi-bin/sendsms", kannel,
			"dlr-mask=27 dlr-url=https://a.example/", "",
		},
		{
			"reports of no kind", providers.StartKannel, "GET", "/cgi-bin/sendsms", kannel,
			"dlr-mask=32 dlr-url=https://a.example/?s=%d", "",
		},
		{
			"reports", providers.StartKannel, "GET", "/cgi-bin/sendsms", kannel, "dlr-mask=27 dlr-url=https://a.example/?s=%d",
			"x",
		},
		{"good", providers.StartPlaySMS, "POST", "/index.php", playsms, "", "x"},
		{"without a type", providers.StartPlaySMS, "POST", "/index.php", playsms, "type=-", ""},
		{"with a footer", providers.StartPlaySMS, "POST", "/index.php", playsms, "nofooter=-", "x - sent by playSMS"},
		{"UCS-2 as GSM-7", providers.StartPlaySMS, "POST", "/index.php", playsms, "msg=aЖ`", "a??"},
		{"UCS-2", providers.StartPlaySMS, "POST", "/index.php", playsms, "msg=aЖ` unicode=1", "aЖ`"},
		{"another field", providers.StartPlaySMS, "POST", "/index.php", playsms, "Msg=y", ""},
	} {
		t.Run(tt.path+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			p := tt.start(t)
			form := url.Values{}
			for name := range tt.good {
				form.Set(name, tt.good.Get(name))
			}
			for pair := range strings.SplitSeq(tt.change, " ") {
				if name, value, _ := strings.Cut(pair, "="); value == "-" {
					form.Del(name)
				} else if name != "" {
					form.Set(name, value)
				}
			}
			address, body := p.URL+tt.path, form.Encode()
			if tt.method == http.MethodGet {
				address, body = address+"?"+body, ""
			}
			_, said := ask(t, tt.method, address, body, nil)
			texts := p.Texts()
			if tt.want == "" && len(texts) > 0 || tt.want != "" && (len(texts) != 1 || texts[0].Text != tt.want) {
				t.Errorf("%s: texts %+v, want %q", said, texts, tt.want)
			}
		})
	}
}

// A client of Bird's must say what it is, as Go's own does not.
func TestBirdNeedsAName(t *testing.T) {
	t.Parallel()
	p := providers.StartBird(t)
	status, _ := ask(t, http.MethodPost, p.URL+"/v1/sms", `{"from":"Acme","to":"+15005550006","text":"x"}`, withBearer)
	if status != http.StatusForbidden {
		t.Errorf("status %d", status)
	}
}
