package casper

import (
	"strings"
	"testing"

	"github.com/cache-aware/casper/fuzz"
)

// The first byte is twice the capacity bits, and one more for the generation of H2O
// 2.0; the second is the number of octets that follow for the laws.
var seeds = []fuzz.Seed{
	fuzz.Text("real", "\x10\x00qF0", "a cookie that H2O 2.2.5 sent at 8 capacity bits"),
	fuzz.Text("real-default", "\x00\x00AAAAAAAAAAAAAAAAAAAAqA", "the same page at H2O's default capacity, and parameters that say nothing"),
	fuzz.Text("empty", "\x10\x00", "the empty value is the empty set"),
	fuzz.Text("largest-key", "\x1a\x00AAAAAAAAAAAAAAAAAAAAAfw", "key 8191, the last one of 13 bits"),
	fuzz.Text("above-capacity", "\x10\x00AAAAAAAAAAAAAAAAAAAAqA", "key 7700 at 8 bits: H2O keeps it, strictly it is out of range"),
	fuzz.Text("full-universe", "\x02\x00gQA", "both keys of one capacity bit"),
	fuzz.Text("old-generation", "\x11\x00KZ0", "quotients of ones, padded with ones"),
	fuzz.Text("trailing-zeros", "\x10\x00qF0AAAAA", "padding of any length is nothing to H2O"),
	fuzz.Text("spare-bits", "\x10\x00qF1", "the unused bits of the last character"),
	fuzz.Text("wrong-padding", "\x02\x00gQ", "a one in the padding"),
	fuzz.Text("cut-short", "\x1a\x00AAAAAAAAAAAAAAAAAAAAAQ", "the remainder of the last code is missing"),
	fuzz.Text("mixed-alphabets", "\x10\x00+/-_", "both alphabets at once"),
	fuzz.Text("standard-padding", "\x10\x00qF0=", "padded base64, which H2O refuses"),
	fuzz.Text("over-long", "\x02\x00AAAAAAAA", "longer than the text of all keys: refused unread"),
	fuzz.Text("129-keys", "\x02\x00"+strings.Repeat("gQIECBAgQIECBAgQIECBAgQIECBA", 6), "144 keys where 128 are allowed: H2O ignores the cookie"),
	fuzz.Text("invalid-parameters", "\x20\x00qF0", "16 capacity bits"),
	fuzz.Text("trim", "\x10\x06\x02\x1a\x14\x05\x03\x28gQIECBAgQIECBA", "a bound of two characters, a 13-bit fingerprint to merge with, keys to keep"),
}

func TestSeeds(t *testing.T) { fuzz.TrySeeds(t, Fuzz, seeds) }

func FuzzCasper(f *testing.F) { fuzz.Run(f, Fuzz, seeds) }
