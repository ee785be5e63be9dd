// Package providers has SMS providers for tests: servers on loopback that hold each request to the provider's
// documentation, and that misbehave when a test asks for it. They know nothing of the senders that the gate has.
package providers

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// Text is a text that a provider accepted.
type Text struct {
	// ID is the provider's name for the text.
	ID                         string
	To                         string // as it was written in the request
	From, Text, Code, Template string
	// Reference is what the client named the text, where the contract has a place for it.
	Reference string
	// Callback is where the client wants reports.
	Callback string
	At       time.Time
}

var bindingLine = regexp.MustCompile(`\n@([^ ]+) #([0-9]+)$`)

// CodeInText is the code on the last line of a text, where browsers look for it.
func (t Text) CodeInText() string {
	if m := bindingLine.FindStringSubmatch(t.Text); m != nil {
		return m[2]
	}
	return ""
}

// Mood is how a provider misbehaves.
type Mood string

// The moods that every provider can be in.
const (
	Behave          Mood = ""
	Unauthorized    Mood = "401"
	TooMany         Mood = "429 with Retry-After: 7"
	TooManyBare     Mood = "429"
	Error500        Mood = "500"
	Error503        Mood = "503 with Retry-After: 7"
	Error503Bare    Mood = "503"
	AcceptThen500   Mood = "accept, then 500"
	Hang            Mood = "hang"
	Slow            Mood = "accept after a second"
	Redirect        Mood = "redirect to another host"
	SeeElsewhere    Mood = "302 to another host"
	Drip            Mood = "accept, then drip"
	Huge            Mood = "accept with 100 MB"
	BrokenJSON      Mood = "accept with a broken body"
	GzipBomb        Mood = "accept with a gzip bomb"
	AcceptThenReset Mood = "accept, then reset"
)

// Moods are all of them, but Behave.
var Moods = []Mood{
	Unauthorized, TooMany, TooManyBare, Error500, Error503, Error503Bare, AcceptThen500, Hang, Redirect,
	SeeElsewhere, Drip, Huge, BrokenJSON, GzipBomb, AcceptThenReset,
}

// contract is the documented interface of one provider. It knows nothing of our senders.
type contract interface {
	// serve holds a request against the documentation, and answers. It calls take for each text that it accepts.
	serve(p *Provider, w http.ResponseWriter, r *http.Request, body []byte)

	// refuse answers with an error in the provider's own form. A status of 0 is the one that the code comes with.
	refuse(w http.ResponseWriter, r *http.Request, status int, code string)
}

// Provider is an SMS provider on loopback.
type Provider struct {
	URL string

	contract  contract
	mu        sync.Mutex
	mood      Mood
	failWith  string
	texts     []Text
	requests  int
	elsewhere int
	quit      chan struct{}
}

func startProvider(t testing.TB, c contract) *Provider {
	t.Helper()
	bomb() // takes its time the first time
	p := &Provider{contract: c, quit: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(p.handle))
	p.URL = server.URL
	t.Cleanup(func() {
		close(p.quit)
		server.CloseClientConnections()
		server.Close()
	})
	return p
}

// Misbehave changes the mood.
func (p *Provider) Misbehave(m Mood) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mood = m
}

// Mood is the mood that the provider is in.
func (p *Provider) Mood() Mood {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mood
}

// FailWith makes every request fail with an error code of the provider's, "" for none.
func (p *Provider) FailWith(code string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failWith = code
}

// Texts are the texts accepted so far.
func (p *Provider) Texts() []Text {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Text(nil), p.texts...)
}

// Requests is how many requests came, Elsewhere how many followed a redirect.
func (p *Provider) Requests() (requests, elsewhere int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests, p.elsewhere
}

// Wait waits for the n-th text.
func (p *Provider) Wait(t testing.TB, n int) Text {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if texts := p.Texts(); len(texts) >= n {
			return texts[n-1]
		}
	}
	t.Fatalf("%d texts, want %d", len(p.Texts()), n)
	return Text{}
}

