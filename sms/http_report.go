package sms

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// HTTPReports describe how a provider reports what became of texts, and how a report is verified. Secret or HMAC is
// required.
type HTTPReports struct {
	// Secret is a shared secret: header <name> <secret>, or query <name> <secret>.
	Secret []string `json:"secret,omitempty"`

	// HMAC is a signature: sha1, sha256 or sha512, the key, the header that holds it, and hex or base64 (default hex).
	HMAC []string `json:"hmac,omitempty"`
	// Signed is the text that is signed, with {body}, {timestamp} and {nonce} for these parts of the request. Default
	// {body}.
	Signed string `json:"signed,omitempty"`
	// Timestamp is the header with the time of the report, in seconds since 1970. It must be signed. Default none.
	Timestamp string `json:"timestamp,omitempty"`
	// Nonce is the header with a random text that is signed too. Default none.
	Nonce string `json:"nonce,omitempty"`
	// Window is how far the time of the report may differ from the clock of the gate. Default 5 minutes.
	Window time.Duration `json:"-"`

	// MessageID, State and ErrorCode say where a report has the provider's name for the text, the state and the error
	// code: "json" and a pointer, "form" and a name, or "query" and a name. MessageID and State are required.
	MessageID []string `json:"message_id,omitempty"`
	State     []string `json:"state,omitempty"`
	ErrorCode []string `json:"error_code,omitempty"`

	// Sent, Delivered and Failed are the values of the state that mean so; other values are passed over. Delivered or
	// Failed is required.
	Sent      []string `json:"sent,omitempty"`
	Delivered []string `json:"delivered,omitempty"`
	Failed    []string `json:"failed,omitempty"`

	// Answer is the body of the answer to a report. Default: no body.
	Answer string `json:"answer,omitempty"`
}

// httpReports are HTTPReports whose secrets are resolved.
type httpReports struct {
	HTTPReports
	hash   func() hash.Hash // nil without HMAC
	key    []byte
	header string   // the header with the signature
	base64 bool     // the signature is in base64, and otherwise in hex
	secret []string // "header" or "query", name, secret; nil without Secret
}

var reportHashes = map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}

// readReports reads the option reports.
func (h *HTTP) readReports(o HTTPOptions) error {
	if o.Reports == nil {
		return nil
	}
	r := &httpReports{HTTPReports: *o.Reports}
	r.Signed = cmp.Or(r.Signed, "{body}")
	if r.Window <= 0 {
		r.Window = reportWindow
	}
	for _, read := range []func(func(string) (string, error)) error{r.readSecret, r.readHMAC, r.checkFields} {
		if err := read(o.Resolve); err != nil {
			return fmt.Errorf("reports: %w", err)
		}
	}
	h.reports = r
	return nil
}

// readSecret reads the option secret.
func (r *httpReports) readSecret(resolve func(string) (string, error)) error {
	if len(r.Secret) == 0 {
		return nil
	}
	if len(r.Secret) != 3 || r.Secret[0] != "header" && r.Secret[0] != "query" {
		return errors.New("secret: expected header or query, a name and the secret")
	}
	secret, err := resolveAll(r.Secret[2], resolve)
	if err == nil && len(secret) < 16 {
		err = errors.New("it is shorter than 16 characters, which can be guessed")
	}
	if err != nil {
		return fmt.Errorf("secret: %w", err)
	}
	r.secret = []string{r.Secret[0], r.Secret[1], secret}
	return nil
}

// readHMAC reads the option hmac, and what the signature covers.
func (r *httpReports) readHMAC(resolve func(string) (string, error)) error {
	if len(r.HMAC) == 0 {
		if len(r.secret) == 0 {
			return errors.New("secret or hmac is missing: a report that anybody could send is worth nothing")
		}
		return nil
	}
	if len(r.HMAC) < 3 || len(r.HMAC) > 4 || reportHashes[r.HMAC[0]] == nil ||
		len(r.HMAC) == 4 && r.HMAC[3] != "hex" && r.HMAC[3] != "base64" {
		return errors.New("hmac: expected sha1, sha256 or sha512, the key, the header of the signature, " +
			"and hex or base64")
	}
	key, err := resolveAll(r.HMAC[1], resolve)
	switch {
	case err != nil:
		return fmt.Errorf("hmac: %w", err)
	case key == "":
		return errors.New("hmac: the key is empty")
	case !strings.Contains(r.Signed, "{body}"):
		return errors.New("signed: {body} is missing")
	case (r.Timestamp != "") != strings.Contains(r.Signed, "{timestamp}"):
		return errors.New("timestamp: it must be in signed, or anybody could change it")
	case (r.Nonce != "") != strings.Contains(r.Signed, "{nonce}"):
		return errors.New("nonce: it must be in signed")
	}
	r.hash, r.key, r.header = reportHashes[r.HMAC[0]], []byte(key), r.HMAC[2]
	r.base64 = len(r.HMAC) == 4 && r.HMAC[3] == "base64"
	return nil
}

