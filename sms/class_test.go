package sms

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestClassOfStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status     int
		retryAfter time.Duration
		want       Class
	}{
		{400, 0, Config},
		{404, 0, Config},
		{301, 0, Config},
		{401, 0, Unauthorized},
		{403, 0, Unauthorized},
		{402, 0, Account},
		{429, 0, RateLimited},
		{302, 0, Ambiguous},
		{303, 0, Ambiguous},
		{408, 0, Ambiguous},
		{409, 0, Ambiguous},
		{500, 0, Ambiguous},
		{502, 0, Ambiguous},
		{503, 0, Ambiguous},
		{503, time.Second, Temporary},
	} {
		if got := (answer{status: tt.status, retryAfter: tt.retryAfter}).class(); got != tt.want {
			t.Errorf("status %d, Retry-After %v: %s, want %s", tt.status, tt.retryAfter, got, tt.want)
		}
	}
}

func TestClassOfError(t *testing.T) {
	t.Parallel()
	blocked := fmt.Errorf("trying: %w", &Error{Class: Blocked, RetryAfter: time.Minute})
	if ClassOf(nil) != "" || ClassOf(blocked) != Blocked || ClassOf(errors.New("odd")) != Ambiguous {
		t.Errorf("classes %q, %q, %q", ClassOf(nil), ClassOf(blocked), ClassOf(errors.New("odd")))
	}
	if RetryAfterOf(nil) != 0 || RetryAfterOf(blocked) != time.Minute || RetryAfterOf(errors.New("odd")) != 0 {
		t.Error("the wait is not that of the provider")
	}
}

// The table of classes in the package doc and in docs/delivery.md.
func TestClassesLeadToActs(t *testing.T) {
	t.Parallel()
	failover := []Class{RateLimited, Unauthorized, Account, Config, Temporary}
	breaker := []Class{Unauthorized, Account, Config, Temporary, Ambiguous}
	for _, c := range Classes {
		if got, want := c.allowsFailover(), slices.Contains(failover, c); got != want {
			t.Errorf("%s allows failover: %v, want %v", c, got, want)
		}
		if got, want := c.countsAgainstProvider(), slices.Contains(breaker, c); got != want {
			t.Errorf("%s counts for the breaker: %v, want %v", c, got, want)
		}
	}
}
