package main

import (
	"os"
	"os/signal"
	"syscall"
)

// ends are the signals that end a command that goes on. SIGHUP is one where the program writes to a terminal: it says that
// the terminal is gone.
func (t *tool) ends() []os.Signal {
	ends := append([]os.Signal{os.Interrupt, syscall.SIGTERM}, quit...)
	if isTerminal(t.stderr) && !signal.Ignored(syscall.SIGHUP) { // as by nohup
		ends = append(ends, syscall.SIGHUP)
	}
	return ends
}
