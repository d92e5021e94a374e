package gcs

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cache-aware/casper/bitio"
)

// Streams up to the longest brief one and a little beyond, whole and cut, in the codes
// that brief streams come in: what is decoded at one go is what a decoder finds
// without objection, and ordinary streams are decoded at one go.
func TestWholeAgainstDecoder(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 42))
	for _, c := range []Code{
		{Rice: 6, Gap: 1},
		{Rice: 6, Gap: 1, Run: bitio.OnesZero},
		{Rice: 0, Gap: 1},
		{Rice: 0, Pad: PadOne},
		{Rice: 19, Run: bitio.OnesZero, Pad: PadZero},
		{Rice: 56},
		{Rice: 57},
		{Rice: 63},
	} {
		took := 0
		for range 20_000 {
			var keys []uint64
			next := uint64(0)
			for range rng.IntN(60) {
				v := uint64(rng.ExpFloat64() * float64(uint64(1)<<min(c.Rice+uint8(rng.IntN(3)), 55)))
				keys = append(keys, next+v)
				next += v + uint64(c.Gap)
			}
			lim := Limit{Len: len(keys), Max: Largest, End: End(rng.IntN(3)), Start: max(0, rng.IntN(40)-20)}
			src := withHeader(lim.Start, c, keys)
			ordinary := len(src) <= brief
			switch rng.IntN(6) {
			case 0:
				src = src[:rng.IntN(len(src)+1)] // perhaps within the header
				ordinary = false
			case 1:
				if len(src) > 0 {
					src[len(src)-1] ^= 1 << rng.IntN(8)
				}
				ordinary = false
			case 2:
				lim.Len = rng.IntN(len(keys) + 3)
				ordinary = false
			case 3:
				if len(keys) > 0 {
					lim.Max = keys[len(keys)-1] - min(uint64(rng.IntN(2)), keys[len(keys)-1])
				}
				ordinary = false
			}
			if len(src) > brief {
				continue
			}
			room := make([]uint64, len(keys)+rng.IntN(3))
			n, ok := whole(room, &c, src, &lim)
			if ok {
				took++
			}

			d := decoder{src: src, lim: lim}
			if err := d.start(&c); err != nil {
				if ok || lim.Start <= 8*len(src) {
					t.Fatalf("%+v %+v %x: %t at one go; a decoder: %v", c, lim, src, ok, err)
				}
				continue
			}
			want := make([]uint64, len(room)+1)
			m, err := d.nextNumbers(want)
			if m == len(want) {
				err = errors.New("there are more keys")
			}
			if ok && (err != nil || !slices.Equal(room[:n], want[:m])) {
				t.Fatalf("%+v %+v %x: %d at one go; a decoder: %d, %v", c, lim, src, room[:n], want[:m], err)
			}
			wide := slices.ContainsFunc(gaps(keys, c), func(v uint64) bool { return v>>c.Rice+1+uint64(c.Rice) > window })
			if ordinary && !wide && !ok && (lim.End == Counted || c.padOctet() == byte(c.flip())) {
				t.Fatalf("%+v %+v %x: an ordinary stream of %d keys was not decoded at one go", c, lim, src, len(keys))
			}
		}
		if took < 300 {
			t.Errorf("%+v: only %d streams were decoded at one go", c, took)
		}
	}
}

// withHeader codes keys behind a header of so many bits.
func withHeader(start int, c Code, keys []uint64) []byte {
	var w bitio.Writer
	w.WriteBits(0x5a5a5>>(20-start), uint(start))
	for _, v := range gaps(keys, c) {
		w.WriteUnary(c.Run, v>>c.Rice)
		w.WriteBits(v&(1<<c.Rice-1), uint(c.Rice))
	}
	src := w.AppendTo(nil, c.Run)
	if used := w.Len() % 8; used > 0 {
		free := byte(0xff) >> used
		src[len(src)-1] = src[len(src)-1]&^free | c.padOctet()&free
	}
	return src
}

func gaps(keys []uint64, c Code) (v []uint64) {
	next := uint64(0)
	for _, k := range keys {
		v = append(v, k-next)
		next = k + uint64(c.Gap)
	}
	return v
}
