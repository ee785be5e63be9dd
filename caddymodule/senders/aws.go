package senders

import (
	"cmp"
	"os"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/sms"
)

func init() { caddy.RegisterModule(new(AWS)) }

// AWS delivers texts through AWS End User Messaging SMS (SendTextMessage). What is not configured of region and keys
// is read from the environment, as AWS's own tools do.
type AWS struct {
	Options

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
func (*AWS) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: guest.Senders + ".aws", New: func() caddy.Module { return new(AWS) }}
}

// Provision resolves the credentials.
func (s *AWS) Provision(caddy.Context) error {
	o := sms.AWSOptions{Timeout: time.Duration(s.Timeout)}
	if err := s.settings(&o).Resolve(); err != nil {
		return err
	}
	var err error
	fromEnvironment(&o)
	s.AWS, err = sms.NewAWS(o)
	return err
}

// fromEnvironment fills in what is not configured. A token belongs to the keys that it came with.
func fromEnvironment(o *sms.AWSOptions) {
	o.Region = cmp.Or(o.Region, os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"))
	if o.AccessKeyID == "" && o.SecretAccessKey == "" {
		o.AccessKeyID, o.SecretAccessKey = os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")
		o.SessionToken = cmp.Or(o.SessionToken, os.Getenv("AWS_SESSION_TOKEN"))
	}
}

func (s *AWS) settings(o *sms.AWSOptions) guest.Settings {
	return guest.Settings{
		guest.Expanded("region", &s.Region, &o.Region),
		guest.Expanded("access_key_id", &s.AccessKeyID, &o.AccessKeyID),
		guest.Expanded("secret_access_key", &s.SecretAccessKey, &o.SecretAccessKey),
		guest.Expanded("session_token", &s.SessionToken, &o.SessionToken),
		guest.Expanded("origination_identity", &s.OriginationIdentity, &o.OriginationIdentity),
		guest.Expanded("configuration_set", &s.ConfigurationSet, &o.ConfigurationSet),
		guest.Expanded("base_url", &s.BaseURL, &o.BaseURL),
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
func (s *AWS) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return s.read(d, "aws", s.settings(new(sms.AWSOptions)), nil)
}

var (
	_ guest.Sender      = (*AWS)(nil)
	_ caddy.Provisioner = (*AWS)(nil)
)
