// Package metrics holds the counters that the gate adds to Caddy's metrics. They are made once and registered again
// with every configuration, so that a reload loses no count. Their labels are short lists: never a user, a number or
// an address.
package metrics

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	// Challenges counts challenges begun by a navigation.
	Challenges = counter("challenges_total", "Challenges begun by a navigation.")

	// Texts counts texts handed to a sender, by sender, result and class of error.
	Texts = counters("texts_total", "Texts handed to a sender, by result and class of error.",
		"sender", "result", "class")

	// Checks counts typed codes by result.
	Checks = counters("checks_total", "Codes typed, by result.", "result")

	// Refusals counts requests that were answered with a problem, by the problem's type.
	Refusals = counters("refusals_total", "Requests answered with a problem, by its type.", "problem")

	// Faults counts requests that a fault ended: of the store, the directory or a provider.
	Faults = counter("faults_total", "Requests that a fault of the store, the directory or a provider ended.")

	// Reports counts delivery reports, by sender and by what the report said or why the report was refused.
	Reports = counters("reports_total", "Delivery reports, by what they said, or why they were not heard.",
		"sender", "result")

	// Lookups counts lookups of phone numbers, by directory and by what came of them: found, cached, none, or the
	// class of the fault.
	Lookups = counters("directory_lookups_total", "Lookups of phone numbers, by what came of them.",
		"directory", "result")

	// Enrolments counts what came of numbers that visitors gave: texted, proved, unanswered (the register was not
	// there), refused by reason, limited by limit.
	Enrolments = counters("enrolments_total", "Phone numbers that visitors gave, by what came of them.",
		"result", "reason")

	// DirectoryResting is 1 for a directory whose breaker is open.
	DirectoryResting = prometheus.NewGaugeVec(prometheus.GaugeOpts(opts("directory_resting",
		"1 while a directory is left alone because it failed several times in a row.")), []string{"directory"})

	// Entries counts numbers of directories that a code proved, by what came of entering them in the register: done,
	// taken, or error.
	Entries = counters("register_entries_total",
		"Numbers of directories that a code proved, by what came of entering them.", "result")

	// Forms counts forms that visitors sent when their session had ended, by what became of them: held, lost, sent,
	// dropped, or gone (the visitor wanted to send one that was not kept any more).
	Forms = counters("forms_total", "Forms that visitors sent when their session had ended, by what became of them.",
		"result")

	// LostRevocations is how many revocations of this gateway the store had lost, and got again.
	LostRevocations = prometheus.NewGauge(prometheus.GaugeOpts(opts("store_lost_revocations",
		"Revocations of this gateway that the store had lost with a former server, and got again.")))

	// StoreUp is 1 while the store answers as it should, and StoreAge is how many seconds ago it last did.
	StoreUp = prometheus.NewGauge(prometheus.GaugeOpts(opts("store_up",
		"1 while the store answers as it should, 0 while it does not.")))
	StoreAge = prometheus.NewGauge(prometheus.GaugeOpts(opts("store_heard_seconds",
		"Seconds since the store last answered.")))

	// StoreConditions is how many servers of the store are set up in a way that does not suit a gateway.
	StoreConditions = prometheus.NewGaugeVec(prometheus.GaugeOpts(opts("store_conditions",
		"Servers of the store that evict records, write nothing to disk, or are too old.")), []string{"condition"})

	// InFlight is how many texts are on their way to a provider.
	InFlight = prometheus.NewGauge(prometheus.GaugeOpts(opts("texts_in_flight", "Texts on their way to a provider.")))

	// Resting is 1 for a sender whose breaker is open.
	Resting = prometheus.NewGaugeVec(prometheus.GaugeOpts(opts("sender_resting",
		"1 while a sender is left alone because it failed several times in a row.")), []string{"sender"})
)

func opts(name, help string) prometheus.CounterOpts {
	return prometheus.CounterOpts{Namespace: "caddy", Subsystem: "sms_2fa", Name: name, Help: help}
}

func counter(name, help string) prometheus.Counter { return prometheus.NewCounter(opts(name, help)) }

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(opts(name, help), labels)
}

// Register adds the metrics to the registry of a configuration. Registering again changes nothing.
func Register(registry *prometheus.Registry) error {
	for _, c := range []prometheus.Collector{
		Challenges, Texts, Checks, Refusals, Faults, Reports, Lookups, Enrolments, DirectoryResting, Entries, InFlight,
		Resting, Forms, StoreConditions, LostRevocations, StoreUp, StoreAge,
	} {
		if err := registry.Register(c); err != nil && !errors.As(err, new(prometheus.AlreadyRegisteredError)) {
			return err
		}
	}
	return nil
}
