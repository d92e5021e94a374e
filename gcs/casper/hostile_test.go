package casper

import (
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs"
)

// allocated returns the octets that f allocates: the least of several runs, since
// the counter is the whole program's.
func allocated(f func()) uint64 {
	least := uint64(math.MaxUint64)
	for range 5 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}

// The longest cookie that a browser stores, in every shape that is bad for somebody:
// reading it costs at most 64 KiB.
func TestHostileValueCosts64KiB(t *testing.T) {
	const length = 4096
	for name, value := range map[string]string{
		"nothing but zeros":            strings.Repeat("A", length),
		"nothing but ones":             strings.Repeat("_", length),
		"as many keys as fit":          strings.Repeat("gQIECBAg", length/8),
		"one bad character at the end": strings.Repeat("_", length-1) + "=",
		"an impossible length":         strings.Repeat("A", length-3),
		"noise":                        strings.Repeat("q0Fz_-8QcAbT", length/12),
		"old generation":               strings.Repeat("AQIECBAg", length/8),
	} {
		for _, p := range []Params{{}, {CapacityBits: 15}, {CapacityBits: 1}, {Generation: H2O20}} {
			for kind, parse := range map[string]func(string, Params) (Fingerprint, error){"strictly": Parse, "leniently": ParseLenient} {
				if n := allocated(func() { _, _ = parse(value, p) }); n > 64<<10 {
					t.Errorf("%s, read %s, %+v: %d octets allocated", name, kind, p, n)
				}
			}
		}
	}
}

// Ten megabytes of junk are refused by their length: one error is allocated, and no
// character is looked at.
func TestJunkIsRefusedUnread(t *testing.T) {
	junk := strings.Repeat("A", 10<<20)
	for name, parse := range map[string]func(string, Params) (Fingerprint, error){"Parse": Parse, "ParseLenient": ParseLenient} {
		var err error
		if n := allocated(func() { _, err = parse(junk, Params{}) }); n > 512 {
			t.Errorf("%s: %d octets allocated", name, n)
		}
		if !errors.Is(err, gcs.TooMany) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A server calls these on every request.
func TestNoAllocs(t *testing.T) {
	p := Params{}
	keys := make([]Key, 0, 128)
	for i := range Key(100) {
		keys = append(keys, i*80)
	}
	f := New(p, keys...)
	value := f.String()
	buf, text := make([]Key, 0, 128), make([]byte, 0, 512)
	long := "/" + strings.Repeat("a", 300) + ".css?v=123456789"
	for _, tt := range []struct {
		name string
		most float64
		f    func()
	}{
		{"Key", 0, func() { p.Key(long) }},
		{"AppendKeys", 0, func() { _, _ = p.AppendKeys(buf, value) }},
		{"AppendValue", 0, func() { p.AppendValue(text, keys) }},
		{"Has", 0, func() { f.Has(4000) }},
		{"Len, FalsePositive, Known", 0, func() { f.Len(); f.FalsePositive(); f.Known() }},
		{"All", 0, func() {
			for range f.All() {
			}
		}},
		{"With keys that are there", 0, func() { f.With(80, 160, 0) }},
		{"Merge with nothing new", 0, func() { f.Merge(Fingerprint{}) }},
		{"Trim of what fits", 0, func() { f.Trim(3800) }},
		{"With a new key: the set", 1, func() { f.With(7) }},
		{"Parse: the set", 1, func() { _, _ = Parse(value, p) }},
		{"ParseLenient: the set", 1, func() { _, _ = ParseLenient(value, p) }},
		{"String: the text", 1, func() { _ = f.String() }},
	} {
		if n := testing.AllocsPerRun(200, tt.f); n > tt.most {
			t.Errorf("%s: %v allocations, at most %v", tt.name, n, tt.most)
		}
	}
}
