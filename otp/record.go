package otp

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// ErrRecord says that a record in the store cannot be read: it was damaged, or a newer version of the gateway wrote
// it. Every check of the account then fails, until an operator has removed or repaired the record.
var ErrRecord = errors.New("account record cannot be read")

// recordVersion is the version of the records that this code writes, and the only version that it reads: an account
// that cannot be read whole is not read at all.
const recordVersion = 2

// record is an account as it is stored. Times are milliseconds since 1970. It holds no code, no name and no number.
type record struct {
	Version    int               `json:"v"`
	Counted    int               `json:"w,omitempty"`
	InARow     int               `json:"r,omitempty"`
	Blocks     int               `json:"b,omitempty"`
	From       int64             `json:"f,omitempty"`
	Until      int64             `json:"u,omitempty"`
	Phone      string            `json:"p,omitempty"`
	Texts      []textRecord      `json:"t,omitempty"`
	Challenges []challengeRecord `json:"c,omitempty"`
	Stamp      int64             `json:"s,omitempty"`
	Ends       []endRecord       `json:"l,omitempty"`
}

type endRecord struct {
	Position string `json:"p"`
	Until    int64  `json:"u"`
}

type textRecord struct {
	ID         string   `json:"i"`
	At         int64    `json:"a"`
	Delivery   Delivery `json:"d,omitempty"`
	CodeBy     string   `json:"k,omitempty"`
	Sender     string   `json:"s,omitempty"`
	ProviderID string   `json:"n,omitempty"`
	RetryAt    int64    `json:"r,omitempty"`
	Answered   bool     `json:"y,omitempty"`
	Lifted     bool     `json:"l,omitempty"`
}

type challengeRecord struct {
	ID      string   `json:"i"`
	Begun   int64    `json:"a"`
	Expires int64    `json:"e"`
	Texts   []string `json:"t,omitempty"`
	Marks   []string `json:"m,omitempty"`
	Unsaid  int      `json:"n,omitempty"`
	Opened  int64    `json:"o,omitempty"`
	By      string   `json:"y,omitempty"`
	Stamp   int64    `json:"s,omitempty"`
	CodeKey string   `json:"k,omitempty"`
	Phone   string   `json:"p,omitempty"` // "" is the phone of the latest text
}

// encode writes an account. The zero account is written as nil, which means no record.
func (a *account) encode() ([]byte, error) {
	r := record{
		Version: recordVersion, Counted: a.Counted, InARow: a.InARow, Blocks: a.Blocks,
		From: millis(a.BlockedAt), Until: millis(a.BlockedUntil), Phone: a.Phone, Stamp: a.Stamp,
	}
	for _, t := range a.Texts {
		r.Texts = append(r.Texts, t.record())
	}
	for _, c := range a.Challenges {
		r.Challenges = append(r.Challenges, c.record(a.Phone))
	}
	for _, e := range a.Ends {
		r.Ends = append(r.Ends, endRecord{e.Position, millis(e.Until)})
	}
	if r.empty() {
		return nil, nil
	}
	return json.Marshal(r)
}

// empty reports whether there is nothing to remember.
func (r record) empty() bool {
	return r.InARow == 0 && r.Blocks == 0 && len(r.Texts) == 0 && len(r.Challenges) == 0 && r.Stamp == 0 &&
		len(r.Ends) == 0
}

func (t Text) record() textRecord {
	return textRecord{
		ID: t.ID, At: millis(t.At), Delivery: t.Delivery, CodeBy: t.CodeBy, Sender: t.Sender, ProviderID: t.ProviderID,
		RetryAt: millis(t.RetryAt), Answered: t.Answered, Lifted: t.Lifted,
	}
}

func (r textRecord) text() Text {
	return Text{
		ID: r.ID, At: moment(r.At), Delivery: r.Delivery, CodeBy: r.CodeBy, Sender: r.Sender, ProviderID: r.ProviderID,
		RetryAt: moment(r.RetryAt), Answered: r.Answered, Lifted: r.Lifted,
	}
}

// record is a challenge of an account whose latest text went to a phone.
func (c *Challenge) record(latest string) challengeRecord {
	r := challengeRecord{
		ID: b64(c.ID[:]), Begun: millis(c.Begun), Expires: millis(c.Expires), Texts: c.texts, Unsaid: c.unanswered,
		Opened: millis(c.opened), Stamp: c.stamp, CodeKey: c.codeKey,
	}
	for _, m := range c.marks {
		r.Marks = append(r.Marks, b64(m[:]))
	}
	if c.Phone != latest {
		r.Phone = c.Phone
	}
	if !c.opened.IsZero() {
		r.By = b64(c.by[:])
	}
	return r
}

// decode reads an account. Anything unexpected is an error that wraps ErrRecord.
func decode(data []byte) (account, error) {
	if data == nil {
		return account{}, nil
	}
	var r record
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return account{}, fmt.Errorf("%w: %w", ErrRecord, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return account{}, fmt.Errorf("%w: it does not end where it should", ErrRecord)
	}
	if r.Version != recordVersion {
		return account{}, fmt.Errorf("%w: version %d, expected %d", ErrRecord, r.Version, recordVersion)
	}
	return r.account()
}

func (r record) account() (account, error) {
	a := account{
		Counted: r.Counted, InARow: r.InARow, Blocks: r.Blocks,
		BlockedAt: moment(r.From), BlockedUntil: moment(r.Until), Phone: r.Phone, Stamp: r.Stamp,
	}
	if r.Counted < 0 || r.InARow < 0 || r.Blocks < 0 || r.Stamp < 0 {
		return account{}, fmt.Errorf("%w: a counter is negative", ErrRecord)
	}
	for _, t := range r.Texts {
		a.Texts = append(a.Texts, t.text())
	}
	for _, cr := range r.Challenges {
		c, err := cr.challenge(r.Phone)
		if err != nil {
			return account{}, err
		}
		a.Challenges = append(a.Challenges, c)
	}
	for _, e := range r.Ends {
		a.Ends = append(a.Ends, logEnd{e.Position, moment(e.Until)})
	}
	return a, nil
}

func (r challengeRecord) challenge(latest string) (Challenge, error) {
	c := Challenge{
		Begun: moment(r.Begun), Expires: moment(r.Expires), texts: r.Texts, unanswered: r.Unsaid,
		opened: moment(r.Opened), stamp: r.Stamp, codeKey: r.CodeKey,
		Phone: cmp.Or(r.Phone, latest),
	}
	ok := unb64(c.ID[:], r.ID) && (r.Opened == 0 || unb64(c.by[:], r.By))
	for _, s := range r.Marks {
		var m mark
		ok = ok && unb64(m[:], s)
		c.marks = append(c.marks, m)
	}
	if !ok {
		return Challenge{}, fmt.Errorf("%w: a challenge in it is damaged", ErrRecord)
	}
	return c, nil
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// unb64 fills b from s, and reports whether s was exactly as long as b.
func unb64(b []byte, s string) bool {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && copy(b, raw) == len(b) && len(raw) == len(b)
}
