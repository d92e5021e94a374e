package peer

import (
	"os/exec"
	"syscall"
)

// endWithParent has the kernel end the program when the test binary dies
// without running its cleanups, as it does when `go test -timeout` fires. (The kernel watches the thread that started the program,
// which outlives the test: Go ends a thread only with a goroutine locked to it.)
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
