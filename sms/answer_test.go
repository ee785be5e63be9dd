package sms

import (
	"errors"
	"strings"
	"testing"
)

// fuzzAnswer makes sure that no answer of a provider, however odd, leads to an error without a class, to a refusal
// that counts as accepted, or to a name that is unfit for a log.
func fuzzAnswer(f *testing.F, read func(answer) (Receipt, error), seeds ...string) {
	f.Helper()
	for _, s := range seeds {
		f.Add(200, []byte(s))
		f.Add(400, []byte(s))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		receipt, err := read(answer{status: status, body: body})
		var failure *Error
		if err != nil && !errors.As(err, &failure) {
			t.Errorf("error %v has no class", err)
		}
		if (status < 200 || status >= 300) && err == nil {
			t.Errorf("status %d counts as accepted", status)
		}
		if printable(receipt.ID) != receipt.ID {
			t.Errorf("name %q", receipt.ID)
		}
	})
}

// The error code of a provider goes into logs and metrics, unless it could hold a phone number or a code of the gate.
func TestPlainCode(t *testing.T) {
	t.Parallel()
	for code, plain := range map[string]bool{
		"21211": true, "E401": true, "DESTINATION_PHONE_NUMBER_OPTED_OUT": true, "syntax_invalid_json": true,
		"Not routable": true, "1.5": true,
		"": false, "15005550006": false, "ERR-15005550006": false, "invalid recipient 15005550006": false,
		"code 482913 rejected": false,
		"a\nb":                 false, "{\"a\"": false, "ошибка": false, strings.Repeat("x", 81): false,
	} {
		if got := plainCode(code); (got == code && code != "") != plain || got != "" && got != code {
			t.Errorf("%q is told as %q", code, got)
		}
	}
}

// Dexatel can put an error into different members of an answer; each of them refuses the text.
func TestDexatelErrorsAnywhere(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		body   string
		class  Class
	}{
		{201, `{"data":[{"id":"x"}]}`, ""},
		{201, `{"data":null,"errors":[{"code":1530}]}`, Blocked},
		{200, `{"error":"no","message":"no"}`, Config},
		{200, `{"code":1530}`, Blocked},
		{200, `{"account_id":"a","message_id":"x"}`, ""},
		{201, `{"message_id":"x","code":"1530"}`, ""}, // the code in the text
		{201, `{"message_id":"x","code":1530}`, ""},
		{201, `{"message_id":"x","errors":[{"code":1530}]}`, Blocked},
		{201, `{"message_id":"x","status":"REJECTED"}`, Blocked},
		{400, `{"code":"1523","message":"no"}`, InvalidNumber},
		{400, `{"errors":[{"code":1524}],"code":1523}`, Account},
	} {
		_, err := readDexatel(answer{status: tt.status, body: []byte(tt.body), whole: true})
		if ClassOf(err) != tt.class {
			t.Errorf("%d %s: %v, want %q", tt.status, tt.body, err, tt.class)
		}
	}
}

func FuzzDexatelAnswer(f *testing.F) {
	fuzzAnswer(f, readDexatel, `{"data":[{"id":"x","status":"enroute"}]}`, `{"errors":[{"code":"1523"}]}`,
		`{"data":null,"errors":[{}]}`)
}

func FuzzTwilioAnswer(f *testing.F) {
	fuzzAnswer(f, readTwilio, `{"sid":"SM1","status":"queued","error_code":null}`, `{"code":21211,"status":400}`,
		`{"status":"failed","error_code":"30003"}`)
}

func FuzzVonageAnswer(f *testing.F) {
	fuzzAnswer(f, readVonage, `{"message-count":"1","messages":[{"message-id":"x","status":"0"}]}`,
		`{"messages":[{"status":"1","error-text":"[ 702 ]"}]}`, `{"messages":[]}`)
}

func FuzzAWSAnswer(f *testing.F) {
	fuzzAnswer(f, readAWS, `{"MessageId":"x"}`,
		`{"__type":"a#ConflictException","Reason":"DESTINATION_PHONE_NUMBER_OPTED_OUT"}`, `{"__type":"#"}`)
}

func FuzzInfobipAnswer(f *testing.F) {
	fuzzAnswer(f, readInfobip, `{"messages":[{"messageId":"x","status":{"groupName":"PENDING","id":26}}]}`,
		`{"errorCode":"E401"}`, `{"messages":[{"status":{"groupName":"REJECTED","id":12}}]}`)
}

func FuzzHTTPAnswer(f *testing.F) {
	h, err := NewHTTP(HTTPOptions{
		URL: "https://api.example.com", Success: [][]string{{"json", "/a/0", "OK"}, {"text", "OK"}},
		Failure:   [][]string{{"json", "/error"}},
		MessageID: []string{"json", "/id"}, ErrorCode: []string{"text", `"code":"([^"]*)"`},
		RetryAfter: []string{"json", "/wait"},
	})
	if err != nil {
		f.Fatal(err)
	}
	read := func(a answer) (Receipt, error) {
		a.whole = true
		return h.judge(a)
	}
	fuzzAnswer(f, read, `{"a":["OK"],"id":"x"}`, `{"error":1,"code":"7","wait":1e99}`, `{"a":{"0":"OK"}}`)
}

// No template panics, loses text, or looks for variables in the value of a variable.
func FuzzTemplate(f *testing.F) {
	f.Add("{to} {text} {env.X} { {} }{{code}}")
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parseTemplate(text, func(placeholder string) (string, error) { return placeholder, nil })
		if err != nil {
			return
		}
		v := make(values)
		for _, name := range variables {
			v[name] = "{" + name + "}"
		}
		if got := parsed.fill(v, asIs); got != text {
			t.Errorf("%q became %q", text, got)
		}
	})
}
