package sms

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// The signatures of the test suite that AWS publishes for Signature Version 4.
func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	key := awsKey{
		ID: "AKIDEXAMPLE", Secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", Region: "us-east-1", Service: "service",
	}
	tests := []struct{ name, method, want string }{
		{"get-vanilla", http.MethodGet, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"post-vanilla", http.MethodPost, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	}
	for _, tt := range tests {
		q := request{tt.method, "https://example.amazonaws.com/", make(http.Header), nil}
		if err := key.sign(&q, time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)); err != nil {
			t.Fatal(err)
		}
		const scope = "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, " +
			"SignedHeaders=host;x-amz-date, Signature="
		if got := q.header.Get("Authorization"); !strings.HasSuffix(got, scope+tt.want) {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}
