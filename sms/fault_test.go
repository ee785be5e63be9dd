package sms_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// faults has the class in which each misbehaviour of a provider must end; "" if the text counts as accepted.
func (p provider) faults() map[providers.Mood]sms.Class {
	return map[providers.Mood]sms.Class{
		providers.Unauthorized:    sms.Unauthorized,
		providers.TooMany:         sms.RateLimited,
		providers.TooManyBare:     sms.RateLimited,
		providers.Error500:        sms.Ambiguous,
		providers.Error503:        sms.Temporary,
		providers.Error503Bare:    sms.Ambiguous,
		providers.AcceptThen500:   sms.Ambiguous,
		providers.Hang:            sms.Ambiguous,
		providers.Redirect:        sms.Config,
		providers.SeeElsewhere:    sms.Ambiguous,
		providers.Drip:            p.unreadable,
		providers.Huge:            p.unreadable,
		providers.BrokenJSON:      p.unreadable,
		providers.GzipBomb:        p.unreadable,
		providers.AcceptThenReset: sms.Ambiguous,
	}
}

// For every misbehaviour of its provider, each sender makes one request, returns in time, gives the right class, and
// has no secret in the error.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, p := range everyProvider {
		for mood, class := range p.faults() {
			t.Run(p.name+"/"+string(mood), func(t *testing.T) {
				t.Parallel()
				server, make, secrets := p.start(t)
				server.Misbehave(mood)
				began := time.Now()
				_, err := mustSender(t, make, server.URL).Send(t.Context(), message)
				if took := time.Since(began); took > 3*time.Second {
					t.Errorf("took %s", took)
				}
				judge(t, err, class, secrets)
				var failure *sms.Error
				if errors.As(err, &failure) && (mood == providers.TooMany || mood == providers.Error503) &&
					failure.RetryAfter != 7*time.Second {
					t.Errorf("retry after %s", failure.RetryAfter)
				}
				if requests, elsewhere := server.Requests(); requests != 1 || elsewhere != 0 {
					t.Errorf("%d requests, %d of them elsewhere", requests, elsewhere)
				}
			})
		}
	}
}

// judge checks the class of an error, and that the error holds no secret.
func judge(t *testing.T, err error, class sms.Class, secrets []string) {
	t.Helper()
	var failure *sms.Error
	switch {
	case class == "" && err != nil:
		t.Errorf("not accepted: %v", err)
	case class != "" && (!errors.As(err, &failure) || failure.Class != class):
		t.Errorf("%v, want %s", err, class)
	}
	for _, secret := range append(secrets, "5005550006", message.Code, "your code is") {
		if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, secret) {
			t.Errorf("%q tells %q", text, secret)
		}
	}
}

// Every documented code of every provider ends in its class, and an unknown code never counts as accepted.
func TestCodes(t *testing.T) {
	t.Parallel()
	for _, p := range everyProvider {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			server, make, secrets := p.start(t)
			sender := mustSender(t, make, server.URL)
			for class, codes := range p.codes {
				for _, code := range codes {
					server.FailWith(code)
					_, err := sender.Send(t.Context(), message)
					judge(t, err, class, secrets)
					var failure *sms.Error
					if errors.As(err, &failure) && failure.Code != code {
						t.Errorf("code %q is told as %q", code, failure.Code)
					}
				}
			}
			server.FailWith(p.unknown)
			if _, err := sender.Send(t.Context(), message); err == nil {
				t.Errorf("unknown code %s counts as accepted", p.unknown)
			}
		})
	}
}

// A request that never reaches the provider is Temporary, because the text was surely not accepted.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = quiet
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	for _, p := range everyProvider {
		for fault, url := range map[string]string{
			"refused":         "http://" + testenv.FreeAddr(t),
			"no such name":    "https://sms.invalid",
			"bad certificate": untrusted.URL,
		} {
			t.Run(p.name+"/"+fault, func(t *testing.T) {
				t.Parallel()
				_, make, secrets := p.start(t)
				_, err := mustSender(t, make, url).Send(t.Context(), message)
				judge(t, err, sms.Temporary, secrets)
			})
		}
	}
}

// When the provider closes a reused connection after the request, it may have accepted the text. net/http would repeat
// some requests then; the client must not.
func TestNothingIsSentTwice(t *testing.T) {
	t.Parallel()
	for _, p := range everyProvider {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			server, make, secrets := p.start(t)
			closing := &closer{to: server.URL}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			front := &http.Server{Handler: closing}
			go func() { _ = front.Serve(l) }()
			t.Cleanup(func() { front.Close() })
			sender := mustSender(t, make, "http://"+l.Addr().String())
			if _, err := sender.Send(t.Context(), message); err != nil {
				t.Fatal(err)
			}
			_, err = sender.Send(t.Context(), message)
			judge(t, err, sms.Ambiguous, secrets)
			if n := closing.requests.Load(); n != 2 {
				t.Errorf("%d requests for two sends", n)
			}
		})
	}
}

// closer passes the first request on, and closes the connection of each later request when it has read the request.
type closer struct {
	to       string
	requests atomic.Int64
}

func (c *closer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if c.requests.Add(1) > 1 {
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			conn.Close()
		}
		return
	}
	q, _ := http.NewRequest(r.Method, c.to+r.URL.RequestURI(), strings.NewReader(string(body)))
	q.Header, q.Host = r.Header, r.Host
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		return
	}
	defer res.Body.Close()
	w.WriteHeader(res.StatusCode)
	_, _ = io.Copy(w, res.Body)
}
