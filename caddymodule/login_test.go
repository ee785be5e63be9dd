package caddymodule_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	const path = "/deep/page?x=1&y=%2F"
	p := v.open(path)
	if p.status != http.StatusForbidden || !strings.Contains(p.body, "••••••••06") || strings.Contains(p.body, "500555") {
		t.Fatalf("page: status %d, body %s", p.status, p.body)
	}
	text := s.provider.Wait(t, 1)
	end := "\n@localhost #" + text.CodeInText()
	if text.To != "15005550006" || text.From != "Acme" || !strings.HasSuffix(text.Text, end) {
		t.Errorf("text %+v", text)
	}
	p = v.submit(p, path, wrong(text.CodeInText()))
	if p.status != http.StatusForbidden || !strings.Contains(p.body, "2 tries left") {
		t.Errorf("wrong code: status %d, body %s", p.status, p.body)
	}
	p = v.submit(p, path, text.CodeInText()[:3]+" "+text.CodeInText()[3:])
	if to := p.leadsTo(t, path); p.status != http.StatusSeeOther || to != path {
		t.Fatalf("right code: status %d, location %q", p.status, to)
	}
	p = v.open(path)
	if !p.isApp() || !strings.Contains(p.body, "app "+path+" user=alice method=sms at=2") {
		t.Errorf("app: status %d, body %s", p.status, p.body)
	}
	for range 3 {
		if !v.open("/other").isApp() {
			t.Error("a verified visitor is asked again")
		}
	}
	if n := len(s.provider.Texts()); n != 1 {
		t.Errorf("%d texts, want 1", n)
	}
}

func TestOneTextPerChallenge(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	t.Run("parallel tabs of a new browser", func(t *testing.T) {
		v := s.visitor(t, "alice")
		var wg sync.WaitGroup
		for range 30 {
			wg.Go(func() { _, _ = v.try(http.MethodGet, "/", asPage(), "") })
		}
		wg.Wait()
		text := s.provider.Wait(t, 1)
		p := v.open("/")
		if p = v.submit(p, "/", text.CodeInText()); p.status != http.StatusSeeOther {
			t.Errorf("the one code does not fit the ticket that the browser kept: status %d", p.status)
		}
	})
	t.Run("reload, back and second tab", func(t *testing.T) {
		v := s.visitor(t, "bob")
		for _, path := range []string{"/", "/", "/two", "/"} {
			v.open(path)
		}
	})
	if n := len(s.provider.Texts()); n != 2 {
		t.Errorf("%d texts, want 2", n)
	}
}

