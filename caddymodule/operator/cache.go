package operator

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
)

// Dropped is the answer of the admin API to drop-caches.
type Dropped struct {
	// Directories are those that have a cache, by the names that they have in logs and metrics.
	Directories []string `json:"directories"`
}

// dropCaches is the endpoint that makes this gateway forget the numbers that its directories have cached.
func dropCaches(w http.ResponseWriter, r *http.Request) error {
	a, err := posted(r)
	if err != nil {
		return err
	}
	dropped := Dropped{a.DropDirectoryCaches()}
	a.Log().Info("caches of directories dropped", zap.Strings("directories", dropped.Directories))
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(dropped)
}

// cacheCommand asks a running Caddy to drop the caches of its directories.
type cacheCommand struct{ adminAPI }

func dropCachesCommand() *cobra.Command {
	c := new(cacheCommand)
	const short = "Forgets the numbers that directories have cached, on one gateway"
	cmd := &cobra.Command{
		Use: "drop-caches", Short: short, Args: cobra.NoArgs, RunE: exits(c.run),
		Long: short + ".\n\nExit status: 0 when it is done, 1 when it failed, 2 when no directory has a cache.",
	}
	c.flags(cmd)
	return cmd
}

// run asks, and says which directories had a cache.
func (c *cacheCommand) run(out io.Writer) (int, error) {
	var dropped Dropped
	if err := c.post("/sms_2fa/drop-caches", struct{}{}, &dropped); err != nil {
		return exitFailed, err
	}
	none := len(dropped.Directories) == 0
	switch {
	case c.json:
		_ = json.NewEncoder(out).Encode(dropped)
	case none:
		fmt.Fprintln(out, "no directory of the running configuration has a cache")
	default:
		fmt.Fprintf(out, "dropped what is cached of: %s\n", strings.Join(dropped.Directories, ", "))
	}
	if none {
		return exitNothing, nil
	}
	return exitDone, nil
}
