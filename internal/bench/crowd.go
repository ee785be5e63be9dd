package main

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// crowdSize is how many visitors ask for a text at once, and comeBack when those come again who got none.
const (
	crowdSize = 500
	comeBack  = 5 * time.Second
)

// crowd is visitors who want texts, and a provider that takes none as long as they are there.
type crowd struct {
	url      string
	provider *httptest.Server
	hold     atomic.Pointer[chan struct{}] // closed when the provider answers again
}

func newCrowd(url string) *crowd {
	c := &crowd{url: url}
	open := make(chan struct{})
	close(open)
	c.hold.Store(&open)
	c.provider = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-*c.hold.Load() }))
	return c
}

// phones are the lines of a directory.
func (c *crowd) phones() string {
	var lines strings.Builder
	for i := range crowdSize {
		fmt.Fprintf(&lines, "\t\t\tu%d +3741012%04d\n", i, i)
	}
	return lines.String()
}

// gather brings the crowd, waits until each has been answered once, and returns how to send it away.
func (c *crowd) gather() (disperse func()) {
	hold, leave := make(chan struct{}), make(chan struct{})
	c.hold.Store(&hold)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 20}}
	var answered, gone sync.WaitGroup
	for i := range crowdSize {
		answered.Add(1)
		gone.Go(func() {
			user := fmt.Sprintf("u%d", i)
			c.ask(client, user)
			answered.Done()
			for {
				select {
				case <-leave:
					return
				case <-time.After(comeBack):
					c.ask(client, user)
				}
			}
		})
	}
	answered.Wait()
	return func() {
		close(leave)
		gone.Wait()
		close(hold)
	}
}

func (c *crowd) ask(client *http.Client, user string) {
	status, err := send(client, user, http.MethodPost, c.url+"?sms_2fa=send", "{}")
	switch {
	case err != nil:
		log.Fatal(err)
	case status != http.StatusAccepted && status != http.StatusServiceUnavailable:
		log.Fatalf("a visitor of the crowd got status %d", status)
	}
}
