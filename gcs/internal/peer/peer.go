// Package peer runs H2O's own library for the tests of the codec: a C program that links
// it is compiled, and asked. A test whose compiler, headers or library are absent is skipped
// with one line that says what to install; with the environment variable
// CASPER_REQUIRE_PEERS=1 it fails instead, so that a continuous build cannot become green by
// losing its peers.
package peer

import (
	"os"
	"os/exec"
	"testing"
)

// Required reports whether an absent peer must fail the test.
func Required() bool { return os.Getenv("CASPER_REQUIRE_PEERS") == "1" }

// find returns the path of a program on PATH, and ends the test if there is none.
func find(t testing.TB, name, debian string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		absent(t, "%s is not on PATH (Debian: %s)", name, debian)
	}
	return path
}

// absent ends a test for want of a peer, the way [Required] says.
func absent(t testing.TB, format string, args ...any) {
	t.Helper()
	if Required() {
		t.Fatalf("peer required by CASPER_REQUIRE_PEERS=1 is absent: "+format, args...)
	}
	t.Skipf("peer absent: "+format, args...)
}
