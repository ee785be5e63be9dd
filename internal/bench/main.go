// Command bench measures, in one run on one machine, what a proxied request costs in Caddy: bare, behind the gate with
// a verified session, the same while a crowd waits for texts that the provider does not take, and behind forward_auth
// to a server that says yes. It prints ratios to bare; the absolute numbers are the machine's.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

var (
	binary   = flag.String("caddy", "bin/caddy", "Caddy with the module")
	duration = flag.Duration("for", 3*time.Second, "how long each load lasts")
	rounds   = flag.Int("rounds", 5, "how often each load is repeated; the median counts")
	clients  = flag.Int("clients", 8, "how many requests are under way at once")
)

const caddyfile = `{
	admin off
	sms_2fa {
		sender http {
			only +374
			url %[5]s
			json "{}"
			timeout 30s
		}
		sender log
		resend_after 0s
		sends 1000 per 1h
	}
}
http://%[1]s {
	reverse_proxy %[4]s
}
http://%[2]s {
	sms_2fa {
		user {http.request.header.X-User}
		directory inline {
			alice +15005550006
%[6]s		}
	}
	reverse_proxy %[4]s
}
http://%[3]s {
	forward_auth %[4]s {
		uri /auth
		copy_headers Remote-User
	}
	reverse_proxy %[4]s
}
`

// load is what is measured of one address.
type load struct {
	name, url          string
	crowd              *crowd    // who else is there meanwhile, nil for nobody
	cpu, requests, p99 []float64 // µs a request, requests a second, ms; one of each a round
}

func main() {
	log.SetFlags(0)
	flag.Parse()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok")
	}))
	defer app.Close()
	bare, gate, forward := freeAddr(), freeAddr(), freeAddr()
	waiting := newCrowd("http://" + gate + "/")
	defer waiting.provider.Close()
	loads := []*load{
		{name: "bare reverse_proxy", url: "http://" + bare + "/"},
		{name: "this gate, verified", url: "http://" + gate + "/"},
		{name: "the same, provider hangs", url: "http://" + gate + "/", crowd: waiting},
		{name: "forward_auth to a no-op", url: "http://" + forward + "/"},
	}
	caddy, output := start(fmt.Sprintf(caddyfile, bare, gate, forward, strings.TrimPrefix(app.URL, "http://"),
		waiting.provider.URL, waiting.phones()))
	defer func() { _ = caddy.Process.Kill(); _ = caddy.Wait() }()
	client := newClient()
	login(client, loads[1].url, output)
	for range *rounds {
		for _, l := range loads {
			l.run(client, caddy.Process.Pid)
		}
	}
	report(loads)
}

func freeAddr() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// output collects what Caddy prints; texts are in it.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) find(re *regexp.Regexp) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return re.FindStringSubmatch(o.text.String())
}

func start(config string) (*exec.Cmd, *output) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		log.Fatal(err)
	}
	file := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		log.Fatal(err)
	}
	o := new(output)
	cmd := exec.Command(*binary, "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	cmd.Stdout, cmd.Stderr = o, o
	if err := cmd.Start(); err != nil {
		log.Fatal(err)
	}
	time.Sleep(2 * time.Second)
	return cmd, o
}

func newClient() *http.Client {
	jar, _ := cookiejar.New(nil)
	return &http.Client{
		Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: *clients},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func send(c *http.Client, user, method, url, body string) (int, error) {
	r, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("X-User", user)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := c.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}

func login(c *http.Client, url string, o *output) {
	if status, err := send(c, "alice", http.MethodPost, url+"?sms_2fa=send", "{}"); status != http.StatusAccepted {
		log.Fatalf("asking for a text: status %d, %v", status, err)
	}
	code := o.find(regexp.MustCompile(`\n@\S+ #([0-9]+)\n`))
	if code == nil {
		log.Fatal("no text was printed")
	}
	typed := `{"code":"` + code[1] + `"}`
	if status, err := send(c, "alice", http.MethodPost, url+"?sms_2fa=verify", typed); status != http.StatusOK {
		log.Fatalf("typing the code: status %d, %v", status, err)
	}
}

// run loads an address once and notes what it cost.
func (l *load) run(c *http.Client, pid int) {
	if l.crowd != nil {
		defer l.crowd.gather()()
	}
	var done, failed atomic.Int64
	took := make([][]float64, *clients)
	before, began := cpuTime(pid), time.Now()
	var wg sync.WaitGroup
	for i := range *clients {
		wg.Go(func() {
			for time.Since(began) < *duration {
				asked := time.Now()
				if status, err := send(c, "alice", http.MethodGet, l.url, ""); err != nil || status != http.StatusOK {
					failed.Add(1)
				}
				done.Add(1)
				took[i] = append(took[i], float64(time.Since(asked).Microseconds())/1000)
			}
		})
	}
	wg.Wait()
	if failed.Load() > 0 {
		log.Fatalf("%s: %d of %d requests failed", l.name, failed.Load(), done.Load())
	}
	n := float64(done.Load())
	l.cpu = append(l.cpu, float64((cpuTime(pid)-before).Microseconds())/n)
	l.requests = append(l.requests, n/time.Since(began).Seconds())
	all := slices.Sorted(slices.Values(slices.Concat(took...)))
	l.p99 = append(l.p99, all[len(all)*99/100])
}

// cpuTime is what a process has used so far, in user and system mode together (proc(5), fields 14 and 15, in ticks of
// 10 ms).
func cpuTime(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		log.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

func report(loads []*load) {
	bare := loads[0]
	fmt.Printf("%-26s %14s %8s %14s %8s %12s %8s\n", "", "CPU/request", "ratio", "requests/s", "ratio", "p99", "ratio")
	for _, l := range loads {
		fmt.Printf("%-26s %11.1f µs %8.3f %14.0f %8.3f %9.1f ms %8.3f\n", l.name, median(l.cpu),
			median(l.cpu)/median(bare.cpu),
			median(l.requests), median(l.requests)/median(bare.requests), median(l.p99), median(l.p99)/median(bare.p99))
	}
}
