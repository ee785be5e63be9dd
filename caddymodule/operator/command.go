package operator

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-sms-2fa/gateway/caddymodule/senders"
	"github.com/caddy-sms-2fa/gateway/session"
)

func init() { caddycmd.RegisterCommand(command) }

// command is "caddy sms-2fa", what an operator can do without a browser.
var command = caddycmd.Command{
	Name:  "sms-2fa",
	Short: "Makes secrets, unlocks accounts, ends sessions and registers with providers for the SMS second factor",
	CobraFunc: func(cmd *cobra.Command) {
		cmd.AddCommand(keygenCommand())
		cmd.AddCommand(accountCommand("unlock", "Forgives a user's wrong codes and ends a block"))
		cmd.AddCommand(accountCommand("revoke", "Ends all sessions of a user, on every gateway"))
		cmd.AddCommand(senders.DexatelCommand())
	},
}

func keygenCommand() *cobra.Command {
	return &cobra.Command{
		Use: "keygen", Short: "Prints a new secret", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			secret, err := session.NewSecret(rand.Reader)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), secret)
			return err
		},
	}
}

// accountCommand asks a running Caddy, over its admin API, to do something with an account.
func accountCommand(name, short string) *cobra.Command {
	var req adminRequest
	var address, config string
	cmd := &cobra.Command{
		Use: name + " --user <name>", Short: short, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			admin, err := caddycmd.DetermineAdminAPIAddress(address, nil, config, "")
			if err != nil {
				return fmt.Errorf("finding admin API: %w", err)
			}
			body, err := json.Marshal(req)
			if err != nil {
				return err
			}
			header := http.Header{"Content-Type": {"application/json"}}
			res, err := caddycmd.AdminAPIRequest(admin, http.MethodPost, "/sms_2fa/"+name, header, bytes.NewReader(body))
			if err != nil {
				return err
			}
			return res.Body.Close()
		},
	}
	cmd.Flags().StringVar(&req.User, "user", "", "the user, as the first factor names them")
	cmd.Flags().StringVar(&req.Zone, "zone", "default", "the zone")
	cmd.Flags().StringVar(&address, "address", "", "the address of the admin API, if it is not the default")
	cmd.Flags().StringVar(&config, "config", "", "the configuration file that names the admin API")
	_ = cmd.MarkFlagRequired("user")
	return cmd
}
