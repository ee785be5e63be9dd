package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/caddy-sms-2fa/gateway/caddymodule/app"
	"github.com/caddy-sms-2fa/gateway/directory"
	"github.com/caddy-sms-2fa/gateway/phone"
	"github.com/caddy-sms-2fa/gateway/register"
)

const (
	// portionRows is how many rows one request of an import has at the most, unless one user has more.
	portionRows = 100

	// maxPortion bounds what is read of such a request, in bytes.
	maxPortion = 1 << 20

	// portionTimeout is how long such a request may take.
	portionTimeout = time.Minute

	// importers is how many users of a portion are entered at once.
	importers = 16
)

// importRow is a row of an import, and the line of the file in which it stands.
type importRow struct {
	Line int `json:"line"`
	numberRow
}

// importRequest is a portion of an import. Rows of one user stand one below the other.
type importRequest struct {
	Rows []importRow `json:"rows"`
}

// rowResult is what came of a row.
type rowResult struct {
	Line int `json:"line"`
	// Outcome is done, unchanged, or refused.
	Outcome string `json:"outcome"`
	// Problem is why a row was refused, and what to do.
	Problem string `json:"problem,omitempty"`
}

const refused = "refused"

// importAnswer is the answer to a portion.
type importAnswer struct {
	Results []rowResult `json:"results"`
	// Error is a fault of the store, after which nothing more was entered.
	Error string `json:"error,omitempty"`
}

// importNumbers is the endpoint that enters a portion of rows in the register.
func importNumbers(w http.ResponseWriter, r *http.Request) error {
	a, err := posted(r)
	if err != nil {
		return err
	}
	var req importRequest
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxPortion))
	d.DisallowUnknownFields()
	if err := d.Decode(&req); err != nil {
		return badRequest(errors.New(`expected {"rows":[{"line":1,"user":"alice","number":"+15005550006"}]}`))
	}
	ctx, cancel := context.WithTimeout(r.Context(), portionTimeout)
	defer cancel()
	numbers, err := a.Backend().Register(ctx)
	if err != nil {
		return unavailable(err)
	}
	// Caddy gives a request to the admin API ten seconds.
	if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(portionTimeout)); err != nil {
		return unavailable(err)
	}
	p := portion{
		register: numbers, region: a.DefaultRegion, shared: a.SharesNumbers(), results: make([]rowResult, len(req.Rows)),
	}
	answer := importAnswer{Results: p.results}
	if err := p.enter(ctx, req.Rows); err != nil {
		answer.Error = err.Error()
	}
	p.tell(a)
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(answer)
}

// portion is a portion of an import on its way into the register.
type portion struct {
	register *register.Register
	region   string // of numbers without a country
	shared   bool
	results  []rowResult

	mu    sync.Mutex
	fault error
}

// imported is the rows of one user.
type imported struct {
	user    string
	rows    []int // places in the portion
	numbers []register.Number
}

// enter enters the rows. Users are entered several at once, unless two of them have rows about the same user or
// number: of these the first one in the file comes first.
func (p *portion) enter(ctx context.Context, rows []importRow) error {
	var wg sync.WaitGroup
	seen := make(map[string]bool)
	free := make(chan struct{}, importers)
	for _, i := range p.read(rows) {
		if i.seen(seen) {
			wg.Wait()
			clear(seen)
		}
		i.note(seen)
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			p.enterUser(ctx, i)
		})
	}
	wg.Wait()
	return p.fault
}

func (i imported) seen(seen map[string]bool) bool {
	for _, n := range i.numbers {
		if seen[n.Phone.E164()] {
			return true
		}
	}
	return seen["user "+i.user]
}

func (i imported) note(seen map[string]bool) {
	seen["user "+i.user] = true
	for _, n := range i.numbers {
		seen[n.Phone.E164()] = true
	}
}

// read makes users of rows. A row that cannot be read is refused.
func (p *portion) read(rows []importRow) []imported {
	var users []imported
	for place, row := range rows {
		user, n, err := readRow(row.numberRow, p.region)
		if err != nil {
			p.results[place] = rowResult{row.Line, refused, err.Error()}
			continue
		}
		p.results[place] = rowResult{Line: row.Line}
		if last := len(users) - 1; last >= 0 && users[last].user == user {
			users[last].rows, users[last].numbers = append(users[last].rows, place), append(users[last].numbers, n)
			continue
		}
		users = append(users, imported{user, []int{place}, []register.Number{n}})
	}
	return users
}

