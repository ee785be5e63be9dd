package caddymodule_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// enrolling is a site whose visitors give their number, except for nobody: the numbers of the usual directory are not
// asked. options stand in directory enroll.
func enrolling(t *testing.T, global, options string) *site {
	t.Helper()
	return startSite(t, setup{global: global, directive: "directory enroll {\n" + options + "\n}"})
}

// onBothStores runs a test on the embedded store and on Redis.
func onBothStores(t *testing.T, test func(t *testing.T, global string)) {
	t.Run("embedded", func(t *testing.T) { t.Parallel(); test(t, "") })
	t.Run("redis", func(t *testing.T) { t.Parallel(); test(t, onRedis(testenv.StartRedis(t).Addr)) })
}

// give gives a number on the page.
func (v *visitor) give(p page, country, number string) page {
	v.t.Helper()
	form := url.Values{"csrf": {p.csrf()}, "country": {country}, "number": {number}}
	return v.do(http.MethodPost, withParameter("/", "enroll"), asForm(), form.Encode())
}

// given opens the page, gives a number, and returns the page that asks for its code, and the text.
func (v *visitor) given(country, number string) (p page, code string) {
	v.t.Helper()
	n := len(v.site.provider.Texts())
	if p = v.give(v.open("/"), country, number); p.status != http.StatusSeeOther {
		v.t.Fatalf("%s: status %d, body %.600s", number, p.status, p.body)
	}
	return v.open("/"), v.site.provider.Wait(v.t, n+1).CodeInText()
}

func (p page) asksForNumber() bool {
	return strings.Contains(p.body, `data-state="enroll"`) && p.csrf() != ""
}

func TestEnrolment(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, global string) {
		s := enrolling(t, global, "countries AM DE US")
		v := s.visitor(t, "alice")
		p := v.open("/deep?x=1")
		if p.status != http.StatusForbidden || !p.asksForNumber() || !strings.Contains(p.body, "Armenia (&#43;374)") {
			t.Fatalf("page: status %d, body %.900s", p.status, p.body)
		}
		p = v.give(p, "AM", " 077 12-34-56 ")
		if to := p.leadsTo(t, "/"); p.status != http.StatusSeeOther || to != "/" {
			t.Fatalf("number: status %d, location %q, body %.600s", p.status, to, p.body)
		}
		text := s.provider.Wait(t, 1)
		if p = v.open("/"); !strings.Contains(p.body, "••••••••56") || !strings.Contains(p.body, "Change the number") ||
			strings.Contains(p.body, "77123") || text.To != "37477123456" {
			t.Fatalf("text to %s, page %s", text.To, p.body)
		}
		if p = v.submit(p, "/", wrong(text.CodeInText())); !strings.Contains(p.body, "2 tries left") {
			t.Errorf("wrong code: %.600s", p.body)
		}
		if other := s.visitor(t, "alice").open("/"); !other.asksForNumber() {
			t.Error("the number counts before its code")
		}
		if p = v.submit(p, "/", text.CodeInText()); p.status != http.StatusSeeOther || !v.open("/").isApp() {
			t.Fatalf("right code: status %d, body %.600s", p.status, p.body)
		}
		if v.cookie("sms2fa_challenge_number") != "" {
			t.Error("the browser keeps the number")
		}
		s.AwaitLog(t, "number proved")
		again := s.visitor(t, "Alice") // the same person, in another spelling
		if p = again.open("/"); strings.Contains(p.body, "Change the number") || !strings.Contains(p.body, "••••••••56") {
			t.Errorf("second login: %.900s", p.body)
		}
		if p = again.give(p, "DE", "0151 23456789"); p.status != http.StatusSeeOther || len(s.provider.Texts()) != 2 {
			t.Errorf("another number for the asking: status %d, %d texts", p.status, len(s.provider.Texts()))
		}
		if p = again.submit(again.open("/"), "/", s.provider.Wait(t, 2).CodeInText()); p.status != http.StatusSeeOther {
			t.Errorf("second login: status %d", p.status)
		}
		for place, said := range map[string]string{"log": s.Log(), "metrics": s.Get("/metrics")} {
			if strings.Contains(said, "77123456") || strings.Contains(said, "77 123456") || strings.Contains(said, "12-34-56") {
				t.Errorf("the %s holds the number", place)
			}
		}
	})
}

