// Package testees_test runs the testees of this folder: those to start from, the
// independent implementation of everything, and H2O itself.
package testees_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/vectors/conformance"
)

// absent ends a test for want of a program or library: it is skipped, or fails where
// CASPER_REQUIRE_PEERS is 1.
func absent(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CASPER_REQUIRE_PEERS") == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// program returns the path of a program.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		absent(t, "%s is not on PATH", name)
	}
	return path
}

// compiled compiles a testee in C and returns its path. A testee that needs a library which
// is not there is absent; anything else that keeps it from being compiled is a failure.
func compiled(t *testing.T, source string, libraries ...string) string {
	t.Helper()
	cc, dir := program(t, "cc"), t.TempDir()
	if len(libraries) > 0 {
		empty := filepath.Join(dir, "empty.c")
		if err := os.WriteFile(empty, []byte("int main(void) { return 0; }\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := exec.Command(cc, append([]string{"-o", filepath.Join(dir, "empty"), empty}, libraries...)...).Run(); err != nil {
			absent(t, "%s: no such library (Debian: libh2o-dev, libh2o-dev-common, libssl-dev)", strings.Join(libraries, " "))
		}
	}
	testee := filepath.Join(dir, "testee")
	args := append([]string{"-O2", "-Wall", "-Wextra", "-o", testee, source}, libraries...)
	if out, err := exec.Command(cc, args...).CombinedOutput(); err != nil {
		t.Fatalf("compile %s: %v\n%s", source, err, out)
	}
	return testee
}

// pass runs a testee, in which nothing may fail that is not known, and returns how
// many vectors passed.
func pass(t *testing.T, command []string, o conformance.Options) int {
	t.Helper()
	o.Timeout = 30 * time.Second // a busy machine is no fault
	r, err := conformance.Run(command, o)
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK() {
		var b strings.Builder
		r.WriteText(&b, false)
		t.Errorf("%s", b.String())
	}
	return r.Count("passed")
}

// TestReference: an implementation in another language, which shares no code with the
// library, agrees with every vector, strictly and tolerantly, down to the place of
// each fault.
func TestReference(t *testing.T) {
	t.Parallel()
	command := []string{program(t, "python3"), "python/reference.py"}
	all, err := conformance.Selection{}.Select()
	if err != nil {
		t.Fatal(err)
	}
	for _, lenient := range []bool{false, true} {
		if n := pass(t, command, conformance.Options{Lenient: lenient, ErrorKinds: true}); n != len(all) {
			t.Errorf("lenient %v: %d of %d vectors passed", lenient, n, len(all))
		}
	}
}

// TestStarters: what others are given to start from is right as far as it goes.
func TestStarters(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, file string
		command    func(t *testing.T) []string
		least      int
	}{
		{"Python", "python/testee.py", func(t *testing.T) []string { return []string{program(t, "python3"), "python/testee.py"} }, 150},
		{"Node", "node/testee.js", func(t *testing.T) []string { return []string{program(t, "node"), "node/testee.js"} }, 60},
		{"C", "c/testee.c", func(t *testing.T) []string { return []string{compiled(t, "c/testee.c")} }, 60},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if n := pass(t, tt.command(t), conformance.Options{}); n < tt.least {
				t.Errorf("only %d vectors passed", n)
			}
			text, err := os.ReadFile(tt.file)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(text), "\n"); n < 30 || n > 70 {
				t.Errorf("%s has %d lines, and should have 30 to 70", tt.file, n)
			}
		})
	}
}

// TestLibh2o: H2O is the tolerant reader of its formats exactly, and its differences from
// the strict one are all known.
func TestLibh2o(t *testing.T) {
	t.Parallel()
	command := []string{compiled(t, "h2o/testee.c", "-lh2o")}
	list, err := os.Open("h2o/known-failures.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	known, err := conformance.ReadKnownFailures(list)
	if err != nil {
		t.Fatal(err)
	}
	for id, reason := range known {
		if reason == "" {
			t.Errorf("%s is known to fail for no reason", id)
		}
	}
	if n := pass(t, command, conformance.Options{Known: known}); n < 130 {
		t.Errorf("strictly, only %d vectors passed", n)
	}
	if n := pass(t, command, conformance.Options{Lenient: true}); n < 170 {
		t.Errorf("tolerantly, only %d vectors passed", n)
	}
}
