//go:build !race

package testkit

// Race reports whether the race detector is on. Under it a sync.Pool forgets on purpose,
// so that allocations cannot be counted.
const Race = false
