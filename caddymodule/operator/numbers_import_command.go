package operator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/caddy-sms-2fa/gateway/register"
)

// importCommand enters the numbers of a file in the register of a running Caddy.
type importFile struct {
	adminAPI
	path  string
	count struct{ Entered, Unchanged, Refused int }
}

func importCommand() *cobra.Command {
	c := new(importFile)
	const short = "Enters the numbers of a CSV or JSON file in the register"
	cmd := &cobra.Command{
		Use: "import <file>", Short: short, Args: cobra.ExactArgs(1),
		Long: short + `; - is the standard input.

A CSV has the columns user and number, and perhaps first_proven, last_proven and how, as an export
has them. Each line that is refused is reported with what is wrong and what to do, and the other
lines are entered. Importing a file again changes nothing.

Exit status: 0 when all lines are entered, 1 when lines were refused or it failed, 2 when the file
has no lines.`,
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c.path = args[0]
		return exits(c.run)(cmd, args)
	}
	c.flags(cmd)
	return cmd
}

func (c *importFile) run(out io.Writer) (int, error) {
	in := io.Reader(os.Stdin)
	if c.path != "-" {
		file, err := os.Open(c.path)
		if err != nil {
			return exitFailed, err
		}
		defer file.Close()
		in = file
	}
	rows, err := newRowReader(in)
	if err == nil {
		err = c.enter(out, portions{in: rows})
	}
	c.tellCount(out)
	switch {
	case err != nil:
		return exitFailed, fmt.Errorf("%s: %w", c.path, err)
	case c.count.Refused > 0:
		return exitFailed, fmt.Errorf("%s: %d lines were refused", c.path, c.count.Refused)
	case c.count.Entered+c.count.Unchanged == 0:
		return exitNothing, nil
	}
	return exitDone, nil
}

// enter sends the rows, portion by portion, and reports what came of them.
func (c *importFile) enter(out io.Writer, p portions) error {
	for {
		rows, results, end := p.next()
		fault := error(nil)
		if len(rows) > 0 {
			var answer importAnswer
			if err := c.post("/sms_2fa/numbers/import", importRequest{rows}, &answer); err != nil {
				return fmt.Errorf("from line %d on nothing is known; import the file again: %w", rows[0].Line, err)
			}
			results = append(results, answer.Results...)
			if answer.Error != "" {
				fault = fmt.Errorf("stopped; import the file again: %s", answer.Error)
			}
		}
		slices.SortStableFunc(results, func(a, b rowResult) int { return a.Line - b.Line })
		for _, r := range results {
			c.tell(out, r)
		}
		switch {
		case fault != nil:
			return fault
		case errors.Is(end, io.EOF):
			return nil
		case end != nil:
			return end
		}
	}
}

// tell counts a result, and prints one that the operator has to do something about.
func (c *importFile) tell(out io.Writer, r rowResult) {
	switch r.Outcome {
	case string(register.Done):
		c.count.Entered++
	case string(register.Unchanged):
		c.count.Unchanged++
	default:
		c.count.Refused++
	}
	switch {
	case c.json:
		_ = json.NewEncoder(out).Encode(r)
	case r.Problem != "":
		fmt.Fprintf(out, "line %d: %s\n", r.Line, r.Problem)
	}
}

func (c *importFile) tellCount(out io.Writer) {
	if c.json {
		_ = json.NewEncoder(out).Encode(map[string]int{
			"entered": c.count.Entered, "unchanged": c.count.Unchanged, "refused": c.count.Refused,
		})
		return
	}
	fmt.Fprintf(out, "entered: %d, unchanged: %d, refused: %d\n", c.count.Entered, c.count.Unchanged, c.count.Refused)
}
