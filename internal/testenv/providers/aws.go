package providers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// AWS is a provider that enforces the documented contract of AWS End User Messaging SMS, signatures included.
type AWS struct {
	*Provider
	Region, AccessKeyID, SecretAccessKey, SessionToken string
}

// StartAWS starts the provider.
func StartAWS(t testing.TB) *AWS {
	t.Helper()
	a := &AWS{
		Region: "eu-central-1", AccessKeyID: "AKIDEXAMPLE",
		SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
	}
	a.Provider = startProvider(t, a)
	return a
}

// exceptionOf is the type that a reason comes with, and its HTTP status.
func exceptionOf(code string) (kind string, status int) {
	switch code {
	case "DESTINATION_PHONE_NUMBER_OPTED_OUT", "DESTINATION_PHONE_NUMBER_NOT_VERIFIED", "NO_ORIGINATION_IDENTITIES_FOUND",
		"DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION",
		"DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE":
		return "ConflictException", http.StatusConflict
	case "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT":
		return "ServiceQuotaExceededException", http.StatusPaymentRequired
	case "InternalServerException":
		return code, http.StatusInternalServerError
	case "ThrottlingException":
		return code, http.StatusTooManyRequests
	}
	if strings.HasSuffix(code, "Exception") {
		return code, http.StatusBadRequest
	}
	return "ValidationException", http.StatusBadRequest
}

func (a *AWS) refuse(w http.ResponseWriter, _ *http.Request, status int, code string) {
	kind, usual := exceptionOf(code)
	if code == "" { // its front, not the service
		w.WriteHeader(status)
		return
	}
	if status == 0 {
		status = usual
	}
	body := map[string]any{"__type": "com.amazonaws.pinpointsmsvoicev2#" + kind, "Message": "refused: +15005550006"}
	if kind != code {
		body["Reason"] = code
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (a *AWS) serve(_ *Provider, w http.ResponseWriter, r *http.Request, body []byte) {
	m := make(fields)
	switch {
	case r.Method != http.MethodPost || r.URL.Path != "/" ||
		r.Header.Get("X-Amz-Target") != "PinpointSMSVoiceV2.SendTextMessage":
		a.refuse(w, r, http.StatusNotFound, "UnknownOperationException")
	case r.Header.Get("Content-Type") != "application/x-amz-json-1.0":
		a.refuse(w, r, 0, "SerializationException")
	case !a.signed(r, body):
		a.refuse(w, r, 0, "InvalidSignatureException")
	case r.Header.Get("X-Amz-Security-Token") != a.SessionToken:
		a.refuse(w, r, 0, "UnrecognizedClientException")
	case !m.addJSON(body) || !m.only("/DestinationPhoneNumber", "/MessageBody", "/MessageType", "/OriginationIdentity",
		"/ConfigurationSetName", "/TimeToLive:number"):
		a.refuse(w, r, 0, "SerializationException")
	case !plusDigits.MatchString(m["/DestinationPhoneNumber"]) ||
		!m.oneOf("/MessageType", "TRANSACTIONAL", "PROMOTIONAL") ||
		m["/MessageBody"] == "" || longer(m["/MessageBody"], 1600) || !m.between("/TimeToLive:number", 5, 259200):
		a.refuse(w, r, 0, "INVALID_PARAMETER")
	default:
		t := a.take(Text{
			To: m["/DestinationPhoneNumber"], From: m["/OriginationIdentity"], Text: m["/MessageBody"],
			Template: m["/ConfigurationSetName"],
		})
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_ = json.NewEncoder(w).Encode(map[string]string{"MessageId": t.ID})
	}
}

var authorization = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/sms-voice/` +
	`aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$`)

// signed makes the signature of a request anew, from what arrived, and compares. Host, date, target and token must be
// in it.
func (a *AWS) signed(r *http.Request, body []byte) bool {
	m := authorization.FindStringSubmatch(r.Header.Get("Authorization"))
	date := r.Header.Get("X-Amz-Date")
	at, err := time.Parse("20060102T150405Z", date)
	if m == nil || err != nil || time.Since(at).Abs() > 5*time.Minute || m[1] != a.AccessKeyID || m[2] != date[:8] ||
		m[3] != a.Region {
		return false
	}
	names := strings.Split(m[4], ";")
	musts := []string{"host", "x-amz-date", "x-amz-target", "content-type"}
	if r.Header.Get("X-Amz-Security-Token") != "" {
		musts = append(musts, "x-amz-security-token")
	}
	for _, must := range musts {
		if !slices.Contains(names, must) {
			return false
		}
	}
	lines := ""
	for _, name := range names {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		lines += name + ":" + strings.TrimSpace(value) + "\n"
	}
	sum := func(data string) string { s := sha256.Sum256([]byte(data)); return hex.EncodeToString(s[:]) }
	mac := func(key []byte, data string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(data))
		return h.Sum(nil)
	}
	canonical := fmt.Sprintf("%s\n%s\n\n%s\n%s\n%s", r.Method, r.URL.Path, lines, m[4], sum(string(body)))
	key := mac(mac(mac(mac([]byte("AWS4"+a.SecretAccessKey), m[2]), m[3]), "sms-voice"), "aws4_request")
	toSign := fmt.Sprintf("AWS4-HMAC-SHA256\n%s\n%s/%s/sms-voice/aws4_request\n%s", date, m[2], m[3], sum(canonical))
	return hex.EncodeToString(mac(key, toSign)) == m[5]
}
