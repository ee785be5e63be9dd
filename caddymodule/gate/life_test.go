package gate

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/caddy-sms-2fa/gateway/otp"
)

// offsets are how far the clocks of both gateways and the store are off.
func (w *world) offsets() (off [3]time.Duration) {
	for i, c := range []*clock{&w.gateways[0].clock, &w.gateways[1].clock, &w.clock} {
		off[i] = c.now().Sub(w.time.now())
	}
	return off
}

func (w *world) setOff(off [3]time.Duration) {
	for i, c := range []*clock{&w.gateways[0].clock, &w.gateways[1].clock, &w.clock} {
		c.move(off[i] - c.now().Sub(w.time.now()))
	}
}

// life is a life as it goes on: what the visitor knows, and is entitled to.
type life struct {
	plan
	world      *world
	browsers   [2]*window
	challenges map[otp.ChallengeID]*question
	signedOut  int
	mistyped   int
}

// window is a browser with what it shows.
type window struct {
	*browser
	csrf    string          // of the page that is shown, "" where it has no form
	asked   otp.ChallengeID // what the page that is shown asks for
	session *opened
	past    []string // sessions that were signed out
}

// opened is a session that a right code has opened, with the times that a gateway knows of it.
type opened struct{ verified, renewed time.Time }

// question is a challenge as the visitor knows it.
type question struct {
	code     string
	age      time.Duration // how far the clock of the store went forward since the latest text
	answered bool
	unsure   bool // it may be over, for another reason than its age
}

// holds reports whether the code surely holds.
func (q *question) holds() bool {
	return q != nil && !q.answered && !q.unsure && q.age < otp.DefaultCodeTTL-time.Second
}

// live lives the plan, and returns what went wrong.
func (p plan) live(w *world) error {
	l := &life{plan: p, world: w, challenges: make(map[otp.ChallengeID]*question)}
	who := w.person()
	w.faults.Store(0)
	for i := range l.browsers {
		l.browsers[i] = &window{browser: newBrowser(w, who)}
	}
	for i, s := range p.events {
		if err := l.do(s); err != nil {
			return fmt.Errorf("event %d, %v: %w", i+1, s, err)
		}
	}
	return nil
}

func (l *life) do(s event) error {
	b, g := l.browsers[s.browser], l.world.gateways[s.gateway]
	switch s.does {
	case "open":
		return l.open(b, g)
	case "tabs":
		return l.tabs(b)
	case "type":
		return l.typeCode(b, g)
	case "mistype":
		return l.mistype(b, g)
	case "resend":
		return l.resend(b, g)
	case "sign out":
		return l.signOut(b, g)
	case "replay":
		return l.replay(b, g)
	case "lose cookies":
		clear(b.jar)
		b.session = nil
	case "foreign cookies":
		b.before, b.after = foreign(g.gate.names, s.by)
	case "own cookies only":
		b.before, b.after = nil, nil
	case "wait", "wait long":
		l.world.pass(s.by)
		l.age(s.by)
	case "sleep":
		l.world.sleep(s.by)
		l.age(s.by)
		return l.open(b, g)
	case "set gateway":
		off := l.world.offsets()
		off[s.gateway] = s.by
		l.world.setOff(off)
	case "set store":
		off := l.world.offsets()
		l.age(max(s.by-off[2], 0))
		off[2] = s.by
		l.world.setOff(off)
	case "store fails":
		l.world.faults.Store(1)
	case "reload":
		g.load()
	case "restart":
		g.restart()
	}
	return nil
}

func (l *life) age(by time.Duration) {
	for _, q := range l.challenges {
		q.age += by
	}
}

// foreign are cookies of our names that another gate has set: of the names given, some before the browser's own and
// some behind.
func foreign(names cookieNames, seed time.Duration) (before, after []string) {
	r := rand.New(rand.NewPCG(uint64(seed), 0))
	draw := func() (cookies []string) {
		for range r.IntN(4) {
			bytes := make([]byte, 32)
			for i := range bytes {
				bytes[i] = byte(r.UintN(256))
			}
			ticket := base64.RawURLEncoding.EncodeToString(bytes)
			cookies = append(cookies, pick(r,
				names.challenge+"="+ticket, names.challenge+"=", names.challenge+"=junk",
				names.session+"=", names.session+"=eyJhbGciOiJIUzI1NiJ9.e30."+ticket, names.session+"=junk"))
		}
		return cookies
	}
	return draw(), draw()
}

