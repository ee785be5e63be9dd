package directory_test

import (
	"strings"
	"testing"

	"github.com/caddy-sms-2fa/gateway/directory"
)

// What is wrong with options is said when the configuration is loaded, and names the option.
func TestLDAPOptions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		change func(*directory.LDAPOptions)
		want   string
	}{
		{func(*directory.LDAPOptions) {}, ""},
		{func(o *directory.LDAPOptions) { o.URLs = []string{"ldap://localhost", "ldap://[::1]:3890"} }, ""},
		{func(o *directory.LDAPOptions) { o.URLs, o.StartTLS = []string{"ldap://ldap.example.com/"}, true }, ""},
		{func(o *directory.LDAPOptions) { o.URLs, o.Plain = []string{"ldap://ldap.example.com"}, true }, ""},
		{func(o *directory.LDAPOptions) { o.Base, o.Filter = "uid={user},dc=x", "(objectClass=*)" }, ""},
		{func(o *directory.LDAPOptions) { o.BindDN, o.BindPassword = "cn=gate", "x" }, ""},
		{func(o *directory.LDAPOptions) { o.URLs = nil }, "url: it is missing"},
		{func(o *directory.LDAPOptions) { o.URLs = []string{"ldap.example.com"} }, "url: expected a scheme"},
		{func(o *directory.LDAPOptions) { o.URLs = []string{"https://ldap.example.com"} }, "neither ldaps nor ldap"},
		{func(o *directory.LDAPOptions) { o.URLs = []string{"ldap://ldap.example.com"} }, "not encrypted"},
		{func(o *directory.LDAPOptions) { o.URLs = []string{"ldaps://u:p@ldap.example.com"} }, "url: expected"},
		{func(o *directory.LDAPOptions) { o.URLs = []string{"ldaps://x/dc=example"} }, "url: expected"},
		{func(o *directory.LDAPOptions) { o.StartTLS = true }, "encrypted already"},
		{func(o *directory.LDAPOptions) { o.Base = "" }, "base: it is missing"},
		{func(o *directory.LDAPOptions) { o.Base = "people" }, "base: it is not a distinguished name"},
		{func(o *directory.LDAPOptions) { o.Filter = "" }, "filter: it is missing"},
		{func(o *directory.LDAPOptions) { o.Filter = "uid={user" }, "filter: it holds no {user}"},
		{func(o *directory.LDAPOptions) { o.Filter = "((uid={user})" }, "filter: it is not a filter"},
		{func(o *directory.LDAPOptions) { o.Filter = "(uid={usr})" }, "there is no variable {usr}"},
		{func(o *directory.LDAPOptions) { o.Filter = "(uid=alice)" }, "everybody would have the same number"},
		{func(o *directory.LDAPOptions) { o.Attributes = nil }, "attribute: it is missing"},
		{func(o *directory.LDAPOptions) { o.BindDN = "cn=gate" }, "bind_password: it is missing"},
		{func(o *directory.LDAPOptions) { o.BindPassword = "x" }, "bind_dn: it is missing"},
	} {
		o := directory.LDAPOptions{
			URLs: []string{"ldaps://ldap.example.com"}, Base: "ou=people,dc=example,dc=com", Filter: "(uid={user})",
			Attributes: []string{"mobile"},
		}
		c.change(&o)
		_, err := directory.NewLDAP(o)
		judge(t, err, c.want)
	}
}

func judge(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("error %v, want %q", err, want)
	}
	if err != nil && strings.Contains(err.Error(), "swordfish") {
		t.Errorf("the error tells a secret: %v", err)
	}
}

