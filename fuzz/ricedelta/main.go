// Package ricedelta is the target of fuzzers for package ricedelta: what it does with an input is
// in fuzz/internal/ricedelta.
package ricedelta

import "github.com/cache-aware/casper/fuzz/internal/ricedelta"

// Fuzz panics on a fault, and returns 1 for an input that something accepted.
func Fuzz(data []byte) int { return ricedelta.Fuzz(data) }
