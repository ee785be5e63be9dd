package otp

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

// The form of a record stays the same from release to release, name by name: the next version reads the same store.
func TestRecordFormNeverChanges(t *testing.T) {
	t.Parallel()
	a := account{
		Counted: 1, InARow: 4, Blocks: 1, BlockedAt: start.Add(-time.Minute), BlockedUntil: start, Phone: "p:IhE8",
		Texts: []Text{{
			ID: "t1", At: start, Delivery: DeliverySent, CodeBy: "two", Sender: "one", ProviderID: "VE1",
			RetryAt: start.Add(time.Minute), Answered: true, Lifted: true,
		}},
		Challenges: []Challenge{{
			ID: ChallengeID{1}, Begun: start, Expires: start.Add(time.Minute), texts: []string{"t1"},
			marks: []mark{{2}}, unanswered: 1, opened: start.Add(time.Second), by: BrowserID{3}, stamp: 7, codeKey: "k1",
			Phone: "p:b3Ro",
		}, {
			ID: ChallengeID{2}, Begun: start, Expires: start.Add(time.Minute), Phone: "p:IhE8",
		}},
		Stamp: 8, Ends: []logEnd{{Position: "12-0", Until: start}},
	}
	const want = `{"v":2,"w":1,"r":4,"b":1,"f":1803902340000,"u":1803902400000,"p":"p:IhE8",` +
		`"t":[{"i":"t1","a":1803902400000,"d":"sent","k":"two","s":"one","n":"VE1","r":1803902460000,` +
		`"y":true,"l":true}],` +
		`"c":[{"i":"AQAAAAAAAAAAAAAAAAAAAA","a":1803902400000,"e":1803902460000,"t":["t1"],"m":["AgAAAAAAAAA"],` +
		`"n":1,"o":1803902401000,"y":"AwAAAAAAAAAAAAAAAAAAAA","s":7,"k":"k1","p":"p:b3Ro"},` +
		`{"i":"AgAAAAAAAAAAAAAAAAAAAA","a":1803902400000,"e":1803902460000}],` +
		`"s":8,"l":[{"p":"12-0","u":1803902400000}]}`
	data, err := a.encode()
	if err != nil || string(data) != want {
		t.Errorf("an account is written as\n%s\nwant\n%s (%v)", data, want, err)
	}
	back, err := decode(data)
	if err != nil || !reflect.DeepEqual(back, a) {
		t.Errorf("read back as\n%+v\nwant\n%+v (%v)", back, a, err)
	}
}

// So does the form of the record by which a report finds the account of its text.
func TestReportRecordFormNeverChanges(t *testing.T) {
	t.Parallel()
	const want = `{"v":2,"a":"a:IhE8","z":"default","t":"t1"}`
	data, err := json.Marshal(reportRecord{Version: recordVersion, Account: "a:IhE8", Zone: "default", Text: "t1"})
	if err != nil || string(data) != want {
		t.Errorf("written as\n%s\nwant\n%s (%v)", data, want, err)
	}
}

func TestRecordKeepsEverything(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.a.settle(s.now, s.begin(&b).Dispatch, Handover{Delivery: DeliverySent, Sender: "twilio", ProviderID: "VE1"})
	s.try(b, mark{1}, false)
	s.try(b, rightMark, true)
	data, err := s.a.encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	again, err := back.encode()
	if err != nil || string(again) != string(data) {
		t.Errorf("record changed on its way:\n%s\n%s (%v)", data, again, err)
	}
	if want := s.a.Challenges[0].opened; !back.Challenges[0].opened.Equal(want) {
		t.Errorf("opened at %s, want %s", back.Challenges[0].opened, want)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"v":2,"w":1,"c":[{"i":"AAAAAAAAAAAAAAAAAAAAAA","a":1,"e":2}]}`))
	f.Add([]byte(`{"v":3}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := decode(data)
		if err != nil {
			return
		}
		if a.Counted < 0 || a.InARow < 0 || a.Blocks < 0 {
			t.Errorf("%q decodes to %+v", data, a)
		}
	})
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"newer version":   `{"v":3}`,
		"no version":      `{}`,
		"unknown field":   `{"v":2,"x":1}`,
		"negative":        `{"v":2,"w":-1}`,
		"short challenge": `{"v":2,"c":[{"i":"AAAA","a":1,"e":2}]}`,
		"bad mark":        `{"v":2,"c":[{"i":"AAAAAAAAAAAAAAAAAAAAAA","a":1,"e":2,"m":["!"]}]}`,
		"two values":      `{"v":2}{"v":2}`,
		"empty":           ``,
		"not JSON":        `hello`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := decode([]byte(data)); err == nil {
				t.Errorf("decoded %q", data)
			}
		})
	}
}
