package redisstore_test

import (
	"testing"

	"github.com/caddy-sms-2fa/gateway/internal/testenv"
	"github.com/caddy-sms-2fa/gateway/store/redisstore"
)

// The name of a server stays, until the server is started anew or another one has taken its place.
func TestIdentity(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		server  *testenv.Redis
		cluster bool
	}{"standalone": {testenv.StartRedis(t), false}, "cluster": {startCluster(t), true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, redisstore.Options{Addresses: []string{tt.server.Addr}, Cluster: tt.cluster, Timeout: patient})
			first, err := s.Identity(t.Context())
			if err != nil || first == "" {
				t.Fatalf("the server is %q, %v", first, err)
			}
			if again, err := s.Identity(t.Context()); again != first || err != nil {
				t.Errorf("the same server is %q, %v", again, err)
			}
			if tt.cluster {
				return
			}
			tt.server.Restart()
			testenv.Await(t, "the server has another name", func() bool {
				now, err := s.Identity(t.Context())
				return err == nil && now != "" && now != first
			})
		})
	}
	t.Run("ACL", func(t *testing.T) {
		t.Parallel()
		r := testenv.StartRedis(t)
		grant(r, rights+" -info")
		s := open(t, redisstore.Options{
			Addresses: []string{r.Addr}, Username: "gate", Password: "secret", KeyPrefix: "gate:", Timeout: patient,
		})
		if name, err := s.Identity(t.Context()); name != "" || err != nil {
			t.Errorf("the server is %q, %v", name, err)
		}
	})
}
