// Package cachedigest is the target of fuzzers for package cachedigest: what it does with an input is
// in fuzz/internal/cachedigest.
package cachedigest

import "github.com/cache-aware/casper/fuzz/internal/cachedigest"

// Fuzz panics on a fault, and returns 1 for an input that something accepted.
func Fuzz(data []byte) int { return cachedigest.Fuzz(data) }
