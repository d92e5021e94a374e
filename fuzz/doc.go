// Package fuzz judges the fast code of this repository. It holds an encoder and a
// decoder that go one bit at a time over a slice of booleans and are meant to be
// too simple to be wrong, the properties and the exhaustive tests that are decided
// by them, and one fuzz target per folder of internal.
//
// Targets are laid out as in github.com/dvyukov/go-fuzz-corpus: a folder named
// after what it attacks, in it
//
//	func Fuzz(data []byte) int
//
// and a folder corpus of raw inputs. Fuzz panics on a fault. It returns 1 for an
// input worth mutating further, because something accepted it, and 0 otherwise, which is
// what go-fuzz wants to know. The native target FuzzXxx does the same.
//
// Nothing imports this package or those below it.
package fuzz
