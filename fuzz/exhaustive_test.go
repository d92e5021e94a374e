package fuzz_test

import (
	"bytes"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cache-aware/casper/bitio"
	base64fuzz "github.com/cache-aware/casper/fuzz/internal/base64url"
	casperfuzz "github.com/cache-aware/casper/fuzz/internal/casper"
	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
	"github.com/cache-aware/casper/gcs/casper"
)

// inParallel calls f for all numbers below n, on all cores, and fails the test with
// the first error. Tens of millions of refusals on a heap that holds nothing would keep
// the collector running all the time; it comes by less often here.
func inParallel(t *testing.T, n int, f func(i int) error) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(2000))
	var next atomic.Int64
	var once sync.Once
	var first error
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := f(i); err != nil {
					once.Do(func() { first = err })
					next.Store(int64(n))
				}
			}
		})
	}
	wg.Wait()
	if first != nil {
		t.Fatal(first)
	}
}

// smallCodes are the codes of remainders 0 to 8 in all polarities, gaps, orders and
// paddings.
func smallCodes() (codes []gcs.Code) {
	for rice := range uint8(9) {
		for _, run := range []bitio.Run{bitio.ZerosOne, bitio.OnesZero} {
			for gap := range uint8(2) {
				for _, order := range []bitio.Order{bitio.MSBFirst, bitio.LSBFirst} {
					for pad := range gcs.Pad(3) {
						codes = append(codes, gcs.Code{Rice: rice, Run: run, Gap: gap, Order: order, Pad: pad})
					}
				}
			}
		}
	}
	return codes
}

const universe = 1 << 8

var all = flag.Bool("all", false, "try every set of three keys with every code, which takes half a minute of processor time")

// TestEverySet encodes every set of up to three keys below 2^8 with every remainder from 0
// to 8, and decodes it again.
//
// Sets of one and two keys are tried with all polarities, gaps and orders, in the
// universes that they fit and in those that refuse them at the first key that does
// not: one key in all, two in those that end at a key, before one, or at 2^8. Sets of three
// keys are 25 million with the nine remainders; the eight other choices take turns
// among them, and the universe is the smallest that holds the set, since what a
// decoder compares with its end is one key at a time. With -all, they too are tried
// with every choice.
func TestEverySet(t *testing.T) {
	codes := slices.DeleteFunc(smallCodes(), func(c gcs.Code) bool { return c.Pad != gcs.PadRun })
	const variants = 8 // of each remainder
	inParallel(t, len(codes)*universe, func(i int) error {
		e := enumeration{c: codes[i/universe], turn: i / universe % variants, turns: variants}
		if *all {
			e.turns = 1
		}
		return e.extend(uint64(i % universe))
	})
}

// An enumeration holds one set and what the oracle makes of it, key by key.
type enumeration struct {
	c           gcs.Code
	turn, turns int // sets of three keys whose sum leaves the remainder turn modulo turns
	keys        []uint64
	streams     [4][]bool // the codes of so many keys
	octets, got []byte
	decoded     []uint64
}

// extend checks the set with one more key, and all that begin so.
func (e *enumeration) extend(key uint64) error {
	n := len(e.keys)
	e.keys = append(e.keys, key)
	defer func() { e.keys = e.keys[:n] }()
	// A code depends on the keys before it by its gap alone.
	gap := key
	if n > 0 {
		gap = key - e.keys[n-1] - uint64(e.c.Gap)
	}
	e.streams[n+1], _ = oracle.Encode(append(e.streams[n+1][:0], e.streams[n]...), e.c, []uint64{gap})
	if err := e.check(); err != nil || n == 2 || n == 1 && oracle.Race {
		return err
	}
	step := 1
	k := int(key) + int(e.c.Gap)
	if n == 1 {
		step = e.turns
		k += ((e.turn-int(e.keys[0]+key)-k)%step + step) % step
	}
	if oracle.Race {
		step = 7
	}
	for ; k < universe; k += step {
		if err := e.extend(uint64(k)); err != nil {
			return err
		}
	}
	return nil
}

