package guest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sms-2fa/gateway/store"
)

// Bounds of a limit.
const (
	mostUses      = 100_000
	longestWindow = 31 * 24 * time.Hour
)

// Limits reads an option that is a list of limits, like "5 per 10m, 10 per 24h".
func Limits(d *caddyfile.Dispenser, into *[]string) error {
	option := d.Val()
	all := strings.Join(d.RemainingArgs(), " ")
	for l := range strings.SplitSeq(all, ",") {
		*into = append(*into, strings.Join(strings.Fields(l), " "))
	}
	if _, err := ParseLimits(option, *into, ""); err != nil {
		return d.Errf("%v; separate several with commas", err)
	}
	return nil
}

// ParseLimits reads limits like "5 per 10m"; without any, the standard ones, which are separated by commas. Errors
// begin with the option.
func ParseLimits(option string, limits []string, standard string) ([]store.Limit, error) {
	if len(limits) == 0 {
		limits = strings.Split(standard, ",")
	}
	var parsed []store.Limit
	for _, text := range limits {
		l, err := parseLimit(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", option, err)
		}
		parsed = append(parsed, l)
	}
	return parsed, nil
}

func parseLimit(text string) (l store.Limit, err error) {
	words := strings.Fields(text)
	if len(words) != 3 || words[1] != "per" {
		return l, fmt.Errorf("%q is not like \"5 per 10m\"", text)
	}
	if l.Max, err = strconv.Atoi(words[0]); err != nil {
		return l, fmt.Errorf("%q is not a number", words[0])
	}
	if l.Per, err = caddy.ParseDuration(words[2]); err != nil {
		return l, fmt.Errorf("%q is not a duration like \"10m\"", words[2])
	}
	if l.Max < 1 || l.Max > mostUses || l.Per <= 0 || l.Per > longestWindow {
		return l, fmt.Errorf("%q is not 1 to %d in at most 31 days", text, mostUses)
	}
	return l, nil
}
