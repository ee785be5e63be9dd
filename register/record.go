package register

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/caddy-sms-2fa/gateway/phone"
)

// recordVersion is the version of the records of users and numbers, and the only one that is read: an entry that
// cannot be read whole is not read at all.
const recordVersion = 1

// userRecord is the record of a user.
type userRecord struct {
	name    string
	numbers []Number
	claim   *claim         // the number that is being claimed, nil for none
	leaving []phone.Number // numbers that are not the user's any more, and whose records are to be freed

	key string
	raw []byte    // as the record stands in the store, nil for no record
	now time.Time // the clock of the store when the record was read or written
}

// claim is a number that was announced. Whether it is the user's, the record of the number says.
type claim struct {
	Number
	leave []phone.Number // the numbers that leave when the claim holds
	at    time.Time
}

// atRest reports whether nothing is left to complete.
func (u userRecord) atRest() bool { return u.claim == nil && len(u.leaving) == 0 }

// claimed are the numbers once the claim holds.
func (u userRecord) claimed() []Number {
	return append(without(u.numbers, u.claim.leave), u.claim.Number)
}

// without is the numbers that are not in a list.
func without(numbers []Number, list []phone.Number) []Number {
	return slices.DeleteFunc(slices.Clone(numbers), func(n Number) bool { return slices.Contains(list, n.Phone) })
}

// has reports whether a number is among numbers.
func has(numbers []Number, p phone.Number) bool { return indexOf(numbers, p) >= 0 }

func indexOf(numbers []Number, p phone.Number) int {
	return slices.IndexFunc(numbers, func(n Number) bool { return n.Phone == p })
}

// The JSON in which a user's record is sealed. Times are milliseconds since 1970, 0 for none.
type (
	userJSON struct {
		Version int          `json:"v"`
		Name    string       `json:"u"`
		Numbers []numberJSON `json:"n,omitempty"`
		Claim   *claimJSON   `json:"c,omitempty"`
		Leaving []string     `json:"l,omitempty"`
	}
	numberJSON struct {
		Phone string `json:"p"`
		First int64  `json:"f,omitempty"`
		Last  int64  `json:"t,omitempty"`
		How   How    `json:"h,omitempty"`
	}
	claimJSON struct {
		numberJSON
		Leave []string `json:"l,omitempty"`
		At    int64    `json:"a"`
	}
)

// numberRecord is the record of a number.
type numberRecord struct {
	phone  phone.Number
	owners []string // users

	key string
	raw []byte
}

// ownersJSON is the JSON in which a number's record is sealed.
type ownersJSON struct {
	Version int      `json:"v"`
	Phone   string   `json:"p"`
	Owners  []string `json:"o"`
}

// readUser reads the record of a user; a user without one has an empty record.
func (r *Register) readUser(ctx context.Context, name string) (userRecord, error) {
	key := r.keys.user(name)
	rec, err := r.store.Get(ctx, key)
	if err != nil {
		return userRecord{}, fmt.Errorf("reading user: %w", err)
	}
	u := userRecord{name: name, key: key, now: rec.Now}
	if rec.Data == nil {
		return u, nil
	}
	return r.decodeUser(key, rec.Data, rec.Now)
}

func (r *Register) decodeUser(key string, raw []byte, now time.Time) (userRecord, error) {
	var j userJSON
	if err := r.open(key, raw, &j); err != nil {
		return userRecord{}, fmt.Errorf("reading user: %w", err)
	}
	if j.Version != recordVersion {
		return userRecord{}, fmt.Errorf("reading user: %w: version %d, expected %d", ErrRecord, j.Version, recordVersion)
	}
	u := userRecord{name: j.Name, leaving: phones(j.Leaving), key: key, raw: raw, now: now}
	for _, n := range j.Numbers {
		u.numbers = append(u.numbers, n.number())
	}
	if j.Claim != nil {
		u.claim = &claim{j.Claim.number(), phones(j.Claim.Leave), moment(j.Claim.At)}
	}
	return u, nil
}

