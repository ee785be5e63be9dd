package otp_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/otp"
	"github.com/caddy-sms-2fa/gateway/store/boltstore"
)

// letter is a form with something to lose.
func letter() otp.Form {
	return otp.Form{
		Address: "/letters/new?x=1;y", ContentType: "multipart/form-data; boundary=b", Referer: "https://app.example.com/",
		Cookies: "c", Body: []byte("--b\r\nDear diary\n\x00\xff"),
	}
}

func wanted(otp.Form) bool { return true }

func TestForm(t *testing.T) {
	t.Parallel()
	now := time.Now()
	bolt := boltstore.New(filepath.Join(t.TempDir(), "store.db"), func() time.Time { return now })
	defer bolt.Close()
	keys, err := otp.NewKeys([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	v := otp.NewVerifier(bolt, keys, rand.Reader)
	id, err := v.KeepForm(t.Context(), alice, letter())
	if err != nil {
		t.Fatal(err)
	}
	f, ok, err := v.Form(t.Context(), alice, id)
	want := letter()
	if err != nil || !ok || !bytes.Equal(f.Body, want.Body) || f.Address != want.Address ||
		f.ContentType != want.ContentType || f.Referer != want.Referer || f.Cookies != want.Cookies {
		t.Errorf("found %+v, %v, %v", f, ok, err)
	}
	for name, whom := range map[string]otp.Subject{
		"another user": {Zone: alice.Zone, Name: "bob"}, "another zone": {Zone: "other", Name: alice.Name},
	} {
		if _, ok, err := v.TakeForm(t.Context(), whom, id, wanted); ok || err != nil {
			t.Errorf("%s took the form: %v, %v", name, ok, err)
		}
	}
	if _, ok, err := v.TakeForm(t.Context(), alice, id, func(otp.Form) bool { return false }); ok || err != nil {
		t.Errorf("a form that is not wanted was taken: %v, %v", ok, err)
	}
	if _, ok, err := v.TakeForm(t.Context(), alice, id[1:]+"A", wanted); ok || err != nil {
		t.Errorf("another ID: %v, %v", ok, err)
	}
	var taken atomic.Int32
	var callers sync.WaitGroup
	for range 20 {
		callers.Go(func() {
			if _, ok, err := v.TakeForm(t.Context(), alice, id, wanted); ok && err == nil {
				taken.Add(1)
			}
		})
	}
	callers.Wait()
	if taken.Load() != 1 {
		t.Errorf("the form was taken %d times", taken.Load())
	}
	id, err = v.KeepForm(t.Context(), alice, letter())
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(otp.FormLife)
	if _, ok, err := v.Form(t.Context(), alice, id); ok || err != nil {
		t.Errorf("after its time: %v, %v", ok, err)
	}
}

func TestManyForms(t *testing.T) {
	t.Parallel()
	v, _ := newVerifier(t)
	kept := 0
	for range 30 {
		_, err := v.KeepForm(t.Context(), alice, otp.Form{Body: []byte(strings.Repeat("x", 1000))})
		if err != nil && !errors.Is(err, otp.ErrManyForms) {
			t.Fatal(err)
		}
		if err == nil {
			kept++
		}
	}
	if kept != 20 {
		t.Errorf("%d forms of one account are kept, expected 20", kept)
	}
	if _, err := v.KeepForm(t.Context(), otp.Subject{Zone: "default", Name: "bob"}, letter()); err != nil {
		t.Errorf("another account: %v", err)
	}
}
