package main

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed c/libh2o.c
var libh2oSource []byte

// A libh2o is H2O's cookie code in a process of its own, where it times itself.
type libh2o struct {
	in   io.WriteCloser
	out  *bufio.Reader
	cmd  *exec.Cmd
	dir  string
	rows map[string]h2oRow
}

type h2oRow struct {
	set int
	op  byte
}

// startLibh2o compiles and starts it. The error says what is missing.
func startLibh2o() (*libh2o, error) {
	dir, err := os.MkdirTemp("", "casper-bench-")
	if err != nil {
		return nil, err
	}
	source, program := filepath.Join(dir, "libh2o.c"), filepath.Join(dir, "libh2o")
	if err := os.WriteFile(source, libh2oSource, 0o644); err != nil {
		return nil, err
	}
	if out, err := exec.Command("cc", "-O2", "-o", program, source, "-lh2o").CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("libh2o-dev is not installed, or there is no C compiler: %v %.200s", err, out)
	}
	cmd := exec.Command(program)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &libh2o{in, bufio.NewReader(out), cmd, dir, make(map[string]h2oRow)}, nil
}

func (h *libh2o) load(bits int, cookies []string) (set int, err error) {
	fmt.Fprintf(h.in, "load %d %d\n", bits, len(cookies))
	for _, c := range cookies {
		fmt.Fprintln(h.in, c)
	}
	_, err = fmt.Fscan(h.out, &set)
	return set, err
}

// once returns the median nanoseconds a cookie.
func (h *libh2o) once(r h2oRow, slices int) (ns float64, err error) {
	fmt.Fprintf(h.in, "%c %d %d\n", r.op, r.set, slices)
	_, err = fmt.Fscan(h.out, &ns)
	return ns, err
}

func (h *libh2o) close() {
	h.in.Close()
	h.cmd.Wait()
	os.RemoveAll(h.dir)
}
