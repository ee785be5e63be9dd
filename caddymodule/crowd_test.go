package caddymodule_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
)

const (
	people   = 20 // of the crowd
	requests = 50 // of each of them
)

// person is one of the crowd, with one browser for both gateways and two numbers, whose last two digits nobody else
// has.
type person struct {
	*testing.T
	crowd    []*person
	i        int
	gateways []*site
	browsers []*visitor // one for each gateway; they share the cookies
	random   *rand.Rand
	apps     *atomic.Int32 // how often the app was reached
}

func (p *person) name() string { return fmt.Sprintf("u%d", p.i) }

func (p *person) numbers() [2]string {
	return [2]string{fmt.Sprintf("374101200%02d", p.i), fmt.Sprintf("374101200%02d", 50+p.i)}
}

// owns reports whether a text, or a masked number, is for a number of the person.
func (p *person) owns(number string) bool {
	n := p.numbers()
	return strings.HasSuffix(n[0], number[len(number)-2:]) || strings.HasSuffix(n[1], number[len(number)-2:])
}

// code is the code of the latest text to the person, "" before the first.
func (p *person) code() string {
	texts := p.gateways[0].provider.Texts()
	for i := len(texts) - 1; i >= 0; i-- {
		if p.owns(texts[i].To) {
			return texts[i].CodeInText()
		}
	}
	return ""
}

var masked = regexp.MustCompile(`•+([0-9]{2})`)

// asks sends a request as the person, and looks whether the answer is about nobody else.
func (p *person) asks(v *visitor, method, path string, h http.Header, body string) page {
	h.Set("X-User", p.name())
	a, err := v.try(method, path, h, body)
	if err != nil {
		p.Error(err)
		return page{}
	}
	for _, found := range masked.FindAllStringSubmatch(a.body, -1) {
		if !p.owns(found[1]) {
			p.Errorf("%s is shown the number %s", p.name(), found[0])
		}
	}
	if a.isApp() {
		p.apps.Add(1)
		if !strings.Contains(a.body, " user="+p.name()+" ") {
			p.Errorf("the app takes %s for somebody else: %s", p.name(), a.body)
		}
	}
	return a
}

// does does one thing of those that people do, at one of the gateways.
func (p *person) does() {
	v := p.browsers[p.random.IntN(len(p.browsers))]
	get := func(path string) page { return p.asks(v, http.MethodGet, path, asPage(), "") }
	post := func(action, body string) page {
		return p.asks(v, http.MethodPost, "/?sms_2fa="+action, asJSON(), body)
	}
	switch p.random.IntN(9) {
	case 0, 1:
		get("/")
	case 2:
		p.asks(v, http.MethodGet, "/api", http.Header{}, "")
	case 3:
		post("send", fmt.Sprintf(`{"number":%d}`, 1+p.random.IntN(2)))
	case 4:
		a := get("/")
		form := url.Values{"csrf": {a.csrf()}, "code": {p.code()}}
		p.asks(v, http.MethodPost, "/?sms_2fa=verify", asForm(), form.Encode())
	case 5:
		post("verify", `{"code":"`+p.code()+`"}`)
	case 6: // the code of somebody else
		other := p.crowd[(p.i+1+p.random.IntN(people-1))%people]
		code := other.code()
		if code == "" || code == p.code() {
			return
		}
		if a := post("verify", `{"code":"`+code+`"}`); a.status == http.StatusOK {
			p.Errorf("the code of %s opens for %s", other.name(), p.name())
		}
	case 7:
		get("/?sms_2fa=account")
	case 8:
		post("logout", "{}")
	}
}

// A thousand requests of twenty people at once, at two gateways: nobody ever gets the number, the code or the session
// of anybody else.
func TestNobodyIsTakenForAnother(t *testing.T) {
	t.Parallel()
	server, provider := testenv.StartRedis(t), providers.StartDexatel(t)
	apps := new(atomic.Int32)
	crowd := make([]*person, people)
	var lines []string
	for i := range crowd {
		crowd[i] = &person{T: t, crowd: crowd, i: i, random: rand.New(rand.NewPCG(2026, uint64(i))), apps: apps}
		n := crowd[i].numbers()
		lines = append(lines, fmt.Sprintf("%s +%s +%s", crowd[i].name(), n[0], n[1]))
	}
	numbers := newNumbers(t, lines...)
	var gateways []*site
	for range 2 {
		gateways = append(gateways, startSite(t, setup{
			provider: provider, global: onRedis(server.Addr) + "\nattempts 10\nresend_after 0s\nsends 1000 per 1h",
			directive: "user {http.request.header.X-User}\ndirectory file " + numbers.path,
		}))
	}
	var busy sync.WaitGroup
	for _, p := range crowd {
		p.gateways = gateways
		for _, g := range gateways {
			p.browsers = append(p.browsers, g.visitor(t, "alice"))
		}
		p.browsers[1].http.Jar = p.browsers[0].http.Jar
	}
	for _, p := range crowd {
		busy.Go(func() {
			for range requests {
				p.does()
			}
		})
	}
	busy.Wait()
	if apps.Load() == 0 {
		t.Error("nobody reached the app")
	}
	t.Logf("%d texts, the app was reached %d times", len(provider.Texts()), apps.Load())
	// With all cookies of somebody else, nobody is let in.
	for i, p := range crowd {
		p.browsers[0].http.Jar = crowd[(i+1)%people].browsers[0].http.Jar
		if a := p.asks(p.browsers[0], http.MethodGet, "/api", http.Header{}, ""); a.isApp() {
			t.Errorf("%s passes with the cookies of another", p.name())
		}
	}
}
