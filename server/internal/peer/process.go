package peer

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// grace is how long a program may take to end after SIGTERM before it is
// killed. H2O closes idle connections about a second after it was told to end.
const grace = 5 * time.Second

// logTail bounds how much of a log a failed test shows, in bytes.
const logTail = 8 << 10

// process is a program that runs until its test is over. It is only ever
// ended by the process id that this package started.
type process struct {
	name string
	pid  int
	cmd  *exec.Cmd     // nil once stopped
	wait time.Duration // from SIGTERM to SIGKILL
	done chan struct{} // closed once the program has ended
	err  error         // how it ended; valid after done is closed
}

// launch starts cmd with both output streams in the file logFile, and
// registers its end. A program that ends by itself while the test runs fails
// the test: a peer that crashed on what it was fed must never pass unnoticed.
func launch(t testing.TB, name string, cmd *exec.Cmd, logFile string) *process {
	t.Helper()
	// A file, not a pipe: H2O starts a helper that inherits the descriptors,
	// and Wait on a pipe would wait for the helper too.
	log, err := os.Create(logFile)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	endWithParent(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	p := &process{name: name, pid: cmd.Process.Pid, cmd: cmd, wait: grace, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("%s log, %s:\n%s", name, logFile, tail(logFile, logTail))
		}
	})
	return p
}

// stop ends the program, by SIGTERM and after the grace period by SIGKILL. It
// reports a program that had already ended by itself. Further calls return nil.
func (p *process) stop() error { return p.end(p.wait) }

// kill is stop without grace.
func (p *process) kill() error { return p.end(0) }

func (p *process) end(wait time.Duration) error {
	if p.cmd == nil {
		return nil
	}
	cmd := p.cmd
	p.cmd = nil
	select {
	case <-p.done:
		return fmt.Errorf("%s ended by itself: %v", p.name, p.err)
	default:
	}
	if wait > 0 {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			<-p.done
			return fmt.Errorf("%s ended by itself: %v", p.name, p.err)
		}
		select {
		case <-p.done:
			return nil
		case <-time.After(wait):
		}
	}
	cmd.Process.Kill() // an error means that it has just ended
	<-p.done
	return nil
}

// tail returns the last n bytes of a file, or why there are none.
func tail(name string, n int64) string {
	f, err := os.Open(name)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	size, err := f.Seek(0, 2)
	if err != nil {
		return err.Error()
	}
	from := max(0, size-n)
	buf := make([]byte, size-from)
	if _, err := f.ReadAt(buf, from); err != nil {
		return err.Error()
	}
	return string(buf)
}
