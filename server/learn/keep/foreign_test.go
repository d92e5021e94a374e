//go:build unix

package keep

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/evidence"
)

// soon ends a test that waits for a file which never says anything.
func soon(t *testing.T, what string, f func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-time.After(20 * time.Second):
		t.Fatalf("%s hangs", what)
		return nil
	}
}

// A file that is not a model of casper is somebody's: it stays where it is, with the octets that it has,
// and so does what a link leads to. The same goes for what is no file at all.
func TestR8SomebodysFileStays(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"package.json", `{"name":"shop","version":"1.0.0"}` + "\n"},
		{"other.json", `{"casper":"something else","version":1}` + "\n"},
		{"text", "no snapshot"},
		{"zeros", strings.Repeat("\x00", 5000)},
		{"long", strings.Repeat("x", 5<<20)},
	} {
		for _, linked := range []bool{false, true} {
			folder := t.TempDir()
			file := filepath.Join(folder, c.name)
			if err := os.WriteFile(file, []byte(c.text), 0o640); err != nil {
				t.Fatal(err)
			}
			state := file
			if linked {
				state = filepath.Join(folder, "link")
				if err := os.Symlink(c.name, state); err != nil {
					t.Fatal(err)
				}
			}
			s := &Saver{Model: declared(t, 2), File: state}
			err := s.Load()
			if err == nil || !strings.Contains(err.Error(), "no model of casper") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s, through a link: %v: the error is %v", c.name, linked, err)
			}
			if got, err := os.ReadFile(file); err != nil || string(got) != c.text {
				t.Errorf("%s, through a link: %v: it is %.40q now, %v", c.name, linked, got, err)
			}
			if there, _ := os.ReadDir(folder); len(there) != 1 && !linked || len(there) > 2 {
				t.Errorf("%s: the folder holds %v", c.name, there)
			}
		}
	}
}

// What is no regular file is refused at once, neither read, waited for nor renamed; by loading and by saving.
func TestR8NoFileAtAll(t *testing.T) {
	folder := t.TempDir()
	fifo := filepath.Join(folder, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skip(err)
	}
	link := filepath.Join(folder, "link")
	if err := os.Symlink(fifo, link); err != nil {
		t.Fatal(err)
	}
	there := []string{fifo, link, folder}
	device := filepath.Join(folder, "device") // one of the test's own: renaming the system's would be felt
	if err := syscall.Mknod(device, syscall.S_IFCHR|0o600, 1<<8|5); err == nil {
		there = append(there, device)
	} else {
		t.Logf("without a device: %v", err) // only root makes one
	}
	for _, state := range there {
		s := &Saver{Model: declared(t, 2), File: state}
		for what, f := range map[string]func() error{
			"loading": s.Load,
			"saving":  func() error { return WriteFile(state, s.Model.All()) },
		} {
			if err := soon(t, what, f); err == nil || !strings.Contains(err.Error(), "not a regular file") {
				t.Errorf("%s %s: %v", what, state, err)
			}
		}
		if _, err := os.Lstat(state + ".broken"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s was put aside", state)
		}
	}
	if i, err := os.Stat(fifo); err != nil || i.Mode().Type() != fs.ModeNamedPipe {
		t.Errorf("the pipe is %v now, %v", i, err)
	}
	if len(there) == 4 {
		if i, err := os.Stat(device); err != nil || i.Mode().Type() != fs.ModeDevice|fs.ModeCharDevice {
			t.Errorf("the device is %v now, %v", i, err)
		}
	}
}

// What begins as a model and is none is put aside, wherever it breaks; an empty file is
// nothing at all, and is used.
func TestR8ModelsArePutAside(t *testing.T) {
	var whole bytes.Buffer
	if err := evidence.Encode(&whole, declared(t, 3).All()); err != nil {
		t.Fatal(err)
	}
	text := whole.String()
	for _, broken := range []string{
		text[:1], text[:10], text[:len(text)-1], text[:len(text)/2], text + "\n", text + text,
		strings.Replace(text, `"version":1`, `"version":2`, 1),
		strings.Replace(text, `"pages":3`, `"pages":4`, 1),
	} {
		state := filepath.Join(t.TempDir(), "model")
		if err := os.WriteFile(state, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := (&Saver{Model: declared(t, 1), File: state}).Load(); err != nil {
			t.Errorf("%.40q: %v", broken, err)
		}
		if got, err := os.ReadFile(state + ".broken"); err != nil || string(got) != broken {
			t.Errorf("%.40q was not put aside: %.40q, %v", broken, got, err)
		}
	}
	state := filepath.Join(t.TempDir(), "model")
	if err := os.WriteFile(state, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (&Saver{Model: declared(t, 1), File: state}).Load(); err != nil {
		t.Errorf("an empty file: %v", err)
	}
	if _, err := os.Stat(state); err != nil {
		t.Errorf("an empty file is not there any more: %v", err)
	}
}

// A broken model costs no memory however long it is: it is judged before it is decoded. Beyond what a
// model of this size can write, it is not even read.
func TestR7BrokenModelsAreJudgedFirst(t *testing.T) {
	var one bytes.Buffer
	if err := evidence.Encode(&one, declared(t, 1).All()); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(one.String(), "\n")
	state := filepath.Join(t.TempDir(), "model")
	broken := lines[0] + strings.Repeat(lines[1], (24<<20)/len(lines[1])) // good lines, and no end
	if err := os.WriteFile(state, []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	m := must(t, learn.Config{})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := LoadFile(state, m)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, evidence.ErrSnapshot) {
		t.Errorf("%v", err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
		t.Errorf("a broken file of %d octets took %d octets of memory", len(broken), took)
	}
	if err := os.Truncate(state, 1<<40); err != nil { // which takes no room on the disk
		t.Skip(err)
	}
	err = soon(t, "loading a terabyte", func() error { return LoadFile(state, m) })
	if !errors.Is(err, evidence.ErrSnapshot) {
		t.Errorf("a terabyte: %v", err)
	}
}
