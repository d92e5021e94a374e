//go:build !plan9

package main

import "syscall"

// errBrokenPipe is what a write fails with once nobody reads any more.
const errBrokenPipe = syscall.EPIPE
