package main

import (
	"math/rand/v2"
	"slices"
)

// splitmix64 is the generator of all the data, so that a program in another language can
// make the same.
type splitmix64 uint64

func (s *splitmix64) Uint64() uint64 {
	*s += 0x9e3779b97f4a7c15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// keys returns n distinct keys below the universe, sorted.
func keys(seed uint64, n int, universe uint64) []uint64 {
	s := splitmix64(seed)
	r := rand.New(&s)
	seen := make(map[uint64]bool, n)
	set := make([]uint64, 0, n)
	for len(set) < n {
		if k := r.Uint64N(universe); !seen[k] {
			seen[k] = true
			set = append(set, k)
		}
	}
	slices.Sort(set)
	return set
}

// sets returns as many different sets of n keys as keep a branch predictor from
// learning them by heart.
func sets(n int, universe uint64) [][]uint64 {
	all := make([][]uint64, max(1, min(1024, 20_000/n)))
	for i := range all {
		all[i] = keys(uint64(n)<<32+uint64(i), n, universe)
	}
	return all
}