// take notes a text that was accepted, and names it.
func (p *Provider) take(t Text) Text {
	p.mu.Lock()
	defer p.mu.Unlock()
	t.At = time.Now()
	if t.ID == "" {
		t.ID = fmt.Sprintf("message-%d", len(p.texts)+1)
	}
	p.texts = append(p.texts, t)
	return t
}

func (p *Provider) handle(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.requests++
	mood, code := p.mood, p.failWith
	if r.URL.Path == "/elsewhere" {
		p.elsewhere++
	}
	p.mu.Unlock()
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	switch {
	case r.URL.Path == "/elsewhere":
	case code != "":
		p.contract.refuse(w, r, 0, code)
	case !p.misbehave(w, r, mood):
		answer := httptest.NewRecorder()
		p.contract.serve(p, answer, r, body)
		p.deliver(w, r, mood, answer)
	}
}

// misbehave answers in a mood that accepts nothing; it reports false for the others.
func (p *Provider) misbehave(w http.ResponseWriter, r *http.Request, mood Mood) bool {
	switch mood {
	case Unauthorized:
		p.contract.refuse(w, r, http.StatusUnauthorized, "")
	case TooMany:
		w.Header().Set("Retry-After", "7")
		p.contract.refuse(w, r, http.StatusTooManyRequests, "")
	case TooManyBare:
		p.contract.refuse(w, r, http.StatusTooManyRequests, "")
	case Error500:
		w.WriteHeader(http.StatusInternalServerError)
	case Error503:
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusServiceUnavailable)
	case Error503Bare:
		w.WriteHeader(http.StatusServiceUnavailable)
	case Hang:
		select {
		case <-p.quit:
		case <-r.Context().Done():
		}
	case Redirect:
		http.Redirect(w, r, p.anotherHost(), http.StatusTemporaryRedirect)
	case SeeElsewhere:
		http.Redirect(w, r, p.anotherHost(), http.StatusFound)
	default:
		return false
	}
	return true
}

// anotherHost is this provider by another name.
func (p *Provider) anotherHost() string {
	return strings.Replace(p.URL, "127.0.0.1", "localhost", 1) + "/elsewhere"
}

// deliver hands over what the provider answered, each mood in its way.
func (p *Provider) deliver(w http.ResponseWriter, r *http.Request, mood Mood, answer *httptest.ResponseRecorder) {
	switch mood {
	case Slow:
		select {
		case <-p.quit:
		case <-time.After(time.Second):
		}
	case AcceptThenReset:
		reset(w)
		return
	case AcceptThen500:
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	body := answer.Body.Bytes()
	switch mood {
	case Huge:
		w.WriteHeader(answer.Code)
		pour(w, bytes.Repeat([]byte(" "), 1<<20), 100)
	case GzipBomb:
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(answer.Code)
		pour(w, bomb(), 1)
	case Drip:
		w.WriteHeader(answer.Code)
		p.drip(w, r)
	case BrokenJSON:
		w.WriteHeader(answer.Code)
		_, _ = w.Write(body[:len(body)/2])
	default:
		w.WriteHeader(answer.Code)
		_, _ = w.Write(body)
	}
}

func pour(w io.Writer, chunk []byte, times int) {
	for range times {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// bomb is 16 MB of spaces in a few kB, twenty times over: many gzip members in a row are one file.
var bomb = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	pour(z, bytes.Repeat([]byte(" "), 1<<20), 16)
	_ = z.Close()
	return bytes.Repeat(b.Bytes(), 20)
})

func (p *Provider) drip(w http.ResponseWriter, r *http.Request) {
	for {
		if _, err := w.Write([]byte(" ")); err != nil {
			return
		}
		w.(http.Flusher).Flush()
		select {
		case <-p.quit:
			return
		case <-r.Context().Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func reset(w http.ResponseWriter) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	c.Close()
}

// sixDigits finds a code of the provider's own making for the n-th verification.
func sixDigits(n int) string { return fmt.Sprintf("%06d", 314159+n*271) }
