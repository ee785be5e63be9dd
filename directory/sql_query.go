package directory

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// queryReader reads a query from left to right, and knows what is text in quotes and what is not.
type queryReader struct {
	mysql      bool
	rest       string
	out        strings.Builder
	parameters []func(Person) string
}

var (
	errNotSelect = errors.New("it does not begin with SELECT; only one SELECT is allowed")
	errSeveral   = errors.New("it has a semicolon; only one SELECT is allowed")
	errNobody    = errors.New("it holds no parameter for the user, so everybody would have the same number; " +
		"write $1 (postgres), ? (mysql) or {user}")
	errQuoted = errors.New("a parameter stands in quotes, where it would be a text like any other; leave the quotes away")
	errOpen   = errors.New("a quote or a comment has no end")
)

// parseQuery reads a query: one SELECT that names the user. It returns the query as the driver takes it, and what its
// parameters are, in order.
func parseQuery(query string, mysql bool) (string, []func(Person) string, error) {
	query = strings.TrimSpace(query)
	word, _, _ := strings.Cut(strings.Join(strings.Fields(query), " "), " ")
	if query == "" {
		return "", nil, errors.New("it is missing; expected one like SELECT phone FROM people WHERE login = {user}")
	}
	if !strings.EqualFold(word, "SELECT") {
		return "", nil, errNotSelect
	}
	r := &queryReader{mysql: mysql, rest: query}
	for r.rest != "" {
		if err := r.next(); err != nil {
			return "", nil, err
		}
	}
	if len(r.parameters) == 0 {
		return "", nil, errNobody
	}
	return r.out.String(), r.parameters, nil
}

// next reads a quoted text, a comment, a parameter or one character.
func (r *queryReader) next() error {
	switch c := r.rest[0]; {
	case c == '\'' || c == '"' || c == '`':
		return r.quoted(c)
	case strings.HasPrefix(r.rest, "/*"):
		return r.until("*/")
	case strings.HasPrefix(r.rest, "--"), c == '#' && r.mysql:
		return r.until("\n")
	case c == ';':
		return errSeveral
	case c == '?' && r.mysql:
		r.parameter(variables["user"], 1)
	case c == '$' && !r.mysql:
		return r.numbered()
	case c == '{':
		return r.variable()
	default:
		r.copy(1)
	}
	return nil
}

func (r *queryReader) copy(n int) {
	r.out.WriteString(r.rest[:n])
	r.rest = r.rest[n:]
}

// parameter writes a parameter in the place of the next n bytes.
func (r *queryReader) parameter(value func(Person) string, n int) {
	r.parameters = append(r.parameters, value)
	r.rest = r.rest[n:]
	if r.mysql {
		r.out.WriteByte('?')
		return
	}
	r.out.WriteString("$" + strconv.Itoa(len(r.parameters)))
}

// quoted copies a text in quotes. A quote that is doubled, or in MySQL behind a backslash, does not end the text.
func (r *queryReader) quoted(quote byte) error {
	for i := 1; i < len(r.rest); i++ {
		switch {
		case r.rest[i] == '\\' && r.mysql && quote != '`':
			i++
		case r.rest[i] == quote:
			inside := r.rest[1:i]
			if strings.Contains(inside, "{user") || !r.mysql && inside == "$1" || r.mysql && inside == "?" {
				return errQuoted
			}
			r.copy(i + 1)
			return nil
		}
	}
	return errOpen
}

// until copies a comment, whose end is given. The end of the query ends a line as well.
func (r *queryReader) until(end string) error {
	i := strings.Index(r.rest, end)
	switch {
	case i >= 0:
		r.copy(i + len(end))
	case end == "\n":
		r.copy(len(r.rest))
	default:
		return errOpen
	}
	return nil
}

// numbered reads $1.
func (r *queryReader) numbered() error {
	digits := r.rest[1:]
	digits = digits[:len(digits)-len(strings.TrimLeft(digits, "0123456789"))]
	if digits != "1" {
		return fmt.Errorf("$%s is not $1, the user; quotes by $ are not understood", digits)
	}
	r.parameter(variables["user"], 2)
	return nil
}

func (r *queryReader) variable() error {
	word := braces.FindString(r.rest)
	if word == "" || !strings.HasPrefix(r.rest, word) {
		r.copy(1)
		return nil
	}
	value, known := variables[word[1:len(word)-1]]
	if !known {
		return fmt.Errorf("there is no variable %s; there are {user}, {user.given} and {user.login}", word)
	}
	r.parameter(value, len(word))
	return nil
}
