package caddymodule

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are made once and registered again with every configuration, so that a reload loses no count. Their labels are
// short lists: never a user, a number or an address.
var metrics = newCollectors()

type collectors struct {
	challenges prometheus.Counter
	texts      *prometheus.CounterVec
	checks     *prometheus.CounterVec
	refusals   *prometheus.CounterVec
	faults     prometheus.Counter
}

func newCollectors() *collectors {
	opts := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: "caddy", Subsystem: "sms_2fa", Name: name, Help: help}
	}
	return &collectors{
		challenges: prometheus.NewCounter(opts("challenges_total", "Challenges begun by a navigation.")),
		texts: prometheus.NewCounterVec(opts("texts_total", "Texts handed to a sender, by result and class of error."),
			[]string{"sender", "result", "class"}),
		checks:   prometheus.NewCounterVec(opts("checks_total", "Codes typed, by result."), []string{"result"}),
		refusals: prometheus.NewCounterVec(opts("refusals_total", "Requests answered with a problem, by its type."), []string{"problem"}),
		faults:   prometheus.NewCounter(opts("faults_total", "Requests that a fault of the store or the directory ended.")),
	}
}

func (c *collectors) register(registry *prometheus.Registry) error {
	for _, m := range []prometheus.Collector{c.challenges, c.texts, c.checks, c.refusals, c.faults} {
		if err := registry.Register(m); err != nil && !errors.As(err, new(prometheus.AlreadyRegisteredError)) {
			return err
		}
	}
	return nil
}
