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
// way to rewind the body and the method is safe to repeat, and here neither is so. Redirects are not followed, so that
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

// answer is what a provider said.
type answer struct {
	status     int
	body       []byte
	retryAfter time.Duration
}

// post sends a body once. An error is an *Error: Temporary when surely nothing was accepted, because nothing of the
// request was written; Ambiguous from then on.
func (c *client) post(ctx context.Context, url string, header http.Header, body []byte) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var written atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { written.Store(true) }})
	// Hiding the reader's type keeps net/http from making GetBody, with which it could repeat the request.
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, io.MultiReader(bytes.NewReader(body)))
	if err != nil {
		return answer{}, &Error{Class: Config, Err: errors.New("the address of the provider is not a URL")}
	}
	r.ContentLength = int64(len(body))
	r.Header = header
	res, err := c.http.Do(r)
	if err != nil {
		return answer{}, transportError(err, written.Load())
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, retryAfter: c.retryAfter(res.Header.Get("Retry-After"))}
	if a.body, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer)); err != nil && a.status < 400 {
		// The status says that it was accepted; what is lost is only the message's name.
		a.body = nil
	}
	return a, nil
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

// classOf is what an HTTP status means where the body says no more.
func classOf(status int) Class {
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return Unauthorized
	case status == http.StatusPaymentRequired:
		return Account
	case status == http.StatusTooManyRequests:
		return RateLimited
	case status == http.StatusBadGateway, status == http.StatusGatewayTimeout, status == http.StatusRequestTimeout:
		// An intermediary gave up on a provider that may have accepted.
		return Ambiguous
	case status >= 500:
		return Temporary
	}
	return Config
}
