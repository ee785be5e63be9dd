package senders

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/sms"
)

func (r *accountOf) listWebhooks() *cobra.Command {
	return r.onAccount("list", "Lists the addresses that Dexatel reports to",
		func(ctx context.Context, a dexatelAccount, table io.Writer) error {
			webhooks, err := a.Webhooks(ctx)
			row(table, "ID", "NAME", "EVENT", "URL")
			for _, w := range webhooks {
				row(table, w.ID, w.Name, w.Event, w.URL)
			}
			return err
		})
}

func (r *accountOf) registerWebhook() *cobra.Command {
	var w sms.DexatelWebhook
	cmd := r.onAccount("create --url <address>", "Asks for reports of deliveries, signed with report_secret",
		func(ctx context.Context, a dexatelAccount, table io.Writer) (err error) {
			if w.Secret, err = a.reportSecret(); err != nil {
				return err
			}
			created, err := a.RegisterWebhook(ctx, w)
			if err == nil {
				row(table, "sms_2fa_reports", pathOf(w.URL), cmp.Or(a.sender.Label, "dexatel"), "# webhook "+created.ID)
			}
			return err
		})
	cmd.Flags().StringVar(&w.URL, "url", "",
		"the address of sms_2fa_reports, as Dexatel reaches it, like https://app.example.com/sms/reports")
	cmd.Flags().StringVar(&w.Name, "name", "", "its name in the account (default: the host of the address)")
	return cmd
}

func (r *accountOf) deleteWebhook() *cobra.Command {
	var id string
	cmd := r.onAccount("delete <id>", "Ends the reports to an address",
		func(ctx context.Context, a dexatelAccount, table io.Writer) error {
			err := a.DeleteWebhook(ctx, id)
			if err == nil {
				row(table, "deleted", id)
			}
			return err
		})
	cmd.Args = cobra.ExactArgs(1)
	cmd.PreRun = func(_ *cobra.Command, args []string) { id = args[0] }
	return cmd
}

// reportSecret is the secret that the sender's reports are signed with.
func (a dexatelAccount) reportSecret() (secret string, err error) {
	err = guest.Settings{guest.Expanded("report_secret", &a.sender.ReportSecret, &secret)}.Resolve()
	if err == nil && secret == "" {
		err = errors.New("report_secret: it is missing; expected a long secret of your own, " +
			"like report_secret {env.DEXATEL_REPORT_SECRET}")
	}
	return secret, a.wrong(err)
}

// pathOf is the path of an address that has been found to be one.
func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return cmp.Or(u.EscapedPath(), "/")
}
