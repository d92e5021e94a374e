//go:build !race

package oracle

// Race says that the race detector is on; its twin says what for.
const Race = false
