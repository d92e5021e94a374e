package main

import (
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"github.com/cache-aware/casper/gcs/formats"
)

// matches is whether any value that was compared holds an asset. It is safe for concurrent use.
type matches struct {
	some atomic.Bool
	none atomic.Pointer[result] // the first result with keys, but no asset
}

// note takes a result that was compared.
func (m *matches) note(r *result) {
	switch {
	case len(r.present) == 0 || r.count == 0:
	case slices.Contains(r.present, true):
		m.some.Store(true)
	case m.none.Load() == nil:
		kept := *r
		m.none.CompareAndSwap(nil, &kept)
	}
}

// A matched is a way to read a value, with what it finds.
type matched struct {
	flags      string
	keys, hits int
	odds       float64 // that some way finds so much by chance
}

// sayUnmatched says that no value holds an asset of the list, and which way of reading the first
// of them would find some.
func (d *decoding) sayUnmatched() {
	r := d.matches.none.Load()
	if r == nil || d.matches.some.Load() {
		return
	}
	said := fmt.Sprintf("%.60q: none of its keys is in --assets %s", r.value, d.flags.assets)
	if r.format.Names != "request paths" {
		d.nothing("%s", said)
		return
	}
	best := d.bestFit(r.value)
	if best.odds > 0.05 {
		d.nothing("%s, nor with other capacity bits or H2O's other generation", said)
		return
	}
	d.nothing("%s; with %s, %d of %s are in it, which happens by chance once in %.3g", said, best.flags, best.hits, count(best.keys, "key"), 1/best.odds)
}

// bestFit reads a value in every way that H2O has written cookies.
func (d *decoding) bestFit(value string) matched {
	best := matched{odds: 1}
	tries := 0
	for _, name := range []string{"h2o", "h2o-2.0"} {
		format, _ := formats.Lookup(name)
		for bits := int64(1); bits <= 15; bits++ {
			var p formats.Params
			p.SetNumber("capacity_bits", bits)
			p.Lenient = d.flags.lenient
			r := &reader{format: format, params: p, assets: d.paths, most: d.bare.most}
			res, err := r.decode("", value, "")
			if err != nil || res.count == 0 {
				continue
			}
			tries++
			f := matched{flags: fmt.Sprintf("--capacity-bits %d", bits), keys: res.count, hits: res.count - res.strange}
			if format != formats.All()[0] {
				f.flags = "--format " + name + " " + f.flags
			}
			known := slices.Clone(res.keys)
			slices.Sort(known)
			share := float64(len(slices.Compact(known))) / float64(res.Universe)
			if f.odds = atLeast(f.hits, f.keys, share); f.odds < best.odds {
				best = f
			}
		}
	}
	best.odds = min(1, best.odds*float64(tries))
	return best
}

// atLeast is the probability that at least hits of n keys are among names by chance, each with
// the probability share.
func atLeast(hits, n int, share float64) float64 {
	if hits == 0 || share >= 1 {
		return 1
	}
	sum := 0.0
	all, _ := math.Lgamma(float64(n + 1))
	for k := hits; k <= n; k++ {
		in, _ := math.Lgamma(float64(k + 1))
		out, _ := math.Lgamma(float64(n - k + 1))
		sum += math.Exp(all - in - out + float64(k)*math.Log(share) + float64(n-k)*math.Log1p(-share))
	}
	return min(sum, 1)
}
