package sms

import (
	"cmp"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// vonageMethods has the methods of signing that an account at Vonage can choose. All but md5hash are HMACs; md5hash,
// the only method of older accounts, is the MD5 of the parameters and the secret, and has no hash here.
var vonageMethods = map[string]func() hash.Hash{
	"md5hash": nil, "md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New,
}

// checkMethod sets the default of SignatureMethod, and refuses a method that Vonage does not have.
func (o *VonageOptions) checkMethod() error {
	o.SignatureMethod = cmp.Or(o.SignatureMethod, "sha256")
	if _, ok := vonageMethods[o.SignatureMethod]; !ok {
		return fmt.Errorf("signature_method: %q is not one of md5hash, md5, sha1, sha256 and sha512",
			o.SignatureMethod)
	}
	return nil
}

// Reports returns an error without a secret by which reports can be verified.
func (v *Vonage) Reports() error {
	if v.options.SignatureSecret == "" {
		return errors.New("signature_secret: it is missing; " +
			"expected the account's signature secret, and signed webhooks switched on")
	}
	return nil
}

// Refers is true: Vonage repeats the client-ref of a text in its reports.
func (*Vonage) Refers() bool { return true }

// vonageStates has the states that the gate acts on; others, like unknown, are passed over.
var vonageStates = map[string]State{
	"accepted": Sent, "buffered": Sent, "delivered": Delivered,
	"failed": Undelivered, "rejected": Undelivered, "expired": Undelivered,
}

// ReadReports verifies the signature of a delivery receipt, its parameter sig, and the time of the receipt. The
// account decides whether the receipt comes as a query, a form or JSON.
func (v *Vonage) ReadReports(r *http.Request, body []byte, now time.Time) ([]Report, error) {
	params, err := vonageParams(r, body)
	if err != nil || v.Reports() != nil || !v.signed(params) {
		return nil, ErrForged
	}
	seconds, err := strconv.ParseInt(params["timestamp"], 10, 64)
	if err != nil || !fresh(time.Unix(seconds, 0), now, reportWindow) {
		return nil, ErrStale
	}
	id, reference := printable(params["messageId"]), printable(params["client-ref"])
	if id == "" && reference == "" {
		return nil, ErrUnreadable
	}
	state, ok := vonageStates[strings.ToLower(params["status"])]
	if !ok {
		return nil, nil
	}
	code := params["err-code"]
	if code == "0" {
		code = ""
	}
	return []Report{{ID: id, Reference: reference, State: state, Code: plainCode(code)}}, nil
}

// vonageParams is the parameters of a receipt, which is a query, a form or a flat JSON object. A parameter that stands
// twice is an error, because its meaning would not be clear.
func vonageParams(r *http.Request, body []byte) (map[string]string, error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Method == http.MethodPost && kind == "application/json" {
		return flatJSON(body)
	}
	raw := r.URL.RawQuery
	if r.Method == http.MethodPost {
		raw = string(body)
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, err
	}
	params := make(map[string]string)
	for name, all := range values {
		if len(all) != 1 {
			return nil, fmt.Errorf("reading receipt: a parameter stands %d times", len(all))
		}
		params[name] = all[0]
	}
	return params, nil
}

// flatJSON is the members of a JSON object as texts.
func flatJSON(body []byte) (map[string]string, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, err
	}
	params := make(map[string]string)
	for name, raw := range members {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw) // a number
		}
		params[name] = text
	}
	return params, nil
}

// signed reports whether the parameter sig is the signature of all other parameters. The comparison takes constant
// time.
func (v *Vonage) signed(params map[string]string) bool {
	got, err := hex.DecodeString(params["sig"])
	if err != nil || len(got) == 0 {
		return false
	}
	var base strings.Builder
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if name != "sig" {
			base.WriteString("&" + name + "=" + vonageEscaper.Replace(params[name]))
		}
	}
	return hmac.Equal(got, v.sign(base.String()))
}

// vonageEscaper replaces the characters by which one value could look like two parameters, as Vonage does before
// signing.
var vonageEscaper = strings.NewReplacer("&", "_", "=", "_")

// sign is the signature of the parameters in base.
func (v *Vonage) sign(base string) []byte {
	method := vonageMethods[v.options.SignatureMethod]
	if method == nil {
		sum := md5.Sum([]byte(base + v.options.SignatureSecret))
		return sum[:]
	}
	mac := hmac.New(method, []byte(v.options.SignatureSecret))
	mac.Write([]byte(base))
	return mac.Sum(nil)
}
