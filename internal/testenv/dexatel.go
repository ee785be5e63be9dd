package testenv

import (
	"bytes"
	"encoding/json"
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

// Text is a text that the provider accepted.
type Text struct {
	To, From, Text, Code, Template string
	At                             time.Time
}

// Mood is how the provider misbehaves.
type Mood string

// All moods.
const (
	Behave          Mood = ""
	Unauthorized    Mood = "401"
	TooMany         Mood = "429 with Retry-After: 7"
	TooManyBare     Mood = "429"
	Error500        Mood = "500"
	Hang            Mood = "hang"
	Drip            Mood = "slow drip"
	Huge            Mood = "100 MB"
	BrokenJSON      Mood = "broken JSON"
	ObjectData      Mood = "data is an object"
	ArrayData       Mood = "data is a list"
	StringCodes     Mood = "error codes are strings, as in a bad number"
	Redirect        Mood = "redirect to another host"
	AcceptThenReset Mood = "accept, then reset"
	OKWithErrors    Mood = "200 with errors"
	Rejected        Mood = "201 with status rejected"
)

// Dexatel is a provider on loopback that enforces the documented contract of Dexatel's API. It knows nothing of our sender.
type Dexatel struct {
	URL string
	Key string

	mu        sync.Mutex
	mood      Mood
	failWith  int
	texts     []Text
	requests  int
	elsewhere int
	quit      chan struct{}
}

// StartDexatel starts the provider.
func StartDexatel(t testing.TB) *Dexatel {
	t.Helper()
	d := &Dexatel{Key: "0123456789abcdef0123456789abcdef", quit: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(d.serve))
	d.URL = server.URL
	t.Cleanup(func() {
		close(d.quit)
		server.CloseClientConnections()
		server.Close()
	})
	return d
}

// Misbehave changes the mood.
func (d *Dexatel) Misbehave(m Mood) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mood = m
}

// FailWith makes every request fail with an error code, 0 for none.
func (d *Dexatel) FailWith(code int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failWith = code
}

// Texts are the texts accepted so far.
func (d *Dexatel) Texts() []Text {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]Text(nil), d.texts...)
}

// Requests is how many requests came, Elsewhere how many followed a redirect.
func (d *Dexatel) Requests() (requests, elsewhere int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.requests, d.elsewhere
}

// Wait waits for the n-th text.
func (d *Dexatel) Wait(t testing.TB, n int) Text {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if texts := d.Texts(); len(texts) >= n {
			return texts[n-1]
		}
	}
	t.Fatalf("%d texts, want %d", len(d.Texts()), n)
	return Text{}
}

var bindingLine = regexp.MustCompile(`\n@([^ ]+) #([0-9]+)$`)

// CodeInText is the code on the last line of a text, where browsers look for it.
func (t Text) CodeInText() string {
	if m := bindingLine.FindStringSubmatch(t.Text); m != nil {
		return m[2]
	}
	return ""
}

func (d *Dexatel) serve(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	d.requests++
	mood, code := d.mood, d.failWith
	if r.URL.Path == "/elsewhere" {
		d.elsewhere++
	}
	d.mu.Unlock()
	if r.URL.Path == "/elsewhere" {
		return
	}
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if code != 0 {
		d.fail(w, r, http.StatusBadRequest, code)
		return
	}
	if d.misbehave(w, r, mood) {
		return
	}
	text, status, code := d.judge(r, body)
	if code != 0 {
		d.fail(w, r, status, code)
		return
	}
	d.accept(w, r, mood, text)
}

