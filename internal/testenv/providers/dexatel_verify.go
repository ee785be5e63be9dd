package providers

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// codeLifetime is how long the code of a verification holds.
const codeLifetime = 5 * time.Minute

func (d *Dexatel) judgeVerification(body []byte) (Text, string) {
	m, refusal := dataFields(body, "channel", "sender", "phone", "template", "code", "code_length:number",
		"payload", "number_formatting:bool")
	code, own := m["code"]
	length, theirs := m["code_length:number"]
	switch {
	case refusal != "":
		return Text{}, refusal
	case longer(m["payload"], maxPayload):
		return Text{}, "1705"
	case m["sender"] == "":
		return Text{}, "1620"
	case !isOrigin(m["sender"]):
		return Text{}, "1504"
	case !plainDigits.MatchString(m["phone"]):
		return Text{}, "1621"
	case m["template"] == "":
		return Text{}, "1622"
	case !uuid.MatchString(m["template"]):
		return Text{}, "1512"
	case own && theirs:
		return Text{}, "1629"
	case !m.between("code_length:number", 4, 8):
		return Text{}, "1623"
	case !theirs && (len(code) < 4 || len(code) > 8):
		return Text{}, "1631"
	case strings.Trim(code, "0123456789") != "":
		return Text{}, "1632"
	case m["channel"] != "SMS":
		return Text{}, "1515"
	}
	if theirs {
		code = sixDigits(len(d.Texts()))[:min(6, number(length))]
	}
	return Text{
		To: m.formatted("phone"), From: m["sender"], Template: m["template"], Code: code, Reference: m["payload"],
	}, ""
}

// date is a time as the revision writes it. All times are in UTC; those of 2022 do not say so.
func (d *Dexatel) date(at time.Time) string {
	if d.Revision == DexatelOf2026 {
		return at.UTC().Format("2006-01-02T15:04:05.000Z07:00")
	}
	return at.UTC().Format(time.DateTime)
}

// newVerification is the answer to a new verification. The code is in the list only.
func (d *Dexatel) newVerification(t Text, mood Mood) map[string]any {
	item := map[string]any{"account_id": dexatelAccountID, "message_id": t.ID}
	if mood == CodeInClear {
		item["code"] = t.Code
	}
	if d.Revision == DexatelOf2022 {
		item["phone"], item["create_date"], item["expire_date"] = t.To, d.date(t.At), d.date(t.At.Add(codeLifetime))
	}
	return item
}

// verificationItem is a verification as it stands in the list.
func (d *Dexatel) verificationItem(t Text) map[string]any {
	item := map[string]any{
		"account_id": dexatelAccountID, "message_id": t.ID, "phone": t.To,
		"create_date": d.date(t.At), "expire_date": d.date(t.At.Add(codeLifetime)),
	}
	if d.Revision == DexatelOf2022 {
		item["code"] = t.Code
	}
	return item
}

// keep remembers a verification until its code is asked for.
func (d *Dexatel) keep(t Text) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.verifications = append(d.verifications, t)
}

// check lists the verifications that a number and a code fit, as long as they hold, and forgets them: a code is good
// once.
func (d *Dexatel) check(w http.ResponseWriter, r *http.Request) {
	mood, q := d.Mood(), r.URL.Query()
	switch {
	case !asks(r, "code", "phone"):
		d.refuse(w, r, 0, "1705")
		return
	case q.Get("code") == "" || !plainDigits.MatchString(q.Get("phone")):
		d.refuse(w, r, 0, "1621")
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	found := []map[string]any{}
	d.verifications = slices.DeleteFunc(d.verifications, func(t Text) bool {
		fits := t.To == q.Get("phone") && t.Code == q.Get("code")
		listed := (fits || mood == FilterIgnored && t.To == q.Get("phone")) && time.Since(t.At) < codeLifetime
		if listed {
			found = append(found, d.verificationItem(t))
		}
		return listed && mood != FilterIgnored
	})
	writeData(w, http.StatusOK, d.entries(mood, found))
}

// entries are what a list shows in a mood.
func (d *Dexatel) entries(mood Mood, found []map[string]any) []map[string]any {
	switch mood {
	case ExpiredEntry:
		for _, entry := range found {
			entry["expire_date"] = d.date(time.Now().Add(-time.Minute))
		}
	case TwoEntries:
		return append(found, found...)
	}
	return found
}
