//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package learn

import "os"

// locks says that there are none here, so one process at a time may save to a file.
const locks = false

// lock does nothing, and reports that it has done it.
func lock(*os.File) (bool, error) { return true, nil }
