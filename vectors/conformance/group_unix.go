//go:build unix

package conformance

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup puts a program into a process group of its own, so that what it starts
// can be ended with it.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func killGroup(cmd *exec.Cmd) {
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	cmd.Process.Kill()
}

// endGroup ends what an ended program has left behind. It is called as soon as the program was
// waited for: until the last of its group ends, its number is given to nobody.
func endGroup(ended *os.ProcessState) { syscall.Kill(-ended.Pid(), syscall.SIGKILL) }
