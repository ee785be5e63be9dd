package words

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a duration in words, rounded up so that a visitor who waits that long does not come back too early. Up
// to 90 seconds it is in seconds, up to 90 minutes in minutes, up to 48 hours in hours, then in days. It can stand for
// {time} in every text: translations choose their words so that it fits.
func (l *Language) Duration(d time.Duration) string {
	s := Seconds(d)
	switch {
	case s <= 90:
		return l.count("seconds", s)
	case s <= 90*60:
		return l.count("minutes", units(s, 60))
	case s <= 48*3600:
		return l.count("hours", units(s, 3600))
	}
	return l.count("days", units(s, 24*3600))
}

// Seconds is a duration in seconds, rounded up, and 0 for a duration that is over.
func Seconds(d time.Duration) int { return max(0, int(math.Ceil(d.Seconds()))) }

// units is how many units begin in a time.
func units(seconds, unit int) int { return (seconds + unit - 1) / unit }

// count is a text with its number.
func (l *Language) count(key string, n int) string {
	t := l.texts[key]
	words := t.source[other]
	if w, ok := t.source[form(l.Tag, n)]; ok {
		words = w
	}
	return strings.ReplaceAll(words, "{n}", l.Number(n))
}

// Number is a whole number, not below 0, in the digits of the language.
func (l *Language) Number(n int) string {
	ascii := strconv.Itoa(n)
	if l.digits[0] == "0" {
		return ascii
	}
	var number strings.Builder
	for _, digit := range ascii {
		number.WriteString(l.digits[digit-'0'])
	}
	return number.String()
}
