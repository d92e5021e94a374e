//go:build unix

package peer

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestProcess(t *testing.T) {
	sh := Find(t, "sh")
	start := func(t testing.TB, script string) (*process, string) {
		log := filepath.Join(t.TempDir(), "log")
		return launch(t, "script", exec.Command(sh, "-c", script), log), log
	}

	t.Run("stops", func(t *testing.T) {
		var p *process
		v := judge(t, func(t testing.TB) { p, _ = start(t, "exec sleep 1000") })
		if v.failed || len(v.lines) > 0 {
			t.Errorf("an orderly stop said %q", v)
		}
		<-p.done
		if err := syscall.Kill(p.pid, 0); err != syscall.ESRCH {
			t.Errorf("process %d is still there: %v", p.pid, err)
		}
	})
	t.Run("ended by itself", func(t *testing.T) {
		v := judge(t, func(t testing.TB) {
			p, _ := start(t, "echo why it ended; exit 7")
			<-p.done
		})
		for _, want := range []string{"script ended by itself: exit status 7", "why it ended"} {
			if !v.failed || !strings.Contains(v.String(), want) {
				t.Errorf("failed %t, said %q, want %q in it", v.failed, v, want)
			}
		}
	})
	t.Run("stopped twice", func(t *testing.T) {
		v := judge(t, func(t testing.TB) {
			p, _ := start(t, "exec sleep 1000")
			if err := p.stop(); err != nil {
				t.Error(err)
			}
		})
		if v.failed {
			t.Error(v)
		}
	})
	t.Run("deaf to SIGTERM", func(t *testing.T) {
		v := judge(t, func(t testing.TB) {
			p, _ := start(t, "trap '' TERM; while :; do sleep 1000; done")
			p.wait = 0
			if err := p.stop(); err != nil {
				t.Error(err)
			}
			<-p.done
		})
		if v.failed {
			t.Error(v)
		}
	})
	t.Run("log shown when the test failed", func(t *testing.T) {
		v := judge(t, func(t testing.TB) {
			// The script says when it has written, by a second descriptor.
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			cmd := exec.Command(sh, "-c", "echo a clue; echo >&3; exec sleep 1000 3>&-")
			cmd.ExtraFiles = []*os.File{w}
			launch(t, "script", cmd, filepath.Join(t.TempDir(), "log"))
			w.Close()
			if _, err := r.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			t.Error("something else is wrong")
		})
		if !strings.Contains(v.String(), "a clue") {
			t.Errorf("said %q", v)
		}
	})
}

func TestTail(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(name, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int64]string{0: "", 3: "789", 10: "0123456789", 11: "0123456789"} {
		if got := tail(name, n); got != want {
			t.Errorf("tail of %d octets: %q, want %q", n, got, want)
		}
	}
	if got := tail(name+"x", 1); !strings.Contains(got, "no such file") {
		t.Errorf("tail of no file: %q", got)
	}
}
