package otp

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// history watches an account from outside, and knows what must never happen.
type history struct {
	*scene
	rng     *rand.Rand
	tickets []Ticket
	opened  map[ChallengeID]BrowserID
	passed  time.Duration // the time that has really passed, however the clock was set
	texts   []*sentText   // all that did not fail, and whose limits nobody has lifted
	failed  []time.Duration
	pending []Dispatch
	number  map[ChallengeID]string // to which its latest text went
}

// sentText is a text as a watch shows it that nobody sets.
type sentText struct {
	Dispatch
	at      time.Duration
	awaited bool // may still come, and its code was not yet right
}

// TestInvariants drives random steps of two browsers, and a clock that mostly walks, sometimes runs and now and
// then jumps back, and checks after each step what DESIGN promises of an account.
func TestInvariants(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		h := &history{
			scene: newScene(t), rng: rand.New(rand.NewPCG(seed, 1)),
			tickets: []Ticket{laptop, phone}, opened: make(map[ChallengeID]BrowserID), number: make(map[ChallengeID]string),
		}
		for range 400 {
			h.step()
			h.inspect(h.roundTrip())
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func (h *history) step() {
	b := &h.tickets[h.rng.IntN(len(h.tickets))]
	if h.rng.IntN(200) == 0 {
		h.a.unlock()
		h.texts, h.failed = nil, nil
	}
	if h.rng.IntN(30) == 0 {
		h.move()
	}
	switch h.rng.IntN(10) {
	case 0, 1:
		h.sent(h.begin(b))
	case 2:
		h.resend(b)
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

// move changes the numbers on file.
func (h *history) move() {
	numbers := []string{"p:one", "p:two", "p:three"}
	h.rng.Shuffle(len(numbers), func(i, j int) { numbers[i], numbers[j] = numbers[j], numbers[i] })
	numbers = numbers[:1+h.rng.IntN(3)]
	h.onFile(numbers[0], numbers[1:]...)
}

// resend asks for a text, sometimes to another number than the first.
func (h *history) resend(b *Ticket) {
	before := h.to
	defer func() { h.to = before }()
	if numbers := append([]string{h.to.key}, h.to.others...); h.rng.IntN(2) == 0 {
		i := h.rng.IntN(len(numbers))
		h.choose(numbers[i], slices.Delete(slices.Clone(numbers), i, i+1)...)
	}
	h.sent(h.send(b))
}

// tick lets time pass, or puts the clock back, which takes no time.
func (h *history) tick() {
	var d time.Duration
	switch h.rng.IntN(12) {
	case 0:
		h.now = h.now.Add(-time.Duration(h.rng.IntN(2*3600)) * time.Second)
	case 1, 2:
		d = time.Duration(h.rng.IntN(30)) * time.Minute
	default:
		d = time.Duration(h.rng.IntN(90)) * time.Second
	}
	h.now, h.passed = h.now.Add(d), h.passed+d
}

// inside counts the texts of the last while.
func (h *history) inside(per time.Duration) (n int) {
	for _, t := range h.texts {
		if h.passed-t.at < per {
			n++
		}
	}
	return n
}

// sent checks that a text keeps pause and limits in the time that has really passed, and that nobody has to wait
// longer for one than the policy says.
func (h *history) sent(o Outcome) {
	if o.Kind != Sending {
		h.waits(o)
		return
	}
	for _, t := range h.texts {
		if pause := h.passed - t.at; t.awaited && pause < h.p.ResendAfter {
			h.t.Errorf("text sent %s after one whose code was not yet right", pause)
		}
	}
	for _, l := range h.p.Sends {
		if n := h.inside(l.Per); n >= l.Max {
			h.t.Errorf("text number %d inside %s", n+1, l.Per)
		}
	}
	to := o.Dispatch.phone
	if n, sent := h.number[o.Challenge.ID]; sent && n != to && n != "" {
		h.t.Error("one code went to two numbers")
	}
	if !h.to.has(to) || h.to.Chosen && to != h.to.key {
		h.t.Errorf("a text went to %s, which was not asked for", to)
	}
	h.number[o.Challenge.ID] = to
	h.texts = append(h.texts, &sentText{o.Dispatch, h.passed, true})
	h.pending = append(h.pending, o.Dispatch)
	if life := o.Challenge.Expires.Sub(o.Challenge.Begun); life > MaxCodeTTL {
		h.t.Errorf("challenge lives %s", life)
	}
}

func (h *history) waits(o Outcome) {
	most := h.p.ResendAfter
	if len(h.failed) >= failedSends.Max {
		most = failedSends.Per
	}
	for _, l := range h.p.Sends {
		if len(h.texts) >= l.Max { // all that there ever were: after a jump, those of long ago may count anew
			most = max(most, l.Per)
		}
	}
	if o.Standing.ResendIn > most {
		h.t.Errorf("has to wait %s for a text, want %s at the most", o.Standing.ResendIn, most)
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
	if went == DeliveryFailed && h.rng.IntN(2) == 0 {
		h.a.takeBack(d.ID)
	}
	h.a.settle(h.now, d, Handover{Delivery: went, Sender: "one"})
	lost := Report{Sender: "one", Became: DeliveryUndelivered}
	if went == DeliverySent && h.rng.IntN(3) == 0 && h.a.report(d.ID, lost) {
		h.answered(func(t *sentText) bool { return t.ID == d.ID }) // need not be waited for, and still counts
	}
	if went == DeliveryFailed {
		h.texts = slices.DeleteFunc(h.texts, func(t *sentText) bool { return t.ID == d.ID })
		h.failed = append(h.failed, h.passed)
	}
}

// answered notes that texts need not be waited for any more.
func (h *history) answered(which func(t *sentText) bool) {
	for _, t := range h.texts {
		t.awaited = t.awaited && !which(t)
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
	o := h.a.attempt(h.now, h.p, h.a.ticketFor(b, h.to), by(m))
	if n := h.number[b.Challenge]; o.Kind == compare && !h.to.has(n) {
		h.t.Error("a code was compared that went to another number")
	}
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
	h.answered(func(t *sentText) bool { return t.challenge == b.Challenge })
}

// inspect checks what holds of every account, given its record.
func (h *history) inspect(data []byte) {
	if len(h.a.Challenges) > maxChallenges {
		h.t.Errorf("%d challenges", len(h.a.Challenges))
	}
	h.a.expire(h.now, h.p)
	for _, t := range h.a.Texts {
		if t.Delivery == DeliverySending && h.now.Sub(t.At) >= MaxSending {
			h.t.Errorf("a text that was ordered %s ago is called on its way", h.now.Sub(t.At))
		}
	}
	if len(data) > 2500 {
		h.t.Errorf("record of %d bytes", len(data))
	}
}
