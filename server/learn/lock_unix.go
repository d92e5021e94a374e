//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package learn

import (
	"errors"
	"os"
	"syscall"
)

// locks says that there are any.
const locks = true

// lock takes the file for whoever opened it, and reports whether nobody else had it. It ends when the file is closed, or the process ends, however it does.
func lock(f *os.File) (bool, error) {
	for {
		switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOSYS), errors.Is(err, syscall.ENOLCK):
			return true, nil // a file system without locks: then one at a time has to do
		default:
			return false, os.NewSyscallError("flock", err)
		}
	}
}
