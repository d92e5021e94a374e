package casper

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// rotation is how many different cookies a benchmark goes round: one alone is
// learned by the branch predictor, and shows times that no server will see.
const rotation = 1024

func benchCookies(n int) (values []string, sets [][]Key) {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	for range rotation {
		var keys []Key
		for _, k := range rng.Perm(8192)[:n] {
			keys = append(keys, Key(k))
		}
		slices.Sort(keys)
		sets = append(sets, keys)
		values = append(values, string(Params{}.AppendValue(nil, keys)))
	}
	return values, sets
}

var sizes = []int{10, 30, 100}

// A whole cookie, from text to keys in memory of the caller's.
func BenchmarkAppendKeys(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			values, _ := benchCookies(n)
			buf := make([]Key, 0, n)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := (Params{}).AppendKeys(buf, values[i%rotation]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendValue(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			_, sets := benchCookies(n)
			buf := make([]byte, 0, 1024)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				Params{}.AppendValue(buf, sets[i%rotation])
			}
		})
	}
}

// The same with a Fingerprint, which is one allocation.
func BenchmarkParse(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			values, _ := benchCookies(n)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := Parse(values[i%rotation], Params{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What a page with ten assets asks of a cookie.
func BenchmarkHas10(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			_, sets := benchCookies(n)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				f := Fingerprint{keys: sets[i%rotation]}
				for k := range Key(10) {
					f.Has(k * 800)
				}
			}
		})
	}
}

func BenchmarkKey(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Params{}.Key("/static/css/theme-dark.min.css")
	}
}

// The costliest cookies that a client can send.
func BenchmarkHostile(b *testing.B) {
	for _, tt := range []struct{ name, octets string }{
		{"most keys", "gQIECBAg"},
		{"all zeros", "AAAAAAAA"},
		{"long gaps", "AAAAAAAB"},
	} {
		b.Run(tt.name, func(b *testing.B) {
			value := strings.Repeat(tt.octets, 4096/8)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = ParseLenient(value, Params{})
			}
		})
	}
}
