package providers

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// pageSize is how many entries a page of a list has at the most, whatever is asked for.
const pageSize = 3

// asks reports whether a query has no other fields than a list has, and those allowed.
func asks(r *http.Request, allowed ...string) bool {
	return only(r.URL.Query(), append(allowed, "page_size", "page_token")...)
}

func (d *Dexatel) list(w http.ResponseWriter, r *http.Request, what []map[string]any, filters ...string) {
	if !asks(r, filters...) {
		d.refuse(w, r, 0, "1705")
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	q := r.URL.Query()
	if channel := q.Get("filter[channel]"); channel != "" && channel != "SMS" {
		what = nil
	}
	from, _ := strconv.Atoi(q.Get("page_token"))
	from = min(from, len(what))
	to := min(from+pageSize, len(what))
	links := map[string]any{"first": d.URL + r.URL.Path}
	if to < len(what) {
		links["next"] = fmt.Sprintf("%s%s?page_token=%d", d.URL, r.URL.Path, to)
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"data":       append([]map[string]any{}, what[from:to]...),
		"pagination": map[string]any{"number": from/pageSize + 1, "size": to - from, "total": len(what), "links": links},
	})
}

// create registers a sender or a template; it needs a review before it can be used.
func (d *Dexatel) create(w http.ResponseWriter, r *http.Request, body []byte, into *[]map[string]any,
	judge func(map[string]any) string, fields ...string,
) {
	data, code := unwrap(body)
	for field := range data {
		if !slices.Contains(fields, field) {
			code = "1005"
		}
	}
	if code == "" {
		code = judge(data)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, other := range *into {
		if code == "" && other["name"] == data["name"] {
			code = map[bool]string{true: "1258", false: "1441"}[data["text"] != nil]
		}
	}
	if code != "" {
		d.refuse(w, r, 0, code)
		return
	}
	data["id"] = fmt.Sprintf("%08d-0000-4000-8000-000000000000", len(*into)+1)
	data["status"] = "pending"
	*into = append(*into, data)
	writeData(w, http.StatusCreated, data)
}

func judgeTemplate(data map[string]any) string {
	text, _ := data["text"].(string)
	name, _ := data["name"].(string)
	switch {
	case text == "":
		return "1254"
	case data["channel"] != "SMS":
		return "1257"
	case longer(text, 1000):
		return "1260"
	case longer(name, 45):
		return "1263"
	case !strings.Contains(text, "{code}"):
		return "1624"
	}
	return ""
}

func judgeOrigin(data map[string]any) string {
	code, _ := data["code"].(string)
	name, _ := data["name"].(string)
	countries, _ := data["countries"].([]any)
	longest := map[any]int{"alphanumeric": 11, "did": 15, "short code": 6}[data["type"]]
	switch {
	case name == "":
		return "1404"
	case code == "":
		return "1409"
	case longest == 0, data["type"] != "alphanumeric" && strings.Trim(code, "0123456789") != "":
		return "1407"
	case longer(code, longest):
		return "1408"
	case data["type"] == "short code" && len(code) < 5:
		return "1407"
	case len(countries) == 0:
		return "1410"
	case data["channel"] != "SMS":
		return "1414"
	}
	return ""
}