func TestEnrolmentByJSON(t *testing.T) {
	t.Parallel()
	s := enrolling(t, "", "countries AM DE")
	v := s.visitor(t, "alice")
	for action, body := range map[string]string{"send": `{}`, "verify": `{"code":"123456"}`} {
		p := v.do(http.MethodPost, withParameter("/", action), asJSON(), body)
		if p.status != http.StatusForbidden || p.problem() != "enrolment-required" {
			t.Errorf("%s: status %d, body %s", action, p.status, p.body)
		}
	}
	if p := v.do(http.MethodGet, withParameter("/", "status"), nil, ""); field(p.body, "state") != "enrolment-required" {
		t.Errorf("status: %s", p.body)
	}
	p := v.do(http.MethodPost, withParameter("/", "enroll"), asJSON(), `{"number":"+12025550123"}`)
	if p.status != http.StatusUnprocessableEntity || p.problem() != "number-refused" {
		t.Errorf("refused number: status %d, body %s", p.status, p.body)
	}
	p = v.do(http.MethodPost, withParameter("/", "enroll"), asJSON(), `{"number":"077123456","country":"AM"}`)
	if p.status != http.StatusAccepted || field(p.body, "phone") != "••••••••56" || field(p.body, "state") != "waiting" {
		t.Fatalf("number: status %d, body %s", p.status, p.body)
	}
	code := s.provider.Wait(t, 1).CodeInText()
	p = v.do(http.MethodPost, withParameter("/", "verify"), asJSON(), `{"code":"`+code+`"}`)
	if p.status != http.StatusOK || !v.open("/").isApp() {
		t.Errorf("right code: status %d, body %s", p.status, p.body)
	}
	foreign := asForm()
	foreign.Set("Sec-Fetch-Site", "cross-site")
	for name, header := range map[string]http.Header{"another site": foreign, "a form without proof": asForm()} {
		p := s.visitor(t, "bob").do(http.MethodPost, withParameter("/", "enroll"), header, "number=%2B37477123457")
		if p.status != http.StatusForbidden || len(s.provider.Texts()) != 1 {
			t.Errorf("%s: status %d, %d texts", name, p.status, len(s.provider.Texts()))
		}
	}
}

// Whatever is wrong with a number, the visitor reads the same, and no text goes out.
func TestNumberIsRefused(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, global string) {
		s := enrolling(t, global, "countries AM DE")
		first := s.visitor(t, "alice")
		p, code := first.given("AM", "077 123456")
		if p = first.submit(p, "/", code); p.status != http.StatusSeeOther {
			t.Fatalf("status %d", p.status)
		}
		v := s.visitor(t, "bob")
		p = v.open("/")
		seen := ""
		for _, tt := range []struct{ name, country, number, reason string }{
			{"form", "AM", "my phone", "form"},
			{"too short", "AM", "077 12", "form"},
			{"wrong country", "DE", "077 123456", "kind"}, // in Germany that is a fixed line
			{"country that is not allowed", "DE", "+12025550123", "country"},
			{"landline", "DE", "030 901820", "kind"},
			{"premium", "DE", "0900 1234567", "kind"},
			{"emergency", "DE", "112", "form"},
			{"somebody else's", "AM", "077 123456", "taken"},
			{"somebody else's, in another spelling", "DE", "00374 77 12 34 56", "taken"},
		} {
			before := len(s.Log())
			p = v.give(p, tt.country, tt.number)
			if p.status != http.StatusUnprocessableEntity || !p.asksForNumber() {
				t.Errorf("%s: status %d, body %.300s", tt.name, p.status, p.body)
				continue
			}
			if !strings.Contains(p.body, `value="`+strings.ReplaceAll(tt.number, "+", "&#43;")+`"`) {
				t.Errorf("%s: the page does not keep what was typed", tt.name)
			}
			alert := p.body[strings.Index(p.body, "<h1"):strings.Index(p.body, "<form")]
			if seen == "" {
				seen = alert
			}
			if alert != seen || !strings.Contains(alert, "cannot be used") {
				t.Errorf("%s: told in other words: %s", tt.name, alert)
			}
			testenv.Await(t, "the log has the reason", func() bool {
				return strings.Contains(s.Log()[before:], `"reason":"`+tt.reason+`"`)
			})
		}
		if n := len(s.provider.Texts()); n != 1 {
			t.Errorf("%d texts, want 1", n)
		}
		for _, reason := range []string{"form", "country", "kind", "taken"} {
			counter := `caddy_sms_2fa_enrolments_total{reason="` + reason + `",result="refused"}`
			if !strings.Contains(s.Get("/metrics"), counter) {
				t.Errorf("metrics lack %s", counter)
			}
		}
	})
}

