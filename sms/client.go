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
	// maxAnswer is how many bytes of an answer are read.
	maxAnswer = 64 << 10
	// maxRetryAfter is the longest wait that a provider can ask for.
	maxRetryAfter = 24 * time.Hour
)

// client speaks HTTP with one provider. It makes one attempt for each request, and keeps net/http from repeating one
// on its own, see build. It does not follow redirects, so that the credentials go to no other address, and does not
// ask for compressed answers.
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

// answer is the answer of a provider to one request.
type answer struct {
	status     int
	body       []byte        // at most maxAnswer bytes
	whole      bool          // body is the whole body, and not compressed
	retryAfter time.Duration // from the header Retry-After, 0 without it
}

// ok reports whether the status is one of success, from 200 to 299.
func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// do makes a request once and returns the answer, whatever its status. Every error is an *Error: Temporary when
// nothing of the request was written, so that the provider cannot have accepted the message, and Ambiguous
// otherwise.
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

// readAnswer reads the body of an answer, at most maxAnswer bytes. whole is false when the body is longer, broke
// off, or is compressed; a compressed body is not unpacked, because the client did not ask for one and it could be a
// decompression bomb. What an answer means that is not whole depends on the provider.
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

// build makes the request for net/http.
func (q request) build(ctx context.Context) (*http.Request, error) {
	// net/http repeats a request on a new connection only if it can rewind the body or knows that there is none. It
	// can do neither with a MultiReader, also when the body is empty, as it is for a GET.
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

// transportError is the error for a request that got no answer. The URL that net/http puts into its errors is left
// out, because it can hold a number, a code or a key.
func transportError(err error, written bool) error {
	class := Temporary
	if written {
		class = Ambiguous
	}
	return &Error{Class: class, Err: plainCause(err)}
}

// plainCause says why a request got no answer, without the address of the request.
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

// retryAfter reads the header Retry-After: seconds, or a date (RFC 9110 10.2.3).
func (c *client) retryAfter(value string) time.Duration {
	d := time.Duration(0)
	if s, err := strconv.ParseUint(value, 10, 31); err == nil {
		d = time.Duration(s) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		d = at.Sub(c.now())
	}
	return min(max(d, 0), maxRetryAfter)
}
