package operator

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-sms-2fa/gateway/register"
)

// numbersCommand is "caddy sms-2fa numbers", what an operator can do with the register of numbers.
func numbersCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "numbers", Short: "Lists, shows, exports, imports, sets, removes and invites numbers into the register",
	}
	cmd.AddCommand(
		listCommand(), exportCommand(), importCommand(),
		(&numberCommand{path: "/sms_2fa/numbers/show", wants: wantsOne}).cobra(
			"show --user <name> | --number <number>", "Shows the numbers of a user, or whose a number is"),
		(&numberCommand{path: "/sms_2fa/numbers/set", wants: wantsBoth}).cobra(
			"set --user <name> --number <number>", "Gives a user another number, and ends the user's sessions"),
		(&numberCommand{path: "/sms_2fa/numbers/invite", wants: wantsUser}).cobra(
			"invite --user <name>", "Makes a code with which a user without a number may give one"),
		(&numberCommand{path: "/sms_2fa/numbers/remove", wants: wantsUser}).cobra(
			"remove --user <name>", "Removes a user with all numbers, and ends the user's sessions"),
	)
	return cmd
}

// numberCommand asks a running Caddy for something about a user or a number.
type numberCommand struct {
	adminAPI
	path    string // of the endpoint
	wants   func(numberRequest) error
	request numberRequest
}

func wantsOne(r numberRequest) error {
	if (r.User == "") == (r.Number == "") {
		return errors.New("expected --user or --number")
	}
	return nil
}

func wantsUser(r numberRequest) error {
	if r.User == "" {
		return errors.New("--user: it is missing; expected the user, as the first factor names them")
	}
	return nil
}

func wantsBoth(r numberRequest) error {
	if err := wantsUser(r); err != nil {
		return err
	}
	if r.Number == "" {
		return errors.New("--number: it is missing; expected a number like +15005550006")
	}
	return nil
}

func (c *numberCommand) cobra(use, short string) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs, RunE: exits(c.run),
		Long: short + ".\n\nExit status: 0 when it is done, 1 when it failed, 2 when the register knows no such user or " +
			"number.",
	}
	cmd.Flags().StringVar(&c.request.User, "user", "", "the user, as the first factor names them")
	if !strings.HasPrefix(use, "remove") && !strings.HasPrefix(use, "invite") {
		cmd.Flags().StringVar(&c.request.Number, "number", "", "the number, like +15005550006")
	}
	c.flags(cmd)
	return cmd
}

func (c *numberCommand) run(out io.Writer) (int, error) {
	if err := c.wants(c.request); err != nil {
		return exitFailed, err
	}
	var result NumberResult
	if err := c.post(c.path, c.request, &result); err != nil {
		return exitFailed, err
	}
	if c.json {
		_ = json.NewEncoder(out).Encode(result)
	} else {
		result.tell(out)
	}
	switch register.Outcome(result.Outcome) {
	case register.Missing:
		return exitNothing, nil
	case register.Other:
		return exitFailed, errors.New("the user has a number and needs no invitation; " +
			"to give another one: caddy sms-2fa numbers set")
	case register.Taken:
		return exitFailed, fmt.Errorf("the number is that of %s; remove it there first, or allow shared_numbers",
			strings.Join(result.Owners, ", "))
	}
	return exitDone, nil
}

// tell prints what was found and done.
func (r NumberResult) tell(out io.Writer) {
	for _, row := range r.Rows {
		row.tell(out)
	}
	if r.Outcome == string(register.Missing) {
		fmt.Fprintln(out, "the register knows no such user or number")
	}
	if r.Invitation != "" {
		fmt.Fprintf(out, "%s\ngood until %s, once; an earlier invitation of the user is good for nothing now\n",
			r.Invitation, r.Expires)
	}
	if len(r.Zones) > 0 {
		fmt.Fprintf(out, "sessions of the user ended in: %s\n", strings.Join(r.Zones, ", "))
	}
}

