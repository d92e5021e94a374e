// Package gocasper is the target of fuzzers for package gocasper: what it does with an input is
// in fuzz/internal/gocasper.
package gocasper

import "github.com/cache-aware/casper/fuzz/internal/gocasper"

// Fuzz panics on a fault, and returns 1 for an input that something accepted.
func Fuzz(data []byte) int { return gocasper.Fuzz(data) }
