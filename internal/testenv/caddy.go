package testenv

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Caddy is a real Caddy with the module, in a process of its own.
type Caddy struct {
	Admin string // address of the admin API
	Data  string // its data directory, which outlives restarts

	t      testing.TB
	binary string
	config string
	env    []string
	cmd    *exec.Cmd
	log    log
	exited chan struct{}
	connections
}

// log collects what a process prints.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var built = sync.OnceValues(func() (string, error) {
	if binary := os.Getenv("CADDY_BIN"); binary != "" {
		return binary, nil
	}
	dir, err := os.MkdirTemp("", "caddy-sms-2fa-test")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "caddy")
	out, err := exec.Command("go", "build", "-o", binary, "github.com/caddy-sms-2fa/gateway/cmd/caddy").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building caddy: %w\n%s", err, out)
	}
	return binary, nil
})

// Binary is Caddy with the module: CADDY_BIN, or built once for the process.
func Binary(t testing.TB) string {
	t.Helper()
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// StartCaddy starts Caddy with a Caddyfile, and more in its environment. {ADMIN} in the Caddyfile is the address of
// the admin API.
func StartCaddy(t testing.TB, caddyfile string, env ...string) *Caddy {
	t.Helper()
	c := &Caddy{t: t, binary: Binary(t), Admin: FreeAddr(t), Data: t.TempDir(), config: caddyfile, env: env}
	c.Start()
	t.Cleanup(func() {
		c.Kill()
		for _, bad := range []string{"DATA RACE", "panic:", "panic serving"} {
			if strings.Contains(c.log.String(), bad) {
				t.Errorf("caddy printed %q", bad)
			}
		}
		if t.Failed() {
			t.Logf("caddy said:\n%s", c.log.String())
		}
	})
	return c
}

// Start starts it, again if need be, with the data it had.
func (c *Caddy) Start() {
	c.t.Helper()
	file := filepath.Join(c.Data, "Caddyfile")
	if err := os.WriteFile(file, []byte(c.fill(c.config)), 0o600); err != nil {
		c.t.Fatal(err)
	}
	c.cmd = exec.Command(c.binary, "run", "--config", file, "--adapter", "caddyfile")
	c.cmd.Env = slices.Concat(os.Environ(), []string{"XDG_DATA_HOME=" + c.Data, "XDG_CONFIG_HOME=" + c.Data}, c.env)
	c.cmd.Stdout, c.cmd.Stderr = &c.log, &c.log
	if err := c.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) { _ = cmd.Wait(); close(exited) }(c.cmd, c.exited)
	c.awaitReady()
}

func (c *Caddy) fill(caddyfile string) string {
	return strings.ReplaceAll(caddyfile, "{ADMIN}", c.Admin)
}

func (c *Caddy) awaitReady() {
	c.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if _, config, err := c.ask(http.MethodGet, "/config/", ""); err == nil && len(config) > 10 {
			return
		}
		select {
		case <-c.exited:
			c.t.Fatalf("caddy exited:\n%s", c.log.String())
		default:
		}
	}
	c.t.Fatalf("caddy is not ready:\n%s", c.log.String())
}

// ask sends a request to the admin API over a connection of its own.
func (c *Caddy) ask(method, path, body string) (status int, said string, err error) {
	r, err := http.NewRequest(method, "http://"+c.Admin+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	r.Close = true
	r.Header.Set("Content-Type", "text/caddyfile")
	r.Header.Set("Cache-Control", "must-revalidate") // reload even if nothing has changed
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	return res.StatusCode, string(content), err
}

// insist asks until there is an answer. The admin API is replaced with each configuration, also with one that is
// refused later, and then drops connections that it has accepted and not read from. To load a Caddyfile twice does
// what to load it once does.
func (c *Caddy) insist(method, path, body string) (status int, said string, err error) {
	for range 10 {
		if status, said, err = c.ask(method, path, body); err == nil {
			break
		}
	}
	return status, said, err
}

// Reload loads another Caddyfile and reports what Caddy says when it refuses. When Reload returns without an error,
// every request meets the new configuration (see connections).
func (c *Caddy) Reload(caddyfile string) error {
	old, err := c.probe()
	if err != nil {
		return err
	}
	defer old.close()
	status, said, err := c.insist(http.MethodPost, "/load", c.fill(caddyfile))
	switch {
	case err != nil:
		return err
	case status != http.StatusOK:
		return fmt.Errorf("reloading: %s", said)
	}
	if err := old.await(); err != nil {
		return err
	}
	c.drop()
	c.config = caddyfile
	return nil
}

// Log is all that Caddy has printed.
func (c *Caddy) Log() string { return c.log.String() }

// AwaitLog waits for a text in what Caddy prints.
func (c *Caddy) AwaitLog(t testing.TB, text string) {
	t.Helper()
	Await(t, "the log has "+strconv.Quote(text), func() bool { return strings.Contains(c.log.String(), text) })
}

// Get reads a page of the admin API.
func (c *Caddy) Get(path string) string {
	c.t.Helper()
	_, body, err := c.insist(http.MethodGet, path, "")
	if err != nil {
		c.t.Fatal(err)
	}
	return body
}

// Kill ends it without a warning.
func (c *Caddy) Kill() { c.end(syscall.SIGKILL) }

// Stop asks it to end, and waits.
func (c *Caddy) Stop() { c.end(syscall.SIGTERM) }

func (c *Caddy) end(s syscall.Signal) {
	_ = c.cmd.Process.Signal(s)
	<-c.exited
	c.drop()
}

// PID is its process id.
func (c *Caddy) PID() int { return c.cmd.Process.Pid }
