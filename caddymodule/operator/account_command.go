package operator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// accountCommand asks a running Caddy, over its admin API, to do something with a user's accounts.
type accountCommand struct {
	adminAPI
	path    string // of the endpoint
	done    string // what was done, in a sentence about an account
	request request
}

func unlockCommand() *cobra.Command {
	c := &accountCommand{path: "/sms_2fa/unlock", done: "unlocked"}
	return c.cobra("unlock --user <name>", "Forgives a user's wrong codes, ends a block and lifts the limits of texts")
}

func revokeCommand() *cobra.Command {
	c := &accountCommand{path: "/sms_2fa/revoke", done: "all sessions ended"}
	cmd := c.cobra("revoke --user <name> | --all", "Ends all sessions of a user, or of everybody, on every gateway")
	cmd.Flags().BoolVar(&c.request.All, "all", false, "everybody, in all zones")
	return cmd
}

func (c *accountCommand) cobra(use, short string) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		Long: short + ".\n\nExit status: 0 when it is done, 1 when it failed, 2 when there is nobody of that name.",
	}
	cmd.RunE = exits(c.run)
	cmd.Flags().StringVar(&c.request.User, "user", "", "the user, as the first factor names them")
	cmd.Flags().StringVar(&c.request.Zone, "zone", "", "the zone; without it, all zones of the running configuration")
	c.flags(cmd)
	return cmd
}

// run asks, and says what was found.
func (c *accountCommand) run(out io.Writer) (int, error) {
	if c.request.User == "" && !c.request.All {
		return exitFailed, errors.New("--user: it is missing; expected the user, as the first factor names them")
	}
	var result Result
	if err := c.post(c.path, c.request, &result); err != nil {
		return exitFailed, err
	}
	c.tell(out, result)
	if result.Matched == 0 {
		return exitNothing, nil
	}
	return exitDone, nil
}

// tell prints what was found and done.
func (c *accountCommand) tell(out io.Writer, r Result) {
	if c.json {
		_ = json.NewEncoder(out).Encode(r)
		return
	}
	if r.All {
		fmt.Fprintf(out, "all sessions of everybody ended, in all zones\n")
		return
	}
	for _, a := range r.Accounts {
		if a.found() {
			fmt.Fprintf(out, "%s: account %s: %s (%s)\n", a.Zone, a.Account, c.done, a.was())
			continue
		}
		fmt.Fprintf(out, "%s: there is nobody of that name\n", a.Zone)
	}
	if r.Matched == 0 {
		fmt.Fprintf(out, "nothing matched; zones of the running configuration: %s\n", strings.Join(r.Zones, ", "))
	}
}

// was is how an account stood before the command.
func (a Account) was() string {
	stood := "free"
	switch {
	case a.Disabled:
		stood = "disabled"
	case a.BlockedFor > 0:
		stood = fmt.Sprintf("blocked for another %s", time.Duration(a.BlockedFor)*time.Second)
	}
	return fmt.Sprintf("it was %s; wrong codes: %d, texts: %d, in the directory: %t", stood, a.WrongCodes, a.Texts,
		a.Directory)
}
