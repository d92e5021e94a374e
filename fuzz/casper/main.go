// Package casper is the target of fuzzers for package casper: what it does with an input is
// in fuzz/internal/casper.
package casper

import "github.com/cache-aware/casper/fuzz/internal/casper"

// Fuzz panics on a fault, and returns 1 for an input that something accepted.
func Fuzz(data []byte) int { return casper.Fuzz(data) }
