package gate

import (
	"context"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/metrics"
	"github.com/caddy-sms-2fa/gateway/sms"
)

// expectReports lets reports find the text by our own name for it, before any sender has the text: what a provider
// calls the text is not known before it answers, and never if its answer is lost. Where the store does not take that,
// the text goes out all the same, and its reports find it by the provider's name only.
func (d *delivery) expectReports(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	for _, e := range d.app.Failover().Entries() {
		r, ok := e.Sender.(sms.Referrer)
		if !ok || !r.Refers() || !d.app.Reported(e.Name) {
			continue
		}
		if err := d.verifier.ExpectReports(ctx, d.subject, d.dispatch, e.Name); err != nil {
			metrics.Faults.Inc()
			d.log.Error("reports of a text may not find it", append(d.fields(), zap.Error(err))...)
			return
		}
	}
}
