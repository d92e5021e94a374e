//go:build race

package testkit

// Race says that the race detector watches. It makes tests some ten times slower, and adds
// allocations.
const Race = true
