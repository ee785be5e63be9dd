package caddymodule

import (
	"os"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/sms"
)

// AWSSender delivers texts through AWS End User Messaging SMS (SendTextMessage). What is not configured of region and keys
// is read from the environment, as AWS's own tools do.
type AWSSender struct {
	SenderOptions

	// The region, like `eu-central-1`. Default: the environment variable `AWS_REGION`, then `AWS_DEFAULT_REGION`.
	Region string `json:"region,omitempty"`

	// The credentials. Default: the environment variables `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and
	// `AWS_SESSION_TOKEN`.
	AccessKeyID     string `json:"access_key_id,omitempty"`
	SecretAccessKey string `json:"secret_access_key,omitempty"`
	SessionToken    string `json:"session_token,omitempty"`

	// What texts come from: a number, a sender ID, a pool or an ARN. Default: AWS chooses one of the account's.
	OriginationIdentity string `json:"origination_identity,omitempty"`

	// A configuration set, to which AWS sends its own events. Default: none.
	ConfigurationSet string `json:"configuration_set,omitempty"`

	// Where the API is. Default: `https://sms-voice.<region>.amazonaws.com`.
	BaseURL string `json:"base_url,omitempty"`

	*sms.AWS `json:"-"`
}

// CaddyModule returns the Caddy module information.
func (*AWSSender) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: senderNamespace + ".aws", New: func() caddy.Module { return new(AWSSender) }}
}

// Provision resolves the credentials.
func (s *AWSSender) Provision(caddy.Context) error {
	o := sms.AWSOptions{Timeout: time.Duration(s.Timeout)}
	err := resolve(
		setting{"region", s.Region, &o.Region}, setting{"access_key_id", s.AccessKeyID, &o.AccessKeyID},
		setting{"secret_access_key", s.SecretAccessKey, &o.SecretAccessKey}, setting{"session_token", s.SessionToken, &o.SessionToken},
		setting{"origination_identity", s.OriginationIdentity, &o.OriginationIdentity},
		setting{"configuration_set", s.ConfigurationSet, &o.ConfigurationSet}, setting{"base_url", s.BaseURL, &o.BaseURL},
	)
	if err != nil {
		return err
	}
	fromEnvironment(&o)
	s.AWS, err = sms.NewAWS(o)
	return err
}

// fromEnvironment fills in what is not configured. A token belongs to the keys that it came with.
func fromEnvironment(o *sms.AWSOptions) {
	o.Region = first(o.Region, first(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION")))
	if o.AccessKeyID == "" && o.SecretAccessKey == "" {
		o.AccessKeyID, o.SecretAccessKey = os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")
		o.SessionToken = first(o.SessionToken, os.Getenv("AWS_SESSION_TOKEN"))
	}
}

// UnmarshalCaddyfile reads
//
//	sender aws {
//		region               <region>
//		access_key_id        <id>
//		secret_access_key    <key>
//		session_token        <token>
//		origination_identity <number, sender ID, pool or ARN>
//		configuration_set    <name>
//		base_url             <url>
//		<options of every sender>
//	}
func (s *AWSSender) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return senderBlock(d, "aws", &s.SenderOptions, map[string]*string{
		"region": &s.Region, "access_key_id": &s.AccessKeyID, "secret_access_key": &s.SecretAccessKey, "session_token": &s.SessionToken,
		"origination_identity": &s.OriginationIdentity, "configuration_set": &s.ConfigurationSet, "base_url": &s.BaseURL,
	}, nil)
}

var (
	_ SenderModule      = (*AWSSender)(nil)
	_ caddy.Provisioner = (*AWSSender)(nil)
)
