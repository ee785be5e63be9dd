package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// AWSOptions are the settings of AWS End User Messaging SMS.
type AWSOptions struct {
	Region              string        // required: like eu-central-1
	AccessKeyID         string        // required
	SecretAccessKey     string        // required
	SessionToken        string        // only with credentials that expire
	OriginationIdentity string        // number, sender ID, pool or ARN; default: AWS picks one for the country
	ConfigurationSet    string        // default none
	BaseURL             string        // default https://sms-voice.<region>.amazonaws.com
	Timeout             time.Duration // default DefaultTimeout
}

// AWS sends through AWS End User Messaging SMS, the action SendTextMessage. The gate makes the codes and checks them.
type AWS struct {
	options AWSOptions
	key     awsKey
	client  *client
}

var _ Sender = (*AWS)(nil)

var awsRegion = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$`)

// NewAWS returns a sender. Errors name the option that is wrong.
func NewAWS(o AWSOptions) (*AWS, error) {
	if !awsRegion.MatchString(o.Region) {
		return nil, errors.New("region: it is missing, or not like eu-central-1; " +
			"the environment variable AWS_REGION is read too")
	}
	if err := credential("access_key_id", o.AccessKeyID); err != nil {
		return nil, fmt.Errorf("%w; the environment variable AWS_ACCESS_KEY_ID is read too", err)
	}
	if err := credential("secret_access_key", o.SecretAccessKey); err != nil {
		return nil, fmt.Errorf("%w; the environment variable AWS_SECRET_ACCESS_KEY is read too", err)
	}
	var err error
	if o.BaseURL, err = baseURL("base_url", o.BaseURL, "https://sms-voice."+o.Region+".amazonaws.com"); err != nil {
		return nil, err
	}
	key := awsKey{
		ID: o.AccessKeyID, Secret: o.SecretAccessKey, Token: o.SessionToken, Region: o.Region, Service: "sms-voice",
	}
	return &AWS{options: o, key: key, client: newClient(o.Timeout)}, nil
}

// Name is "aws".
func (*AWS) Name() string { return "aws" }

// awsMessage is the input of SendTextMessage.
type awsMessage struct {
	To               string `json:"DestinationPhoneNumber"`
	Text             string `json:"MessageBody"`
	Type             string `json:"MessageType"`
	From             string `json:"OriginationIdentity,omitempty"`
	ConfigurationSet string `json:"ConfigurationSetName,omitempty"`
	TTL              int    `json:"TimeToLive"`
}

// minAWSTTL is the shortest TimeToLive that AWS accepts, in seconds.
const minAWSTTL = 5

// Send hands a text to AWS.
func (s *AWS) Send(ctx context.Context, m Message) (Receipt, error) {
	body, err := json.Marshal(awsMessage{
		To: m.To.E164(), Text: m.Text, Type: "TRANSACTIONAL", From: s.options.OriginationIdentity,
		ConfigurationSet: s.options.ConfigurationSet, TTL: max(minAWSTTL, int(m.TTL.Seconds())),
	})
	if err != nil {
		return Receipt{}, &Error{Class: Config, Err: errors.New("the text cannot be encoded")}
	}
	q := request{http.MethodPost, s.options.BaseURL + "/", http.Header{
		"Content-Type": {"application/x-amz-json-1.0"}, "X-Amz-Target": {"PinpointSMSVoiceV2.SendTextMessage"},
	}, body}
	if err := s.key.sign(&q, s.client.now()); err != nil {
		return Receipt{}, &Error{Class: Config, Err: errors.New("the request cannot be signed")}
	}
	a, err := s.client.do(ctx, q)
	if err != nil {
		return Receipt{}, err
	}
	return readAWS(a)
}

// awsAnswer is the body of an answer, whether AWS accepted the text or refused it. A refusal has a type, and mostly a
// reason, which is more exact.
type awsAnswer struct {
	MessageID string `json:"MessageId"`
	Type      string `json:"__type"`
	Reason    string `json:"Reason"`
}

// readAWS finds out whether AWS accepted a text. The status decides; an accepted text whose answer cannot be read
// gets a receipt without an ID, because another attempt could send it twice.
func readAWS(a answer) (Receipt, error) {
	var body awsAnswer
	_ = json.Unmarshal(a.body, &body)
	if a.ok() {
		return Receipt{ID: printable(body.MessageID)}, nil
	}
	kind := body.Type[strings.LastIndex(body.Type, "#")+1:]
	e := a.refusal(body.Reason, awsClasses)
	if _, known := awsClasses[e.Code]; !known {
		e = a.refusal(kind, awsClasses) // the type is known also when AWS has added a new reason
	}
	return Receipt{}, e
}

// awsClasses has the documented reasons, and the types of the exceptions that have no reason.
var awsClasses = map[string]Class{
	"DESTINATION_PHONE_NUMBER_OPTED_OUT": Blocked, "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION": Blocked,
	"DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE": Blocked, "COUNTRY_NOT_ENABLED": Blocked,
	"DESTINATION_PHONE_NUMBER_NOT_VERIFIED": Config, "NO_ORIGINATION_IDENTITIES_FOUND": Config,
	"INVALID_PARAMETER": Config, "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY": Config, "PRICE_OVER_THRESHOLD": Config,
	"SENDER_ID_NOT_REGISTERED": Config,

	"MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT": Account, "ServiceQuotaExceededException": Account,
	"ThrottlingException": RateLimited, "InternalServerException": Ambiguous,
	"ConflictException": Config, "ValidationException": Config, "ResourceNotFoundException": Config,
	"AccessDeniedException": Unauthorized, "UnrecognizedClientException": Unauthorized,
	"InvalidSignatureException": Unauthorized, "ExpiredTokenException": Unauthorized,
	"IncompleteSignatureException": Unauthorized, "MissingAuthenticationTokenException": Unauthorized,
}
