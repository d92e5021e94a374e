package atomicfile

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test program be the one that is killed while it writes; see [TestKilled].
func TestMain(m *testing.M) {
	if file := os.Getenv("CASPER_WRITE_FOR_EVER"); file != "" {
		for n := 0; ; n++ {
			replace(file, sizes[n%2])
			if n == 0 {
				os.Stdout.WriteString("!") // from here on it may be killed
			}
		}
	}
	os.Exit(m.Run())
}

var sizes = [2]int{100_000, 300_000}

// replace writes a file of so many bytes, in several parts.
func replace(name string, size int) error {
	return Write(name, func(w io.Writer) error {
		for part := bytes.Repeat([]byte("x"), size/20); size > 0; size -= len(part) {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
		return nil
	})
}

// sizeOf returns the size of a file that has to be there.
func sizeOf(t *testing.T, name string) int {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return len(text)
}

// writeForEver starts a process that writes the file without end, and returns once the file is there.
func writeForEver(t *testing.T, file string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), "CASPER_WRITE_FOR_EVER="+file)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err == nil {
		_, err = out.Read(make([]byte, 1))
	}
	if err != nil {
		t.Fatal(err)
	}
	return cmd
}

// Threat T21: whenever the process is killed, the file is the old one or the new one, whole.
func TestKilled(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs kill -9")
	}
	t.Parallel()
	file := filepath.Join(t.TempDir(), "model")
	rounds := 200
	if testing.Short() {
		rounds = 20
	}
	rng := rand.New(rand.NewPCG(1, 1))
	count := map[int]int{}
	for range rounds {
		cmd := writeForEver(t, file)
		time.Sleep(time.Duration(rng.IntN(6_000)) * time.Microsecond) // the point at which it dies is what is tried
		cmd.Process.Kill()
		cmd.Wait()
		count[sizeOf(t, file)]++
	}
	if count[sizes[0]]+count[sizes[1]] != rounds || count[sizes[0]] == 0 || count[sizes[1]] == 0 {
		t.Errorf("sizes found, and how often: %v", count)
	}
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(entries) > 2 {
		t.Errorf("%d files were left behind, %v", len(entries), err)
	}
}

// An error of whoever writes leaves the old file, and nothing besides.
func TestFailedWrite(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "model")
	if err := replace(file, 100); err != nil {
		t.Fatal(err)
	}
	err := Write(file, func(w io.Writer) error {
		io.WriteString(w, strings.Repeat("y", 1000))
		return io.ErrShortWrite
	})
	if err != io.ErrShortWrite || sizeOf(t, file) != 100 {
		t.Errorf("%v, and a file of %d bytes", err, sizeOf(t, file))
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Who holds the file and does not let go keeps others from writing for a while, not for ever.
func TestWaitsForOthers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "model")
	f, err := openAlone(file + ".new")
	if err != nil {
		t.Fatal(err)
	}
	free := make(chan error)
	go func() { free <- replace(file, 100) }()
	select {
	case err := <-free:
		t.Fatalf("written while another did: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	f.Close()
	if err := <-free; err != nil {
		t.Error(err)
	}
}
