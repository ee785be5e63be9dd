package sms_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
	"github.com/caddy-sms-2fa/gateway/sms"
)

func awsOptions(p *providers.AWS, url string) sms.AWSOptions {
	return sms.AWSOptions{
		Region: p.Region, AccessKeyID: p.AccessKeyID, SecretAccessKey: p.SecretAccessKey, SessionToken: p.SessionToken,
		OriginationIdentity: "Acme", BaseURL: url, Timeout: timeout,
	}
}

func init() {
	start := func(t *testing.T) (*providers.Provider, senderAt, []string) {
		p := providers.StartAWS(t)
		make := func(url string) (sms.Sender, error) { return sms.NewAWS(awsOptions(p, url)) }
		return p.Provider, make, []string{p.SecretAccessKey, p.AccessKeyID}
	}
	everyProvider = append(everyProvider, provider{"aws", start, map[sms.Class][]string{
		sms.Blocked: {
			"DESTINATION_PHONE_NUMBER_OPTED_OUT", "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION",
			"DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE", "COUNTRY_NOT_ENABLED",
		},
		sms.Config: {
			"DESTINATION_PHONE_NUMBER_NOT_VERIFIED", "NO_ORIGINATION_IDENTITIES_FOUND", "INVALID_PARAMETER",
			"INVALID_IDENTITY_FOR_DESTINATION_COUNTRY", "PRICE_OVER_THRESHOLD", "SENDER_ID_NOT_REGISTERED",
			"ConflictException", "ValidationException", "ResourceNotFoundException",
		},
		sms.Account:     {"MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT", "ServiceQuotaExceededException"},
		sms.RateLimited: {"ThrottlingException"},
		sms.Ambiguous:   {"InternalServerException"},
		sms.Unauthorized: {
			"AccessDeniedException", "UnrecognizedClientException", "InvalidSignatureException",
			"ExpiredTokenException", "IncompleteSignatureException", "MissingAuthenticationTokenException",
		},
	}, "A_REASON_OF_TOMORROW", ""})
}

func TestAWSContract(t *testing.T) {
	t.Parallel()
	p := providers.StartAWS(t)
	for i, token := range []string{"", "a-session-token"} {
		p.SessionToken = token
		o := awsOptions(p, p.URL)
		o.ConfigurationSet = "codes"
		s, err := sms.NewAWS(o)
		if err != nil {
			t.Fatal(err)
		}
		m := message
		m.TTL = time.Second // less than AWS takes
		receipt, err := s.Send(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Wait(t, i+1); receipt.ID != got.ID || got.To != "+15005550006" || got.From != "Acme" ||
			got.Text != message.Text || got.Template != "codes" {
			t.Errorf("%+v, receipt %+v", got, receipt)
		}
	}
	o := awsOptions(p, p.URL)
	o.SecretAccessKey = "another"
	s, _ := sms.NewAWS(o)
	_, err := s.Send(t.Context(), message)
	judge(t, err, sms.Unauthorized, []string{"another"})
}

func TestAWSOptions(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(*sms.AWSOptions){
		"":                  func(*sms.AWSOptions) {},
		"region":            func(o *sms.AWSOptions) { o.Region = "evil.example/" },
		"access_key_id":     func(o *sms.AWSOptions) { o.AccessKeyID = "" },
		"secret_access_key": func(o *sms.AWSOptions) { o.SecretAccessKey = "" },
		"base_url":          func(o *sms.AWSOptions) { o.BaseURL = "http://sms.example.com" },
	} {
		o := sms.AWSOptions{Region: "us-gov-west-1", AccessKeyID: "k", SecretAccessKey: "s"}
		spoil(&o)
		_, err := sms.NewAWS(o)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want+":")) {
			t.Errorf("error %v does not name %q", err, want)
		}
	}
}
