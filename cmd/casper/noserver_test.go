package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoServer builds the tool for those who decode alone: it has none of the server's packages, half
// the size, and says of a command that is left out why.
func TestNoServer(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: the tool is not built")
	}
	out, err := exec.Command("go", "list", "-deps", "-tags", "noserver", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.FieldsSeq(string(out)) {
		if strings.Contains(dep, "/redis") || strings.Contains(dep, "prometheus") || strings.Contains(dep, "otter") ||
			strings.HasPrefix(dep, "github.com/cache-aware/casper/server") && dep != "github.com/cache-aware/casper/server/link" {
			t.Errorf("it imports %s", dep)
		}
	}
	program := filepath.Join(t.TempDir(), "casper")
	if out, err := exec.Command("go", "build", "-tags", "noserver", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got, err := exec.Command(program, "encode", "--capacity-bits", "8", "/index.html", "/css/0.css").CombinedOutput(); err != nil || string(got) != "qF0\n" {
		t.Errorf("encode: %q, %v", got, err)
	}
	got, err := exec.Command(program, "serve", "--listen", ":0").CombinedOutput()
	if cmd, ok := err.(*exec.ExitError); !ok || cmd.ExitCode() != exitUsage || !strings.HasPrefix(string(got), "casper: serve is not in this casper: it was built with -tags noserver") {
		t.Errorf("serve: %q, %v", got, err)
	}
}
