package guest

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// judgeWritten judges addresses while their line is known. What placeholders stand for is not known yet.
func judgeWritten(d *caddyfile.Dispenser, addresses []string) error {
	for _, a := range addresses {
		if strings.Contains(a, "{") {
			continue
		}
		if err := judgeAddress(a); err != nil {
			return d.WrapErr(err)
		}
	}
	return nil
}

// judgeAddress refuses what is neither host:port nor the path of a Unix socket. It repeats no address that may hold a
// password.
func judgeAddress(address string) error {
	if strings.HasPrefix(address, "/") {
		return nil
	}
	if strings.Contains(address, "://") || strings.Contains(address, "@") {
		return fmt.Errorf("address: a URL is not expected here; write host:port, like 127.0.0.1:6379, with username, " +
			"password, db and tls as options of their own")
	}
	if strings.Contains(address, ",") {
		return fmt.Errorf("address: %q is several addresses; separate them by spaces, without commas", address)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || strings.ContainsAny(host, "/ ") {
		return fmt.Errorf("address: %q is neither host:port, like 127.0.0.1:6379, nor the path of a socket", address)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("address: %q has no port from 1 to 65535, like 127.0.0.1:6379", address)
	}
	return nil
}
