package proxy

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"testing"
)

// run runs a program and returns what it printed. It fails the test when the program fails.
func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s %v: %v", program, args, err)
	}
	return string(out)
}

// newPlain is httputil's own proxy, for comparison.
func newPlain(upstream string, transport http.RoundTripper) *httputil.ReverseProxy {
	target, err := url.Parse(upstream)
	if err != nil {
		panic(err)
	}
	return &httputil.ReverseProxy{Transport: transport, Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(target)
		p.SetXForwarded()
	}}
}
