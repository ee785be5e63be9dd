package otp

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/caddy-sms-2fa/gateway/store"
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

// ExpectReports writes the record by which reports of a sender that call a text by Dispatch.ID find its account. The
// caller does so before it hands the text to the sender: the reports then find the text however the handover goes, and
// also while nobody knows how it went.
func (v *Verifier) ExpectReports(ctx context.Context, s Subject, d Dispatch, sender string) error {
	if err := v.expectReports(ctx, s, d, sender, d.ID, d.ordered); err != nil {
		return fmt.Errorf("expecting reports: %w", err)
	}
	return nil
}

// expectReports writes the record by which reports of a sender that call a text by name find its account.
func (v *Verifier) expectReports(
	ctx context.Context, s Subject, d Dispatch, sender, name string, now time.Time,
) error {
	data, err := json.Marshal(reportRecord{
		Version: recordVersion, Account: v.keys.Account(s), Zone: s.Zone, Text: d.ID,
	})
	if err != nil {
		return err
	}
	_, err = v.store.Swap(ctx, v.keys.Report(sender, name), nil, data, now.Add(reportLife))
	return err
}

// Reported is what a report came to.
type Reported struct {
	Known bool   // the report is about a text of an account
	News  bool   // the report changed what is known of that text
	Text  string // the ID of the text, if Known
	Zone  string // the zone of the text, if Known
}

// Report is what a sender says became of a text.
type Report struct {
	Sender    string
	ID        string   // the provider's name for the text, "" if the report has none
	Reference string   // our name for the text, Dispatch.ID, "" if the report has none
	Became    Delivery // sent, delivered or undelivered
}

// Report notes what became of a text. A report that is about an unknown text, or that is no news, changes nothing.
// policy finds the policy of a zone.
func (v *Verifier) Report(ctx context.Context, report Report, policy func(zone string) Policy) (Reported, error) {
	rec, err := v.reported(ctx, report)
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
		r.News = a.report(t.Text, report)
		return a.outcome(Idle, now, p, nil)
	})
	return r, err
}

// reported finds the record that leads from a report to its account, by our name for the text or by the provider's.
func (v *Verifier) reported(ctx context.Context, report Report) (rec store.Record, err error) {
	for _, name := range []string{report.Reference, report.ID} {
		if name == "" {
			continue
		}
		if rec, err = v.store.Get(ctx, v.keys.Report(report.Sender, name)); err != nil || rec.Data != nil {
			return rec, err
		}
	}
	return rec, nil
}
