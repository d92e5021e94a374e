//go:build darwin || linux

package atomicfile

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// isApart reports whether this process is for one test alone, which does to the process what
// others must not see; see [runApart].
func isApart(t *testing.T) bool { return os.Getenv("CASPER_TEST_APART") == t.Name() }

// runApart runs a test once more in a process of its own, with the folder as its working one.
func runApart(t *testing.T, dir string) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-test.v", "-test.run=^"+t.Name()+"$")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CASPER_TEST_APART="+t.Name(), "PWD="+dir)
	if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Errorf("%v\n%s", err, out)
	}
}

// limitFiles makes the disk full for whoever wants to write more than so many bytes to a file.
func limitFiles(t *testing.T, bytes uint64) {
	t.Helper()
	var l syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &l)
	if err == nil {
		l.Cur = min(l.Max, bytes)
		err = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &l)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A full disk leaves the old file as it was, until there is room again.
func TestFullDisk(t *testing.T) {
	if !isApart(t) {
		runApart(t, t.TempDir())
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	const dir, file = ".", "model"
	if err := replace(file, 1000); err != nil {
		t.Fatal(err)
	}
	for _, room := range []uint64{0, 1500, 2999} { // at the first byte, in the midst, and at the end
		limitFiles(t, room)
		err := replace(file, 3000)
		limitFiles(t, 1<<40)
		if err == nil {
			t.Fatal("written to a full disk")
		}
		if n := sizeOf(t, file); n != 1000 {
			t.Fatalf("the old file has %d bytes now", n)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
	if err := replace(file, 3000); err != nil || sizeOf(t, file) != 3000 {
		t.Errorf("with room again: %v", err)
	}
}

// Where a folder may not be written to, the old file stays too, and the error says why in one line.
func TestReadOnlyFolder(t *testing.T) {
	const file = "model"
	if !isApart(t) {
		dir := t.TempDir()
		name := filepath.Join(dir, file)
		if err := replace(name, 100); err != nil {
			t.Fatal(err)
		}
		if os.Chmod(name, 0o644) != nil || os.Chmod(dir, 0o555) != nil {
			t.Fatal("no permissions here")
		}
		defer os.Chmod(dir, 0o755) // so that it can be removed
		runApart(t, dir)
		return
	}
	const nobody = 65534
	if os.Geteuid() == 0 { // to whom no permission matters
		if err := syscall.Setuid(nobody); err != nil {
			t.Fatal(err)
		}
	}
	err := replace(file, 3000)
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("%v", err)
	}
	if n := sizeOf(t, file); n != 100 {
		t.Errorf("the old file has %d bytes now", n)
	}
}

// Permissions are those of the file that is replaced, and at first the owner's alone; what a
// killed process left behind counts for nothing, nor do its permissions.
func TestPermissions(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "model")
	if err := os.WriteFile(file+".new", bytes.Repeat([]byte("x"), 1<<20), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []fs.FileMode{0o600, 0o640, 0o644} {
		if mode != 0o600 {
			if err := os.Chmod(file, mode); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if err := replace(file, 100); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(file); err != nil || info.Mode() != mode || info.Size() != 100 {
				t.Errorf("%v, want %v; %v", info, mode, err)
			}
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A symbolic link stays one, wherever it leads; what it leads to is replaced, or made.
func TestThroughLink(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"here", "there"} {
		if err := os.Mkdir(at(name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{
		"here/absolute": at("there/model"), "here/relative": "../there/model", "here/twice": "relative",
		"here/dangling": "../there/new", "here/round": "round",
	} {
		if err := os.Symlink(target, at(name)); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range []string{"absolute", "relative", "twice", "dangling"} {
		name = at("here/" + name)
		if err := replace(name, 100+20*i); err != nil {
			t.Fatal(err)
		}
		if n := sizeOf(t, name); n != 100+20*i {
			t.Errorf("%s: %d bytes", name, n)
		}
		if info, err := os.Lstat(name); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%s is no link any more", name)
		}
	}
	if err := replace(at("here/round"), 100); err == nil {
		t.Error("written through a link that leads to itself")
	}
	var names []string
	left, err := os.ReadDir(at("there"))
	for _, e := range left {
		names = append(names, e.Name())
	}
	if err != nil || !slices.Equal(names, []string{"model", "new"}) {
		t.Errorf("%q, %v", names, err)
	}
}

// Of many who write at once, in one process and in others, each file is whole, and none is lost
// to another's mistake.
func TestConcurrentWrites(t *testing.T) {
	file := filepath.Join(t.TempDir(), "model")
	cmd := writeForEver(t, file)
	var writers sync.WaitGroup
	for _, size := range []int{10_000, 60_000, 200_000} {
		writers.Go(func() {
			for range 8 {
				if err := replace(file, size); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan bool)
	go func() { writers.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		if n := sizeOf(t, file); !slices.Contains([]int{10_000, 60_000, 100_000, 200_000, 300_000}, n) {
			t.Fatalf("a file of %d bytes was there", n)
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
	if err := replace(file, 100); err != nil { // what the killed process held is free
		t.Fatal(err)
	}
}
