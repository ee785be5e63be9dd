package otp

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Form is a form that a browser sent when the visitor's session had ended. It is kept until the visitor has entered a
// code, and sent then.
type Form struct {
	Address     string // where it goes: path and query, as the browser wrote them
	ContentType string
	Referer     string
	Cookies     string // a keyed hash of the app's cookies that came with the form, see Keys.Cookies
	Body        []byte `json:"-"`
}

// FormLife is how long a form is kept: as long as a challenge can last.
const FormLife = MaxCodeTTL

// formLimits bounds the forms that are kept for one account: each may be large, and only the first factor is passed.
var formLimits = []store.Limit{{Max: 20, Per: time.Hour}}

// ErrManyForms says that so many forms were kept for an account that no other one is for a while.
var ErrManyForms = errors.New("too many forms are kept for the account")

// KeepForm keeps a form for a subject, encrypted, and returns its ID: a random name which only the browser that sent
// the form shall know. Without the ID nobody finds the form, and as another subject nobody reads it.
func (v *Verifier) KeepForm(ctx context.Context, s Subject, f Form) (id string, err error) {
	id = rand.Text()
	wait, err := v.store.Take(ctx, v.keys.formCount(s), id, formLimits)
	switch {
	case err != nil:
		return "", fmt.Errorf("counting form: %w", err)
	case wait > 0:
		return "", ErrManyForms
	}
	sealed, err := v.sealForm(s, id, f)
	if err != nil {
		return "", err
	}
	_, err = store.Change(ctx, v.store, v.keys.formName(s, id), nil, func(old store.Record) ([]byte, time.Time, error) {
		return sealed, old.Now.Add(FormLife), nil
	})
	if err != nil {
		return "", fmt.Errorf("keeping form: %w", err)
	}
	return id, nil
}

// Form finds a form that was kept for a subject. It reports false where there is none any more.
func (v *Verifier) Form(ctx context.Context, s Subject, id string) (f Form, ok bool, err error) {
	record, err := v.store.Get(ctx, v.keys.formName(s, id))
	if err != nil {
		return Form{}, false, fmt.Errorf("finding form: %w", err)
	}
	f, ok = v.openForm(s, id, record.Data)
	return f, ok, nil
}

// TakeForm finds a form and forgets it, atomically: of several callers, one at the most gets the form. good says
// whether the form is wanted; one that is not stays where it is.
func (v *Verifier) TakeForm(ctx context.Context, s Subject, id string, good func(Form) bool) (Form, bool, error) {
	key := v.keys.formName(s, id)
	record, err := v.store.Get(ctx, key)
	if err != nil {
		return Form{}, false, fmt.Errorf("taking form: %w", err)
	}
	f, ok := v.openForm(s, id, record.Data)
	if !ok || !good(f) {
		return Form{}, false, nil
	}
	mine, err := v.store.Swap(ctx, key, record.Data, nil, time.Time{})
	if err != nil {
		return Form{}, false, fmt.Errorf("taking form: %w", err)
	}
	return f, mine, nil
}

// sealForm encrypts a form with AES-256-GCM. The body stands behind the rest, as it came.
func (v *Verifier) sealForm(s Subject, id string, f Form) ([]byte, error) {
	head, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("sealing form: %w", err)
	}
	aead, err := v.keys.formSealer()
	if err != nil {
		return nil, err
	}
	sealed := make([]byte, aead.NonceSize(), aead.NonceSize()+len(head)+1+len(f.Body)+aead.Overhead())
	if _, err := io.ReadFull(v.rand, sealed); err != nil {
		return nil, fmt.Errorf("sealing form: %w", err)
	}
	plain := append(append(head, '\n'), f.Body...)
	return aead.Seal(sealed, sealed, plain, formBinding(s, id)), nil
}

func (v *Verifier) openForm(s Subject, id string, sealed []byte) (f Form, ok bool) {
	aead, err := v.keys.formSealer()
	if err != nil || len(sealed) < aead.NonceSize() {
		return Form{}, false
	}
	nonce, secret := sealed[:aead.NonceSize()], sealed[aead.NonceSize():]
	plain, err := aead.Open(nil, nonce, secret, formBinding(s, id))
	if err != nil {
		return Form{}, false
	}
	head, body, found := bytes.Cut(plain, []byte{'\n'})
	if !found || json.Unmarshal(head, &f) != nil {
		return Form{}, false
	}
	f.Body = body
	return f, true
}

// formBinding is what the seal of a form is bound to.
func formBinding(s Subject, id string) []byte {
	return fmt.Appendf(nil, "%q %q %q", s.Zone, s.Name, id)
}

func (k *Keys) formSealer() (cipher.AEAD, error) {
	block, err := aes.NewCipher(k.heldForm)
	if err != nil {
		return nil, fmt.Errorf("sealing form: %w", err)
	}
	return cipher.NewGCM(block)
}

// formName is the name of the record of a form.
func (k *Keys) formName(s Subject, id string) string { return "f:" + name(k.form, s.Zone, s.Name, id) }

// formCount is the name under which the forms of a subject are counted.
func (k *Keys) formCount(s Subject) string { return "t:" + name(k.form, "count", s.Zone, s.Name) }

// Cookies is a keyed hash of the app's cookies, and of the session of the first factor: a form is sent only where both
// are as they were when the form came.
func (k *Keys) Cookies(cookies, bind string) string { return name(k.form, "cookies", cookies, bind) }
