//go:build race

package learn

// slow says that the race detector watches, which makes everything ten times as long: the long
// tests do with less.
const slow = true
