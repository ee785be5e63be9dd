package sms

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// DexatelOrigin is a sender of texts in the sense of Dexatel: a name, a number or a short code from which texts come.
type DexatelOrigin struct {
	ID        string   `json:"id,omitempty"`
	Name      string   `json:"name"`    // in the account
	Code      string   `json:"code"`    // on the phone: what the option `from` takes
	Channel   string   `json:"channel"` // SMS
	Type      string   `json:"type"`    // alphanumeric, did or short code
	Countries []string `json:"countries,omitempty"`
	Status    string   `json:"status,omitempty"`
}

// DexatelTemplate is a text into which Dexatel puts a code.
type DexatelTemplate struct {
	ID      string `json:"id,omitempty"`
	Name    string `json:"name"`
	Text    string `json:"text"`
	Channel string `json:"channel"` // SMS
	Status  string `json:"status,omitempty"`
}

// Origins lists the names, numbers and short codes from which texts of the account may come.
func (a *DexatelAccount) Origins(ctx context.Context) ([]DexatelOrigin, error) {
	return listDexatel[DexatelOrigin](ctx, a, "/v1/senders", onlySMS)
}

// Templates lists the account's templates.
func (a *DexatelAccount) Templates(ctx context.Context) ([]DexatelTemplate, error) {
	return listDexatel[DexatelTemplate](ctx, a, "/v1/templates", onlySMS)
}

// RegisterOrigin asks Dexatel for a name, a number or a short code from which texts may come, in some countries (ISO
// 3166-1). It may be used as soon as its status says that it is available.
func (a *DexatelAccount) RegisterOrigin(ctx context.Context, o DexatelOrigin) (DexatelOrigin, error) {
	o.Channel = "SMS"
	if err := o.complete(); err != nil {
		return o, err
	}
	return registerDexatel(ctx, a, "/v1/senders", o)
}

// RegisterTemplate asks Dexatel for a template. A template without {code}, where Dexatel puts the code, is an error,
// and is not sent to Dexatel.
func (a *DexatelAccount) RegisterTemplate(ctx context.Context, t DexatelTemplate) (DexatelTemplate, error) {
	t.Channel = "SMS"
	switch {
	case !strings.Contains(t.Text, "{code}"):
		return t, errors.New("text: it does not contain {code}, where Dexatel puts the code")
	case utf8.RuneCountInString(t.Text) > 1000:
		return t, errors.New("text: it has more than 1000 characters")
	}
	if err := dexatelName(t.Name); err != nil {
		return t, err
	}
	return registerDexatel(ctx, a, "/v1/templates", t)
}

// dexatelName refuses a name that Dexatel would refuse.
func dexatelName(name string) error {
	if name == "" || utf8.RuneCountInString(name) > 45 || strings.ContainsFunc(name, unicode.IsControl) {
		return errors.New("name: expected 1 to 45 characters")
	}
	return nil
}

// complete sets the type by the form of the code, and the name if it is missing, and refuses an origin that Dexatel
// would refuse.
func (o *DexatelOrigin) complete() error {
	number := strings.Trim(o.Code, "0123456789") == ""
	switch {
	case o.Code == "":
		return errors.New("code: it is missing; expected what the phone shows: a name, a number or a short code")
	case number && (len(o.Code) == 5 || len(o.Code) == 6):
		o.Type = "short code"
	case number && len(o.Code) <= 15:
		o.Type = "did"
	case !number && utf8.RuneCountInString(o.Code) <= 11 && !strings.ContainsFunc(o.Code, unicode.IsControl):
		o.Type = "alphanumeric"
	default:
		return errors.New("code: expected a name of up to 11 characters, a number of up to 15 digits without +, " +
			"or a short code of 5 or 6")
	}
	o.Name = cmp.Or(o.Name, o.Code)
	if len(o.Countries) == 0 {
		return errors.New("country: it is missing; expected one or more, like AM")
	}
	return dexatelName(o.Name)
}

// maxDexatelPages is how many pages of a list are read; further pages are left out.
const maxDexatelPages = 50

// onlySMS is the filter of a list whose entries each have a channel.
var onlySMS = url.Values{"filter[channel]": {"SMS"}}

// listDexatel reads a list page by page. Of the link to the next page only the token is used; the link itself is not
// followed, so that the API key goes to no other address.
func listDexatel[T any](ctx context.Context, a *DexatelAccount, path string, filter url.Values) ([]T, error) {
	var all []T
	query := url.Values{"page_size": {"30"}}
	maps.Copy(query, filter)
	for range maxDexatelPages {
		body, err := a.read(ctx, http.MethodGet, path+"?"+query.Encode(), nil)
		if err != nil {
			return nil, err
		}
		var page []T
		if err := json.Unmarshal(body.Data, &page); err != nil {
			return nil, errors.New("reading list: the answer is not a list")
		}
		all = append(all, page...)
		token := body.nextPage()
		if token == "" || len(page) == 0 {
			break
		}
		query.Set("page_token", token)
	}
	return all, nil
}

// nextPage is the token of the next page of a list, "" behind the last one.
func (b dexatelAnswer) nextPage() string {
	var pagination struct {
		Links struct {
			Next string `json:"next"`
		} `json:"links"`
	}
	_ = json.Unmarshal(b.Pagination, &pagination)
	next, err := url.Parse(pagination.Links.Next)
	if err != nil {
		return ""
	}
	return next.Query().Get("page_token")
}

// registerDexatel posts what, and returns it as Dexatel has registered it.
func registerDexatel[T any](ctx context.Context, a *DexatelAccount, path string, what T) (T, error) {
	body, err := a.read(ctx, http.MethodPost, path, what)
	if err != nil {
		return what, err
	}
	var list []T
	if json.Unmarshal(body.Data, &list) == nil && len(list) == 1 {
		return list[0], nil
	}
	if err := json.Unmarshal(body.Data, &what); err != nil {
		return what, errors.New("reading answer: it may have been registered, look at the list")
	}
	return what, nil
}