func TestSQLOptions(t *testing.T) {
	t.Parallel()
	const query = "SELECT phone FROM people WHERE login = {user}"
	for _, c := range []struct{ kind, dsn, query, want, warning string }{
		{"postgres", "postgres://gate:swordfish@127.0.0.1/people", query, "", ""},
		{"postgres", "host=/run/postgresql dbname=people", query, "", ""},
		{"postgres", "postgres://gate:swordfish@db.example.com/people?sslmode=verify-full", query, "", ""},
		{"postgres", "postgres://gate:swordfish@db.example.com/people", query, "", "sslmode=verify-full"},
		{"mysql", "gate:swordfish@tcp(127.0.0.1:3306)/people", query, "", ""},
		{"mysql", "gate:swordfish@unix(/run/mysqld.sock)/people", query, "", ""},
		{"mysql", "gate:swordfish@tcp(db.example.com:3306)/people?tls=true", query, "", ""},
		{"mysql", "gate:swordfish@tcp(db.example.com:3306)/people", query, "", "tls=true"},
		{"mysql", "gate:swordfish@tcp(db.example.com:3306)/people?tls=skip-verify", query, "", "tls=true"},
		{"oracle", "x", query, `kind: "oracle" is neither`, ""},
		{"postgres", "", query, "dsn: it is missing", ""},
		{"postgres", "postgres://gate:swordfish@host:port/people", query, "dsn: it cannot be read", ""},
		{"mysql", "gate:swordfish@host/people", query, "dsn: it cannot be read", ""},
		{"postgres", "host=/x", "DELETE FROM people", "query: it does not begin with SELECT", ""},
	} {
		d, err := directory.NewSQL(directory.SQLOptions{Kind: c.kind, DSN: c.dsn, Query: c.query})
		judge(t, err, c.want)
		if err == nil && ((d.Warning() == "") != (c.warning == "") || !strings.Contains(d.Warning(), c.warning)) {
			t.Errorf("%s: warning %q, want %q", c.dsn, d.Warning(), c.warning)
		}
	}
}

func TestRedisOptions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ hash, field, key, want string }{
		{"phones", "", "", ""},
		{"user:{user}", "phone", "", ""},
		{"", "", "phone:{user}", ""},
		{"", "", "", "hash, key: expected one of the two"},
		{"phones", "", "phone:{user}", "hash, key: expected one of the two"},
		{"", "phone", "phone:{user}", "field: it belongs to hash"},
		{"phones", "phone", "", "everybody would have the same number"},
		{"", "", "phone", "everybody would have the same number"},
		{"", "", "phone:{usr}", "key: there is no variable {usr}"},
	} {
		d, err := directory.NewRedis(directory.RedisOptions{Hash: c.hash, Field: c.field, Key: c.key})
		judge(t, err, c.want)
		if err == nil {
			_ = d.Close()
		}
	}
}

func TestHTTPOptions(t *testing.T) {
	t.Parallel()
	const target = "https://hr.example.com/people/{user}"
	for _, c := range []struct {
		o    directory.HTTPOptions
		want string
	}{
		{directory.HTTPOptions{URL: target}, ""},
		{directory.HTTPOptions{URL: "https://hr.example.com/people?login={user}"}, ""},
		{directory.HTTPOptions{URL: "http://127.0.0.1:8080/{user}"}, ""},
		{directory.HTTPOptions{URL: "http://hr.example.com/{user}", PlainHTTP: true}, ""},
		{directory.HTTPOptions{URL: "https://hr.example.com/", JSON: `{"login": "{user}"}`}, ""},
		{directory.HTTPOptions{}, "url: it is missing"},
		{directory.HTTPOptions{URL: "hr.example.com/{user}"}, "url: it is not a URL"},
		{directory.HTTPOptions{URL: "ftp://hr.example.com/{user}"}, "neither https nor http"},
		{directory.HTTPOptions{URL: "http://hr.example.com/{user}"}, "url: it is not https"},
		{directory.HTTPOptions{URL: "https://u:swordfish@hr.example.com/{user}"}, "url: it is not a URL"},
		{directory.HTTPOptions{URL: "https://{user}.example.com/"}, "url: a variable stands in its host"},
		{directory.HTTPOptions{URL: "https://hr.example.com/people?a=1#{user}"}, "url: it is not a URL"},
		{directory.HTTPOptions{URL: "https://hr.example.com/"}, "everybody would have the same number"},
		{directory.HTTPOptions{URL: "https://hr.example.com/{usr}"}, "there is no variable {usr}"},
		{directory.HTTPOptions{URL: target, Method: "PUT"}, "method:"},
		{directory.HTTPOptions{URL: target, Method: "GET", JSON: "{}"}, "json: a GET has no body"},
		{directory.HTTPOptions{URL: target, JSON: "{"}, "json: it is not JSON"},
		{directory.HTTPOptions{URL: target, JSON: `{"login": {user}}`}, "json: it is not JSON"},
		{directory.HTTPOptions{URL: target, Phone: "contact.mobile"}, "phone:"},
		{directory.HTTPOptions{URL: target, Bearer: "x", BasicUser: "y"}, "basic_auth, bearer: expected one"},
		{directory.HTTPOptions{URL: target, Headers: []directory.HTTPHeader{{Name: "X", Value: "a\r\nb"}}}, "header:"},
		{directory.HTTPOptions{URL: target, Headers: []directory.HTTPHeader{{Name: "X:", Value: "a"}}}, "header:"},
	} {
		_, err := directory.NewHTTP(c.o)
		judge(t, err, c.want)
	}
}
