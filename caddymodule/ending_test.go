package caddymodule_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// logLength is how many entries the log of revocations has.
func logLength(r *testenv.Redis) int64 { return r.Do("XLEN", "sms2fa:log").(int64) }

// revokeAlice ends the sessions of alice over the admin API.
func revokeAlice(t *testing.T, s *site) {
	t.Helper()
	res, err := http.Post("http://"+s.Admin+"/sms_2fa/revoke", "application/json", strings.NewReader(`{"user":"alice"}`))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode >= 300 {
		t.Fatalf("revoke: status %d", res.StatusCode)
	}
}

// A cookie whose session has ended ends nothing more, however often it comes.
func TestReplayedLogoutsWriteNothing(t *testing.T) {
	t.Parallel()
	redis := testenv.StartRedis(t)
	s := startSite(t, setup{global: onRedis(redis.Addr)})
	v, other := s.visitor(t, "alice"), s.visitor(t, "alice")
	v.login("/")
	other.setCookie("sms2fa", v.cookie("sms2fa"))
	before := logLength(redis)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				replay := s.visitor(t, "alice")
				replay.setCookie("sms2fa", other.cookie("sms2fa"))
				if p, err := replay.try(http.MethodPost, "/?sms_2fa=logout", nil, ""); err != nil ||
					p.status != http.StatusNoContent {
					t.Errorf("logout: status %d, %v", p.status, err)
				}
			}
		})
	}
	wg.Wait()
	if n := logLength(redis) - before; n != 1 {
		t.Errorf("400 copies of one logout left %d entries, want 1", n)
	}
	if other.open("/").isApp() {
		t.Error("the session goes on")
	}
	s.Kill()
	s.Start()
	if p := other.do(http.MethodPost, "/?sms_2fa=logout", nil, ""); p.status != http.StatusNoContent {
		t.Errorf("logout after a restart: status %d", p.status)
	}
	if n := logLength(redis) - before; n != 1 {
		t.Errorf("after a restart one more copy left %d entries, want 1", n)
	}
}

// Signing in and out, and an operator's revoke again and again, leave a bounded number of entries for one account.
func TestEntriesOfOneAccountAreBounded(t *testing.T) {
	t.Parallel()
	redis := testenv.StartRedis(t)
	s := startSite(t, setup{global: onRedis(redis.Addr), directive: "resend_after 0s\nsends 100 per 1h"})
	v := s.visitor(t, "alice")
	v.delivery() // asks for the status, so that the gate has heard of the store and the log has begun
	before := logLength(redis)
	var most int64
	for i := range 14 {
		v.login("/")
		if i%7 == 6 {
			revokeAlice(t, s)
			revokeAlice(t, s)
		} else {
			v.do(http.MethodPost, "/?sms_2fa=logout", nil, "")
		}
		if v.do(http.MethodGet, "/", nil, "").isApp() {
			t.Fatal("the session goes on")
		}
		most = max(most, logLength(redis)-before)
	}
	if most > 9 {
		t.Errorf("the log had %d entries of one account", most)
	}
	if n := logLength(redis) - before; n != 1 {
		t.Errorf("after an operator's revoke there are %d entries, want one in the place of all", n)
	}
}

// A session that is opened in the second of a revocation lives, and one that was opened before does not.
func TestSessionAfterARevocationLives(t *testing.T) {
	t.Parallel()
	s := startSite(t, setup{directive: "resend_after 0s\nsends 100 per 1h"})
	v := s.visitor(t, "alice")
	for range 4 {
		revokeAlice(t, s)
		if v.do(http.MethodGet, "/", nil, "").isApp() {
			t.Error("a revoked session goes on")
		}
		v.login("/") // fails when the session is dead on arrival
	}
	if n := len(s.provider.Texts()); n != 4 {
		t.Errorf("%d texts, want 4", n)
	}
}

// The clock of the store may differ from the gateway's: what counts is the order, on the store.
func TestRevocationsWithAnotherClock(t *testing.T) {
	t.Parallel()
	for name, skew := range map[string]time.Duration{"ahead": 90 * time.Second, "behind": -10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := testenv.StartRedis(t)
			s := startSite(t, setup{
				global:    onRedis(startSkew(t, redis.Addr, skew)),
				directive: "resend_after 0s\nsends 100 per 1h\nsession 5m\nmax_age 3m",
			})
			v := s.visitor(t, "alice")
			for range 3 {
				v.login("/") // with a store that is behind, the session must not be over at once
				revokeAlice(t, s)
				if v.do(http.MethodGet, "/", nil, "").isApp() {
					t.Fatal("the session survived the revocation")
				}
			}
			v.login("/")
			s.Kill()
			s.Start()
			if !v.open("/").isApp() {
				t.Error("a session that was opened after the revocation ended with the gateway")
			}
		})
	}
}

var clockAnswer = regexp.MustCompile(`:(\d{16})\r\n`)

// startSkew is a proxy to Redis that lets its clock, as the gateway reads it, go ahead by skew.
func startSkew(t *testing.T, target string, skew time.Duration) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	move := func(answer []byte) []byte {
		return clockAnswer.ReplaceAllFunc(answer, func(m []byte) []byte {
			at, _ := strconv.ParseInt(string(m[1:17]), 10, 64)
			return append(strconv.AppendInt([]byte(":"), at+skew.Microseconds(), 10), "\r\n"...)
		})
	}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go proxy(client, target, move)
		}
	}()
	return l.Addr().String()
}

// proxy hands on what a client and a server say, and changes the answers.
func proxy(client net.Conn, target string, change func([]byte) []byte) {
	defer client.Close()
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer server.Close()
	go func() { _, _ = io.Copy(server, client); server.Close() }()
	buf := make([]byte, 1<<20)
	for {
		n, err := server.Read(buf)
		if err != nil {
			return
		}
		if _, err := client.Write(change(bytes.Clone(buf[:n]))); err != nil {
			return
		}
	}
}

// Where Redis has lost the log alone, nobody knows what was revoked: all sessions end, as when it has lost everything.
func TestLostLogEndsAllSessions(t *testing.T) {
	t.Parallel()
	for _, running := range []bool{true, false} {
		t.Run(map[bool]string{true: "while the gateway runs", false: "while it is down"}[running], func(t *testing.T) {
			t.Parallel()
			redis := testenv.StartRedis(t)
			s := startSite(t, setup{global: onRedis(redis.Addr), directive: "resend_after 0s"})
			stays, left := s.visitor(t, "alice"), s.visitor(t, "bob")
			stays.login("/")
			left.login("/")
			thief := s.visitor(t, "bob")
			thief.setCookie("sms2fa", left.cookie("sms2fa"))
			left.do(http.MethodPost, "/?sms_2fa=logout", nil, "")
			if !running {
				s.Kill()
			}
			redis.Do("DEL", "sms2fa:log")
			if running {
				testenv.Await(t, "all sessions have ended", func() bool { return !stays.do(http.MethodGet, "/", nil, "").isApp() })
				s.Kill()
			}
			s.Start()
			s.AwaitLog(t, "store has lost its log of revocations")
			for name, v := range map[string]*visitor{"a session that was logged out": thief, "any other session": stays} {
				if v.do(http.MethodGet, "/", nil, "").isApp() {
					t.Errorf("%s lives again", name)
				}
			}
			stays.login("/")
			s.Kill()
			s.Start()
			if !stays.open("/").isApp() {
				t.Error("the session after the loss did not outlive a restart")
			}
		})
	}
}
