package caddymodule_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/sms"
)

// presetReports are how the provider of a preset reports.
type presetReports struct {
	sent, delivered, failed []string
	// report makes a report on m-1, of a state, signed with a secret at a time.
	report func(state, secret string, at time.Time) *http.Request
	code   string // that each report has, "" for none
	timed  bool
	answer string
}

var reporting = map[string]presetReports{
	"telnyx": {
		sent: []string{"sent"}, delivered: []string{"delivered"}, code: "40001",
		failed: []string{"delivery_failed", "sending_failed", "expired"},
		report: func(state, secret string, _ time.Time) *http.Request {
			body := fmt.Sprintf(`{"data":{"event_type":"message.finalized","payload":{"id":"m-1",`+
				`"to":[{"status":%q}],"errors":[{"code":"40001"}]}}}`, state)
			return posted("?secret="+secret, "application/json", body)
		},
	},
	"plivo": {
		sent: []string{"sent"}, delivered: []string{"delivered"}, code: "450",
		failed: []string{"failed", "undelivered", "rejected"},
		report: func(state, secret string, _ time.Time) *http.Request {
			return posted("?secret="+secret, formType, "MessageUUID=m-1&Status="+state+"&ErrorCode=450&To=15005550006")
		},
	},
	"sinch": {
		sent: []string{"Dispatched", "DISPATCHED"}, delivered: []string{"Delivered", "DELIVERED"}, code: "401", timed: true,
		failed: []string{
			"Failed", "Aborted", "Rejected", "Expired", "Cancelled", "Deleted",
			"FAILED", "ABORTED", "REJECTED", "EXPIRED", "CANCELLED", "DELETED",
		},
		report: func(state, secret string, at time.Time) *http.Request {
			body := fmt.Sprintf(`{"type":"recipient_delivery_report_sms","batch_id":"m-1",`+
				`"recipient":"15005550006","code":401,"status":%q}`, state)
			r, stamp := posted("", "application/json", body), strconv.FormatInt(at.Unix(), 10)
			signature := base64.StdEncoding.EncodeToString(signedWith(secret, body+".n0nce."+stamp))
			r.Header.Set("x-sinch-webhook-signature", signature)
			r.Header.Set("x-sinch-webhook-signature-timestamp", stamp)
			r.Header.Set("x-sinch-webhook-signature-nonce", "n0nce")
			return r
		},
	},
	"jasmin": {
		sent: []string{"ESME_ROK", "ACCEPTD", "ENROUTE"}, delivered: []string{"DELIVRD"}, code: "000", answer: "ACK/Jasmin",
		failed: []string{
			"UNDELIV", "REJECTD", "EXPIRED", "DELETED", "ESME_RINVMSGLEN", "ESME_RINVSRCADR",
			"ESME_RINVDSTADR", "ESME_RSUBMITFAIL", "ESME_RX_P_APPN", "ESME_RX_R_APPN", "ESME_RUNKNOWNERR",
		},
		report: func(state, secret string, _ time.Time) *http.Request {
			return posted("?secret="+secret, formType, "id=m-1&message_status="+state+"&level=3&err=000")
		},
	},
	"kannel": {
		sent: []string{"8"}, delivered: []string{"1"}, failed: []string{"2", "16"},
		report: func(state, secret string, _ time.Time) *http.Request {
			return httptest.NewRequest(http.MethodGet, "/?secret="+secret+"&id=m-1&state="+state, nil)
		},
	},
	"android": {
		sent: []string{"sms:sent"}, delivered: []string{"sms:delivered"}, failed: []string{"sms:failed"}, timed: true,
		report: func(state, secret string, at time.Time) *http.Request {
			body := fmt.Sprintf(`{"event":%q,"payload":{"messageId":"m-1","phoneNumber":"+15005550006","reason":"no"}}`, state)
			r, stamp := posted("", "application/json", body), strconv.FormatInt(at.Unix(), 10)
			r.Header.Set("X-Signature", hex.EncodeToString(signedWith(secret, body+stamp)))
			r.Header.Set("X-Timestamp", stamp)
			return r
		},
	},
}

const formType = "application/x-www-form-urlencoded"

func posted(query, kind, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/"+query, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	return r
}

func signedWith(secret, text string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// Every state that a preset lists is understood, as the provider reports it; one that it does not list is no news.
func TestPresetsReport(t *testing.T) {
	now := time.Now()
	blocks := loadPresets(t)
	for name, p := range reporting {
		s := provision(t, blocks[name], "")
		if err := s.Reports(); err != nil || s.Acknowledgement() != p.answer {
			t.Errorf("%s: %v, answer %q", name, err, s.Acknowledgement())
		}
		r := s.Reporting
		same := slices.Equal(r.Sent, p.sent) && slices.Equal(r.Delivered, p.delivered) && slices.Equal(r.Failed, p.failed)
		if !same {
			t.Errorf("%s: sent %v, delivered %v, failed %v", name, r.Sent, r.Delivered, r.Failed)
		}
		states := map[sms.State][]string{
			sms.Sent: p.sent, sms.Delivered: p.delivered, sms.Undelivered: p.failed, "": {"pondered"},
		}
		for state, words := range states {
			for _, word := range words {
				want := []sms.Report{{ID: "m-1", State: state, Code: p.code}}
				if state == "" {
					want = nil
				}
				if got, err := readReports(s, p.report(word, reportSecret, now), now); err != nil || !slices.Equal(got, want) {
					t.Errorf("%s, %s: %+v, %v", name, word, got, err)
				}
			}
		}
	}
}

// Nobody else can report, nor the provider twice at different times where its reports have one.
func TestPresetsRefuseReports(t *testing.T) {
	now := time.Now()
	blocks := loadPresets(t)
	for name, p := range reporting {
		s := provision(t, blocks[name], "")
		state := p.delivered[0]
		if _, err := readReports(s, p.report(state, reportSecret+"x", now), now); !errors.Is(err, sms.ErrForged) {
			t.Errorf("%s, with another secret: %v", name, err)
		}
		later := now.Add(6 * time.Minute)
		if _, err := readReports(s, p.report(state, reportSecret, now), later); errors.Is(err, sms.ErrStale) != p.timed {
			t.Errorf("%s, later: %v", name, err)
		}
		if !p.timed {
			continue
		}
		changed := replacedBody(p.report(state, reportSecret, now), "m-1", "m-2")
		if _, err := readReports(s, changed, now); !errors.Is(err, sms.ErrForged) {
			t.Errorf("%s, changed on its way: %v", name, err)
		}
	}
}

func readReports(s sms.Reporter, r *http.Request, at time.Time) ([]sms.Report, error) {
	body, _ := io.ReadAll(r.Body)
	return s.ReadReports(r, body, at)
}

// replacedBody is a request with something else in its body.
func replacedBody(r *http.Request, old, new string) *http.Request {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(strings.Replace(string(body), old, new, 1)))
	return r
}
