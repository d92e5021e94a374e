package main

import (
	"encoding/binary"
	"fmt"

	btcutil "github.com/btcsuite/btcd/btcutil/gcs"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/bip158"
)

// filterRows compares BIP 158 filters with everything that they cost, SipHash included:
// building from items of 32 octets, asking for one absent item, and for several.
func filterRows(sizes []int) ([]row, error) {
	var rows []row
	p := bip158.Basic
	for _, n := range sizes {
		items := itemsOf(1, n)
		var key [16]byte
		copy(key[:], "side by side key")
		filter, err := bip158.Build(p, bip158.Key(key), items)
		if err != nil {
			return nil, err
		}
		peer, err := btcutil.BuildGCSFilter(19, 784931, key, items)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{group: "BIP 158 build", name: fmt.Sprintf("n=%d", n), unit: "key", by: map[string]contender{
			"casper": func(int) int {
				if _, err := bip158.Build(p, bip158.Key(key), items); err != nil {
					panic(err)
				}
				return n
			},
			"btcutil": func(int) int {
				if _, err := btcutil.BuildGCSFilter(19, 784931, key, items); err != nil {
					panic(err)
				}
				return n
			},
		}})
		absent := itemsOf(2, 4096)
		one := row{group: "BIP 158 Contains", name: fmt.Sprintf("n=%d", n), unit: "query", by: map[string]contender{
			"casper": func(i int) int {
				filter.Has(bip158.Key(key), absent[i%len(absent)])
				return 1
			},
			"btcutil": func(i int) int {
				if _, err := peer.Match(key, absent[i%len(absent)]); err != nil {
					panic(err)
				}
				return 1
			},
		}}
		if n == 10_000 {
			one.goal = []goal{{"btcutil", 6}}
		}
		rows = append(rows, one)
		for _, m := range []int{10, 1000} {
			groups := make([][][]byte, 16)
			for i := range groups {
				groups[i] = itemsOf(uint64(3+i), m)
			}
			any := row{group: fmt.Sprintf("BIP 158 ContainsAny m=%d", m), name: fmt.Sprintf("n=%d", n), unit: "query", by: map[string]contender{
				"casper": func(i int) int {
					filter.HasAny(bip158.Key(key), groups[i%len(groups)])
					return 1
				},
				"btcutil": func(i int) int {
					if _, err := peer.MatchAny(key, groups[i%len(groups)]); err != nil {
						panic(err)
					}
					return 1
				},
			}}
			if n == 10_000 {
				any.goal = []goal{{"btcutil", map[int]float64{10: 7, 1000: 4}[m]}}
			}
			rows = append(rows, any)
		}
	}
	return rows, nil
}

// indexRows ask a coded set of n keys of 19 remainder bits with the help of an index,
// without hashing.
func indexRows(n int) ([]row, error) {
	c := code(19)
	universe := uint64(n) << 19
	set, absent := keys(1, n, universe), keys(2, 4096, universe)
	src, err := gcs.Encode(nil, c, set)
	if err != nil {
		return nil, err
	}
	x, err := c.Index(src, gcs.Limit{Len: n, Max: universe, End: gcs.Counted}, 0)
	if err != nil {
		return nil, err
	}
	groups := make([][]uint64, 64)
	for i := range groups {
		groups[i] = keys(uint64(3+i), 10, universe)
	}
	name := fmt.Sprintf("n=%d", n)
	return []row{
		{group: "index Contains", name: name, unit: "query", goal: []goal{{"", 150}}, by: map[string]contender{
			"casper": func(i int) int { x.Contains(absent[i*2731%len(absent)]); return 1 },
		}},
		{group: "index ContainsAny m=10", name: name, unit: "query", goal: []goal{{"", 1000}}, by: map[string]contender{
			"casper": func(i int) int { x.ContainsAny(groups[i%len(groups)]); return 1 },
		}},
	}, nil
}

// itemsOf returns n different items of 32 octets.
func itemsOf(seed uint64, n int) [][]byte {
	s := splitmix64(seed << 40)
	items := make([][]byte, n)
	for i := range items {
		items[i] = make([]byte, 32)
		for j := 0; j < 32; j += 8 {
			binary.LittleEndian.PutUint64(items[i][j:], s.Uint64())
		}
	}
	return items
}
