//go:build !plan9

package main

import (
	"os"
	"syscall"
)

// quit is the signal of a person who wants the program to end, and to leave a dump.
var quit = []os.Signal{syscall.SIGQUIT}
