// Package base64url is the target of fuzzers for package base64url: what it does with an input is
// in fuzz/internal/base64url.
package base64url

import "github.com/cache-aware/casper/fuzz/internal/base64url"

// Fuzz panics on a fault, and returns 1 for an input that something accepted.
func Fuzz(data []byte) int { return base64url.Fuzz(data) }
