package otp

import (
	"encoding/json"
	"testing"
	"time"
)

// The form of a record stays what it is from release to release, name by name: a store outlives the gateway's version.
func TestRecordFormNeverChanges(t *testing.T) {
	t.Parallel()
	a := Account{
		Wrong: 1, InARow: 4, Blocks: 1, BlockedUntil: start,
		Texts: []Text{{
			ID: "t1", At: start, Delivery: DeliverySent, Maker: "two", Via: "one", Ref: "VE1",
			RetryAt: start.Add(time.Minute),
		}},
		Challenges: []Challenge{{
			ID: ChallengeID{1}, Begun: start, Expires: start.Add(time.Minute), Texts: []string{"t1"}, Marks: []Mark{{2}},
			Unanswered: 1, Opened: start.Add(time.Second), By: BrowserID{3},
		}},
	}
	const want = `{"v":2,"w":1,"r":4,"b":1,"u":1803902400000,` +
		`"t":[{"i":"t1","a":1803902400000,"d":"sent","k":"two","s":"one","n":"VE1","r":1803902460000}],` +
		`"c":[{"i":"AQAAAAAAAAAAAAAAAAAAAA","a":1803902400000,"e":1803902460000,"t":["t1"],"m":["AgAAAAAAAAA"],` +
		`"n":1,"o":1803902401000,"y":"AwAAAAAAAAAAAAAAAAAAAA"}]}`
	if data, err := a.encode(); err != nil || string(data) != want {
		t.Errorf("an account is written as\n%s\nwant\n%s (%v)", data, want, err)
	}
}

// So does the form of what is kept of a text until its reports have come.
func TestTrackFormNeverChanges(t *testing.T) {
	t.Parallel()
	const want = `{"v":2,"a":"a:IhE8","z":"default","t":"t1"}`
	data, err := json.Marshal(track{Version: recordVersion, Account: "a:IhE8", Zone: "default", Text: "t1"})
	if err != nil || string(data) != want {
		t.Errorf("written as\n%s\nwant\n%s (%v)", data, want, err)
	}
}

// The values of kinds and of states of delivery are written into logs, metrics and records.
func TestValuesNeverChange(t *testing.T) {
	t.Parallel()
	for want, kind := range map[string]Kind{
		"idle": Idle, "open": Open, "sending": Sending, "asking": Asking, "right": Right, "wrong": Wrong,
		"malformed": Malformed, "expired": Expired, "blocked": Blocked, "disabled": Disabled, "limited": Limited,
	} {
		if string(kind) != want {
			t.Errorf("kind is %q, want %q", kind, want)
		}
	}
	for want, delivery := range map[string]Delivery{
		"sending": DeliverySending, "sent": DeliverySent, "delivered": DeliveryDelivered, "failed": DeliveryFailed,
		"unknown": DeliveryUnknown, "undelivered": DeliveryUndelivered,
	} {
		if string(delivery) != want {
			t.Errorf("delivery is %q, want %q", delivery, want)
		}
	}
}