// tell prints a row in columns.
func (r numberRow) tell(out io.Writer) {
	proved := "not proved by a code yet"
	if r.First != "" {
		proved = fmt.Sprintf("proved %s, last %s", r.First, r.Last)
	}
	fmt.Fprintf(out, "%-32s %-16s %-10s %s\n", r.User, r.Number, r.How, proved)
}

// listingCommand prints all rows of the register.
type listingCommand struct {
	adminAPI
	output string
	rows   func(c *listingCommand, out io.Writer) (rowWriter, error)
}

func listCommand() *cobra.Command {
	c := &listingCommand{rows: func(c *listingCommand, out io.Writer) (rowWriter, error) {
		if c.json {
			return &jsonWriter{out: out}, nil
		}
		return plainWriter{out}, nil
	}}
	return c.cobra("list", "Lists all numbers in the register")
}

func exportCommand() *cobra.Command {
	c := &listingCommand{rows: func(c *listingCommand, out io.Writer) (rowWriter, error) {
		if c.json {
			return &jsonWriter{out: out}, nil
		}
		return newCSVWriter(out)
	}}
	cmd := c.cobra("export [--output <file>]", "Writes all numbers in the register as CSV, or as JSON")
	cmd.Flags().StringVar(&c.output, "output", "", "the file to write, for its owner alone; default: print")
	return cmd
}

func (c *listingCommand) cobra(use, short string) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs, RunE: exits(c.run),
		Long: short + ".\n\nExit status: 0 when it is done, 1 when it failed, 2 when the register is empty.",
	}
	c.flags(cmd)
	return cmd
}

func (c *listingCommand) run(out io.Writer) (int, error) {
	if c.output == "" {
		return c.write(out)
	}
	file, err := os.OpenFile(c.output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return exitFailed, fmt.Errorf("--output: %w", err)
	}
	status, err := c.write(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return exitFailed, err
	}
	return status, nil
}

// write copies the rows from the admin API, one by one.
func (c *listingCommand) write(out io.Writer) (int, error) {
	body, err := c.get("/sms_2fa/numbers")
	if err != nil {
		return exitFailed, err
	}
	defer body.Close()
	buffered := bufio.NewWriter(out)
	rows, err := c.rows(c, buffered)
	if err != nil {
		return exitFailed, err
	}
	n, err := copyRows(rows, body)
	err = errors.Join(err, rows.close(), buffered.Flush())
	switch {
	case err != nil:
		return exitFailed, err
	case n == 0:
		return exitNothing, nil
	}
	return exitDone, nil
}

// copyRows copies rows until the end of the list, and returns how many there were.
func copyRows(rows rowWriter, list io.Reader) (n int, err error) {
	for lines := json.NewDecoder(list); ; n++ {
		var line listedLine
		switch err := lines.Decode(&line); {
		case err != nil:
			return n, fmt.Errorf("the list was cut off after %d numbers: %w", n, err)
		case line.Error != "":
			return n, fmt.Errorf("the list ends after %d numbers: %s", n, line.Error)
		case line.End:
			return n, nil
		}
		if err := rows.write(line.numberRow); err != nil {
			return n, fmt.Errorf("writing numbers: %w", err)
		}
	}
}

// plainWriter writes rows for people.
type plainWriter struct{ out io.Writer }

func (w plainWriter) write(r numberRow) error { r.tell(w.out); return nil }
func (w plainWriter) close() error            { return nil }

// get asks the admin API for something that is streamed.
func (a *adminAPI) get(path string) (io.ReadCloser, error) {
	admin, err := caddycmd.DetermineAdminAPIAddress(a.address, nil, a.config, "")
	if err != nil {
		return nil, fmt.Errorf("finding admin API: %w", err)
	}
	res, err := caddycmd.AdminAPIRequest(admin, http.MethodGet, path, nil, nil)
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}
