package sms_test

import (
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv/providers"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// A report names its text as the receipt did, has the price and the network, and, in the revision that repeats the
// payload, our own name for the text.
func TestDexatelReportsOnOurText(t *testing.T) {
	t.Parallel()
	const secret = "dxt-secret"
	onEachRevision(t, func(t *testing.T, p *providers.Dexatel) {
		d := newDexatel(t, p, func(o *sms.DexatelOptions) { o.ReportSecret = secret })
		receipt, err := d.Send(t.Context(), message)
		if err != nil {
			t.Fatal(err)
		}
		want := sms.Report{ID: receipt.ID, State: sms.Delivered, Price: "0.03", Network: "28301"}
		if p.Revision == providers.DexatelOf2026 {
			want.Reference = message.ID
		}
		now := time.Now()
		r := p.DeliveryEvent(secret, receipt.ID, "delivered", now)
		body, _ := io.ReadAll(r.Body)
		reports, err := d.ReadReports(r, body, now)
		if err != nil || len(reports) != 1 || reports[0] != want {
			t.Errorf("%+v, %v, want %+v", reports, err, want)
		}
		if !d.Refers() {
			t.Error("our name for a text is not expected in reports")
		}
	})
}

// Price and network are taken only in the form that they have, as texts or as numbers; a report needs a name of its
// text, ours or Dexatel's.
func TestDexatelReportFields(t *testing.T) {
	t.Parallel()
	const secret = "dxt-secret"
	p := providers.StartDexatel(t)
	d := newDexatel(t, p, func(o *sms.DexatelOptions) { o.ReportSecret = secret })
	now := time.Now()
	for _, tt := range []struct {
		name    string
		members map[string]any
		want    sms.Report
	}{
		{
			"as numbers",
			map[string]any{"price": 0.03, "mccmnc": 28301},
			sms.Report{ID: "m-1", Price: "0.03", Network: "28301"},
		},
		{
			"six digits of network",
			map[string]any{"price": "12", "mccmnc": "310260"},
			sms.Report{ID: "m-1", Price: "12", Network: "310260"},
		},
		{"a number for a network", map[string]any{"price": "+15005550006", "mccmnc": "15005550006"}, sms.Report{ID: "m-1"}},
		{"a line end", map[string]any{"price": "1\n", "mccmnc": "28301\n"}, sms.Report{ID: "m-1"}},
		{
			"other kinds",
			map[string]any{"price": true, "mccmnc": []int{1}, "payload": map[string]int{}},
			sms.Report{ID: "m-1"},
		},
		{"a payload", map[string]any{"payload": "00112233aabbccdd"}, sms.Report{ID: "m-1", Reference: "00112233aabbccdd"}},
		{
			"a payload alone",
			map[string]any{"payload": "00112233aabbccdd", "message_id": ""},
			sms.Report{Reference: "00112233aabbccdd"},
		},
		{"a payload that is not ours", map[string]any{"payload": "a\nb"}, sms.Report{ID: "m-1"}},
	} {
		data := map[string]any{
			"message_id": "m-1", "event": "delivery", "status": "delivered", "timestamp": now.UTC().Format(time.DateTime),
		}
		for name, value := range tt.members {
			data[name] = value
		}
		body, _ := json.Marshal(map[string]any{"data": data})
		tt.want.State = sms.Delivered
		reports, err := d.ReadReports(p.Event(secret, body), body, now)
		if err != nil || len(reports) != 1 || reports[0] != tt.want {
			t.Errorf("%s: %+v, %v", tt.name, reports, err)
		}
	}
}
