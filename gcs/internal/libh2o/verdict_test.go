package libh2o

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// verdict runs code as if in a test of its own and keeps how that test would
// have ended, without ending or failing the real one.
type verdict struct {
	testing.TB
	failed, skipped bool
	lines           []string
	cleanups        []func()
}

// judge runs f to its end, cleanups included.
func judge(t *testing.T, f func(t testing.TB)) *verdict {
	t.Helper()
	v := &verdict{TB: t}
	run := func(f func()) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			f()
		}()
		<-done
	}
	run(func() { f(v) })
	for len(v.cleanups) > 0 {
		last := v.cleanups[len(v.cleanups)-1]
		v.cleanups = v.cleanups[:len(v.cleanups)-1]
		run(last)
	}
	return v
}

func (v *verdict) say(format string, args ...any) {
	v.lines = append(v.lines, fmt.Sprintf(format, args...))
}
func (v *verdict) String() string                    { return strings.Join(v.lines, "\n") }
func (v *verdict) Cleanup(f func())                  { v.cleanups = append(v.cleanups, f) }
func (v *verdict) Failed() bool                      { return v.failed }
func (v *verdict) Logf(format string, args ...any)   { v.say(format, args...) }
func (v *verdict) Error(args ...any)                 { v.failed = true; v.say("%s", fmt.Sprint(args...)) }
func (v *verdict) Errorf(format string, args ...any) { v.failed = true; v.say(format, args...) }
func (v *verdict) Fatal(args ...any)                 { v.Error(args...); runtime.Goexit() }
func (v *verdict) Fatalf(format string, args ...any) { v.Errorf(format, args...); runtime.Goexit() }
func (v *verdict) Skipf(format string, args ...any) {
	v.skipped = true
	v.say(format, args...)
	runtime.Goexit()
}
