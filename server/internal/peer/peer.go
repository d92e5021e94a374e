// Package peer finds, starts and stops the real programs that the server is tested
// against: the H2O web server, a Redis server, the nghttp client and web applications in other
// languages ([Applications]). It also makes
// certificates for them, a network that swallows everything ([BlackHole]), and connects
// the client of package h2client for the time of a test.
//
// A test that asks for a program which is not installed is skipped with one line that
// names the missing package; with the environment variable CASPER_REQUIRE_PEERS=1 it fails
// instead, so that a continuous build cannot become green by losing its peers.
//
// Everything listens on loopback, on a port that the kernel chose, and ends with the test
// that started it.
package peer

import (
	"os"
	"os/exec"
	"testing"
)

// RequireVariable names the environment variable that turns an absent peer
// from a skip into a failure. Its only effective value is "1".
const RequireVariable = "CASPER_REQUIRE_PEERS"

// Required reports whether an absent peer must fail the test.
func Required() bool { return os.Getenv(RequireVariable) == "1" }

// debianPackage says where a program comes from, for the line that a person
// reads when it is missing.
var debianPackage = map[string]string{
	"h2o":    "h2o",
	"nghttp": "nghttp2-client",
	"h2load": "nghttp2-client",
	"curl":   "curl",
	"node":   "nodejs",
	"sh":     "dash",
	"php":    "php-cli",

	"/usr/bin/python3": "python3",
}

// Find returns the path of a program on PATH. When there is none the test is
// skipped, or fails if peers are [Required]; Find does not return then.
func Find(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		from := debianPackage[name]
		if from == "" {
			from = name
		}
		absent(t, "%s is not on PATH (Debian: %s)", name, from)
	}
	return path
}

// absent ends a test for want of a peer, the way [Required] says.
func absent(t testing.TB, format string, args ...any) {
	t.Helper()
	if Required() {
		t.Fatalf("peer required by "+RequireVariable+"=1 is absent: "+format, args...)
	}
	t.Skipf("peer absent: "+format, args...)
}
