package testenv

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// SlowLane stands between a gateway and a server, and is slow where it is told to be.
type SlowLane struct {
	Addr string

	target string
	mu     sync.Mutex
	mark   []byte
	delay  time.Duration
}

// StartSlowLane starts a lane to a server.
func StartSlowLane(t testing.TB, target string) *SlowLane {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	l := &SlowLane{Addr: listener.Addr().String(), target: target}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go l.serve(client)
		}
	}()
	return l
}

// DelayOnce makes the answer to the next question late that holds the mark.
func (l *SlowLane) DelayOnce(mark string, delay time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mark, l.delay = []byte(mark), delay
}

// late is how long the answer to a question takes longer.
func (l *SlowLane) late(question []byte) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mark == nil || !bytes.Contains(question, l.mark) {
		return 0
	}
	l.mark = nil
	return l.delay
}

func (l *SlowLane) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", l.target)
	if err != nil {
		return
	}
	defer server.Close()
	var answers sync.Mutex // held while an answer is late
	go func() {
		defer client.Close()
		buf := make([]byte, 1<<16)
		for {
			n, err := server.Read(buf)
			if err != nil {
				return
			}
			answers.Lock()
			_, err = client.Write(buf[:n])
			answers.Unlock()
			if err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 1<<16)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if wait := l.late(buf[:n]); wait > 0 {
			answers.Lock()
			time.AfterFunc(wait, answers.Unlock)
		}
		if _, err := io.Copy(server, bytes.NewReader(buf[:n])); err != nil {
			return
		}
	}
}