func TestSharedNumbers(t *testing.T) {
	t.Parallel()
	s := enrolling(t, "", "countries AM\nshared_numbers")
	for _, user := range []string{"alice", "bob"} {
		v := s.visitor(t, user)
		p, code := v.given("AM", "077 123456")
		if p = v.submit(p, "/", code); p.status != http.StatusSeeOther || !v.open("/").isApp() {
			t.Errorf("%s: status %d", user, p.status)
		}
	}
}

// A typo is noticed when no text comes.
func TestNumberIsChanged(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, global string) {
		s := enrolling(t, global, "countries AM")
		v := s.visitor(t, "alice")
		p, stray := v.given("AM", "077 123465")
		p = v.open(withParameter("/", "enroll"))
		kept := strings.Contains(p.body, `value="&#43;374 77 123465"`)
		if p.status != http.StatusForbidden || !p.asksForNumber() || !kept {
			t.Fatalf("status %d, body %s", p.status, p.body)
		}
		if back := v.open("/"); !strings.Contains(back.body, "••••••••65") {
			t.Errorf("going back loses the code: %.600s", back.body)
		}
		if p = v.give(p, "AM", "077 123456"); p.status != http.StatusSeeOther {
			t.Fatalf("corrected number, at once: status %d, body %.900s", p.status, p.body)
		}
		code := s.provider.Wait(t, 2)
		if p = v.open("/"); !strings.Contains(p.body, "••••••••56") || code.To != "37477123456" {
			t.Errorf("text to %s, page %.600s", code.To, p.body)
		}
		if stray == code.CodeInText() {
			t.Error("both numbers got one code")
		}
		if p = v.submit(p, "/", stray); p.status == http.StatusSeeOther {
			t.Error("the code of the wrong number opens")
		}
		if p = v.submit(v.open("/"), "/", code.CodeInText()); p.status != http.StatusSeeOther || !v.open("/").isApp() {
			t.Errorf("status %d", p.status)
		}
	})
}

// The same number, given twice, costs one text; leaving half way leaves nothing.
func TestEnrolmentIsAbandoned(t *testing.T) {
	t.Parallel()
	redis := testenv.StartRedis(t)
	s := enrolling(t, onRedis(redis.Addr), "countries AM")
	v := s.visitor(t, "alice")
	p, _ := v.given("AM", "077 123456")
	for range 3 {
		if p = v.give(p, "AM", "+374 77 123456"); p.status != http.StatusSeeOther {
			t.Fatalf("status %d", p.status)
		}
		p = v.open("/")
	}
	if n := len(s.provider.Texts()); n != 1 {
		t.Errorf("%d texts, want 1", n)
	}
	dump := redis.Dump()
	if strings.Contains(dump, "77123456") || strings.Contains(dump, "alice") {
		t.Error("the store holds the number or the name")
	}
	for _, key := range redis.Keys() {
		if key = strings.TrimPrefix(key, "sms2fa:"); strings.HasPrefix(key, "u:") || strings.HasPrefix(key, "n:") {
			t.Errorf("the register has %s", key)
		}
	}
	bob := s.visitor(t, "bob")
	if p := bob.give(s.visitor(t, "bob").open("/"), "AM", "077 123456"); p.status == http.StatusUnprocessableEntity {
		t.Error("a number is taken that nobody has proved")
	}
}

// Two people give one number. Whoever proves it first has it; the other's right code opens nothing.
func TestNumberIsTakenMeanwhile(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, global string) {
		s := enrolling(t, global, "countries AM")
		one, two := s.visitor(t, "alice"), s.visitor(t, "bob")
		p1, code1 := one.given("AM", "077 123456")
		p2, code2 := two.given("AM", "077 123456")
		if p1 = one.submit(p1, "/", code1); p1.status != http.StatusSeeOther {
			t.Fatalf("status %d", p1.status)
		}
		p2 = two.submit(p2, "/", code2)
		if p2.status != http.StatusUnprocessableEntity || !p2.asksForNumber() || two.cookie("sms2fa") != "" {
			t.Errorf("status %d, body %.600s", p2.status, p2.body)
		}
		if p2 = two.submit(p2, "/", code2); p2.status == http.StatusSeeOther || two.open("/").isApp() {
			t.Error("the second attempt lets them in")
		}
		p2, code2 = two.given("AM", "077 123457")
		if p2 = two.submit(p2, "/", code2); p2.status != http.StatusSeeOther || !two.open("/").isApp() {
			t.Errorf("with another number: status %d", p2.status)
		}
	})
}

