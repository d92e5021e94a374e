//go:build darwin || linux

package learn

import (
	"bytes"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// isApart reports whether this process is for one test alone, which does to the process what others must not see; see [runApart].
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

// A full disk leaves the old file as it was, and says so once.
func TestFullDisk(t *testing.T) {
	if !isApart(t) {
		runApart(t, t.TempDir())
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	const dir, file = ".", "model"
	m := sized(40)
	if err := m.SaveFile(file); err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s := Saver{Model: m, File: file, Log: slog.New(slog.NewTextHandler(&log, nil))}
	for i := range 3 {
		m.Declare(fmt.Sprintf("/more-%d", i), FromFile, files(1))
		limitFiles(t, uint64(i*len(old)/2)) // at the first byte, in the midst, and at the end
		err := s.Save()
		limitFiles(t, 1<<40)
		if err == nil {
			t.Fatal("saved to a full disk")
		}
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, old) {
			t.Fatalf("the old file is not what it was: %v", err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
	for range 2 { // there is room again
		if err := s.Save(); err != nil {
			t.Fatal(err)
		}
	}
	n := must(t, Config{})
	if err := n.LoadFile(file); err != nil || n.Stats().Pages != 43 {
		t.Errorf("%d pages, %v", n.Stats().Pages, err)
	}
	if n := strings.Count(log.String(), "\n"); n != 2 {
		t.Errorf("%d lines were logged, want one for the failure and one for its end:\n%s", n, log.String())
	}
}

// Where a folder may not be written to, the old file stays too, and the error says why in one line.
func TestReadOnlyFolder(t *testing.T) {
	const file = "model"
	if !isApart(t) {
		dir := t.TempDir()
		name := filepath.Join(dir, file)
		if err := sized(40).SaveFile(name); err != nil {
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
	err := sized(120).SaveFile(file)
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "learn: saving: ") || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("%v", err)
	}
	m := must(t, Config{})
	if err := m.LoadFile(file); err != nil || m.Stats().Pages != 40 {
		t.Errorf("%d pages, %v", m.Stats().Pages, err)
	}
}

// Permissions are those of the file that is replaced, and at first the owner's alone; what a killed process left of a save counts for nothing,
// nor do its permissions.
func TestSavedPermissions(t *testing.T) {
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
			if err := sized(40).SaveFile(file); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(file); err != nil || info.Mode() != mode {
				t.Errorf("%v, want %v; %v", info.Mode(), mode, err)
			}
		}
	}
	m := must(t, Config{})
	if err := m.LoadFile(file); err != nil || m.Stats().Pages != 40 {
		t.Errorf("%d pages, %v", m.Stats().Pages, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A symbolic link stays one, wherever it leads; what it leads to is replaced, or made.
func TestSaveThroughLink(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"here", "there"} {
		if err := os.Mkdir(at(name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{
		"here/absolute": at("there/model"), "here/relative": "../there/model", "here/twice": "relative", "here/dangling": "../there/new",
		"here/round": "round",
	} {
		if err := os.Symlink(target, at(name)); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range []string{"absolute", "relative", "twice", "dangling"} {
		if err := sized(10 + i).SaveFile(at("here/" + name)); err != nil {
			t.Fatal(err)
		}
		m := must(t, Config{})
		if err := m.LoadFile(at("here/" + name)); err != nil || m.Stats().Pages != 10+i {
			t.Errorf("%s: %d pages, %v", name, m.Stats().Pages, err)
		}
		if info, err := os.Lstat(at("here/" + name)); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%s is no link any more", name)
		}
	}
	if err := sized(1).SaveFile(at("here/round")); err == nil {
		t.Error("saved through a link that leads to itself")
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

// Of many who save at once, in one process and in others, each file is whole, and none is lost to another's mistake.
func TestConcurrentSaves(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "model")
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), "CASPER_SAVE_FOR_EVER="+file)
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
	var savers sync.WaitGroup
	for _, pages := range []int{10, 60, 200} {
		m := sized(pages)
		savers.Go(func() {
			for range 8 {
				if err := m.SaveFile(file); err != nil {
					t.Error(err)
				}
			}
		})
	}
	seen := map[int]bool{}
	done := make(chan bool)
	go func() { savers.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		m := must(t, Config{Shards: 1})
		if err := m.LoadFile(file); err != nil {
			t.Fatal(err)
		}
		seen[m.Stats().Pages] = true
	}
	cmd.Process.Kill()
	cmd.Wait()
	for pages := range seen {
		if !slices.Contains([]int{10, 40, 60, 120, 200}, pages) {
			t.Errorf("a file of %d pages was there", pages)
		}
	}
	if err := sized(7).SaveFile(file); err != nil { // what the killed process held is free
		t.Fatal(err)
	}
}

// Who holds the file and does not let go keeps others from saving for a while, not for ever.
func TestSaveIsNotHeldUp(t *testing.T) {
	file := filepath.Join(t.TempDir(), "model")
	f, err := openAlone(file + ".new")
	if err != nil {
		t.Fatal(err)
	}
	free := make(chan error)
	go func() { free <- sized(1).SaveFile(file) }()
	select {
	case err := <-free:
		t.Fatalf("saved while another did: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	f.Close()
	if err := <-free; err != nil {
		t.Error(err)
	}
}
