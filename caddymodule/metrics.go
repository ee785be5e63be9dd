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
	reports    *prometheus.CounterVec
	inFlight   prometheus.Gauge
	resting    *prometheus.GaugeVec
}

func newCollectors() *collectors {
	opts := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: "caddy", Subsystem: "sms_2fa", Name: name, Help: help}
	}
	gauge := func(name, help string) prometheus.GaugeOpts { return prometheus.GaugeOpts(opts(name, help)) }
	return &collectors{
		challenges: prometheus.NewCounter(opts("challenges_total", "Challenges begun by a navigation.")),
		texts: prometheus.NewCounterVec(opts("texts_total", "Texts handed to a sender, by result and class of error."),
			[]string{"sender", "result", "class"}),
		checks:   prometheus.NewCounterVec(opts("checks_total", "Codes typed, by result."), []string{"result"}),
		refusals: prometheus.NewCounterVec(opts("refusals_total", "Requests answered with a problem, by its type."), []string{"problem"}),
		faults:   prometheus.NewCounter(opts("faults_total", "Requests that a fault of the store, the directory or a provider ended.")),
		reports: prometheus.NewCounterVec(opts("reports_total", "Delivery reports, by what they said, or why they were not heard."),
			[]string{"sender", "result"}),
		inFlight: prometheus.NewGauge(gauge("texts_in_flight", "Texts on their way to a provider.")),
		resting:  prometheus.NewGaugeVec(gauge("sender_resting", "1 while a sender is left alone because it failed several times in a row."), []string{"sender"}),
	}
}

func (c *collectors) register(registry *prometheus.Registry) error {
	for _, m := range []prometheus.Collector{c.challenges, c.texts, c.checks, c.refusals, c.faults, c.reports, c.inFlight, c.resting} {
		if err := registry.Register(m); err != nil && !errors.As(err, new(prometheus.AlreadyRegisteredError)) {
			return err
		}
	}
	return nil
}
