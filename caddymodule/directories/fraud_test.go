package directories

import (
	"fmt"
	"testing"
	"time"
)

// student enrols within a time, with the mistakes that people make.
func (c *crowd) student(n int, d time.Duration) {
	p := c.somebody(fmt.Sprint("student-", n), "192.0.2.1", "+374")
	number := fmt.Sprintf("+3747%07d", n)
	arrives := func() {
		if c.chance(5) && !p.give(fmt.Sprintf("+3749%07d", n)) { // a typo: no text comes, after a while it is corrected
			return
		}
		wait := time.Duration(1)
		if len(p.tried) > 0 {
			wait = c.between(30*time.Second, 2*time.Minute)
		}
		c.in(wait, func() {
			if !p.give(number) {
				return
			}
			types := func() { c.in(c.between(10*time.Second, 90*time.Second), p.prove) }
			switch {
			case c.chance(2): // leaves half way
				p.proved++
			case c.chance(6): // asks for the text again
				c.in(c.between(61*time.Second, 90*time.Second), func() { p.text(); types() })
			default:
				types()
			}
		})
	}
	// Three in five come in the ten minutes after a full hour, when a lecture begins.
	when := c.between(0, d)
	if c.chance(60) {
		when = when.Truncate(time.Hour) + when%time.Hour/6
	}
	c.in(when, arrives)
}

// An honest campus: 3,000 people enrol in one morning, behind one address, or even in one hour. Nobody is stopped.
func TestCampus(t *testing.T) {
	t.Parallel()
	const people = 3000
	for name, d := range map[string]time.Duration{"in a morning": 4 * time.Hour, "in an hour": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCrowd(t)
			for n := range people {
				c.student(n, d)
			}
			c.run(d + time.Hour)
			t.Logf("%d people, %d texts, stopped: %v", people, c.texts, c.stopped)
			if len(c.stopped) > 0 || c.proved != people {
				t.Errorf("%d of %d got through, stopped by %v", c.proved, people, c.stopped)
			}
		})
	}
}

// attack has 500 accounts give numbers in 40 countries as fast as they can, and never prove one. addresses tells how
// many addresses they have.
func attack(c *crowd, addresses int, d time.Duration) {
	const accounts, countries = 500, 40
	for a := range accounts {
		p := c.somebody(fmt.Sprint("bot-", a), fmt.Sprintf("198.51.%d.%d", a%addresses/200, 1+a%addresses%200), "")
		n := 0
		var next func()
		next = func() {
			n++
			p.callingCode = fmt.Sprint("+9", 10+(a+n)%countries)
			p.give(fmt.Sprintf("%s%03d%04d", p.callingCode, a, n))
			c.in(c.between(time.Minute, 10*time.Minute), func() { p.text(); c.in(c.between(0, 40*time.Minute), next) })
		}
		c.in(c.between(0, time.Minute), next)
	}
	c.run(d)
}

// A pumping attack gets no more texts than the limits allow.
func TestPumping(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		addresses   int
		hour, night int // texts at most: in the first hour, and in three
	}{
		{"one address", 1, 400, 1000},
		{"an address for each account", 500, 600, 1000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newCrowd(t)
			attack(c, tt.addresses, time.Hour)
			first := c.texts
			c.run(2 * time.Hour)
			t.Logf("%d texts in the first hour, %d in three; stopped by %v", first, c.texts, c.stopped)
			if first > tt.hour || c.texts > tt.night {
				t.Errorf("%d texts in the first hour, %d in three", first, c.texts)
			}
		})
	}
}
