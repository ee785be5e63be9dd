package gate

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestNoLoop holds that nobody who typed a right code is asked again before session, max_age or idle says so, nor gets
// a second text for it, whatever the clocks, the cookies, the reloads, the tabs and the store: many short lives of
// visitors, at random. A life that fails is made as short as possible. SMS_2FA_SEED draws the lives of an earlier run.
func TestNoLoop(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	if s := os.Getenv("SMS_2FA_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	const worlds, livesInWorld = 40, 50
	var wg sync.WaitGroup
	failures := make(chan string, worlds)
	numbers := make(chan uint64, worlds)
	for n := range uint64(worlds) {
		numbers <- n
	}
	close(numbers)
	for range 2 {
		wg.Go(func() {
			for n := range numbers {
				if failure := liveIn(t, rand.New(rand.NewPCG(seed, n)), livesInWorld); failure != "" {
					failures <- failure
					return
				}
			}
		})
	}
	wg.Wait()
	close(failures)
	for failure := range failures {
		t.Errorf("SMS_2FA_SEED=%d\n%s", seed, failure)
	}
}

// liveIn draws a world and lives in it, one after the other, and describes the first that fails.
func liveIn(t *testing.T, r *rand.Rand, lives int) string {
	p := drawPlan(r)
	w := p.begin(t)
	defer w.end()
	for range lives {
		p.offsets = w.offsets()
		p.events = drawEvents(r)
		if err := p.live(w); err != nil {
			return p.shrink(t, err)
		}
	}
	return ""
}

// plan is a life of a visitor, with the options of the gates and how far the clocks are off where it begins.
type plan struct {
	session, maxAge, idle time.Duration
	offsets               [3]time.Duration
	events                []event
}

func drawPlan(r *rand.Rand) plan {
	return plan{
		session: pick(r, time.Hour, 12*time.Hour),
		maxAge:  pick(r, 0, 0, 30*time.Minute),
		idle:    pick(r, 0, 0, 45*time.Minute),
	}
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func (p plan) begin(t *testing.T) *world {
	options := fmt.Sprintf(`{"session": %d, "max_age": %d, "idle": %d, "sends": ["100 per 10m"]}`,
		p.session, p.maxAge, p.idle)
	w := newWorld(t, options)
	w.setOff(p.offsets)
	return w
}

// shrink leaves out events for as long as the life fails without them.
func (p plan) shrink(t *testing.T, err error) string {
	for again := true; again; {
		again = false
		for i := range p.events {
			less := p
			less.events = slices.Delete(slices.Clone(p.events), i, i+1)
			w := less.begin(t)
			failure := less.live(w)
			w.end()
			if failure != nil {
				p, err, again = less, failure, true
				break
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "session %v, max_age %v, idle %v; gateways %v and %v, store %v off\n",
		p.session, p.maxAge, p.idle, p.offsets[0], p.offsets[1], p.offsets[2])
	for _, s := range p.events {
		fmt.Fprintf(&b, "  %v\n", s)
	}
	return b.String() + err.Error()
}

// event is one thing that happens.
type event struct {
	does             string
	browser, gateway int
	by               time.Duration // how far time goes on, or a clock is off then
}

func (s event) String() string {
	return fmt.Sprintf("%s (browser %d, gateway %d, %v)", s.does, s.browser, s.gateway, s.by)
}

// deeds are what may happen, with how often.
var deeds = func() (deeds []string) {
	for deed, often := range map[string]int{
		"open": 12, "type": 12, "tabs": 3, "mistype": 1, "resend": 4, "sign out": 1, "lose cookies": 1,
		"foreign cookies": 4, "own cookies only": 1, "wait": 6, "wait long": 1, "sleep": 1,
		"set gateway": 4, "set store": 4, "reload": 2, "restart": 1, "replay": 2, "store fails": 1,
	} {
		deeds = append(deeds, slices.Repeat([]string{deed}, often)...)
	}
	slices.Sort(deeds)
	return deeds
}()

func drawEvents(r *rand.Rand) []event {
	events := make([]event, 6+r.IntN(14))
	for i := range events {
		s := event{does: pick(r, deeds...), browser: r.IntN(2), gateway: r.IntN(2)}
		switch s.does {
		case "wait":
			s.by = time.Duration(r.IntN(100)) * time.Second
		case "wait long", "sleep":
			s.by = time.Duration(r.IntN(40)) * time.Minute
		case "set gateway", "set store":
			s.by = time.Duration(r.IntN(601)-300) * time.Second // so two clocks are 10 minutes apart at the most
		case "foreign cookies":
			s.by = time.Duration(r.Int64())
		}
		events[i] = s
	}
	return events
}
