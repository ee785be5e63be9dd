package directory

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// Limits of the connections to a database. They are few, because every gateway has as many.
const (
	maxOpenSQL = 8
	maxIdleSQL = 2
	idleSQL    = 5 * time.Minute  // how long a connection is kept while nobody uses it
	connectSQL = 10 * time.Second // how long it may take to connect while nobody waits for it
	lifeSQL    = 30 * time.Minute // how long a connection is used, so that a new server is found in the end
)

// SQLOptions say which database has the numbers, and how they are asked for.
type SQLOptions struct {
	// Kind is "postgres" or "mysql" (also for MariaDB). Required.
	Kind string

	// DSN says where the database is, with the credentials and how TLS is spoken: for PostgreSQL a URL or key=value
	// pairs as psql takes them, for MySQL user:password@tcp(host:3306)/database?tls=true. Required.
	DSN string

	// Query is one SELECT with one column, the number. The name of the user is a parameter of it, never a part of its
	// text: $1 (PostgreSQL) or ? (MySQL) is the canonical name; {user}, {user.given} and {user.login} are variables.
	// Each row is a number, the first row before the next. Required.
	Query string
}

// SQL is a directory in a PostgreSQL or MySQL database. Its connections are read-only.
type SQL struct {
	db         *sql.DB
	query      string
	parameters []func(Person) string
	warning    string
	connecting atomic.Bool // in the background
}

var _ Directory = (*SQL)(nil)

// NewSQL returns a directory. It does not connect. Errors begin with the name of the option.
func NewSQL(o SQLOptions) (*SQL, error) {
	s := &SQL{}
	connector, err := s.connector(o)
	if err != nil {
		return nil, err
	}
	if s.query, s.parameters, err = parseQuery(o.Query, o.Kind == "mysql"); err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	s.db = sql.OpenDB(connector)
	s.db.SetMaxOpenConns(maxOpenSQL)
	s.db.SetMaxIdleConns(maxIdleSQL)
	s.db.SetConnMaxIdleTime(idleSQL)
	s.db.SetConnMaxLifetime(lifeSQL)
	return s, nil
}

func (s *SQL) connector(o SQLOptions) (driver.Connector, error) {
	switch {
	case o.DSN == "":
		return nil, errors.New("dsn: it is missing")
	case o.Kind == "postgres":
		return s.postgres(o.DSN)
	case o.Kind == "mysql":
		return s.mysql(o.DSN)
	}
	return nil, fmt.Errorf("kind: %q is neither postgres nor mysql", o.Kind)
}

// Warning says what is odd about the connection: that somebody in between could change the numbers. "" if nothing is.
func (s *SQL) Warning() string { return s.warning }

const plainSQL = "the connection to the database is not protected against somebody in between; "

// postgres reads a DSN. What cannot be read of it is not told, because it holds a password.
func (s *SQL) postgres(dsn string) (driver.Connector, error) {
	c, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("dsn: it cannot be read; expected one like " +
			"postgres://gate:password@db.example.com/people?sslmode=verify-full")
	}
	// Of the server, not of the query: what a query may do hangs on the session.
	c.RuntimeParams["default_transaction_read_only"] = "on"
	protected := c.TLSConfig != nil && !c.TLSConfig.InsecureSkipVerify
	for _, f := range c.Fallbacks {
		protected = protected && f.TLSConfig != nil && !f.TLSConfig.InsecureSkipVerify
	}
	if !protected && !isLoopback(c.Host) && !strings.HasPrefix(c.Host, "/") {
		s.warning = plainSQL + "write sslmode=verify-full into dsn"
	}
	return stdlib.GetConnector(*c), nil
}

func (s *SQL) mysql(dsn string) (driver.Connector, error) {
	c, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, errors.New("dsn: it cannot be read; expected one like " +
			"gate:password@tcp(db.example.com:3306)/people?tls=true")
	}
	c.Logger = &mysql.NopLogger{}
	host, _, _ := strings.Cut(c.Addr, ":")
	if (c.TLS == nil || c.TLS.InsecureSkipVerify || c.AllowFallbackToPlaintext) && c.Net == "tcp" && !isLoopback(host) {
		s.warning = plainSQL + "write tls=true into dsn"
	}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, errors.New("dsn: it cannot be used")
	}
	return readOnly{connector}, nil
}

// readOnly is a connector whose sessions can change nothing.
type readOnly struct{ driver.Connector }

func (r readOnly) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := r.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	_, err = conn.(driver.ExecerContext).ExecContext(ctx, "SET SESSION TRANSACTION READ ONLY", nil)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// Close closes the connections, when the queries under way have ended.
func (s *SQL) Close() error { return s.db.Close() }

