package testenv_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
)

// answering is a Caddyfile of a site that answers with a text.
func answering(address, text string) string {
	return fmt.Sprintf("{\n\tadmin {ADMIN}\n}\nhttp://%s {\n\tbind 127.0.0.1\n\trespond %q\n}\n", address, text)
}

// crowd is visitors of one site.
type crowd struct {
	address  string
	visitors []*http.Client
}

func newCrowd(caddy *testenv.Caddy, address string) *crowd {
	c := &crowd{address: address, visitors: make([]*http.Client, 16)}
	for i := range c.visitors {
		c.visitors[i] = &http.Client{Transport: caddy.Transport()}
	}
	return c
}

// post sends one request of every visitor, all at once. Each visitor keeps the connection.
func (c *crowd) post(t *testing.T, want string) {
	t.Helper()
	var group sync.WaitGroup
	for _, visitor := range c.visitors {
		group.Go(func() {
			res, err := visitor.Post("http://"+c.address, "text/plain", strings.NewReader("x"))
			if err != nil {
				t.Error(err)
				return
			}
			defer res.Body.Close()
			if said, _ := io.ReadAll(res.Body); string(said) != want {
				t.Errorf("answered by configuration %q, want %q", said, want)
			}
		})
	}
	group.Wait()
}

// After a reload and after a restart, the first request of a visitor is answered by the new configuration, even a POST
// of a visitor who keeps a connection of the old one.
func TestNextRequestMeetsTheNewConfiguration(t *testing.T) {
	t.Parallel()
	address := testenv.FreeAddr(t)
	caddy := testenv.StartCaddy(t, answering(address, "0"))
	crowd := newCrowd(caddy, address)
	for i := range 20 {
		crowd.post(t, fmt.Sprint(i))
		if err := caddy.Reload(answering(address, fmt.Sprint(i+1))); err != nil {
			t.Fatal(err)
		}
	}
	for _, end := range []func(){caddy.Stop, caddy.Kill} {
		crowd.post(t, "20")
		end()
		caddy.Start()
	}
	crowd.post(t, "20")
}

func TestRefusedReloadLeavesTheOldConfiguration(t *testing.T) {
	t.Parallel()
	address := testenv.FreeAddr(t)
	caddy := testenv.StartCaddy(t, answering(address, "old"))
	visitor := &http.Client{Transport: caddy.Transport()}
	unreadable := "nonsense {"
	unusable := strings.Replace(answering(address, "new"), "respond", "@none expression `(`\n\trespond @none", 1)
	for bad, want := range map[string]string{unreadable: "adapting config", unusable: "loading new config"} {
		if err := caddy.Reload(bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Fatalf("a bad Caddyfile: %v, want %q", err, want)
		}
		res, err := visitor.Get("http://" + address)
		if err != nil {
			t.Fatal(err)
		}
		if said, _ := io.ReadAll(res.Body); string(said) != "old" {
			t.Errorf("answered by %q", said)
		}
		res.Body.Close()
	}
}
