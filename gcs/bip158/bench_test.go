package bip158_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/cache-aware/casper/gcs/bip158"
)

// scripts returns n items of 32 octets, as long as a script usually is.
func scripts(n int, seed uint64) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = make([]byte, 32)
		binary.LittleEndian.PutUint64(all[i], seed)
		binary.LittleEndian.PutUint64(all[i][8:], uint64(i))
	}
	return all
}

func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10000, 100000, 1000000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			items := scripts(n, 1)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := bip158.Build(bip158.Basic, bip158.Key{}, items); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/item")
		})
	}
}

func BenchmarkParse(b *testing.B) {
	f, err := bip158.Build(bip158.Basic, bip158.Key{}, scripts(10000, 1))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bip158.Parse(f.Octets(), bip158.Basic); err != nil {
			b.Fatal(err)
		}
	}
}

// Absent items, whose values are spread over the filter: half of it is read on
// average.
func BenchmarkContains(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			f, err := bip158.Build(bip158.Basic, bip158.Key{}, scripts(n, 1))
			if err != nil {
				b.Fatal(err)
			}
			absent := scripts(1024, 2)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				f.Has(bip158.Key{}, absent[i%len(absent)])
				i++
			}
		})
	}
}

func BenchmarkContainsAny(b *testing.B) {
	for _, m := range []int{10, 1000} {
		for _, n := range []int{10, 1000, 10000} {
			b.Run(fmt.Sprintf("%d of %d", m, n), func(b *testing.B) {
				f, err := bip158.Build(bip158.Basic, bip158.Key{}, scripts(n, 1))
				if err != nil {
					b.Fatal(err)
				}
				absent := scripts(m, 2)
				b.ReportAllocs()
				for b.Loop() {
					f.HasAny(bip158.Key{}, absent)
				}
			})
		}
	}
}