// Lookup asks the query.
func (s *SQL) Lookup(ctx context.Context, p Person) (Numbers, error) {
	parameters := make([]any, len(s.parameters))
	for i, value := range s.parameters {
		parameters[i] = value(p)
	}
	rows, err := s.db.QueryContext(ctx, s.query, parameters...)
	if ctx.Err() != nil {
		go s.connect()
	}
	if err != nil {
		return nil, sqlFault(err)
	}
	defer rows.Close()
	numbers, err := numbersIn(rows)
	if err != nil {
		return nil, sqlFault(err)
	}
	return numbers, nil
}

// connect sees that there is a connection for the next question, when one came to nothing because time ran out. A
// connection that is still being made ends with its question, so where it takes longer to connect than a question may
// take, no question would ever be answered.
func (s *SQL) connect() {
	if !s.connecting.CompareAndSwap(false, true) {
		return
	}
	defer s.connecting.Store(false)
	ctx, cancel := context.WithTimeout(context.Background(), connectSQL)
	defer cancel()
	_ = s.db.PingContext(ctx) // the next question says what is wrong
}

// numbersIn reads the rows; NULL and "" are no number.
func numbersIn(rows *sql.Rows) (Numbers, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	if len(columns) != 1 {
		return nil, fault(Config, fmt.Sprintf("the query has %d columns; expected one, the number", len(columns)))
	}
	var numbers Numbers
	for rows.Next() {
		var number sql.NullString
		if err := rows.Scan(&number); err != nil {
			return nil, fault(Unreadable, "the column is neither text nor a whole number")
		}
		if text := strings.TrimSpace(number.String); text != "" {
			numbers = append(numbers, text)
		}
		if len(numbers) > maxNumbers {
			break // the source says what is wrong with that
		}
	}
	return numbers, rows.Err()
}

// sqlFault is the *Error for an error of a database. Only codes are told, because texts can hold names.
func sqlFault(err error) *Error {
	var known *Error
	var postgres *pgconn.PgError
	var my *mysql.MySQLError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &postgres):
		return fault(postgresClass(postgres.Code), "the database says "+postgres.Code+postgresAdvice[postgres.Code])
	case errors.As(err, &my):
		return fault(mysqlClass(my.Number), fmt.Sprintf("the database says %d%s", my.Number, mysqlAdvice[my.Number]))
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, mysql.ErrInvalidConn):
		return fault(Down, "the server closed the connection")
	}
	return unreachable(err)
}

// postgresClass is the class of an SQLSTATE; its first two characters are a class (PostgreSQL, appendix A).
func postgresClass(code string) Class {
	switch {
	case code == "57014": // query_canceled
		return Slow
	case strings.HasPrefix(code, "08"), strings.HasPrefix(code, "53"), strings.HasPrefix(code, "57"),
		strings.HasPrefix(code, "58"), strings.HasPrefix(code, "XX"):
		return Down
	case strings.HasPrefix(code, "28"), code == "42501":
		return Refused
	case strings.HasPrefix(code, "22"): // data exception, such as a name that the column's type cannot have
		return Unreadable
	}
	return Config
}

// What operators do wrong most.
var (
	postgresAdvice = map[string]string{
		"28P01": ", the password is wrong; check dsn",
		"28000": ", the user may not log in; check dsn and pg_hba.conf",
		"3D000": ", there is no such database; check dsn",
		"42501": ", the user may not read the table: GRANT SELECT",
		"42P01": ", there is no such table; check query",
		"42703": ", there is no such column; check query",
		"42601": ", the query has a syntax error; check query",
		"25006": ", the query changes data; connections are read-only",
		"08P01": ", the connection is refused; a pooler needs ignore_startup_parameters = default_transaction_read_only",
		"53300": ", there are too many connections",
	}
	mysqlAdvice = map[uint16]string{
		1040: ", there are too many connections",
		1045: ", the password is wrong; check dsn",
		1044: ", the user may not use the database: GRANT SELECT",
		1049: ", there is no such database; check dsn",
		1054: ", there is no such column; check query",
		1064: ", the query has a syntax error; check query",
		1142: ", the user may not read the table: GRANT SELECT",
		1146: ", there is no such table; check query",
		1792: ", the query changes data; connections are read-only",
	}
)

func mysqlClass(number uint16) Class {
	switch number {
	case 1040, 1053, 1152, 1158, 1159, 1160, 1161, 1203, 2006, 2013: // connections, shutdown, network
		return Down
	case 1044, 1045, 1142, 1143, 1698:
		return Refused
	case 1205, 1317, 1969, 3024: // lock wait, interrupted, time limits
		return Slow
	}
	return Config
}
