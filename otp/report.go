package otp

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// trackFor is how long a report finds back to the account: longer than any challenge lasts, so that a late one is still
// known for ours.
const trackFor = time.Hour

// track is what is kept under a provider's name for a text: whose text it was. It holds no name and no number.
type track struct {
	Version int    `json:"v"`
	Account string `json:"a"`
	Zone    string `json:"z"`
	Text    string `json:"t"`
}

// track keeps whose text a provider's name stands for.
func (v *Verifier) track(ctx context.Context, s Subject, d Dispatch, h Handover, now time.Time) error {
	data, err := json.Marshal(track{Version: recordVersion, Account: v.keys.Account(s), Zone: s.Zone, Text: d.ID})
	if err != nil {
		return err
	}
	_, err = v.store.Swap(ctx, v.keys.Report(h.Sender, h.Track), nil, data, now.Add(trackFor))
	return err
}

// Reported is what became of a report.
type Reported struct {
	Known bool   // it is about a text of ours
	News  bool   // it changed something
	Text  string // the text's ID, if known
	Zone  string // the text's zone, if known
}

// Report notes what the named sender says became of the text that it calls name: sent, delivered or undelivered. A
// report that is not about a text of ours, or no news, changes nothing. policy finds the policy of a zone.
func (v *Verifier) Report(ctx context.Context, sender, name string, became Delivery, policy func(zone string) Policy) (Reported, error) {
	rec, err := v.store.Get(ctx, v.keys.Report(sender, name))
	if err != nil || rec.Data == nil {
		return Reported{}, err
	}
	var t track
	if err := json.Unmarshal(rec.Data, &t); err != nil || t.Version != recordVersion {
		return Reported{}, fmt.Errorf("reading track of a text: %w", ErrRecord)
	}
	r := Reported{Known: true, Text: t.Text, Zone: t.Zone}
	p := policy(t.Zone)
	_, _, err = v.runKey(ctx, t.Account, nil, p, func(a *Account, now time.Time) Outcome {
		r.News = a.report(t.Text, became)
		return a.outcome(Idle, now, p, nil)
	})
	return r, err
}
