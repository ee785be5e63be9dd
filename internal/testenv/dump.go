package testenv

import "strconv"

// Keys are the names of all keys.
func (r *Redis) Keys() []string {
	r.t.Helper()
	var keys []string
	for _, k := range r.Do("KEYS", "*").([]any) {
		keys = append(keys, k.(string))
	}
	return keys
}

// Dump is all that a thief of the store would have: every key and its contents.
func (r *Redis) Dump() string {
	r.t.Helper()
	var dump string
	for _, k := range r.Keys() {
		dump += k + " "
		switch r.Do("TYPE", k) {
		case "string":
			dump += r.Do("GET", k).(string)
		case "zset":
			for _, m := range r.Do("ZRANGE", k, 0, -1).([]any) {
				dump += m.(string) + " "
			}
		default:
			dump += strconv.Quote(r.Do("DUMP", k).(string))
		}
		dump += "\n"
	}
	return dump
}