func (e *enumeration) check() error {
	n := len(e.keys)
	e.octets = oracle.AppendOctets(e.octets[:0], e.streams[n], e.c.Order, oracle.PadBit(e.c))
	var err error
	if e.got, err = gcs.Encode(e.got[:0], e.c, e.keys); err != nil || !bytes.Equal(e.got, e.octets) {
		return fmt.Errorf("Append %+v of %d: %x, %v; want %x", e.c, e.keys, e.got, err, e.octets)
	}
	if size := e.c.Size(e.keys); size != len(e.octets) {
		return fmt.Errorf("Size %+v of %d: %d, want %d", e.c, e.keys, size, len(e.octets))
	}
	last := e.keys[n-1]
	if err := e.fits(gcs.Limit{Len: n, Max: last, End: gcs.Counted}); err != nil || n == 3 {
		return err
	}
	for max := range uint64(universe) {
		if n == 2 && max != e.keys[0]-1 && max != e.keys[0] && max != last-1 && max != universe-1 {
			continue
		}
		lim := gcs.Limit{Len: n, Max: max, End: gcs.Counted}
		if max < last {
			err = e.refused(lim)
		} else {
			err = e.fits(lim)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *enumeration) fits(lim gcs.Limit) (err error) {
	e.decoded, err = gcs.Decode(e.decoded[:0], e.c, e.octets, lim)
	if err != nil || !slices.Equal(e.decoded, e.keys) {
		return fmt.Errorf("AppendDecode %+v of %d up to %d: %d, %v", e.c, e.keys, lim.Max, e.decoded, err)
	}
	return nil
}

func (e *enumeration) refused(lim gcs.Limit) (err error) {
	first := 0 // key above the largest one
	for e.keys[first] <= lim.Max {
		first++
	}
	want := oracle.Fault{Layer: gcs.SetLayer, Kind: gcs.OutOfRange, Offset: len(e.streams[first])}
	e.decoded, err = gcs.Decode(e.decoded[:0], e.c, e.octets, lim)
	if oracle.FaultOf(err) != want || !slices.Equal(e.decoded, e.keys[:first]) {
		return fmt.Errorf("AppendDecode %+v of %d up to %d: %d, %v; want %v", e.c, e.keys, lim.Max, e.decoded, err, want)
	}
	return nil
}

// strings2 calls f with every string of up to two octets whose first is the i-th, and
// with the empty one where i is 0.
func strings2(i int, f func([]byte) error) error {
	if i == 0 {
		if err := f(nil); err != nil {
			return err
		}
	}
	if err := f([]byte{byte(i)}); err != nil {
		return err
	}
	for j := range 256 {
		if err := f([]byte{byte(i), byte(j)}); err != nil {
			return err
		}
		if oracle.Race && j == i%8 {
			return nil
		}
	}
	return nil
}

// TestEveryShortStream decodes every stream of up to two octets with every small code
// and at every kind of end. The limits admit what there is, and then, in turns, one
// key fewer, one more, and a largest key that is just right and just too small.
func TestEveryShortStream(t *testing.T) {
	codes := smallCodes()
	inParallel(t, 256, func(i int) error {
		var d short
		return strings2(i, func(src []byte) error {
			d.src = src
			streams := [2][]bool{oracle.Bits(src, bitio.MSBFirst), oracle.Bits(src, bitio.LSBFirst)}
			for _, c := range codes {
				d.c, d.stream = c, streams[c.Order]
				if err := d.decode(); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// A short is a short stream and what is made of it.
type short struct {
	c         gcs.Code
	src       []byte
	stream    []bool
	want, got []uint64
}

func (d *short) decode() error {
	// Which bit is the pad bit makes no difference here, but which keys there are
	// decides all other limits.
	d.want, _ = oracle.Decode(d.want[:0], d.stream, d.c, gcs.Limit{Len: 17, Max: gcs.Largest, End: gcs.Open})
	n, last := len(d.want), uint64(0)
	if n > 0 {
		last = d.want[n-1]
	}
	limits := append(make([]gcs.Limit, 0, 8),
		gcs.Limit{Len: 17, Max: gcs.Largest, End: gcs.Padded},
		gcs.Limit{Len: n, Max: gcs.Largest, End: gcs.Counted})
	if d.c.Pad == gcs.PadRun {
		limits = append(limits, gcs.Limit{Len: n, Max: last, End: gcs.Open})
	}
	if d.c.Pad == gcs.Pad(n%3) {
		limits = append(limits, gcs.Limit{Len: n + 1, Max: last, End: gcs.Counted})
		if n > 0 {
			limits = append(limits,
				gcs.Limit{Len: n - 1, Max: last, End: gcs.Counted},
				gcs.Limit{Len: n - 1, Max: last, End: gcs.Open})
		}
		if last > 0 {
			limits = append(limits, gcs.Limit{Len: n, Max: last - 1, End: gcs.Padded})
		}
	}
	for _, lim := range limits {
		var fault oracle.Fault
		d.want, fault = oracle.Decode(d.want[:0], d.stream, d.c, lim)
		var err error
		d.got, err = gcs.Decode(d.got[:0], d.c, d.src, lim)
		if !slices.Equal(d.got, d.want) || oracle.FaultOf(err) != fault {
			return fmt.Errorf("AppendDecode %+v %+v of %x: %d, %v; want %d, %v", d.c, lim, d.src, d.got, err, d.want, fault)
		}
	}
	return nil
}

// TestEveryShortText puts every string of up to two octets through the readers of
// text, as text, and through those of H2O's cookie, as text and as a stream, in both
// generations and at all capacities that make a difference to keys below 640.
func TestEveryShortText(t *testing.T) {
	inParallel(t, 256, func(i int) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("%v", p)
			}
		}()
		return strings2(i, func(src []byte) error {
			base64fuzz.Fuzz(src)
			text := string(base64url.Append(nil, src))
			casperfuzz.Read(string(src), casper.Params{CapacityBits: 1})
			for bits := range uint8(11) {
				for _, g := range []casper.Generation{casper.H2O21, casper.H2O20} {
					casperfuzz.Read(text, casper.Params{CapacityBits: bits, Generation: g})
				}
			}
			return nil
		})
	})
}
