// Package bip158 is the target of fuzzers for package bip158: what it does with an input is
// in fuzz/internal/bip158.
package bip158

import "github.com/cache-aware/casper/fuzz/internal/bip158"

// Fuzz panics on a fault, and returns 1 for an input that something accepted.
func Fuzz(data []byte) int { return bip158.Fuzz(data) }
