package sms

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"time"
)

// Rules that hold for every provider.
const (
	// DefaultTimeout is how long a provider may take to accept a text.
	DefaultTimeout = 10 * time.Second
	// maxAnswer bounds what is read of an answer, in bytes.
	maxAnswer = 64 << 10
	// maxRetryAfter bounds what a provider can ask us to wait.
	maxRetryAfter = 24 * time.Hour
)

// client speaks HTTP with one provider. It makes one attempt: net/http repeats a request on its own only when it knows a
// way to rewind the body and the method is safe to repeat; see build. Redirects are not followed, so that
// credentials go nowhere else. Compressed answers are not asked for.
type client struct {
	http    *http.Client
	timeout time.Duration
	now     func() time.Time
}

func newClient(timeout time.Duration) *client {
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	return &client{timeout: timeout, now: time.Now, http: &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: timeout}).DialContext,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: timeout,
			MaxIdleConnsPerHost: 16,
			IdleConnTimeout:     30 * time.Second,
			ForceAttemptHTTP2:   true,
			DisableCompression:  true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// request is one request to a provider.
type request struct {
	method string
	url    string
	header http.Header
	body   []byte
}

// answer is what a provider said.
type answer struct {
	status     int
	body       []byte
	whole      bool // body is all of it, and not compressed
	retryAfter time.Duration
}

// ok reports whether the status says yes.
func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// do makes a request once. An error is an *Error: Temporary when surely nothing was accepted, because nothing of the
// request was written; Ambiguous from then on.
func (c *client) do(ctx context.Context, q request) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var written atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { written.Store(true) }})
	r, err := q.build(ctx)
	if err != nil {
		return answer{}, &Error{Class: Config, Err: errors.New("the address of the provider is not a URL")}
	}
	res, err := c.http.Do(r)
	if err != nil {
		return answer{}, transportError(err, written.Load())
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, retryAfter: c.retryAfter(res.Header.Get("Retry-After"))}
	a.body, a.whole = readAnswer(res)
	return a, nil
}

// readAnswer reads what may be read of an answer. Nobody asked for a compressed one, which is not unpacked: it could be a
// bomb. Each provider knows what it means when its answer cannot be read whole.
func readAnswer(res *http.Response) (body []byte, whole bool) {
	if coding := res.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return nil, false
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if len(body) > maxAnswer {
		return body[:maxAnswer], false
	}
	return body, err == nil
}

func (q request) build(ctx context.Context) (*http.Request, error) {
	// A body that is not known to be empty, and that net/http does not know how to rewind, keeps it from repeating the
	// request, a GET included.
	r, err := http.NewRequestWithContext(ctx, q.method, q.url, io.MultiReader(bytes.NewReader(q.body)))
	if err != nil {
		return nil, err
	}
	r.ContentLength = int64(len(q.body))
	r.Header = q.header
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", "caddy-sms-2fa")
	}
	return r, nil
}

// transportError sorts a fault by whether anything was written. The URL that net/http puts into its errors is left out.
func transportError(err error, written bool) error {
	class := Temporary
	if written {
		class = Ambiguous
	}
	return &Error{Class: class, Err: plainCause(err)}
}

// plainCause says what went wrong without saying where to: addresses can hold numbers and keys.
func plainCause(err error) error {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var op *net.OpError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("no answer in time")
	case errors.Is(err, context.Canceled):
		return errors.New("it was cancelled")
	case errors.As(err, &dns):
		return errors.New("the provider's name cannot be resolved")
	case errors.As(err, &cert):
		return errors.New("the provider's certificate is not valid")
	case errors.As(err, &op):
		return errors.New(op.Op + ": " + op.Err.Error())
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the connection was closed")
	}
	return errors.New("the connection failed")
}

// retryAfter reads seconds or a date (RFC 9110 10.2.3).
func (c *client) retryAfter(value string) time.Duration {
	d := time.Duration(0)
	if s, err := strconv.ParseUint(value, 10, 31); err == nil {
		d = time.Duration(s) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		d = at.Sub(c.now())
	}
	return min(max(d, 0), maxRetryAfter)
}
