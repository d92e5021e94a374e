package gcstool_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/gcstool"
)

func write(t testing.TB, p gcstool.Params, every uint64, values ...uint64) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gcstool.NewWriter(&b, p, every)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		if err := w.Add(v); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(octets []byte) (values []uint64, err error) {
	s, err := gcstool.Open(bytes.NewReader(octets), int64(len(octets)))
	if err != nil {
		return nil, err
	}
	for v, err := range s.All() {
		if err != nil {
			return values, err
		}
		values = append(values, v)
	}
	return values, nil
}

// The example of the package comment.
func TestExample(t *testing.T) {
	octets := write(t, gcstool.Params{N: 2, P: 4}, gcstool.Usual, 3, 7)
	if got, want := hex.EncodeToString(octets), "7000"+strings.Repeat("00", 7)+"02"+strings.Repeat("00", 7)+"04"+strings.Repeat("00", 7)+"02"+strings.Repeat("00", 8)+hex.EncodeToString([]byte("[GCS:v0]")); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Sets of all kinds come back, and are asked rightly, whatever the divisor and the index.
func TestRoundTrips(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		p := gcstool.Params{N: r.Uint64N(400), P: 1 + r.Uint64N(1<<r.UintN(30))}
		every := r.Uint64N(40)
		var values []uint64
		if p.N > 0 {
			for range 1 + r.Uint64N(p.N) {
				values = append(values, r.Uint64N(p.Universe()))
			}
		}
		slices.Sort(values)
		values = slices.Compact(values)
		octets := write(t, p, every, values...)
		got, err := read(octets)
		if err != nil || !slices.Equal(got, values) {
			t.Fatalf("%+v, every %d: %d, %v, want %d", p, every, got, err, values)
		}
		s, err := gcstool.Open(bytes.NewReader(octets), int64(len(octets)))
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			if p.N == 0 {
				break
			}
			v := r.Uint64N(p.Universe())
			if len(values) > 0 && r.IntN(2) == 0 {
				v = values[r.IntN(len(values))]
			}
			found, err := s.Has(v)
			if want := v == 0 || slices.Contains(values, v); err != nil || found != want {
				t.Fatalf("%+v, every %d: Has(%d) %t, %v", p, every, v, found, err)
			}
		}
	}
}

// Long runs and long remainders reach over the pieces in which a file is read.
func TestLongCodes(t *testing.T) {
	for _, tt := range []struct {
		p      gcstool.Params
		values []uint64
	}{
		{gcstool.Params{N: 1 << 20, P: 1}, []uint64{5, 1 << 18, 1<<20 - 1}},
		{gcstool.Params{N: 1 << 19, P: gcstool.MaxP}, []uint64{0, 1, 1 << 60}},
		{gcstool.Params{N: 1 << 19, P: gcstool.MaxP - 1}, []uint64{gcstool.MaxP - 2, 1 << 60}},
	} {
		octets := write(t, tt.p, 1, tt.values...)
		got, err := read(octets)
		if err != nil || !slices.Equal(got, tt.values) {
			t.Errorf("%+v: %d, %v", tt.p, got, err)
		}
		s, err := gcstool.Open(bytes.NewReader(octets), int64(len(octets)))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range tt.values {
			if found, err := s.HasValue(v); !found || err != nil {
				t.Errorf("%+v: HasValue(%d) %t, %v", tt.p, v, found, err)
			}
			if found, err := s.HasValue(v + 2); found || err != nil {
				t.Errorf("%+v: HasValue(%d) %t, %v", tt.p, v+2, found, err)
			}
		}
	}
}

// Every change of an octet is noticed, and none makes a reader panic or answer without an end.
func TestEveryOctetCounts(t *testing.T) {
	octets := write(t, gcstool.Params{N: 12, P: 100}, 3, 4, 99, 300, 301, 500, 777, 900, 1000, 1001, 1100)
	for i := range octets {
		for _, flip := range []byte{1, 0x80, 0xff} {
			bad := bytes.Clone(octets)
			bad[i] ^= flip
			values, err := read(bad)
			if err == nil {
				again := write(t, gcstool.Params{N: binary.BigEndian.Uint64(bad[len(bad)-40:]), P: 100}, 3, values...)
				if !bytes.Equal(again, bad) {
					t.Errorf("octet %d xor %x: %d is accepted", i, flip, values)
				}
			}
			if s, err := gcstool.Open(bytes.NewReader(bad), int64(len(bad))); err == nil {
				for v := range uint64(1200) {
					s.HasValue(v)
				}
			}
		}
	}
	for n := range octets {
		if _, err := read(octets[:n]); !errors.Is(err, gcs.Truncated) {
			t.Errorf("%d octets: %v", n, err)
		}
	}
}

func TestFaults(t *testing.T) {
	add := func(p gcstool.Params, values ...uint64) (err error) {
		w, err := gcstool.NewWriter(new(bytes.Buffer), p, 2)
		for _, v := range values {
			if err == nil {
				err = w.Add(v)
			}
		}
		return err
	}
	p := gcstool.Params{N: 2, P: 100}
	for name, tt := range map[string]struct {
		err  error
		kind gcs.Kind
	}{
		"P of 0":      {add(gcstool.Params{N: 1}), gcs.BadParameter},
		"P too large": {add(gcstool.Params{N: 1, P: gcstool.MaxP + 1}), gcs.BadParameter},
		"N too large": {add(gcstool.Params{N: 1 << 20, P: gcstool.MaxP}), gcs.BadParameter},
		"unsorted":    {add(p, 5, 4), gcs.Unsorted},
		"too large":   {add(p, 5, 200), gcs.OutOfRange},
		"too many":    {add(p, 5, 6, 7), gcs.BadParameter},
	} {
		if !errors.Is(tt.err, tt.kind) {
			t.Errorf("%s: %v, want %v", name, tt.err, tt.kind)
		}
	}
	if err := add(p, 5, 5, 6, 6); err != nil {
		t.Errorf("twice the same: %v", err)
	}
}

// A question allocates nothing.
func TestNoAllocations(t *testing.T) {
	values := make([]uint64, 10_000)
	for i := range values {
		values[i] = uint64(i) * 1000
	}
	octets := write(t, gcstool.Params{N: 10_000, P: 1000}, gcstool.Usual, values...)
	s, err := gcstool.Open(bytes.NewReader(octets), int64(len(octets)))
	if err != nil {
		t.Fatal(err)
	}
	h := uint64(0)
	if n := testing.AllocsPerRun(1000, func() { h += 7919; s.Has(h) }); n > 0.1 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkHas(b *testing.B) {
	const n = 1_000_000
	values := make([]uint64, n)
	r := rand.New(rand.NewPCG(3, 4))
	p := gcstool.Params{N: n, P: gcstool.Default}
	for i := range values {
		values[i] = r.Uint64N(p.Universe())
	}
	slices.Sort(values)
	octets := write(b, p, gcstool.Usual, values...)
	s, err := gcstool.Open(bytes.NewReader(octets), int64(len(octets)))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Has(r.Uint64())
	}
}