func TestWhatIsNoNavigationCostsNoText(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	fetch := func(mode, dest string) http.Header {
		return http.Header{"Sec-Fetch-Mode": {mode}, "Sec-Fetch-Dest": {dest}, "Accept": {"text/html"}}
	}
	prefetch := asPage()
	prefetch.Set("Sec-Purpose", "prefetch")
	upgrade := asPage()
	upgrade.Set("Connection", "Upgrade")
	upgrade.Set("Upgrade", "websocket")
	crossSite := http.Header{"Sec-Fetch-Mode": {"no-cors"}, "Sec-Fetch-Dest": {"image"}, "Sec-Fetch-Site": {"cross-site"}}
	tests := []struct {
		name, method string
		header       http.Header
	}{
		{"fetch", http.MethodGet, fetch("cors", "empty")},
		{"image", http.MethodGet, fetch("no-cors", "image")},
		{"cross-site image", http.MethodGet, crossSite},
		{"worker", http.MethodGet, fetch("same-origin", "worker")},
		{"HEAD", http.MethodHead, asPage()},
		{"prefetch", http.MethodGet, prefetch},
		{"WebSocket", http.MethodGet, upgrade},
		{"API client", http.MethodGet, http.Header{"Accept": {"application/json"}}},
		{"curl", http.MethodGet, http.Header{"Accept": {"*/*"}}},
		{"POST of an API client", http.MethodPost, asJSON()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := v.do(tt.method, "/", tt.header, "")
			if p.status != http.StatusForbidden || p.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("status %d, type %q", p.status, p.header.Get("Content-Type"))
			}
			if tt.method != http.MethodHead && p.problem() != "verification-required" {
				t.Errorf("problem %q", p.body)
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	if n := len(s.provider.Texts()); n != 0 {
		t.Errorf("%d texts", n)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	p := v.do(http.MethodPost, "/api?sms_2fa=send", asJSON(), "{}")
	sent := strings.Contains(p.body, `"phone":"••••••••06"`) && strings.Contains(p.body, `"delivery":"sent"`)
	if p.status != http.StatusAccepted || !sent {
		t.Fatalf("send: status %d, body %s", p.status, p.body)
	}
	p = v.do(http.MethodPost, "/api?sms_2fa=send", asJSON(), "{}")
	refused := p.status == http.StatusTooManyRequests && p.problem() == "too-many-requests"
	if !refused || p.header.Get("Retry-After") == "" {
		t.Errorf("send at once again: status %d, body %s", p.status, p.body)
	}
	code := s.provider.Wait(t, 1).CodeInText()
	p = v.do(http.MethodPost, "/api?sms_2fa=verify", asJSON(), `{"code":"`+wrong(code)+`"}`)
	refused = p.status == http.StatusForbidden && p.problem() == "code-incorrect"
	if !refused || !strings.Contains(p.body, `"attempts_left":2`) {
		t.Errorf("wrong code: status %d, body %s", p.status, p.body)
	}
	for _, body := range []string{
		`{"code":["` + code + `"]}`, `{"code":` + code + `}`, `code`, `{"code":"` + code + `","x":1}`, `null x`,
	} {
		if p = v.do(http.MethodPost, "/api?sms_2fa=verify", asJSON(), body); p.status == http.StatusOK {
			t.Errorf("%s was accepted", body)
		}
	}
	p = v.do(http.MethodPost, "/api?sms_2fa=verify", asJSON(), `{"code":"`+code+`"}`)
	var verified struct {
		Verified  bool
		ExpiresAt time.Time `json:"expires_at"`
	}
	err := json.Unmarshal([]byte(p.body), &verified)
	lasts := verified.Verified && time.Until(verified.ExpiresAt) >= 11*time.Hour
	if err != nil || p.status != http.StatusOK || !lasts {
		t.Fatalf("right code: status %d, body %s (%v)", p.status, p.body, err)
	}
	if p = v.do(http.MethodGet, "/api", nil, ""); !p.isApp() {
		t.Errorf("app: status %d", p.status)
	}
	if p = v.do(http.MethodGet, "/api?sms_2fa=status", nil, ""); !strings.Contains(p.body, `"verified":true`) {
		t.Errorf("status: %s", p.body)
	}
	if p = v.do(http.MethodPost, "/api?sms_2fa=logout", nil, ""); p.status != http.StatusNoContent {
		t.Errorf("logout: status %d", p.status)
	}
	if p = v.do(http.MethodGet, "/api", nil, ""); p.status != http.StatusForbidden {
		t.Errorf("after logout: status %d", p.status)
	}
}

func TestDoubleClick(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	v := s.visitor(t, "alice")
	p := v.open("/")
	code := s.provider.Wait(t, 1).CodeInText()
	form := url.Values{"csrf": {p.csrf()}, "code": {code}}.Encode()
	u, _ := url.Parse(v.base)
	cookies := v.http.Jar.Cookies(u) // all copies go out with the ticket
	var mu sync.Mutex
	sids := make(map[string]int)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			one := s.visitor(t, "alice")
			one.http.Jar.SetCookies(u, cookies)
			res, err := one.try(http.MethodPost, "/?sms_2fa=verify", asForm(), form)
			if err != nil || res.status != http.StatusSeeOther {
				t.Errorf("a copy of the right code: status %d, %v", res.status, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			sids[sidOf(t, one.cookie("sms2fa"))]++
		})
	}
	wg.Wait()
	if len(sids) != 1 {
		t.Errorf("50 copies of the right code opened %d sessions", len(sids))
	}
	if len(s.provider.Texts()) != 1 {
		t.Error("a second text was sent")
	}
}

func TestResend(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "resend_after 1s"})
	v := s.visitor(t, "alice")
	p := v.open("/")
	first := s.provider.Wait(t, 1).CodeInText()
	early := v.resend(p, "/")
	if early.status != http.StatusTooManyRequests || early.header.Get("Retry-After") != "1" {
		t.Errorf("too early: status %d, Retry-After %q", early.status, early.header.Get("Retry-After"))
	}
	time.Sleep(1100 * time.Millisecond)
	if again := v.resend(p, "/"); again.status != http.StatusSeeOther {
		t.Fatalf("in time: status %d", again.status)
	}
	if second := s.provider.Wait(t, 2).CodeInText(); second != first {
		t.Error("the second text has another code")
	}
}

func TestFailedSendMayBeRepeatedAtOnce(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	s.provider.FailWith("1530")
	v := s.visitor(t, "alice")
	p := v.open("/")
	told := strings.Contains(p.body, "was not delivered") && !strings.Contains(p.body, "disabled data-wait")
	if p.status != http.StatusBadGateway || !told {
		t.Fatalf("failed: status %d, body %s", p.status, p.body)
	}
	s.provider.FailWith("")
	if p = v.resend(p, "/"); p.status != http.StatusSeeOther {
		t.Fatalf("again: status %d", p.status)
	}
	p = v.open("/")
	if p = v.submit(p, "/", s.provider.Wait(t, 1).CodeInText()); p.status != http.StatusSeeOther {
		t.Errorf("right code: status %d", p.status)
	}
}

func TestButtonMode(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "send button"})
	v := s.visitor(t, "alice")
	p := v.open("/")
	if !strings.Contains(p.body, "Send code") || len(s.provider.Texts()) != 0 {
		t.Fatalf("page sent a text, or has no button: %s", p.body)
	}
	if p = v.resend(p, "/"); p.status != http.StatusSeeOther {
		t.Fatalf("press: status %d, %s", p.status, p.body)
	}
	p = v.open("/")
	if p = v.submit(p, "/", s.provider.Wait(t, 1).CodeInText()); p.status != http.StatusSeeOther {
		t.Errorf("right code: status %d", p.status)
	}
}

func TestNoPhoneAndNoIdentity(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{})
	p := s.visitor(t, "nobody").open("/")
	if p.status != http.StatusForbidden || !strings.Contains(p.body, "no phone number on file") {
		t.Errorf("no phone: status %d", p.status)
	}
	bare := startSite(t, setup{directive: "user {http.request.header.X-Nobody}"})
	p = bare.visitor(t, "alice").open("/")
	if p.status != http.StatusForbidden || !strings.Contains(p.body, "did not tell us who you are") {
		t.Errorf("no identity: status %d", p.status)
	}
	bare.AwaitLog(t, "{http.request.header.X-Nobody}")
	if p = bare.visitor(t, "alice").do(http.MethodGet, "/?sms_2fa=status", nil, ""); p.problem() != "no-identity" {
		t.Errorf("status of nobody: %s", p.body)
	}
}
