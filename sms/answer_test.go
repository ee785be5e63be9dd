package sms

import (
	"errors"
	"testing"
)

func FuzzReadDexatel(f *testing.F) {
	f.Add(201, []byte(`{"data":[{"id":"x","status":"enroute"}]}`))
	f.Add(400, []byte(`{"errors":[{"code":"1523"}]}`))
	f.Add(200, []byte(`{"data":null,"errors":[{}]}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		receipt, err := readDexatel(answer{status: status, body: body})
		var failure *Error
		if err != nil && !errors.As(err, &failure) {
			t.Errorf("error %v has no class", err)
		}
		if status >= 300 && err == nil {
			t.Errorf("status %d counts as accepted", status)
		}
		if len(receipt.ID) > 64 {
			t.Errorf("name of %d bytes", len(receipt.ID))
		}
	})
}
