package page

import (
	"net/http"
	"testing"
)

// discard is an answer whose body is thrown away.
type discard struct {
	header http.Header
	bytes  int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(p []byte) (int, error) { d.bytes += len(p); return len(p), nil }

// BenchmarkPage measures what the page with the field costs, and how long it is.
func BenchmarkPage(b *testing.B) {
	p := New(allWords(b))
	v := samples()[0].View
	v.State, v.Delivery = Enter, DeliverySent
	d := &discard{header: make(http.Header)}
	b.ReportAllocs()
	for b.Loop() {
		d.bytes = 0
		if err := p.Write(d, 403, v); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(d.bytes), "page-bytes")
}
