package otp

import (
	"math/rand/v2"
	"testing"
	"time"
)

// history watches an account from outside, and knows what must never happen.
type history struct {
	*scene
	rng      *rand.Rand
	tickets  []Ticket
	opened   map[ChallengeID]BrowserID
	lastText time.Time   // the latest text that did not fail
	texts    []time.Time // all of them
	pending  []Dispatch
	lost     map[string]bool // texts that were given up, by ID
}

// TestInvariants drives random steps of two browsers, and a clock that mostly walks, sometimes runs and now and
// then jumps back, and checks after each step what DESIGN promises of an account.
func TestInvariants(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		h := &history{
			scene: newScene(t), rng: rand.New(rand.NewPCG(seed, 1)),
			tickets: []Ticket{laptop, phone}, opened: make(map[ChallengeID]BrowserID), lost: make(map[string]bool),
		}
		for range 400 {
			h.step()
			h.roundTrip()
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func (h *history) step() {
	b := &h.tickets[h.rng.IntN(len(h.tickets))]
	switch h.rng.IntN(10) {
	case 0, 1:
		h.sent(h.begin(b))
	case 2:
		h.sent(h.send(b))
	case 3, 4, 5:
		h.guess(*b, false)
	case 6:
		h.guess(*b, h.rng.IntN(4) == 0)
	case 7:
		h.settleOne()
	case 8:
		*b = Ticket{Browser: b.Browser} // a new cookie jar
	case 9:
		h.tick()
	}
}

// tick moves the clock. After a jump back, pauses may last longer; they never get shorter.
func (h *history) tick() {
	switch h.rng.IntN(12) {
	case 0:
		h.now = h.now.Add(-time.Duration(h.rng.IntN(120)) * time.Second)
	case 1, 2:
		h.now = h.now.Add(time.Duration(h.rng.IntN(30)) * time.Minute)
	default:
		h.now = h.now.Add(time.Duration(h.rng.IntN(90)) * time.Second)
	}
}

func (h *history) sent(o Outcome) {
	if o.Kind != Sending {
		return
	}
	if pause := h.now.Sub(h.lastText); !h.lastText.IsZero() && pause < h.p.ResendAfter {
		h.t.Errorf("text sent %s after the last one", pause)
	}
	for _, l := range h.p.Sends {
		inside := 0
		for _, at := range h.texts {
			if h.now.Sub(at) < l.Per {
				inside++
			}
		}
		if inside >= l.Max {
			h.t.Errorf("text number %d inside %s", inside+1, l.Per)
		}
	}
	h.lastText = h.now
	h.texts = append(h.texts, h.now)
	h.pending = append(h.pending, o.Dispatch)
	if life := o.Challenge.Expires.Sub(o.Challenge.Begun); life > MaxCodeTTL {
		h.t.Errorf("challenge lives %s", life)
	}
}

// settleOne reports on the latest text. Only a text that failed may be forgotten.
func (h *history) settleOne() {
	if len(h.pending) == 0 {
		return
	}
	d := h.pending[len(h.pending)-1]
	h.pending = h.pending[:len(h.pending)-1]
	went := []Delivery{DeliverySent, DeliveryFailed, DeliveryUnknown}[h.rng.IntN(3)]
	h.a.settle(h.now, d, Handover{Delivery: went, Sender: "one"})
	lost := Report{Sender: "one", Became: DeliveryUndelivered}
	if went == DeliverySent && h.rng.IntN(3) == 0 && h.a.report(d.ID, lost) {
		h.lost[d.ID] = true // need not be waited for, and still counts for the limits
		h.last()
	}
	if went == DeliverySent || went == DeliveryUnknown {
		return
	}
	for i := len(h.a.Texts) - 1; i >= 0; i-- {
		if h.a.Texts[i].ID == d.ID {
			h.forget(h.a.Texts[i].At)
		}
	}
}

func (h *history) forget(at time.Time) {
	for i := len(h.texts) - 1; i >= 0; i-- {
		if h.texts[i].Equal(at) {
			h.texts = append(h.texts[:i], h.texts[i+1:]...)
			break
		}
	}
	h.last()
}

// last finds the latest text that must be waited for.
func (h *history) last() {
	h.lastText = time.Time{}
	for _, t := range h.a.Texts {
		if t.Delivery != DeliveryFailed && !h.lost[t.ID] {
			h.lastText = t.At
		}
	}
}

// guess types a code and checks the budget: no more distinct guesses are compared than the attempts of one budget,
// and of each budget after a block, allow.
func (h *history) guess(b Ticket, right bool) {
	m := mark{byte(h.rng.IntN(50)), b.Challenge[0]}
	if right {
		m = mark{0xff, b.Challenge[0]}
	}
	h.a.expire(h.now, h.p)
	before := h.a.InARow
	o := h.a.attempt(h.now, h.p, b, by(m))
	if o.Kind != compare {
		return
	}
	if h.a.InARow == before && !h.marked(b, m) {
		h.t.Error("a guess was compared that was not written down")
	}
	if budget := h.p.Attempts * (h.a.Blocks + 1); h.a.InARow > budget || h.a.InARow > MaxInARow {
		h.t.Errorf("%d wrong codes in a row with %d blocks", h.a.InARow, h.a.Blocks)
	}
	if right {
		h.open(b, m)
	}
}

func (h *history) marked(b Ticket, m mark) bool {
	c := h.a.challenge(b.Challenge)
	return c != nil && c.marked(m)
}

func (h *history) open(b Ticket, m mark) {
	o := h.a.open(h.now, h.p, b, m)
	if o.Kind != Right {
		return
	}
	if by, before := h.opened[b.Challenge]; before && by != b.Browser {
		h.t.Error("a code opened in two browsers")
	}
	h.opened[b.Challenge] = b.Browser
}

// roundTrip sends the account through the store's form, so that nothing is lost there.
func (h *history) roundTrip() {
	data, err := h.a.encode()
	if err != nil {
		h.t.Fatal(err)
	}
	if h.a, err = decode(data); err != nil {
		h.t.Fatal(err)
	}
	if len(h.a.Challenges) > maxChallenges {
		h.t.Errorf("%d challenges", len(h.a.Challenges))
	}
	if len(data) > 2500 {
		h.t.Errorf("record of %d bytes", len(data))
	}
}
