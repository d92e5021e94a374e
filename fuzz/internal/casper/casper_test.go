package casper

import (
	"strings"
	"testing"

	"github.com/cache-aware/casper/fuzz/internal/oracle"
)

// The first byte is twice the capacity bits, and one more for the generation of H2O
// 2.0; the second is the number of octets that follow for the laws.
var seeds = []oracle.Seed{
	oracle.Text("real", "\x10\x00qF0", "a cookie that H2O 2.2.5 sent at 8 capacity bits"),
	oracle.Text("real-default", "\x00\x00AAAAAAAAAAAAAAAAAAAAqA", "the same page at H2O's default capacity, and parameters that say nothing"),
	oracle.Text("empty", "\x10\x00", "the empty value is the empty set"),
	oracle.Text("largest-key", "\x1a\x00AAAAAAAAAAAAAAAAAAAAAfw", "key 8191, the last one of 13 bits"),
	oracle.Text("above-capacity", "\x10\x00AAAAAAAAAAAAAAAAAAAAqA", "key 7700 at 8 bits: H2O keeps it, strictly it is out of range"),
	oracle.Text("full-universe", "\x02\x00gQA", "both keys of one capacity bit"),
	oracle.Text("old-generation", "\x11\x00KZ0", "quotients of ones, padded with ones"),
	oracle.Text("trailing-zeros", "\x10\x00qF0AAAAA", "padding of any length is nothing to H2O"),
	oracle.Text("spare-bits", "\x10\x00qF1", "the unused bits of the last character"),
	oracle.Text("wrong-padding", "\x02\x00gQ", "a one in the padding"),
	oracle.Text("cut-short", "\x1a\x00AAAAAAAAAAAAAAAAAAAAAQ", "the remainder of the last code is missing"),
	oracle.Text("mixed-alphabets", "\x10\x00+/-_", "both alphabets at once"),
	oracle.Text("standard-padding", "\x10\x00qF0=", "padded base64, which H2O refuses"),
	oracle.Text("over-long", "\x02\x00AAAAAAAA", "longer than the text of all keys: refused unread"),
	oracle.Text("129-keys", "\x02\x00"+strings.Repeat("gQIECBAgQIECBAgQIECBAgQIECBA", 6), "144 keys where 128 are allowed: H2O ignores the cookie"),
	oracle.Text("invalid-parameters", "\x20\x00qF0", "16 capacity bits"),
	oracle.Text("trim", "\x10\x06\x02\x1a\x14\x05\x03\x28gQIECBAgQIECBA", "a bound of two characters, a 13-bit fingerprint to merge with, keys to keep"),
}

func TestSeeds(t *testing.T) { oracle.TrySeeds(t, Fuzz, seeds) }

func FuzzCasper(f *testing.F) { oracle.Run(f, Fuzz, seeds) }
