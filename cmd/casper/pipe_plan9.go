package main

import "syscall"

// errBrokenPipe is what a write fails with once nobody reads any more: pipe(3) of Plan 9.
const errBrokenPipe = syscall.ErrorString("i/o on hungup channel")
