//go:build !noserver

package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestHealth(t *testing.T) {
	wait := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/well":
		case "/slow":
			<-wait
		default:
			http.Error(w, "", http.StatusServiceUnavailable)
		}
	}))
	defer srv.Close()
	defer close(wait)
	for _, test := range []struct {
		path, stdout, stderr string
		timeout              time.Duration
		code                 int
	}{
		{"/well", "200 OK\n", "", time.Minute, exitDone},
		{"/ill", "", "/ill: 503 Service Unavailable", time.Minute, exitFailed},
		{"/slow", "", "deadline exceeded", 50 * time.Millisecond, exitFailed},
	} {
		var stdout, stderr bytes.Buffer
		code := run([]string{"health", "--timeout", test.timeout.String(), srv.URL + test.path}, strings.NewReader(""), &stdout, &stderr)
		if code != test.code || stdout.String() != test.stdout || !strings.Contains(stderr.String(), test.stderr) {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", test.path, code, &stdout, &stderr)
		}
	}
}
