package otp

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// reportLife is how long a report record is kept: longer than any challenge lasts, so that a late report still
// finds the account of its text.
const reportLife = time.Hour

// reportRecord leads from the provider's name for a text to the account whose text it is. It holds no name and no
// number.
type reportRecord struct {
	Version int    `json:"v"`
	Account string `json:"a"`
	Zone    string `json:"z"`
	Text    string `json:"t"`
}

// expectReports writes the record by which reports of a text find its account.
func (v *Verifier) expectReports(ctx context.Context, s Subject, d Dispatch, h Handover, now time.Time) error {
	data, err := json.Marshal(reportRecord{
		Version: recordVersion, Account: v.keys.Account(s), Zone: s.Zone, Text: d.ID,
	})
	if err != nil {
		return err
	}
	_, err = v.store.Swap(ctx, v.keys.Report(h.Sender, h.ReportID), nil, data, now.Add(reportLife))
	return err
}

// Reported is what a report came to.
type Reported struct {
	Known bool   // the report is about a text of an account
	News  bool   // the report changed what is known of that text
	Text  string // the ID of the text, if Known
	Zone  string // the zone of the text, if Known
}

// Report notes what a sender says became of the text that it calls reportID: sent, delivered or undelivered. A
// report that is about an unknown text, or that is no news, changes nothing. policy finds the policy of a zone.
func (v *Verifier) Report(
	ctx context.Context, sender, reportID string, became Delivery, policy func(zone string) Policy,
) (Reported, error) {
	rec, err := v.store.Get(ctx, v.keys.Report(sender, reportID))
	if err != nil || rec.Data == nil {
		return Reported{}, err
	}
	var t reportRecord
	if err := json.Unmarshal(rec.Data, &t); err != nil || t.Version != recordVersion {
		return Reported{}, fmt.Errorf("reading track of a text: %w", ErrRecord)
	}
	r := Reported{Known: true, Text: t.Text, Zone: t.Zone}
	p := policy(t.Zone)
	_, _, err = v.runKey(ctx, t.Account, nil, p, func(a *account, now time.Time) Outcome {
		r.News = a.report(t.Text, became)
		return a.outcome(Idle, now, p, nil)
	})
	return r, err
}
