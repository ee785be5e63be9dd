package operator

import (
	"crypto/rand"
	"fmt"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-sms-2fa/gateway/caddymodule/senders"
	"github.com/caddy-sms-2fa/gateway/session"
)

func init() { caddycmd.RegisterCommand(command) }

// command is "caddy sms-2fa", what an operator can do without a browser.
var command = caddycmd.Command{
	Name:  "sms-2fa",
	Short: "Makes secrets, unlocks accounts, ends sessions and keeps numbers for the SMS second factor",
	CobraFunc: func(cmd *cobra.Command) {
		cmd.AddCommand(keygenCommand())
		cmd.AddCommand(unlockCommand())
		cmd.AddCommand(revokeCommand())
		cmd.AddCommand(dropCachesCommand())
		cmd.AddCommand(numbersCommand())
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
