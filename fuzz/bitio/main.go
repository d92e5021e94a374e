// Package bitio is the target of fuzzers for package bitio: what it does with an input is
// in fuzz/internal/bitio.
package bitio

import "github.com/cache-aware/casper/fuzz/internal/bitio"

// Fuzz panics on a fault, and returns 1 for an input that something accepted.
func Fuzz(data []byte) int { return bitio.Fuzz(data) }
