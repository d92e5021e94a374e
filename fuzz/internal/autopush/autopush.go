// Package autopush attacks the Bloom filter of h2-auto-push: its text against an oracle that goes
// one character at a time, and its answers against one that calculates as the script did.
//
// An input is a number of paths, the paths with their lengths, and the cookie, as text and as
// the octets of a filter.
package autopush

import (
	"encoding/base64"
	"fmt"
	"math"
	"net/url"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/autopush"
)

// longest is how many octets are read as one filter: more do not fit a value.
const longest = 48 << 10

// Fuzz attacks one value with some paths.
func Fuzz(data []byte) int {
	in := oracle.Input(data)
	var paths []string
	for range in.Below(8) {
		n := min(in.Below(256), len(in))
		paths = append(paths, string(in[:n]))
		in = in[n:]
	}
	accepted := Value(string(in), paths)

	octets := in[:min(len(in), longest)]
	octets = octets[:len(octets)/4*4]
	text := base64.StdEncoding.EncodeToString(octets)
	if Value(text, paths) == 0 && len(text) <= autopush.MaxText {
		oracle.Failf("%q is refused", text)
	}
	Value(url.QueryEscape(text), paths)
	Value(url.PathEscape(text), paths)
	return accepted
}

// Value reads a value and asks it for paths.
func Value(value string, paths []string) int {
	octets, fault := oracle.ReadBloom(value)
	var f autopush.Filter
	var err error
	oracle.Bounded(64<<10+8*len(value), fmt.Sprintf("Parse(%.40q)", value), func() { f, err = autopush.Parse(value) })
	got := oracle.FaultOf(err)
	if fault.Kind == gcs.BadText && fault.Offset < 0 { // the format does not say where
		if got.Offset < 0 || got.Offset > 6*len(value) {
			oracle.Failf("Parse(%q): %v is not in it", value, err)
		}
		got.Offset = -1
	}
	if got != fault {
		oracle.Failf("Parse(%q): %v, want %v", value, err, fault)
	}
	if f.Bits() != 8*len(octets) {
		oracle.Failf("Parse(%q): %d bits, want %d", value, f.Bits(), 8*len(octets))
	}
	ones := 0
	for _, bit := range oracle.Bits(octets, bitio.LSBFirst) {
		if bit {
			ones++
		}
	}
	share := 0.0
	if len(octets) > 0 {
		share = math.Pow(float64(ones)/float64(8*len(octets)), 7)
	}
	if p := f.FalsePositive(); math.Abs(p-share) > 1e-12 {
		oracle.Failf("Parse(%q): %g of all paths seem to be there, want %g", value, p, share)
	}
	for _, path := range append(paths, "/", "", "/index.html", "\U0001f600", "\xff") {
		if want := oracle.BloomHas(octets, path); f.Has(path) != want {
			oracle.Failf("Parse(%q): Has(%q) %t", value, path, !want)
		}
	}
	if err != nil {
		return 0
	}
	return 1
}
