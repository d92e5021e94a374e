//go:build !wasip1

package libh2o

import "syscall"

// forkLock is held while a process is started.
var forkLock = &syscall.ForkLock
