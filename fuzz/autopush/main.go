// Package autopush is the target of fuzzers for package autopush: what it does with an input is
// in fuzz/internal/autopush.
package autopush

import "github.com/cache-aware/casper/fuzz/internal/autopush"

// Fuzz panics on a fault, and returns 1 for an input that something accepted.
func Fuzz(data []byte) int { return autopush.Fuzz(data) }
