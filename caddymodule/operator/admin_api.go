package operator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// The exit status of the commands.
const (
	exitDone    = 0
	exitFailed  = 1
	exitNothing = 2 // there is nobody of that name, or nothing else that was meant
)

// adminAPI is the admin API of a running Caddy, where a command's flags say that it is.
type adminAPI struct {
	address, config string
	json            bool // the answer is printed as it came
}

func (a *adminAPI) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&a.json, "json", false, "print the answer as JSON")
	cmd.Flags().StringVar(&a.address, "address", "", "the address of the admin API, if it is not the default")
	cmd.Flags().StringVar(&a.config, "config", "", "the configuration file that names the admin API")
}

// post sends a request, as JSON, and reads the answer into result.
func (a *adminAPI) post(path string, request, result any) error {
	admin, err := caddycmd.DetermineAdminAPIAddress(a.address, nil, a.config, "")
	if err != nil {
		return fmt.Errorf("finding admin API: %w", err)
	}
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	header := http.Header{"Content-Type": {"application/json"}}
	res, err := caddycmd.AdminAPIRequest(admin, http.MethodPost, path, header, bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(result); err != nil {
		return fmt.Errorf("reading answer of admin API: %w", err)
	}
	return nil
}

// exits makes a cobra command of one that returns its exit status. Caddy prints the error.
func exits(run func(out io.Writer) (int, error)) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		cmd.SilenceUsage, cmd.SilenceErrors = true, true
		return caddycmd.WrapCommandFuncForCobra(func(caddycmd.Flags) (int, error) {
			return run(cmd.OutOrStdout())
		})(cmd, nil)
	}
}
