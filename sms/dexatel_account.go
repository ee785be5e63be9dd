package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// DexatelAccount makes requests with the API key of an account at Dexatel, to send texts or to register a sender.
type DexatelAccount struct {
	key    string
	url    string
	client *client
}

// NewDexatelAccount returns the account of an API key. Errors name the option that is wrong. The default of address is
// DexatelURL, that of timeout DefaultTimeout.
func NewDexatelAccount(key, address string, timeout time.Duration) (*DexatelAccount, error) {
	base, err := baseURL("base_url", address, DexatelURL)
	if err != nil {
		return nil, err
	}
	return &DexatelAccount{key: key, url: base, client: newClient(timeout)}, credential("api_key", key)
}

// call makes a request and returns the answer, whatever its status. data, if it is not nil, becomes the member data
// of a JSON body.
func (a *DexatelAccount) call(ctx context.Context, method, path string, data any) (answer, error) {
	header := http.Header{"Accept": {"application/json"}, "X-Dexatel-Key": {a.key}}
	if data == nil {
		return a.client.do(ctx, request{method, a.url + path, header, nil})
	}
	body, err := json.Marshal(map[string]any{"data": data})
	if err != nil {
		return answer{}, &Error{Class: Config, Err: errors.New("the text cannot be encoded")}
	}
	header.Set("Content-Type", "application/json")
	return a.client.do(ctx, request{method, a.url + path, header, body})
}

// read makes a request for an operator at a terminal, and returns the body of the answer. Its errors explain why
// Dexatel refused.
func (a *DexatelAccount) read(ctx context.Context, method, path string, data any) (dexatelAnswer, error) {
	answer, err := a.call(ctx, method, path, data)
	if err != nil {
		return dexatelAnswer{}, fmt.Errorf("asking Dexatel: %w", errors.Unwrap(err))
	}
	body, readable := dexatelBody(answer.body)
	switch {
	case answer.status == http.StatusNoContent:
		return body, nil
	case answer.ok() && !readable:
		return body, errors.New("asking Dexatel: the answer cannot be read")
	case answer.ok() && !body.refuses():
		return body, nil
	}
	refusal := dexatelError(answer, body)
	if why, ok := dexatelRefusals[refusal.Code]; ok {
		return body, fmt.Errorf("asking Dexatel: error %s: %s", refusal.Code, why)
	}
	switch {
	case refusal.Class == Unauthorized:
		return body, fmt.Errorf("asking Dexatel: HTTP status %d: the api_key is not accepted", refusal.Status)
	case refusal.Status == http.StatusNotFound:
		resource, _, _ := strings.Cut(path, "?")
		return body, fmt.Errorf("asking Dexatel: HTTP status %d: there is no %s", refusal.Status, resource)
	}
	return body, fmt.Errorf("asking Dexatel: HTTP status %d, error %q", refusal.Status, refusal.Code)
}

// dexatelRefusals explains the codes with which Dexatel refuses a sender or a template.
var dexatelRefusals = map[string]string{
	"1251": "there is no such template", "1256": "the channel is missing", "1257": "the channel is not valid",
	"1254": "the text is missing", "1255": "the text is not valid", "1260": "the text is too long",
	"1258": "there is a template of this name already", "1259": "the name is not valid",
	"1263": "the name is too long",
	"1404": "the name is missing", "1405": "the name is not valid", "1406": "the name is too long",
	"1407": "the code is not valid", "1408": "the code is too long", "1409": "the code is missing",
	"1410": "the country is missing", "1440": "the code is taken", "1441": "there is a sender of this name already",
}
