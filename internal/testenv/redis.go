// Package testenv gives tests the real things that the gate works with.
package testenv

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const redisStartTimeout = 20 * time.Second

// Redis is a real redis-server of its own process. It ends with the test that started it.
type Redis struct {
	Addr     string // host:port
	Password string // what --requirepass set

	t       testing.TB
	options []string
	log     *bytes.Buffer
	cmd     *exec.Cmd
	exited  chan struct{}
}

// StartRedis starts redis-server on a free port and waits until it answers. args are options of redis-server, as on
// its command line, after a configuration file if there is one; without any, it saves nothing to disk. A machine
// without redis-server fails the test.
func StartRedis(t testing.TB, args ...string) *Redis {
	t.Helper()
	r := &Redis{t: t, options: redisOptions(t.TempDir(), args)}
	if i := slices.Index(args, "--requirepass"); i >= 0 && i+1 < len(args) {
		r.Password = args[i+1]
	}
	r.Addr = FreeAddr(t)
	t.Cleanup(r.Stop)
	if err := r.start(); err != nil {
		t.Fatalf("starting redis-server: %v", err)
	}
	return r
}

// redisOptions puts ours before the caller's, because the last one counts, but a configuration file comes first.
func redisOptions(dir string, args []string) []string {
	ours := []string{"--dir", dir, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"}
	if len(args) > 0 && !strings.HasPrefix(args[0], "--") {
		return slices.Concat(args[:1], ours, args[1:])
	}
	return slices.Concat(ours, args)
}

// start starts the process and waits until it, and no other, answers at the address.
func (r *Redis) start() error {
	_, port, err := net.SplitHostPort(r.Addr)
	if err != nil {
		return err
	}
	r.log = new(bytes.Buffer)
	r.cmd = exec.Command("redis-server", slices.Concat(r.options, []string{"--port", port})...)
	r.cmd.Stdout, r.cmd.Stderr = r.log, r.log
	if err := r.cmd.Start(); err != nil {
		return err
	}
	exited, cmd := make(chan struct{}), r.cmd
	r.exited = exited
	go func() { _ = cmd.Wait(); close(exited) }()
	return r.await()
}

func (r *Redis) await() error {
	deadline := time.After(redisStartTimeout)
	for !r.answers() {
		select {
		case <-r.exited:
			return fmt.Errorf("it ended at once: %s", r.log)
		case <-deadline:
			r.Stop()
			return fmt.Errorf("it does not answer: %s", r.log)
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}

func (r *Redis) answers() bool {
	info, err := r.do("INFO", "server")
	return err == nil && strings.Contains(fmt.Sprint(info), "process_id:"+strconv.Itoa(r.cmd.Process.Pid)+"\r\n")
}

// Pause makes the server hang: it takes connections and answers nothing.
func (r *Redis) Pause() { r.signal(syscall.SIGSTOP) }

// Resume ends the hang.
func (r *Redis) Resume() { r.signal(syscall.SIGCONT) }

func (r *Redis) signal(s syscall.Signal) {
	r.t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		r.t.Fatalf("sending %v to redis-server: %v", s, err)
	}
}

// Stop kills the server, as a crash would.
func (r *Redis) Stop() {
	if r.exited == nil {
		return
	}
	_ = r.cmd.Process.Kill()
	<-r.exited
}

// Restart kills the server and starts it again at the same address. It comes back with what it saved to disk: nothing,
// unless its options say otherwise.
func (r *Redis) Restart() {
	r.t.Helper()
	r.Stop()
	if err := r.start(); err != nil {
		r.t.Fatalf("restarting redis-server: %v", err)
	}
}

// Do sends one command over a connection of its own and returns the answer.
func (r *Redis) Do(args ...any) any {
	r.t.Helper()
	answer, err := r.do(args...)
	if err != nil {
		r.t.Fatalf("sending %v to redis-server: %v", args[0], err)
	}
	return answer
}

func (r *Redis) do(args ...any) (any, error) {
	client := redis.NewClient(&redis.Options{
		Addr: r.Addr, Password: r.Password, Protocol: 2, DisableIdentity: true, MaxRetries: -1, DialerRetries: 1,
		PoolSize: 1, MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	defer client.Close()
	return client.Do(context.Background(), args...).Result()
}
