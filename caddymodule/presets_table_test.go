package caddymodule_test

import (
	"maps"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// preset is one of docs/presets.md, with the server that holds it to its provider's documentation.
type preset struct {
	start    func(testing.TB) *providers.Provider
	to, from string // as the provider reads them
	// said is all that a request says, with {id}, {text} and {hex} for those of the message. gsm7 and ucs2 are what texts
	// of one encoding say beside.
	said, gsm7, ucs2 map[string]string
	own              bool // the receipt has our name for the text, not the provider's
	refers           bool // the request has our name for the text where the provider keeps it
	coded            bool // errors have the provider's code
	// classes are the codes that the preset lists; others are those of which HTTP says enough, and one that is not known.
	classes, others map[sms.Class][]string
	unclear         sms.Class // of a yes whose body cannot be read
	halved          sms.Class // of a yes whose body is cut in half
	busy            sms.Class // of a 503 that does not say when to come back; default ambiguous
}

// listed are the classes by code, as the preset has them.
func (p preset) listed() map[string]sms.Class { return byCode(p.classes) }

// codes are all codes to fail with.
func (p preset) codes() map[string]sms.Class {
	all := byCode(p.others)
	maps.Copy(all, p.listed())
	return all
}

func byCode(classes map[sms.Class][]string) map[string]sms.Class {
	codes := make(map[string]sms.Class)
	for class, all := range classes {
		for _, code := range all {
			codes[code] = class
		}
	}
	return codes
}

// inMood is the class in which a mood of the provider ends.
func (p preset) inMood(mood providers.Mood) sms.Class {
	switch mood {
	case providers.Unauthorized:
		return sms.Unauthorized
	case providers.TooMany, providers.TooManyBare:
		return sms.RateLimited
	case providers.Error503:
		return sms.Temporary
	case providers.Redirect:
		return sms.Config
	case providers.Error503Bare:
		if p.busy != "" {
			return p.busy
		}
		return sms.Ambiguous
	case providers.Error500, providers.SeeElsewhere, providers.AcceptThen500, providers.Hang, providers.AcceptThenReset:
		return sms.Ambiguous
	case providers.BrokenJSON:
		return p.halved
	}
	return p.unclear
}

// reportsTo is where a preset without signed reports lets them come to.
func reportsTo(name string) string {
	return "https://app.example.com/sms/" + name + "?secret=" + reportSecret
}

var presets = map[string]preset{
	"telnyx": {
		start: providers.StartTelnyx, to: "+15005550006", from: "Acme", coded: true,
		unclear: sms.Ambiguous, halved: sms.Ambiguous,
		said: map[string]string{
			"/from": "Acme", "/to": "+15005550006", "/text": "{text}", "/type": "SMS",
			"/messaging_profile_id": providers.TelnyxProfile, "/webhook_url": reportsTo("telnyx"),
		},
		classes: map[sms.Class][]string{
			sms.InvalidNumber: {"10001", "10002", "10016", "40001", "40008", "40012", "40310"},
			sms.Blocked:       {"40002", "40003", "40015", "40300", "sending_failed", "delivery_failed", "expired"},
			sms.RateLimited:   {"10011", "40011"}, sms.Unauthorized: {"10009", "10010"}, sms.Account: {"20100"},
			sms.Config: {"10004", "10015", "40013"}, sms.Ambiguous: {"10007"},
		},
		others: map[sms.Class][]string{sms.Config: {"99999", "99999 within 200"}, sms.Blocked: {"40300 within 200"}},
	},
	"plivo": {
		start: providers.StartPlivo, to: "15005550006", from: "Acme", unclear: sms.Ambiguous, halved: sms.Ambiguous,
		said: map[string]string{
			"/src": "Acme", "/dst": "15005550006", "/text": "{text}", "/type": "sms", "/log": "false",
			"/url": reportsTo("plivo"),
		},
		classes: map[sms.Class][]string{sms.Config: {"400", "404"}, sms.Account: {"402"}},
		others:  map[sms.Class][]string{sms.Unauthorized: {"401"}, sms.RateLimited: {"429"}, sms.Ambiguous: {"500"}},
	},
	"sinch": {
		start: providers.StartSinch, to: "+15005550006", from: "Acme", refers: true, coded: true,
		said: map[string]string{
			"/from": "Acme", "/to/0": "+15005550006", "/body": "{text}", "/type": "mt_text",
			"/delivery_report": "per_recipient", "/client_reference": "{id}",
		},
		classes: map[sms.Class][]string{
			sms.InvalidNumber: {"syntax_invalid_parameter_format", "illegal_number_type"}, sms.Account: {"blocked_account"},
			sms.Config: {"syntax_invalid_json", "syntax_constraint_violation", "missing_callback_url"},
		},
		others: map[sms.Class][]string{sms.Config: {"of_tomorrow"}, sms.Unauthorized: {"unauthorized"}},
	},
	"bird": {
		start: providers.StartBird, to: "+15005550006", from: "Acme", refers: true, coded: true,
		said:    map[string]string{"/to": "+15005550006", "/from": "Acme", "/text": "{text}"},
		classes: map[sms.Class][]string{sms.RateLimited: {"rate_limited"}},
		others:  map[sms.Class][]string{sms.Unauthorized: {"unauthorized", "forbidden"}, sms.Config: {"invalid_request"}},
	},
	"jasmin": {
		start: providers.StartJasmin, to: "15005550006", from: "Acme", unclear: sms.Ambiguous,
		said: map[string]string{
			"username": providers.User, "password": providers.Password, "from": "Acme", "to": "15005550006",
			"dlr": "yes", "dlr-level": "3", "dlr-method": "POST", "dlr-url": reportsTo("jasmin"),
		},
		gsm7:    map[string]string{"coding": "0", "content": "{text}"},
		ucs2:    map[string]string{"coding": "8", "hex-content": "{hex}"},
		classes: map[sms.Class][]string{sms.Config: {"400", "412"}},
		others:  map[sms.Class][]string{sms.Unauthorized: {"403"}, sms.Ambiguous: {"500"}},
	},
	"kannel": {
		start: providers.StartKannel, to: "+15005550006", from: "Acme", own: true, refers: true, coded: true,
		said: map[string]string{
			"username": providers.User, "password": providers.Password, "from": "Acme", "to": "+15005550006", "text": "{text}",
			"charset": "UTF-8", "dlr-mask": "27", "dlr-url": reportsTo("kannel") + "&id={id}&state=%d",
		},
		gsm7: map[string]string{"coding": "0"}, ucs2: map[string]string{"coding": "2"},
		classes: map[sms.Class][]string{
			sms.Unauthorized: {"Authorization"}, sms.Config: {"Missing", "Not routable"}, sms.Temporary: {"Temporal"},
		},
		others: map[sms.Class][]string{sms.Config: {"Unknown"}},
	},
	"playsms": {
		start: providers.StartPlaySMS, to: "+15005550006", from: "Acme", coded: true,
		unclear: sms.Ambiguous, halved: sms.Ambiguous,
		said: map[string]string{
			"app": "ws", "op": "pv", "u": providers.User, "h": providers.Password, "to": "+15005550006", "from": "Acme",
			"msg": "{text}", "type": "text", "nofooter": "1",
		},
		ucs2: map[string]string{"unicode": "1"},
		classes: map[sms.Class][]string{
			sms.Unauthorized: {"100", "104", "105", "106"}, sms.Account: {"103"},
			sms.Config: {"101", "102", "201"}, sms.Temporary: {"200"},
		},
		others: map[sms.Class][]string{sms.Config: {"999"}},
	},
	"android": {
		start: providers.StartAndroid, to: "+15005550006", refers: true, busy: sms.Temporary,
		said: map[string]string{
			"/id": "{id}", "/textMessage/text": "{text}", "/phoneNumbers/0": "+15005550006", "/withDeliveryReport:bool": "true",
			"/ttl:number": "300", "/priority:number": "100",
		},
		classes: map[sms.Class][]string{sms.Config: {"400"}, sms.Ambiguous: {"409"}, sms.Temporary: {"503"}},
		others:  map[sms.Class][]string{sms.Unauthorized: {"401"}},
	},
}

// secrets are what the presets read from the environment.
var secrets = map[string]string{
	"TELNYX_API_KEY":           providers.Password,
	"TELNYX_MESSAGING_PROFILE": providers.TelnyxProfile, "TELNYX_REPORT_SECRET": reportSecret,
	"PLIVO_AUTH_ID": providers.User, "PLIVO_AUTH_TOKEN": providers.Password, "PLIVO_REPORT_SECRET": reportSecret,
	"SINCH_SERVICE_PLAN_ID": providers.User, "SINCH_API_TOKEN": providers.Password, "SINCH_WEBHOOK_SECRET": reportSecret,
	"BIRD_API_KEY": providers.Password,
	"JASMIN_USER":  providers.User, "JASMIN_PASSWORD": providers.Password, "JASMIN_REPORT_SECRET": reportSecret,
	"KANNEL_USER": providers.User, "KANNEL_PASSWORD": providers.Password, "KANNEL_REPORT_SECRET": reportSecret,
	"PLAYSMS_USER": providers.User, "PLAYSMS_TOKEN": providers.Password,
	"ANDROID_USER": providers.User, "ANDROID_PASSWORD": providers.Password, "ANDROID_SIGNING_KEY": reportSecret,
}

const reportSecret = "0123456789abcdef-reports"