// entitled reports whether a browser surely has a session at a gateway.
func (l *life) entitled(b *window, g *gateway) bool {
	s, now := b.session, g.clock.now()
	return s != nil && b.cookie(g.gate.names.session) != "" &&
		now.Sub(s.verified) < l.session-time.Second &&
		(l.maxAge == 0 || now.Sub(s.verified) < l.maxAge-time.Second) &&
		(l.idle == 0 || now.Sub(s.renewed) < l.idle-time.Second)
}

// open navigates, and holds what is found against what the browser is entitled to.
func (l *life) open(b *window, g *gateway) error {
	entitled, waits := l.entitled(b, g), l.waits(b)
	n := l.world.received()
	a := patiently(func() answer { return b.open(g) })
	n = l.world.received() - n
	return l.found(b, g, a, n, entitled, waits)
}

// patiently does again, a moment later, what is answered by 503: the store fails, or the machine is slow under many
// tests. In that moment the gateway takes back what it could not finish.
func patiently(do func() answer) answer {
	a := do()
	for tries := 0; a.status == http.StatusServiceUnavailable && tries < 3; tries++ {
		time.Sleep(20 * time.Millisecond)
		a = do()
	}
	return a
}

// waits reports whether the browser surely has a challenge that waits for its code.
func (l *life) waits(b *window) bool {
	t, ok := b.ticket()
	return ok && l.challenges[t.Challenge].holds()
}

func (b *window) ticket() (otp.Ticket, bool) {
	return otp.ParseTicket(b.cookie(b.world.gateways[0].gate.names.challenge))
}

// found looks at the answer to a navigation that cost n texts.
func (l *life) found(b *window, g *gateway, a answer, n int, entitled, waits bool) error {
	switch {
	case a.app && b.session == nil:
		return fmt.Errorf("the app was reached without a code")
	case entitled && !a.app:
		return fmt.Errorf("status %d, %d texts, for a visitor whose code was right: %s", a.status, n, title(a))
	case n > 1, n == 1 && (a.app || waits):
		return fmt.Errorf("%d texts; a code is waited for already: %v", n, waits)
	case a.app:
		if a.sets(g.gate.names.session) {
			b.session.renewed = g.clock.now()
		}
		return nil
	case a.status >= http.StatusInternalServerError:
		return fmt.Errorf("status %d: %s", a.status, title(a))
	}
	l.show(b, a, n)
	return nil
}

// show notes what a page asks for, and which code came with it.
func (l *life) show(b *window, a answer, n int) {
	b.csrf = a.csrf()
	t, ok := b.ticket()
	if !ok {
		return
	}
	b.asked = t.Challenge
	if n > 0 {
		l.texted(t.Challenge)
	}
}

// texted notes a text of a challenge. Only the latest few challenges of an account are kept.
func (l *life) texted(id otp.ChallengeID) {
	if l.challenges[id] == nil && len(l.challenges) > 1 {
		for _, q := range l.challenges {
			q.unsure = true
		}
	}
	unsure := l.challenges[id] != nil && l.challenges[id].unsure
	l.challenges[id] = &question{code: l.world.latest(), unsure: unsure}
}

func title(a answer) string {
	_, rest, _ := strings.Cut(a.body, "<title>")
	title, _, _ := strings.Cut(rest, "</title>")
	return title
}

// tabs opens two tabs of one browser at once, at both gateways.
func (l *life) tabs(b *window) error {
	var entitled [2]bool
	var answers [2]answer
	var wg sync.WaitGroup
	waits, n, faulty := l.waits(b), l.world.received(), l.world.faults.Load() > 0
	for i, g := range l.world.gateways {
		entitled[i] = l.entitled(b, g)
		wg.Go(func() { answers[i] = patiently(func() answer { return b.get(g) }) })
	}
	wg.Wait()
	n = l.world.received() - n
	for i, g := range l.world.gateways {
		b.take(answers[i])
		texts := n
		if answers[i].app && !answers[1-i].app {
			texts = 0 // the other tab's
		}
		if err := l.found(b, g, answers[i], texts, entitled[i], waits); err != nil {
			return fmt.Errorf("tab %d: %w", i, err)
		}
	}
	if q := l.challenges[b.asked]; faulty && q != nil {
		q.unsure = true // one tab may show a challenge that the other tab's gateway takes back
	}
	return nil
}

