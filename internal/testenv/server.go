package testenv

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// Server is a real server in a process of its own, with its data in a folder of its own. The process ends with the
// test that started it.
type Server struct {
	Addr string // host:port
	Dir  string // a folder that the server may write

	t       testing.TB
	name    string
	ending  os.Signal // what makes the server end at once, and not when its clients have left
	command []string
	answers func() error
	log     *bytes.Buffer
	cmd     *exec.Cmd
	exited  chan struct{}
}

// serverStartTimeout is longer than a server takes to start, even on a busy machine.
const serverStartTimeout = 30 * time.Second

// newServer prepares a server: its address and its folder.
func newServer(t testing.TB, name string) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "gate-"+name) // short, for the paths of sockets
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Addr: FreeAddr(t), Dir: dir, t: t, name: name, ending: syscall.SIGTERM}
	t.Cleanup(func() {
		s.Stop()
		_ = os.RemoveAll(dir)
	})
	s.own(dir)
	return s
}

// nobody is whom servers run as where the test runs as root, because some servers refuse root; nil elsewhere.
func nobody() *syscall.Credential {
	if os.Geteuid() != 0 {
		return nil
	}
	who, err := user.Lookup("nobody")
	if err != nil {
		return nil
	}
	uid, _ := strconv.ParseUint(who.Uid, 10, 32)
	gid, _ := strconv.ParseUint(who.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// own gives a file or a folder to the server.
func (s *Server) own(path string) {
	s.t.Helper()
	if who := nobody(); who != nil {
		if err := os.Chown(path, int(who.Uid), int(who.Gid)); err != nil {
			s.t.Fatal(err)
		}
	}
}

// write writes a file that only the server reads.
func (s *Server) write(name string, content []byte) string {
	s.t.Helper()
	path := filepath.Join(s.Dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.own(path)
	return path
}

// port is the port of the address.
func (s *Server) port() string { return portOf(s.Addr) }

// prepare runs a program that makes the server's data.
func (s *Server) prepare(program string, args ...string) {
	s.t.Helper()
	if out, err := s.asServer(program, args).CombinedOutput(); err != nil {
		s.t.Fatalf("preparing %s: %v\n%s", s.name, err, out)
	}
}

// asServer is a command that runs as the server does.
func (s *Server) asServer(program string, args []string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = s.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: nobody()}
	cmd.Env = append(os.Environ(), "HOME="+s.Dir)
	return cmd
}

// run starts the server and waits until it answers.
func (s *Server) run(answers func() error, program string, args ...string) {
	s.t.Helper()
	s.command, s.answers = append([]string{program}, args...), answers
	s.Start()
}

// Start starts the server, again after Stop, with the data that it had.
func (s *Server) Start() {
	s.t.Helper()
	s.log = new(bytes.Buffer)
	s.cmd = s.asServer(s.command[0], s.command[1:])
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatalf("starting %s: %v", s.name, err)
	}
	exited, cmd := make(chan struct{}), s.cmd
	s.exited = exited
	go func() { _ = cmd.Wait(); close(exited) }()
	if err := s.await(); err != nil {
		s.t.Fatalf("starting %s: %v", s.name, err)
	}
}

func (s *Server) await() error {
	deadline := time.After(serverStartTimeout)
	for {
		err := s.answers()
		if err == nil {
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("it ended at once: %s", s.log)
		case <-deadline:
			return fmt.Errorf("it does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop ends the server, and kills it if it takes long.
func (s *Server) Stop() {
	if s.exited == nil {
		return
	}
	_ = s.cmd.Process.Signal(s.ending)
	select {
	case <-s.exited:
	case <-time.After(5 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.exited
	}
}

// find finds a program by its name, or by patterns of paths where distributions put it.
func find(t testing.TB, name string, patterns ...string) string {
	t.Helper()
	for _, p := range patterns {
		if found, _ := filepath.Glob(p); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is not installed: %v", name, err)
	}
	return path
}
