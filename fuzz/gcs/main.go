// Package gcs is the target of fuzzers for package gcs: what it does with an input is
// in fuzz/internal/gcs.
package gcs

import "github.com/cache-aware/casper/fuzz/internal/gcs"

// Fuzz panics on a fault, and returns 1 for an input that something accepted.
func Fuzz(data []byte) int { return gcs.Fuzz(data) }