// misbehave answers in a mood that accepts nothing; it reports false for the others.
func (d *Dexatel) misbehave(w http.ResponseWriter, r *http.Request, mood Mood) bool {
	switch mood {
	case Unauthorized:
		d.fail(w, r, http.StatusUnauthorized, 0)
	case TooMany, TooManyBare:
		if mood == TooMany {
			w.Header().Set("Retry-After", "7")
		}
		d.fail(w, r, http.StatusTooManyRequests, 0)
	case Error500:
		w.WriteHeader(http.StatusInternalServerError)
	case Hang:
		select {
		case <-d.quit:
		case <-r.Context().Done():
		}
	case Redirect:
		http.Redirect(w, r, strings.Replace(d.URL, "127.0.0.1", "localhost", 1)+"/elsewhere", http.StatusTemporaryRedirect)
	case OKWithErrors:
		fmt.Fprint(w, `{"errors":[{"code":1530,"message":"blocked"}]}`)
	case StringCodes:
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"errors":[{"code":"1523","message":"number `+"15005550006"+` is bad"}]}`)
	default:
		return false
	}
	return true
}

// judge holds a request against the contract.
func (d *Dexatel) judge(r *http.Request, body []byte) (t Text, status, code int) {
	switch {
	case r.Method != http.MethodPost:
		return t, http.StatusMethodNotAllowed, 1
	case r.Header.Get("X-Dexatel-Key") != d.Key:
		return t, http.StatusUnauthorized, 2
	case r.Header.Get("Content-Type") != "application/json":
		return t, http.StatusUnsupportedMediaType, 3
	}
	switch r.URL.Path {
	case "/v1/messages":
		return judgeMessage(body)
	case "/v1/verifications":
		return judgeVerification(body)
	}
	return t, http.StatusNotFound, 4
}

// strict decodes the wrapped data and refuses unknown fields.
func strict(body []byte, data any) int {
	var wrapper struct {
		Data json.RawMessage `json:"data"`
	}
	outer := json.NewDecoder(bytes.NewReader(body))
	outer.DisallowUnknownFields()
	if outer.Decode(&wrapper) != nil {
		return 1005
	}
	if wrapper.Data == nil {
		return 1007
	}
	inner := json.NewDecoder(bytes.NewReader(wrapper.Data))
	inner.DisallowUnknownFields()
	if inner.Decode(data) != nil {
		return 1005
	}
	return 0
}

var plainDigits = regexp.MustCompile(`^[1-9][0-9]{6,14}$`)

func judgeMessage(body []byte) (Text, int, int) {
	var m struct {
		Channel, From, Text string
		To                  []string
	}
	const bad = http.StatusBadRequest
	if code := strict(body, &m); code != 0 {
		return Text{}, bad, code
	}
	switch {
	case m.From == "":
		return Text{}, bad, 1503
	case len(m.To) != 1:
		return Text{}, bad, 1506
	case !plainDigits.MatchString(m.To[0]):
		return Text{}, bad, 1523
	case m.Text == "":
		return Text{}, bad, 1508
	case len(m.Text) > 1000:
		return Text{}, bad, 1510
	case m.Channel != "SMS":
		return Text{}, bad, 1515
	}
	return Text{To: m.To[0], From: m.From, Text: m.Text}, 0, 0
}

func judgeVerification(body []byte) (Text, int, int) {
	var m struct{ Channel, Sender, Phone, Template, Code string }
	const bad = http.StatusBadRequest
	if code := strict(body, &m); code != 0 {
		return Text{}, bad, code
	}
	switch {
	case m.Sender == "":
		return Text{}, bad, 1620
	case !plainDigits.MatchString(m.Phone):
		return Text{}, bad, 1621
	case m.Template == "":
		return Text{}, bad, 1622
	case len(m.Code) < 4 || len(m.Code) > 8:
		return Text{}, bad, 1631
	case strings.Trim(m.Code, "0123456789") != "":
		return Text{}, bad, 1632
	case m.Channel != "SMS":
		return Text{}, bad, 1515
	}
	return Text{To: m.Phone, From: m.Sender, Template: m.Template, Code: m.Code}, 0, 0
}

func (d *Dexatel) fail(w http.ResponseWriter, r *http.Request, status, code int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []map[string]any{{
		"timestamp": "2026-01-01 00:00:00", "path": r.URL.Path, "method": r.Method, "status": status, "message": "refused", "code": code,
	}}})
}

// accept notes a text and answers, each mood in its way.
func (d *Dexatel) accept(w http.ResponseWriter, r *http.Request, mood Mood, t Text) {
	t.At = time.Now()
	d.mu.Lock()
	if mood != Rejected {
		d.texts = append(d.texts, t)
	}
	n := len(d.texts)
	d.mu.Unlock()
	if mood == AcceptThenReset {
		reset(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	switch mood {
	case BrokenJSON:
		fmt.Fprint(w, `{"data":[{"id":`)
	case Huge:
		chunk := bytes.Repeat([]byte("x"), 1<<20)
		for range 100 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	case Drip:
		d.drip(w, r)
	default:
		answerItem(w, r, mood, n)
	}
}

func answerItem(w io.Writer, r *http.Request, mood Mood, n int) {
	item := map[string]any{"id": fmt.Sprintf("message-%d", n), "status": "enroute", "encoding": "GSM-7", "segments_count": 1}
	if r.URL.Path == "/v1/verifications" {
		item = map[string]any{"message_id": fmt.Sprintf("message-%d", n), "expire_date": "2026-01-01 00:05:00"}
	}
	if mood == Rejected {
		item["status"] = "rejected"
	}
	var data any = []any{item}
	if mood == ObjectData || mood != ArrayData && r.URL.Path == "/v1/verifications" {
		data = item
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"data": data})
}

func (d *Dexatel) drip(w http.ResponseWriter, r *http.Request) {
	for {
		if _, err := w.Write([]byte(" ")); err != nil {
			return
		}
		w.(http.Flusher).Flush()
		select {
		case <-d.quit:
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
