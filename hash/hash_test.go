package hash_test

import (
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/cache-aware/casper/hash"
)

// The digests of the worked examples A and B of SPEC.md: cookies that a real H2O
// sent. The number is the digest's first four octets, the first one lowest.
func TestH2OWorkedExamples(t *testing.T) {
	for _, tt := range []struct {
		path string
		want uint32
	}{
		{"/index.html", 0x5945fe14}, // 14 fe 45 59
		{"/css/0.css", 0x303c3db2},  // b2 3d 3c 30
		{"/css/1.css", 0xdd9a61b2},  // b2 61 9a dd
		{"", 0xeea339da},            // da 39 a3 ee: SHA-1 of nothing
	} {
		if got := hash.H2O(tt.path); got != tt.want {
			t.Errorf("H2O(%q) = %#x, want %#x", tt.path, got, tt.want)
		}
	}
}

// Every length around SHA-1's blocks and around the point from which a path is hashed
// in pieces, against crypto/sha1.
func TestH2OOfEveryLength(t *testing.T) {
	long := strings.Repeat("/a-path-of-some-length?v=1&", 4000)
	lengths := []int{2047, 2048, 2049, 65536, len(long)}
	for n := range 1100 {
		lengths = append(lengths, n)
	}
	for _, n := range lengths {
		sum := sha1.Sum([]byte(long[:n]))
		if got, want := hash.H2O(long[:n]), binary.LittleEndian.Uint32(sum[:]); got != want {
			t.Fatalf("%d octets: %#x, want %#x", n, got, want)
		}
	}
}

// Long paths share a pool of hashes; they must not share the state.
func TestH2OConcurrently(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		path := strings.Repeat(fmt.Sprint("/", i), 1000)
		want := hash.H2O(path)
		wg.Go(func() {
			for range 200 {
				if got := hash.H2O(path); got != want {
					t.Errorf("goroutine %d: %#x, want %#x", i, got, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestNoAllocs(t *testing.T) {
	for _, n := range []int{0, 29, 33, 55, 512, 513, 100_000} {
		path := strings.Repeat("x", n)
		allocs := testing.AllocsPerRun(200, func() { hash.H2O(path) })
		// With the race detector on, sync.Pool drops some of what is put back, at
		// random.
		if allocs != 0 && !(raceEnabled && n > 512) {
			t.Errorf("%d octets: %v allocations", n, allocs)
		}
	}
}

func FuzzH2O(f *testing.F) {
	f.Add("/index.html")
	f.Add("/a?b=c#d\x00\xff")        // nothing is decoded or dropped
	f.Add(strings.Repeat("/é", 400)) // longer than the stack copy
	f.Fuzz(func(t *testing.T, path string) {
		sum := sha1.Sum([]byte(path))
		if got, want := hash.H2O(path), binary.LittleEndian.Uint32(sum[:]); got != want {
			t.Errorf("%#x, want %#x", got, want)
		}
	})
}

func ExampleH2O() {
	h := hash.H2O("/index.html")
	fmt.Printf("%#x\n", h)
	fmt.Println(h&(1<<8-1), "with 8 capacity bits,", h&(1<<13-1), "with 13")
	// Output:
	// 0x5945fe14
	// 20 with 8 capacity bits, 7700 with 13
}

func BenchmarkH2O(b *testing.B) {
	for _, n := range []int{29, 55, 90, 512, 4096} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			path := strings.Repeat("x", n)
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				hash.H2O(path)
			}
		})
	}
}
