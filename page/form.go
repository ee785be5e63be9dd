package page

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// form is a form of a page as a browser would send it.
type form struct {
	method, action string
	fields         map[string]bool
}

// forms reads the forms of a page, and reports whether the page has scripts.
func forms(source string) (all []form, scripts bool) {
	for t := html.NewTokenizer(strings.NewReader(source)); ; {
		switch t.Next() {
		case html.ErrorToken:
			return all, scripts
		case html.StartTagToken, html.SelfClosingTagToken:
			token := t.Token()
			switch token.Data {
			case "script":
				scripts = true
			case "form":
				all = append(all, form{attribute(token, "method"), attribute(token, "action"), make(map[string]bool)})
			case "input", "button", "select", "textarea":
				if len(all) > 0 {
					all[len(all)-1].fields[attribute(token, "name")] = true
				}
			}
		}
	}
}

func attribute(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// has reports whether a form posts fields to the address of an action.
func (f form) has(action string, fields ...string) bool {
	for _, name := range fields {
		if !f.fields[name] {
			return false
		}
	}
	return strings.EqualFold(f.method, "post") && strings.Contains(f.action, action)
}

// Forms are what a page can do for a visitor.
type Forms struct {
	Verify bool // it has the form that sends the code
	Send   bool // it has the form that asks for a text
	Enroll bool // it has the form in which a visitor gives a number
	Trust  bool // the form that sends the code has the field by which a visitor asks not to be asked again
	Script bool // it has scripts, which may do both in another way
}

// enrolls reports whether a page has the form in which a visitor gives a number.
func enrolls(source string) bool {
	all, _ := forms(source)
	return slices.ContainsFunc(all, func(f form) bool { return f.has("sms_2fa=enroll", "csrf", "number") })
}

// findForms finds out what a page can do that asks for the code.
func findForms(source string) Forms {
	all, scripts := forms(source)
	found := Forms{Script: scripts}
	for _, f := range all {
		found.Verify = found.Verify || f.has("sms_2fa=verify", "csrf", "code")
		found.Trust = found.Trust || f.has("sms_2fa=verify", "trust")
		found.Send = found.Send || f.has("sms_2fa=send", "csrf")
	}
	return found
}

// check refuses a page that no visitor can get past.
func (f Forms) check() error {
	if f.Verify || f.Script {
		return nil
	}
	return fmt.Errorf(`the form is missing that sends the code; expected <form method="post" {{action .VerifyURL}}> ` +
		`with the fields csrf, which holds {{.CSRF}}, and code`)
}
