package bitio_test

import (
	"os/exec"
	"regexp"
	"runtime"
	"testing"
)

// The one-value operations are only as fast as they are because the compiler
// copies them into their callers: 1.3 ns a read instead of 2.9. Ask it whether it
// still does. Elsewhere a 64-bit word may take two registers, and what the compiler thinks of
// the cost is its own affair.
func TestInlining(t *testing.T) {
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skipf("%s: speed is promised of amd64 and arm64", runtime.GOARCH)
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command to ask the compiler with")
	}
	out, err := exec.Command(goTool, "build", "-gcflags=-m", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	inlined := map[string]bool{}
	for _, m := range regexp.MustCompile(`can inline (\S+)`).FindAllSubmatch(out, -1) {
		inlined[string(m[1])] = true
	}
	for _, name := range []string{
		"Run.Flip",
		"Peek",
		"PeekLSB",
		"NewReader",
		"(*Reader).Offset",
		"(*Reader).Left",
		"(*Reader).Err",
		"(*Writer).Len",
	} {
		if !inlined[name] {
			t.Errorf("%s is no longer inlined", name)
		}
	}
}
