package main

import "os"

// quit is empty: Plan 9 has no such note.
var quit []os.Signal
