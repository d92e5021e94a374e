//go:build !linux

package peer

import "os/exec"

// endWithParent does nothing: only Linux can tie a program to its parent.
func endWithParent(*exec.Cmd) {}