// enterUser enters the numbers of one user.
func (p *portion) enterUser(ctx context.Context, i imported) {
	known, _, err := p.register.Find(ctx, i.user)
	if err != nil {
		p.fail(i.rows, err)
		return
	}
	other := i.other(known)
	for k, place := range i.rows {
		switch {
		case p.failed():
			p.refuse(place, "not entered, because the store does not answer; import the file again")
		case other != "":
			p.refuse(place, fmt.Sprintf("user: %q has another number, which ends in %s; write all numbers of a user one "+
				"below the other, or change it: caddy sms-2fa numbers set", i.user, lastDigits(other)))
		default:
			p.enterNumber(ctx, i.user, i.numbers[k], place)
		}
	}
}

// other is a number that the user has and that is not imported, "" for none.
func (i imported) other(known register.Entry) phone.Number {
	for _, n := range known.Numbers {
		found := false
		for _, mine := range i.numbers {
			found = found || mine.Phone == n.Phone
		}
		if !found {
			return n.Phone
		}
	}
	return ""
}

// lastDigits is what may be told of a number.
func lastDigits(n phone.Number) string { return n.E164()[len(n.E164())-2:] }

func (p *portion) enterNumber(ctx context.Context, user string, n register.Number, place int) {
	o, err := p.register.Put(ctx, user, n, p.shared)
	if err != nil {
		p.fail([]int{place}, err)
		return
	}
	if o != register.Taken {
		p.results[place].Outcome = string(o)
		return
	}
	owners, err := p.register.Owners(ctx, n.Phone)
	if err != nil {
		p.fail([]int{place}, err)
		return
	}
	p.refuse(place, fmt.Sprintf("number: it is the number of %q; remove it there first, or allow shared_numbers",
		strings.Join(owners, ", ")))
}

func (p *portion) refuse(place int, problem string) {
	p.results[place].Outcome, p.results[place].Problem = refused, problem
}

// fail notes a fault of the store.
func (p *portion) fail(places []int, err error) {
	for _, place := range places {
		p.refuse(place, "not entered, because the store does not answer; import the file again")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fault == nil {
		p.fault = err
	}
}

func (p *portion) failed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fault != nil
}

// tell writes what was entered to the log.
func (p *portion) tell(a *app.App) {
	count := make(map[string]int)
	for _, r := range p.results {
		count[r.Outcome]++
	}
	a.Log().Info("numbers imported by the operator", zap.Int("entered", count[string(register.Done)]),
		zap.Int("unchanged", count[string(register.Unchanged)]), zap.Int("refused", count[refused]))
}

// readRow reads a row of an import. The error says what is wrong with it and what to write.
func readRow(row numberRow, region string) (user string, n register.Number, err error) {
	if user = directory.Canonical(row.User); user == "" {
		return "", n, errors.New("user: it is empty or has control characters; write the name as the first factor does")
	}
	if n.Phone, err = phone.Parse(row.Number, region); err != nil {
		return "", n, fmt.Errorf("number: %w", err)
	}
	if n.First, err = readTime("first_proven", row.First); err != nil {
		return "", n, err
	}
	if n.Last, err = readTime("last_proven", row.Last); err != nil {
		return "", n, err
	}
	switch {
	case n.First.IsZero():
		n.First = n.Last
	case n.Last.IsZero():
		n.Last = n.First
	case n.Last.Before(n.First):
		return "", n, errors.New("last_proven: it is earlier than first_proven; exchange them")
	}
	switch n.How = register.How(row.How); n.How {
	case "":
		n.How = register.HowOperator
	case register.HowEnroll, register.HowDirectory, register.HowOperator:
	default:
		return "", n, errors.New("how: it is none of enroll, directory and operator; leave it empty")
	}
	return user, n, nil
}

func readTime(column, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("%s: it is not a time like 2026-11-23T12:00:00Z; leave it empty if it is not known", column)
	}
	return t.UTC().Truncate(time.Millisecond), nil
}
