package otp

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// Whatever the clock of the store does, a session that is opened after an ending outlives the ending, and a session
// that was opened before does not.
func TestStampsKeepTheOrder(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var a account
	now, latest := start, int64(0)
	for i := range 2000 {
		now = now.Add(time.Duration(r.IntN(3)-1) * time.Duration(r.IntN(600)) * time.Second) // may be put back
		data, err := a.encode()
		if err != nil {
			t.Fatal(err)
		}
		if a, err = decode(data); err != nil {
			t.Fatal(err)
		}
		a.expire(now, DefaultPolicy())
		stamp := a.stamp(now)
		if i%3 == 0 {
			stamp = a.endOne(now).Stamp
		}
		if stamp <= latest && now.Sub(time.UnixMilli(latest)) < stampMemory {
			t.Fatalf("step %d: stamp %d after %d", i, stamp, latest)
		}
		latest = stamp
	}
}

func TestSessionOpenedInTheMillisecondOfAnEndingLives(t *testing.T) {
	t.Parallel()
	s, b := newScene(t), laptop
	s.begin(&b)
	opened := s.try(b, rightMark, true)
	s.want("the right code", opened, Right)
	ending := s.a.endAll(s.now)
	b = laptop
	s.now = s.now.Add(s.p.ResendAfter)
	s.begin(&b)
	s.now = time.UnixMilli(ending.Stamp) // the clock is put back to the moment of the ending
	later := s.try(b, rightMark, true)
	s.want("the right code after the ending", later, Right)
	if opened.Stamp > ending.Stamp || later.Stamp <= ending.Stamp {
		t.Errorf("stamps %d, ending %d, %d are out of order", opened.Stamp, ending.Stamp, later.Stamp)
	}
	if again := s.try(b, rightMark, true); again.Stamp != later.Stamp {
		t.Errorf("the second of a double click has stamp %d, the first %d", again.Stamp, later.Stamp)
	}
}

// However often sessions of an account end, the log holds a bounded number of entries about it.
func TestEndsOfAnAccountAreBounded(t *testing.T) {
	t.Parallel()
	var a account
	log, most := make(map[string]bool), 0
	for i := range 500 {
		now := start.Add(time.Duration(i) * time.Minute)
		a.expire(now, DefaultPolicy())
		step := a.endOne
		switch {
		case i%50 == 49:
			step = a.endAll
		case i%5 == 4:
			step = func(now time.Time) Ending { return a.replace(now, a.stamp(now)) }
		}
		e, position := step(now), fmt.Sprint(i)
		for _, old := range e.Replaces {
			delete(log, old)
		}
		log[position] = true
		a.ended(e, position, now.Add(90*24*time.Hour))
		most = max(most, len(log))
	}
	if most > maxEnds {
		t.Errorf("the log held %d entries about one account, want %d at most", most, maxEnds)
	}
}

func TestReplacedSessionLeavesTheLaterOneAlone(t *testing.T) {
	t.Parallel()
	for _, ends := range []int{0, maxEnds} {
		s, b := newScene(t), laptop
		for i := range ends {
			s.a.ended(Ending{}, fmt.Sprint(i), s.now.Add(time.Hour))
		}
		s.begin(&b)
		opened := s.try(b, rightMark, true)
		e := s.a.replace(s.now, opened.Stamp)
		if e.All != (ends == maxEnds) || e.All && e.Stamp >= opened.Stamp {
			t.Errorf("after %d ends: %+v, opened with stamp %d", ends, e, opened.Stamp)
		}
		s.want("the second half of a double click", s.try(b, rightMark, true), Right)
	}
}

func TestEndsAreForgottenWhenTheyAreOver(t *testing.T) {
	t.Parallel()
	var a account
	a.ended(a.endOne(start), "1", start.Add(time.Hour))
	if end := a.expires(start, DefaultPolicy()); !end.Equal(start.Add(stampMemory)) {
		t.Errorf("the record is kept until %s", end)
	}
	a.expire(start.Add(2*stampMemory), DefaultPolicy())
	if data, err := a.encode(); data != nil || err != nil {
		t.Errorf("what is over is still written: %s, %v", data, err)
	}
}
