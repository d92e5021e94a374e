package server_test

import (
	"os"
	"testing"
)

// full reports whether the heavy tests run with the whole of their numbers, which takes
// minutes: CASPER_FULL=1. By default they are scaled so that the package takes seconds.
func full() bool { return os.Getenv("CASPER_FULL") == "1" }

// scaled is how often to do what the requirement wants done so often.
func scaled(t *testing.T, all, some int) int {
	t.Helper()
	if full() {
		return all
	}
	t.Logf("%d of %d; CASPER_FULL=1 runs all", some, all)
	return some
}
