package libh2o

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// built keeps every program that [CC] has compiled in this test binary, by
// source text and flags. The bytes are kept, not a path, because the folder
// ends with the test that compiled it.
var built struct {
	sync.Mutex
	program map[string][]byte
}

// systemHeader matches the C source lines that name a header outside the program.
var systemHeader = regexp.MustCompile(`(?m)^#include <.*$`)

// CC compiles the C source file with the system's compiler and returns the
// path of the program, in a folder that ends with the test. The flags follow
// the source on the command line, so that libraries can be among them
// ("-lh2o"). Each source and set of flags is compiled once per test binary.
//
// A missing compiler, header or library means that the peer is absent (see
// [Find]); a source that does not compile although they are there fails the test.
func CC(t testing.TB, source string, flags ...string) string {
	t.Helper()
	cc := Find(t, "cc")
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	id := strings.Join(append([]string{string(text)}, flags...), "\x00")
	dir := t.TempDir()
	program := filepath.Join(dir, strings.TrimSuffix(filepath.Base(source), ".c"))

	built.Lock()
	defer built.Unlock()
	if bin, ok := built.program[id]; ok {
		if err := writeProgram(program, bin); err != nil {
			t.Fatal(err)
		}
		return program
	}
	// Is everything there that the program needs? An empty program with the
	// same headers and libraries tells an absent peer from a broken source.
	probe := filepath.Join(dir, "probe.c")
	lines := append(systemHeader.FindAll(text, -1), []byte("int main(void) { return 0; }\n"))
	if err := os.WriteFile(probe, bytes.Join(lines, []byte("\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := compile(cc, probe, program, flags); err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		absent(t, "C headers or libraries (%s; Debian: libh2o-dev, libh2o-dev-common, libssl-dev): %s", strings.Join(flags, " "), first)
	}
	if err := compile(cc, source, program, flags); err != nil {
		t.Fatalf("compile %s: %v", source, err)
	}
	bin, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	if built.program == nil {
		built.program = make(map[string][]byte)
	}
	built.program[id] = bin
	return program
}

func compile(cc, source, program string, flags []string) error {
	args := append([]string{"-O2", "-Wall", "-Wextra", "-o", program, source}, flags...)
	if out, err := exec.Command(cc, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s\n%w", bytes.TrimSpace(out), err)
	}
	return nil
}

// writeProgram writes an executable file while no other goroutine can fork: a
// child that inherited the open file would make the kernel refuse to run it
// (ETXTBSY, see golang/go#22315).
func writeProgram(name string, bin []byte) error {
	forkLock.RLock()
	defer forkLock.RUnlock()
	return os.WriteFile(name, bin, 0o700)
}
