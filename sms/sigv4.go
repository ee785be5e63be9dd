package sms

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// awsKey is the credentials by which requests to AWS are signed, and the scope of the signature.
type awsKey struct {
	ID, Secret, Token string // Token is "" unless the credentials expire
	Region, Service   string
}

// The algorithm of AWS Signature Version 4, and the form in which it writes times.
const (
	awsAlgorithm = "AWS4-HMAC-SHA256"
	awsTime      = "20060102T150405Z"
)

// sign adds the headers X-Amz-Date, X-Amz-Security-Token and Authorization (AWS Signature Version 4) to a request
// without a query.
func (k awsKey) sign(q *request, at time.Time) error {
	u, err := url.Parse(q.url)
	if err != nil {
		return err
	}
	stamp := at.UTC().Format(awsTime)
	q.header.Set("X-Amz-Date", stamp)
	if k.Token != "" {
		q.header.Set("X-Amz-Security-Token", k.Token)
	}
	names, headers := canonicalHeaders(u.Host, q.header)
	canonical := strings.Join([]string{q.method, canonicalPath(u), "", headers, names, hexSHA256(q.body)}, "\n")
	scope := strings.Join([]string{stamp[:8], k.Region, k.Service, "aws4_request"}, "/")
	toSign := strings.Join([]string{awsAlgorithm, stamp, scope, hexSHA256([]byte(canonical))}, "\n")
	signature := hex.EncodeToString(sumSHA256(k.derive(stamp[:8]), toSign))
	q.header.Set("Authorization",
		awsAlgorithm+" Credential="+k.ID+"/"+scope+", SignedHeaders="+names+", Signature="+signature)
	return nil
}

// derive is the signing key for one day, region and service.
func (k awsKey) derive(day string) []byte {
	key := []byte("AWS4" + k.Secret)
	for _, part := range []string{day, k.Region, k.Service, "aws4_request"} {
		key = sumSHA256(key, part)
	}
	return key
}

// canonicalPath is the path of an address, "/" if it has none.
func canonicalPath(u *url.URL) string {
	if path := u.EscapedPath(); path != "" {
		return path
	}
	return "/"
}

// canonicalHeaders is the sorted names of all headers, and the headers themselves, one in each line. Each header of a
// request that this package makes has one value.
func canonicalHeaders(host string, header http.Header) (names, lines string) {
	values := map[string]string{"host": host}
	all := []string{"host"}
	for name := range header {
		lower := strings.ToLower(name)
		values[lower] = strings.Join(strings.Fields(header.Get(name)), " ")
		all = append(all, lower)
	}
	slices.Sort(all)
	var b strings.Builder
	for _, name := range all {
		b.WriteString(name + ":" + values[name] + "\n")
	}
	return strings.Join(all, ";"), b.String()
}

func sumSHA256(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func hexSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