// writeUser writes next in the place of u, and returns what then stands in the store. It reports false, and writes
// nothing, if u does not stand there any more. An empty record is removed.
func (r *Register) writeUser(ctx context.Context, u, next userRecord) (userRecord, bool, error) {
	next.name, next.key, next.now, next.raw = u.name, u.key, u.now, nil
	if len(next.numbers) > 0 || !next.atRest() {
		raw, err := r.seal(next.key, next.json())
		if err != nil {
			return userRecord{}, false, fmt.Errorf("writing user: %w", err)
		}
		next.raw = raw
	}
	written, err := r.store.Swap(ctx, u.key, u.raw, next.raw, time.Time{})
	if err != nil {
		return userRecord{}, false, fmt.Errorf("writing user: %w", err)
	}
	return next, written, nil
}

func (u userRecord) json() userJSON {
	j := userJSON{Version: recordVersion, Name: u.name, Leaving: texts(u.leaving)}
	for _, n := range u.numbers {
		j.Numbers = append(j.Numbers, n.json())
	}
	if u.claim != nil {
		j.Claim = &claimJSON{u.claim.Number.json(), texts(u.claim.leave), millis(u.claim.at)}
	}
	return j
}

// readNumber reads the record of a number; a number without one has no owners.
func (r *Register) readNumber(ctx context.Context, p phone.Number) (numberRecord, error) {
	n := numberRecord{phone: p, key: r.keys.number(p)}
	rec, err := r.store.Get(ctx, n.key)
	if err != nil {
		return n, fmt.Errorf("reading number: %w", err)
	}
	if rec.Data == nil {
		return n, nil
	}
	var j ownersJSON
	if err := r.open(n.key, rec.Data, &j); err != nil {
		return n, fmt.Errorf("reading number: %w", err)
	}
	if j.Version != recordVersion {
		return n, fmt.Errorf("reading number: %w: version %d, expected %d", ErrRecord, j.Version, recordVersion)
	}
	n.owners, n.raw = j.Owners, rec.Data
	return n, nil
}

// writeNumber writes other owners of a number, and reports false, and writes nothing, if n does not stand in the store
// any more. The record of a number without owners is removed.
func (r *Register) writeNumber(ctx context.Context, n numberRecord, owners []string) (bool, error) {
	var next []byte
	if len(owners) > 0 {
		raw, err := r.seal(n.key, ownersJSON{Version: recordVersion, Phone: n.phone.E164(), Owners: owners})
		if err != nil {
			return false, fmt.Errorf("writing number: %w", err)
		}
		next = raw
	}
	written, err := r.store.Swap(ctx, n.key, n.raw, next, time.Time{})
	if err != nil {
		return false, fmt.Errorf("writing number: %w", err)
	}
	return written, nil
}

// names reports whether a number's record names a user.
func (n numberRecord) names(user string) bool { return slices.Contains(n.owners, user) }

// seal makes a sealed record of a value.
func (r *Register) seal(key string, value any) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return seal(r.keys.records, key, plain, r.rand)
}

// open reads a sealed record into a value. A member that is not known is an error: a newer version wrote it.
func (r *Register) open(key string, raw []byte, value any) error {
	plain, err := unseal(r.keys.records, key, raw)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(plain))
	d.DisallowUnknownFields()
	if err := d.Decode(value); err != nil {
		return fmt.Errorf("%w: it is not in the form of this version", ErrRecord)
	}
	return nil
}

func (n Number) json() numberJSON {
	return numberJSON{n.Phone.E164(), millis(n.First), millis(n.Last), n.How}
}

func (j numberJSON) number() Number {
	return Number{phone.Number(j.Phone), moment(j.First), moment(j.Last), j.How}
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

func phones(texts []string) []phone.Number {
	var numbers []phone.Number
	for _, t := range texts {
		numbers = append(numbers, phone.Number(t))
	}
	return numbers
}

func texts(numbers []phone.Number) []string {
	var texts []string
	for _, n := range numbers {
		texts = append(texts, n.E164())
	}
	return texts
}
