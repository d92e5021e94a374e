//go:build race

package link

// raced says that the race detector is on: it makes generated tests some ten times slower, and has
// nothing to find in them.
const raced = true