// resolveAll is a text with its placeholders resolved.
func resolveAll(text string, resolve func(string) (string, error)) (string, error) {
	t, err := parseTemplate(text, resolve)
	if err != nil {
		return "", err
	}
	return t.fill(nil, asIs), nil
}

// checkFields checks where a report has the name of the text, the state and the error code.
func (r *httpReports) checkFields(func(string) (string, error)) error {
	options := map[string][]string{"message_id": r.MessageID, "state": r.State, "error_code": r.ErrorCode}
	for option, words := range options {
		switch {
		case len(words) == 0 && option == "error_code":
		case len(words) != 2 || !slices.Contains([]string{"json", "form", "query"}, words[0]):
			return fmt.Errorf("%s: expected json, form or query, and a pointer or a name", option)
		case words[0] == "json":
			if _, err := parsePointer(words[1]); err != nil {
				return fmt.Errorf("%s: %w", option, err)
			}
		}
	}
	if err := r.checkCovered(options); err != nil {
		return err
	}
	if len(r.Delivered)+len(r.Failed) == 0 {
		return errors.New("delivered and failed are missing: no state would mean anything")
	}
	return nil
}

// checkCovered refuses to read from outside of what is signed: anybody could take a report that was signed and change
// the rest. With a shared secret beside the signature, nobody else can send a report at all.
func (r *httpReports) checkCovered(options map[string][]string) error {
	if r.hash == nil || len(r.secret) > 0 {
		return nil
	}
	for _, option := range []string{"message_id", "state", "error_code"} {
		if words := options[option]; len(words) > 0 && words[0] == "query" {
			return fmt.Errorf("%s: the query is not signed, so anybody could change it; read it from the body, "+
				"with json or form, or add a secret", option)
		}
	}
	return nil
}

// Reports returns an error if the configuration does not say how reports are verified.
func (h *HTTP) Reports() error {
	if h.reports == nil {
		return errors.New("reports: it is missing; expected a block that says how reports are verified and read")
	}
	return nil
}

// Acknowledgement is the body of the answer to a report.
func (h *HTTP) Acknowledgement() string {
	if h.reports == nil {
		return ""
	}
	return h.reports.Answer
}

// ReadReports verifies the secret, the signature and the time of a report, and then reads it.
func (h *HTTP) ReadReports(r *http.Request, body []byte, now time.Time) ([]Report, error) {
	reports := h.reports
	if reports == nil || !reports.knowsSecret(r) || !reports.signed(r, body) {
		return nil, ErrForged
	}
	if reports.Timestamp != "" {
		seconds, err := strconv.ParseInt(r.Header.Get(reports.Timestamp), 10, 64)
		if err != nil || !fresh(time.Unix(seconds, 0), now, reports.Window) {
			return nil, ErrStale
		}
	}
	return reports.read(r, body)
}

// knowsSecret reports whether a request has the shared secret; true if none is configured.
func (r *httpReports) knowsSecret(q *http.Request) bool {
	if len(r.secret) == 0 {
		return true
	}
	given := q.Header.Get(r.secret[1])
	if r.secret[0] == "query" {
		given = q.URL.Query().Get(r.secret[1])
	}
	return subtle.ConstantTimeCompare([]byte(given), []byte(r.secret[2])) == 1
}

// signed reports whether a request has the right signature; true if none is configured.
func (r *httpReports) signed(q *http.Request, body []byte) bool {
	if r.hash == nil {
		return true
	}
	decode := hex.DecodeString
	if r.base64 {
		decode = base64.StdEncoding.DecodeString
	}
	got, err := decode(q.Header.Get(r.header))
	mac := hmac.New(r.hash, r.key)
	parts := strings.NewReplacer(
		"{body}", string(body), "{timestamp}", q.Header.Get(r.Timestamp), "{nonce}", q.Header.Get(r.Nonce),
	)
	mac.Write([]byte(parts.Replace(r.Signed)))
	return err == nil && hmac.Equal(got, mac.Sum(nil))
}

// read reads a verified report.
func (r *httpReports) read(q *http.Request, body []byte) ([]Report, error) {
	find := finder(q, body)
	id, state := find(r.MessageID), find(r.State)
	if id == "" {
		return nil, ErrUnreadable
	}
	report := Report{ID: printable(id), Code: plainCode(find(r.ErrorCode))}
	switch {
	case slices.Contains(r.Delivered, state):
		report.State = Delivered
	case slices.Contains(r.Failed, state):
		report.State = Undelivered
	case slices.Contains(r.Sent, state):
		report.State = Sent
	default:
		return nil, nil
	}
	return []Report{report}, nil
}

// finder returns a function that finds a text in a report, given where the report has it.
func finder(q *http.Request, body []byte) func(words []string) string {
	var object any
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber()
	_ = d.Decode(&object)
	form, _ := url.ParseQuery(string(body))
	return func(words []string) string {
		if len(words) != 2 {
			return ""
		}
		switch words[0] {
		case "form":
			return form.Get(words[1])
		case "query":
			return q.URL.Query().Get(words[1])
		}
		pointer, _ := parsePointer(words[1])
		text, _ := at(object, pointer)
		return text
	}
}
