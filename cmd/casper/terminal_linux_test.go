package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// terminal makes a pseudo-terminal and returns its two ends (ptmx(4)).
func terminal(t *testing.T) (screen, tty *os.File) {
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	t.Cleanup(func() { screen.Close() })
	control := func(request uintptr, n *int32) {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, screen.Fd(), request, uintptr(unsafe.Pointer(n))); errno != 0 {
			t.Skipf("no pseudo-terminal here: %v", errno)
		}
	}
	var unlock, number int32
	control(syscall.TIOCSPTLCK, &unlock)
	control(syscall.TIOCGPTN, &number)
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminal here: %v", err)
	}
	t.Cleanup(func() { tty.Close() })
	return screen, tty
}

// shown runs casper with stdout on a terminal and returns what is on the screen.
func shown(t *testing.T, args ...string) string {
	screen, tty := terminal(t)
	var stderr strings.Builder
	if code := run(args, strings.NewReader(""), tty, &stderr); code != exitDone {
		t.Fatalf("exit code %d, %s", code, stderr.String())
	}
	io.WriteString(tty, "\x00")
	var text []byte
	for b := make([]byte, 4096); ; {
		n, err := screen.Read(b)
		text = append(text, b[:n]...)
		if err != nil || n > 0 && b[n-1] == 0 {
			return string(text)
		}
	}
}

func TestColor(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	list := t.TempDir() + "/list"
	if err := os.WriteFile(list, []byte("/index.html\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	decode := []string{"decode", "--capacity-bits", "8", "--assets", list, "qF0"}
	explain := []string{"explain", "--capacity-bits", "8", "qF0"}
	if text := shown(t, decode...); !strings.Contains(text, "\x1b[32mpresent\x1b[0m") {
		t.Errorf("decode: %q", text)
	}
	if text := shown(t, explain...); !strings.Contains(text, "\x1b[1;36m1\x1b[0m") {
		t.Errorf("explain: %q", text)
	}
	for _, test := range []struct {
		name, no, term string
		args           []string
	}{
		{"NO_COLOR", "1", "xterm", decode},
		{"NO_COLOR", "0", "xterm", explain}, // any value that is not empty
		{"TERM=dumb", "", "dumb", decode},
		{"--json", "", "xterm", append(decode, "--json")},
	} {
		t.Setenv("NO_COLOR", test.no)
		t.Setenv("TERM", test.term)
		if text := shown(t, test.args...); strings.Contains(text, "\x1b") || len(text) < 20 {
			t.Errorf("%s, %s: %q", test.name, test.args[0], text)
		}
	}
}

func TestDevNullIsNoTerminal(t *testing.T) {
	f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if isTerminal(f) || isTerminal(io.Discard) {
		t.Error("taken for a terminal")
	}
}

// Progress is drawn on a terminal, over itself, and taken away before anything else is
// written there.
func TestProgress(t *testing.T) {
	screen, tty := terminal(t)
	tl := &tool{stdout: newOutput(io.Discard), stderr: tty}
	tl.progress = tl.newProgress("access.log", 200e6)
	if tl.progress == nil {
		t.Fatal("no progress on a terminal")
	}
	tl.progress.show(1e6) // too soon after the beginning
	tl.progress.start = tl.progress.start.Add(-2 * time.Second)
	tl.progress.last = tl.progress.start
	tl.progress.show(100e6)
	tl.progress.show(101e6) // too soon again
	tl.complain("a message")
	tl.progress.clear() // there is nothing left to clear
	io.WriteString(tty, "\x00")
	got, err := bufio.NewReader(screen).ReadString(0) // a terminal hands on what it has, not all there will be
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(got, ", ")
	_, after, _ := strings.Cut(rest, "MB/s")
	if before != "\r\x1b[K\"access.log\": 50 % of 200 MB" || after != "\r\x1b[Kcasper: a message\r\n\x00" {
		t.Errorf("%q", got)
	}

	for _, tl := range []*tool{
		{stderr: tty, toTerminal: true}, // the results show it
		{stderr: io.Discard},
	} {
		if p := tl.newProgress("access.log", 1); p != nil {
			t.Errorf("progress with %+v", tl)
		}
	}
	var none *progress
	none.show(1)
	none.clear()
}

// SIGHUP at a terminal says that the terminal is gone: serve ends as by SIGTERM.
func TestR9TerminalGone(t *testing.T) {
	screen, tty := terminal(t)
	cmd := exec.Command("casper", "serve", "--listen", "127.0.0.1:0")
	cmd.Stderr = tty
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, screen)
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	go io.Copy(io.Discard, stdout)
	cmd.Process.Signal(syscall.SIGHUP)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		cmd.Process.Kill()
		t.Error("it serves on")
	}
}

// Who is asked to type is told so, and how to end it; a pipe needs no words.
func TestTypedInput(t *testing.T) {
	screen, tty := terminal(t)
	if _, err := io.WriteString(screen, "gA\n\x04"); err != nil { // Ctrl-D
		t.Fatal(err)
	}
	var stdout, stderr strings.Builder
	code := run([]string{"decode", "--json", "-"}, tty, &stdout, &stderr)
	if code != exitDone || !strings.Contains(stdout.String(), `"keys":[`) || stderr.String() != "casper: reading what is typed here; Ctrl-D ends it\n" {
		t.Errorf("exit code %d, %q, %q", code, stdout.String(), stderr.String())
	}
}