// typeCode types the code that the page asks for.
func (l *life) typeCode(b *window, g *gateway) error {
	q, t := l.challenges[b.asked], otp.Ticket{}
	if b.csrf == "" || q == nil {
		return nil
	}
	t, _ = b.ticket()
	sure := q.holds() && t.Challenge == b.asked
	answered := q.answered
	a, err := l.submit(b, g, "verify", q.code)
	switch {
	case err != nil:
		return err
	case a.status == http.StatusSeeOther && !a.sets(g.gate.names.session) && b.session != nil:
		return nil // the page was left over
	case a.sets(g.gate.names.session):
		q.answered = true
		b.csrf = ""
		b.session = &opened{verified: g.clock.now(), renewed: g.clock.now()}
		if answered {
			b.session.verified = g.clock.now().Add(-2 * time.Minute) // a second click: the session is the first one
		}
		return nil
	case sure:
		return fmt.Errorf("status %d for a right code: %s", a.status, title(a))
	case a.status >= http.StatusInternalServerError || title(a) == "":
		return fmt.Errorf("status %d for a right code, and no reason: %s", a.status, a.body)
	}
	l.show(b, a, 0)
	return nil
}

// submit sends a form of the page, which costs no text.
func (l *life) submit(b *window, g *gateway, action, code string) (answer, error) {
	n := l.world.received()
	a := patiently(func() answer { return b.post(g, action, url.Values{"csrf": {b.csrf}, "code": {code}}) })
	if n = l.world.received() - n; n > 0 {
		return a, fmt.Errorf("%d texts for a code that was typed", n)
	}
	return a, nil
}

// mistype types a wrong code, too rarely for a block.
func (l *life) mistype(b *window, g *gateway) error {
	q := l.challenges[b.asked]
	if b.csrf == "" || q == nil || l.mistyped >= otp.DefaultAttempts-1 {
		return nil
	}
	l.mistyped++
	digit := (q.code[0]-'0'+1)%10 + '0'
	a, err := l.submit(b, g, "verify", string(digit)+q.code[1:])
	if err == nil && a.sets(g.gate.names.session) {
		err = fmt.Errorf("a wrong code opened a session")
	}
	l.show(b, a, 0)
	return err
}

// resend presses the button for another text, and goes where that leads.
func (l *life) resend(b *window, g *gateway) error {
	if b.csrf == "" {
		return nil
	}
	t, _ := b.ticket()
	q, same := l.challenges[t.Challenge], l.waits(b)
	n := l.world.received()
	a := patiently(func() answer { return b.post(g, "send", url.Values{"csrf": {b.csrf}}) })
	n = l.world.received() - n
	switch {
	case n > 1 || a.status >= http.StatusInternalServerError:
		return fmt.Errorf("%d texts, status %d: %s", n, a.status, title(a))
	case n == 1 && same && l.world.latest() != q.code:
		return fmt.Errorf("another code, though the first one holds")
	}
	l.show(b, a, n)
	if a.status == http.StatusSeeOther {
		return l.open(b, g)
	}
	return nil
}

// signOut ends the session of a browser, and all challenges. So many ends are one end of all sessions.
func (l *life) signOut(b *window, g *gateway) error {
	if l.signedOut++; l.signedOut > 5 {
		return nil
	}
	token := b.cookie(g.gate.names.session)
	entitled := l.entitled(b, g)
	if a := patiently(func() answer { return b.post(g, "logout", nil) }); a.status != http.StatusSeeOther {
		return fmt.Errorf("status %d: %s", a.status, title(a))
	}
	if entitled {
		b.past = append(b.past, token)
	}
	b.session, b.csrf = nil, ""
	for _, q := range l.challenges {
		q.unsure = true
	}
	return nil
}

// replay comes with a session that was signed out a second ago at the most.
func (l *life) replay(b *window, g *gateway) error {
	for _, token := range b.past {
		thief := newBrowser(l.world, b.person)
		thief.before = []string{g.gate.names.session + "=" + token, g.gate.names.challenge + "=junk"}
		for began := time.Now(); thief.send(g, http.MethodHead, "", nil).app; time.Sleep(time.Millisecond) {
			if time.Since(began) > time.Second {
				return fmt.Errorf("the app was reached with a session that was signed out")
			}
		}
	}
	return nil
}
