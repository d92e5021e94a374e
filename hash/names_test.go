package hash_test

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"github.com/cache-aware/casper/hash"
)

// Assets of go-casper's README and example, whose keys a run of it gave: see
// gcs/gocasper/testdata.
func TestGoCasperKnown(t *testing.T) {
	for path, want := range map[string]uint32{"/static/example.js": 146, "/static/example.jpg": 212} {
		if got := hash.GoCasper(path) % 640; got != want {
			t.Errorf("GoCasper(%q) modulo 640 is %d, want %d", path, got, want)
		}
	}
}

// The numbers of H2O's own unit test, with and without an ETag.
func TestDigestKnown(t *testing.T) {
	const url = "https://example.com/style.css"
	for etag, want := range map[string]uint64{"": 0xbaf9e86f03330860, `"deadbeef"`: 0xa53eb398509042d7} {
		if got := hash.Digest(url, etag); got != want {
			t.Errorf("Digest(%q, %q) = %#x, want %#x", url, etag, got, want)
		}
	}
}

// Every length around the blocks of the hashes and around the point from which a
// name is hashed in pieces, against the standard library.
func TestNamesOfEveryLength(t *testing.T) {
	long := strings.Repeat("https://example.com/a-path-of-some-length?v=1&", 500)
	lengths := []int{2047, 2048, 2049, len(long)}
	for n := range 1100 {
		lengths = append(lengths, n)
	}
	for _, n := range lengths {
		md := md5.Sum([]byte(long[:n]))
		if got, want := hash.GoCasper(long[:n]), binary.BigEndian.Uint32(md[12:]); got != want {
			t.Fatalf("GoCasper of %d octets: %#x, want %#x", n, got, want)
		}
		sha := sha256.Sum256([]byte(long[:n]))
		want := binary.BigEndian.Uint64(sha[:])
		for _, cut := range []int{0, n / 3, n} {
			if got := hash.Digest(long[:cut], long[cut:n]); got != want {
				t.Fatalf("Digest of %d and %d octets: %#x, want %#x", cut, n-cut, got, want)
			}
		}
	}
}

// Long names share a pool of hashes; they must not share the state.
func TestNamesConcurrently(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		name := strings.Repeat(fmt.Sprint("/", i), 1000)
		md, sha := hash.GoCasper(name), hash.Digest(name, name)
		wg.Go(func() {
			for range 100 {
				if hash.GoCasper(name) != md || hash.Digest(name, name) != sha {
					t.Errorf("goroutine %d got another's hash", i)
					return
				}
			}
		})
	}
	wg.Wait()
}

// sink keeps a result that would otherwise not be calculated.
var sink int32

func TestNamesNoAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	short, long := "/static/example.js", strings.Repeat("/static", 500)
	key, item := [16]byte{}, []byte(long)
	for name, f := range map[string]func(){
		"GoCasper":       func() { hash.GoCasper(short) },
		"GoCasper, long": func() { hash.GoCasper(long) },
		"Digest":         func() { hash.Digest(short, `"etag"`) },
		"Digest, long":   func() { hash.Digest(long, long) },
		"SipHash":        func() { hash.SipHash(key, item) },
		"AutoPush":       func() { sink = hash.AutoPush(long, 1) },
	} {
		if n := testing.AllocsPerRun(100, f); n > 0.1 { // the pool may be emptied once
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// autoPush is AutoPush by the definition: over code units that encoding made, in
// arithmetic that is wide and reduced at the end.
func autoPush(path string, seed uint32) int32 {
	const mod = 1 << 32
	a := (uint64(2166136261) ^ uint64(seed)) % mod
	for _, unit := range utf16.Encode([]rune(path)) {
		if high := uint64(unit) >> 8; high != 0 {
			a = (a ^ high) * 16777619 % mod
		}
		a = (a ^ uint64(unit)&0xff) * 16777619 % mod
	}
	a = (a + a<<13) % mod
	a ^= a >> 7
	a = (a + a<<3) % mod
	a ^= a >> 17
	a = (a + a<<5) % mod
	return int32(uint32(a))
}

func TestAutoPush(t *testing.T) {
	for _, path := range []string{"", "/", "/index.html", "/caf\u00e9", "/\u65e5\u672c\u8a9e.css", "/\U0001f600.png", "/\u0100\u0000", "/\xff\xfe"} {
		for _, seed := range []uint32{0, 1576284489, 1<<32 - 1} {
			if got, want := hash.AutoPush(path, seed), autoPush(path, seed); got != want {
				t.Errorf("AutoPush(%q, %d) = %d, want %d", path, seed, got, want)
			}
		}
	}
}

func ExampleGoCasper() {
	const n, p = 10, 64 // casper.New(1<<6, 10)
	fmt.Println(hash.GoCasper("/static/example.js") % (n * p))
	// Output: 146
}

func ExampleDigest() {
	const log2N, log2P = 0, 7
	fmt.Println(hash.Digest("https://example.com/style.css", "") >> (64 - log2N - log2P))
	// Output: 93
}

func ExampleAutoPush() {
	fmt.Println(hash.AutoPush("/", 0), hash.AutoPush("/", 1576284489))
	// Output: -614126953 1441528965
}

func BenchmarkGoCasper(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		hash.GoCasper("/assets/application-4f2a1c.css")
	}
}

func BenchmarkDigest(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		hash.Digest("https://example.com/assets/application.css", "")
	}
}
