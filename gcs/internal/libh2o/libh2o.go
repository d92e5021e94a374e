// Package libh2o runs H2O's own code for tests to compare the codec with: it compiles the
// programs in testdata, which put that code behind a pipe. Debian's package libh2o-dev
// has the library.
package libh2o

import (
	"bufio"
	_ "embed"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// RequireVariable names the environment variable that turns an absent compiler or
// library from a skip into a failure. Its only effective value is "1".
const RequireVariable = "CASPER_REQUIRE_PEERS"

// Required reports whether an absent peer must fail the test.
func Required() bool { return os.Getenv(RequireVariable) == "1" }

// Find returns the path of a program on PATH. When there is none the test is skipped, or
// fails if peers are [Required]; Find does not return then.
func Find(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		absent(t, "%s is not on PATH", name)
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

// The programs: their comments say what they are told and what they answer.
var (
	//go:embed testdata/casper.c
	Casper string // H2O's cookies

	//go:embed testdata/digest.c
	Digest string // H2O's cache digests

	//go:embed testdata/pipe.h
	pipe string // what both have in common
)

// A Program is a running C program: requests go in, replies come out.
type Program struct {
	In  *bufio.Writer // its error sticks, so that the last Flush tells it
	Out *bufio.Reader
}

// Start compiles a program with libh2o and starts it; it ends with the test.
func Start(t testing.TB, text string) Program {
	t.Helper()
	dir := t.TempDir()
	source := filepath.Join(dir, "libh2o.c")
	for name, text := range map[string]string{source: text, filepath.Join(dir, "pipe.h"): pipe} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(CC(t, source, "-lh2o"))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaint strings.Builder
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		io.Copy(io.Discard, stdout) // what a failed test left unread
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v: %s", source, err, complaint.String())
		}
	})
	return Program{bufio.NewWriterSize(stdin, 1<<16), bufio.NewReaderSize(stdout, 1<<16)}
}
