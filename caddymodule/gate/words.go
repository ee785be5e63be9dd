package gate

import (
	"fmt"
	"html/template"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/page"
)

// prepareWords reads what the page and the texts say, and the ways out for a visitor who is stuck.
func (h *Handler) prepareWords() (err error) {
	if h.words, err = h.LoadWords(); err != nil {
		return err
	}
	if h.messages, err = app.NewMessages(h.Message, h.words); err != nil {
		return err
	}
	if h.help, err = way(h.Help); err != nil {
		return fmt.Errorf("help: %w", err)
	}
	if h.contact, err = way(h.Contact); err != nil {
		return fmt.Errorf("contact: %w", err)
	}
	logo, err := app.LoadLogo(h.Logo)
	if err != nil {
		return fmt.Errorf("logo: %w", err)
	}
	h.logo = template.URL(logo)
	return nil
}

// way is help or a contact as the page shows them, nil for none.
func way(value string) (*page.Way, error) {
	w, err := app.NewWay(value)
	if err != nil || value == "" {
		return nil, err
	}
	return &page.Way{Text: w.Text, URL: template.URL(w.URL)}, nil
}
