//go:build race

package oracle

// Race says that the race detector is on. The exhaustive tests are cut short then: it
// makes them ten times slower and has nothing to find in functions that share
// nothing.
const Race = true
