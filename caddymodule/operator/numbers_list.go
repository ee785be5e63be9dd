package operator

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// listedLine is a line of the list that the admin API streams: a row, or what ends the list. A list without an end was
// cut off.
type listedLine struct {
	numberRow
	End   bool   `json:"end,omitempty"`
	Error string `json:"error,omitempty"`
}

// listEnd is the last line of a list.
type listEnd struct {
	End   bool   `json:"end,omitempty"`
	Error string `json:"error,omitempty"`
}

// flushEvery is after how many rows a list is handed to the network, so that neither side holds many of them.
const flushEvery = 500

// listNumbers is the endpoint that streams all rows of the register, as JSON, one a line.
func listNumbers(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet {
		return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Err: errors.New("GET is expected")}
	}
	a, err := running()
	if err != nil {
		return caddy.APIError{HTTPStatus: http.StatusNotFound, Err: err}
	}
	ctx, cancel := context.WithTimeout(r.Context(), endpointTimeout)
	defer cancel()
	numbers, err := a.Backend().Register(ctx)
	if err != nil {
		return unavailable(err)
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := bufio.NewWriter(w)
	defer out.Flush()
	lines, connection := json.NewEncoder(out), http.NewResponseController(w)
	// Caddy gives a request to the admin API ten seconds; a million numbers take longer.
	if err := connection.SetReadDeadline(time.Time{}); err != nil {
		return unavailable(err)
	}
	rows := 0
	for e, err := range numbers.All(r.Context()) {
		if err != nil {
			return lines.Encode(listEnd{Error: err.Error()})
		}
		for _, row := range rowsOf(e) {
			if rows++; rows%flushEvery == 0 {
				_ = connection.SetWriteDeadline(time.Now().Add(endpointTimeout)) // for a reader that stops reading
				_ = out.Flush()
			}
			if err := lines.Encode(row); err != nil {
				return nil //nolint:nilerr // the reader has gone
			}
		}
	}
	return lines.Encode(listEnd{End: true})
}
