//go:build unix

package conformance_test

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/cache-aware/casper/vectors/conformance"
)

// TestProcessesEnd: what a program has started ends with it, also where it ends by itself.
func TestProcessesEnd(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		script  string
		oneShot bool
	}{
		"one process": {`sleep 1000 >"$0" 2>&1 </dev/null &
			while read -r line; do case $line in
			*start*) echo '{"name":"sh","supports":["h2o.encode"]}' ;;
			*stop*) exit 0 ;;
			*) seq=${line#*:}; echo '{"seq":'${seq%%,*}',"skip":"no"}' ;;
			esac; done`, false},
		"one process each": {`sleep 1000 >"$0" 2>&1 </dev/null & echo '{"seq":1,"skip":"no"}'`, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// What is left behind holds a pipe open.
			pipe := filepath.Join(t.TempDir(), "pipe")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error)
			go func() {
				r, err := os.Open(pipe) // waits until somebody writes
				if err == nil {
					_, err = io.Copy(io.Discard, r)
				}
				ended <- err
			}()
			o := conformance.Options{Selection: conformance.Selection{Run: []string{odd}}, OneShot: tt.oneShot, Timeout: 20 * time.Second}
			if _, err := conformance.Run([]string{"/bin/sh", "-c", tt.script, pipe}, o); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-ended:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(10 * time.Second):
				t.Error("what it has started is still running")
			}
		})
	}
}
