//go:build race

package sim

// slow says that the race detector watches, which makes everything ten times as long: the long
// tests do with less.
const slow = true
