package senders

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-sms-2fa/gateway/caddymodule/guest"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// accountTimeout bounds a request to the provider that somebody at a terminal waits for.
const accountTimeout = 30 * time.Second

// accountOf finds the account at Dexatel that a configuration names.
type accountOf struct {
	config, adapter, sender string
}

// DexatelCommand is "caddy sms-2fa dexatel": senders, templates and webhooks of the configured account.
func DexatelCommand() *cobra.Command {
	var r accountOf
	cmd := &cobra.Command{
		Use: "dexatel", Short: "Lists and registers senders, templates and webhooks at Dexatel",
		Long: `
Reads the API key from the sender dexatel in the configuration; Caddy need not run.
The environment must have what the key refers to, like {env.DEXATEL_API_KEY}.`,
	}
	flags := cmd.PersistentFlags()
	flags.StringVar(&r.config, "config", "", "the configuration file (default: Caddyfile in this directory)")
	flags.StringVar(&r.adapter, "adapter", "", "the adapter that reads it, if it is neither a Caddyfile nor JSON")
	flags.StringVar(&r.sender, "sender", "", "the name of the sender, if there are several of Dexatel's")
	senders := &cobra.Command{Use: "senders", Short: "What texts come from"}
	senders.AddCommand(r.listOrigins(), r.registerOrigin())
	templates := &cobra.Command{Use: "templates", Short: "Texts into which Dexatel puts the code"}
	templates.AddCommand(r.listTemplates(), r.registerTemplate())
	webhooks := &cobra.Command{Use: "webhooks", Short: "Where Dexatel reports what became of texts"}
	webhooks.AddCommand(r.listWebhooks(), r.registerWebhook(), r.deleteWebhook())
	cmd.AddCommand(senders, templates, webhooks)
	return cmd
}

// onAccount is a command that does something with the account and prints the result.
func (r *accountOf) onAccount(
	use, short string, do func(context.Context, dexatelAccount, io.Writer) error,
) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		cmd.SilenceUsage = true
		account, err := r.account()
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), accountTimeout)
		defer cancel()
		table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
		if err := do(ctx, account, table); err != nil {
			return err
		}
		return table.Flush()
	}}
}

func (r *accountOf) listOrigins() *cobra.Command {
	return r.onAccount("list", "Lists senders: the option from takes what stands under CODE",
		func(ctx context.Context, a dexatelAccount, table io.Writer) error {
			origins, err := a.Origins(ctx)
			row(table, "CODE", "NAME", "TYPE", "COUNTRIES", "STATUS", "ID")
			for _, o := range origins {
				row(table, o.Code, o.Name, o.Type, strings.Join(o.Countries, ","), o.Status, o.ID)
			}
			return err
		})
}

func (r *accountOf) registerOrigin() *cobra.Command {
	var o sms.DexatelOrigin
	cmd := r.onAccount("create --code <name or number> --country <country>", "Asks for a sender, which Dexatel reviews",
		func(ctx context.Context, a dexatelAccount, table io.Writer) error {
			created, err := a.RegisterOrigin(ctx, o)
			if err == nil {
				row(table, "from", created.Code, "# status "+created.Status)
			}
			return err
		})
	cmd.Flags().StringVar(&o.Code, "code", "",
		"what the phone shows: a name of up to 11 characters, a number without +, or a short code")
	cmd.Flags().StringVar(&o.Name, "name", "", "its name in the account (default: the code)")
	cmd.Flags().StringSliceVar(&o.Countries, "country", nil, "where texts go, like AM; may be given several times")
	return cmd
}

func (r *accountOf) listTemplates() *cobra.Command {
	return r.onAccount("list", "Lists templates: the option template takes what stands under ID",
		func(ctx context.Context, a dexatelAccount, table io.Writer) error {
			templates, err := a.Templates(ctx)
			row(table, "ID", "NAME", "STATUS", "TEXT")
			for _, t := range templates {
				row(table, t.ID, t.Name, t.Status, t.Text)
			}
			return err
		})
}

func (r *accountOf) registerTemplate() *cobra.Command {
	var t sms.DexatelTemplate
	cmd := r.onAccount(`create --name <name> --text "Your code is {code}"`, "Asks for a template, which Dexatel reviews",
		func(ctx context.Context, a dexatelAccount, table io.Writer) error {
			created, err := a.RegisterTemplate(ctx, t)
			if err == nil {
				row(table, "template", created.ID, "# status "+created.Status)
			}
			return err
		})
	cmd.Flags().StringVar(&t.Name, "name", "", "its name in the account, up to 45 characters")
	cmd.Flags().StringVar(&t.Text, "text", "", "the text, with {code} where the code goes")
	return cmd
}

// row writes one line of a table. What a provider says is kept from steering the terminal.
func row(table io.Writer, cells ...string) {
	line := strings.Map(func(r rune) rune {
		if r != '\t' && !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.Join(cells, "\t"))
	_, _ = fmt.Fprintln(table, line)
}

// dexatelAccount is the account of a sender in a configuration file.
type dexatelAccount struct {
	*sms.DexatelAccount
	sender *Dexatel
	file   string
}

// account reads the account out of the configuration. What the gate needs beyond it may still be missing.
func (r *accountOf) account() (a dexatelAccount, err error) {
	var config []byte
	config, a.file, _, err = caddycmd.LoadConfig(r.config, r.adapter)
	switch {
	case err != nil:
		return a, err
	case a.file == "":
		return a, errors.New("there is no Caddyfile here; name one with --config")
	}
	if a.sender, err = r.find(config); err != nil {
		return a, fmt.Errorf("%s: %w", a.file, err)
	}
	var key, address string
	err = guest.Settings{
		guest.Expanded("api_key", &a.sender.APIKey, &key), guest.Expanded("base_url", &a.sender.BaseURL, &address),
	}.Resolve()
	if err == nil {
		a.DexatelAccount, err = sms.NewDexatelAccount(key, address, time.Duration(a.sender.Timeout))
	}
	return a, a.wrong(err)
}

// wrong is an error in the block of the sender, with the place where it stands; nil for no error.
func (a dexatelAccount) wrong(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: sender dexatel: %w", a.file, err)
}

// find finds the sender that is meant.
func (r *accountOf) find(config []byte) (*Dexatel, error) {
	var parsed struct {
		Apps struct {
			Gate struct {
				Senders []json.RawMessage `json:"sender"`
			} `json:"sms_2fa"`
		} `json:"apps"`
	}
	if err := json.Unmarshal(config, &parsed); err != nil {
		return nil, fmt.Errorf("reading configuration: %w", err)
	}
	var found []*Dexatel
	for _, raw := range parsed.Apps.Gate.Senders {
		var kind struct{ Sender string }
		sender := new(Dexatel)
		if json.Unmarshal(raw, &kind) != nil || kind.Sender != "dexatel" || json.Unmarshal(raw, sender) != nil {
			continue
		}
		if r.sender == "" || r.sender == cmp.Or(sender.Label, "dexatel") {
			found = append(found, sender)
		}
	}
	switch {
	case len(found) == 0:
		return nil, errors.New("there is no such sender; " +
			"expected: sms_2fa { sender dexatel { api_key … } } in the global options")
	case len(found) > 1:
		return nil, errors.New("there are several senders of Dexatel's; name one with --sender")
	}
	return found[0], nil
}