func TestTwoDevices(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, global string) {
		s := enrolling(t, global, "countries AM")
		t.Run("the same number", func(t *testing.T) {
			laptop, tablet := s.visitor(t, "alice"), s.visitor(t, "alice")
			p, code := laptop.given("AM", "077 123456")
			if a := tablet.give(tablet.open("/"), "AM", "077 123456"); a.status != http.StatusSeeOther {
				t.Fatalf("status %d, body %.600s", a.status, a.body)
			}
			if n := len(s.provider.Texts()); n != 1 {
				t.Errorf("%d texts, want 1", n)
			}
			if a := tablet.submit(tablet.open("/"), "/", code); a.status != http.StatusSeeOther || !tablet.open("/").isApp() {
				t.Errorf("tablet: status %d", a.status)
			}
			if p = laptop.submit(p, "/", code); p.status == http.StatusSeeOther {
				t.Error("one code opens two sessions")
			}
			if p = laptop.open("/"); p.asksForNumber() || !strings.Contains(p.body, "••••••••56") {
				t.Errorf("laptop: %.600s", p.body)
			}
		})
		t.Run("two numbers", func(t *testing.T) {
			laptop, tablet := s.visitor(t, "bob"), s.visitor(t, "bob")
			p1, code1 := laptop.given("AM", "077 123457")
			p2, code2 := tablet.given("AM", "077 123458")
			if p1 = laptop.submit(p1, "/", code1); p1.status == http.StatusSeeOther {
				t.Error("the number that was left is proved")
			}
			if p2 = tablet.submit(p2, "/", code2); p2.status != http.StatusSeeOther || !tablet.open("/").isApp() {
				t.Errorf("tablet: status %d", p2.status)
			}
			if p1 = laptop.open("/"); p1.asksForNumber() || !strings.Contains(p1.body, "••••••••58") {
				t.Errorf("laptop: %.900s", p1.body)
			}
		})
	})
}

// 40 visitors of one user, with one number each, over two gateways: one number is the user's in the end.
func TestParallelEnrolment(t *testing.T) {
	t.Parallel()
	redis := testenv.StartRedis(t)
	s := enrolling(t, onRedis(redis.Addr), "countries AM")
	var wg sync.WaitGroup
	for i := range 20 {
		v := s.visitor(t, []string{"alice", "bob", "carol"}[i%3])
		wg.Go(func() { v.give(v.open("/"), "AM", "077 123456") })
	}
	wg.Wait()
	if n := len(s.provider.Texts()); n != 3 {
		t.Errorf("%d texts for three users, want 3", n)
	}
}

func TestEnrolmentIsLimited(t *testing.T) {
	t.Parallel()
	numbers := []string{"077 123451", "077 123452", "077 123453", "077 123454"}
	for name, tt := range map[string]struct {
		options string
		users   []string
		proves  bool
		stopped int // the first number that is not texted
	}{
		"account_limit":    {"account_limit 2 per 1d", []string{"alice", "alice", "alice"}, false, 2},
		"address_limit":    {"address_limit 2 per 1h", []string{"alice", "bob", "carol"}, false, 2},
		"country_limit":    {"country_limit 2 per 1h", []string{"alice", "bob", "carol"}, false, 2},
		"total_limit":      {"total_limit 1 per 1m, 2 per 1h", []string{"alice", "bob", "carol"}, false, 1},
		"those who prove":  {"total_limit 1 per 1h", []string{"alice", "bob", "carol"}, true, 3},
		"same by address":  {"address_limit 1 per 1h", []string{"alice", "bob", "carol"}, true, 3},
		"same by country":  {"country_limit 1 per 1h", []string{"alice", "bob", "carol"}, true, 3},
		"not those counts": {"account_limit 1 per 1h", []string{"alice", "bob", "carol"}, false, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := enrolling(t, "", "countries AM\n"+tt.options)
			for i, user := range tt.users {
				v := s.visitor(t, user)
				p := v.give(v.open("/"), "AM", numbers[i])
				if stopped := i >= tt.stopped; stopped {
					wait := p.header.Get("Retry-After")
					if p.status != http.StatusTooManyRequests || wait == "" || strings.Contains(p.body, name) {
						t.Errorf("number %d: status %d, Retry-After %q", i, p.status, wait)
					}
					s.AwaitLog(t, `"limit":"`+name+`"`)
					continue
				}
				if p.status != http.StatusSeeOther {
					t.Fatalf("number %d: status %d, body %.600s", i, p.status, p.body)
				}
				code := s.provider.Wait(t, i+1).CodeInText()
				if tt.proves {
					if p = v.submit(v.open("/"), "/", code); p.status != http.StatusSeeOther {
						t.Errorf("code %d: status %d", i, p.status)
					}
				}
			}
			if n := len(s.provider.Texts()); n != tt.stopped {
				t.Errorf("%d texts, want %d", n, tt.stopped)
			}
		})
	}
}
