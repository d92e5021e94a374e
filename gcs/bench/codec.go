package main

import (
	"bytes"
	"fmt"
	"io"

	bitstream "github.com/dgryski/go-bitstream"
	icza "github.com/icza/bitio"
	"github.com/kkdai/bstream"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
)

var sizes = []int{10, 100, 1_000, 10_000, 100_000}

// codecRows compares coding alone: no hashing, no sorting. The peers' bit streams are driven
// in the way in which their own filters drive them. Everybody writes the same stream:
// ones ended by a zero, gap 0, except libh2o, whose rows are the cookies'.
func codecRows(sizes []int) []row {
	var rows []row
	for _, r := range []uint8{6, 10, 19} {
		for _, n := range sizes {
			rows = append(rows, encodeRow(r, n), decodeRow(r, n))
		}
	}
	return rows
}

func code(r uint8) gcs.Code { return gcs.Code{Rice: r, Run: bitio.OnesZero, Pad: gcs.PadZero} }

func encodeRow(r uint8, n int) row {
	all := sets(n, uint64(n)<<r)
	c := code(r)
	buf := make([]byte, 0, c.MaxSize(n, uint64(n)<<r)+16)
	w := row{group: "encode", name: fmt.Sprintf("r=%d n=%d", r, n), unit: "key"}
	w.by = map[string]contender{
		"casper": func(i int) int {
			buf, _ = gcs.Encode(buf[:0], c, all[i%len(all)])
			return n
		},
		"btcutil": func(i int) int {
			b := bstream.NewBStreamWriter(0)
			var last uint64
			for _, k := range all[i%len(all)] {
				gap := k - last
				last = k
				for q := gap >> r; q > 0; q-- {
					b.WriteBit(true)
				}
				b.WriteBit(false)
				b.WriteBits(gap&(1<<r-1), int(r))
			}
			sinkBytes = b.Bytes()
			return n
		},
		"icza": func(i int) int {
			var out bytes.Buffer
			out.Grow(cap(buf))
			b := icza.NewWriter(&out)
			var last uint64
			for _, k := range all[i%len(all)] {
				gap := k - last
				last = k
				for q := gap >> r; q > 0; q-- {
					b.WriteBool(true)
				}
				b.WriteBool(false)
				b.WriteBits(gap&(1<<r-1), r)
			}
			b.Close()
			return n
		},
		"dgryski": func(i int) int {
			var out bytes.Buffer
			out.Grow(cap(buf))
			b := bitstream.NewWriter(&out)
			var last uint64
			for _, k := range all[i%len(all)] {
				gap := k - last
				last = k
				for q := gap >> r; q > 0; q-- {
					b.WriteBit(bitstream.One)
				}
				b.WriteBit(bitstream.Zero)
				b.WriteBits(gap&(1<<r-1), int(r))
			}
			b.Flush(bitstream.Zero)
			return n
		},
	}
	if n == 10_000 {
		w.goal = append(w.goal, goal{"", map[uint8]float64{6: 2.0, 10: 2.0, 19: 2.5}[r]})
		w.goal = append(w.goal, goal{"C golombset -O3", map[uint8]float64{6: 12, 10: 20, 19: 28}[r]})
	}
	return w
}

func decodeRow(r uint8, n int) row {
	all := sets(n, uint64(n)<<r)
	c := code(r)
	coded := make([][]byte, len(all))
	for i, set := range all {
		coded[i], _ = gcs.Encode(nil, c, set)
	}
	lim := gcs.Limit{Len: n, Max: uint64(n) << r, End: gcs.Counted}
	out := make([]uint64, n, n+16)
	w := row{group: "decode", name: fmt.Sprintf("r=%d n=%d", r, n), unit: "key"}
	w.by = map[string]contender{
		"casper": func(i int) int {
			keys, err := gcs.Decode(out[:0], c, coded[i%len(coded)], lim)
			if err != nil {
				panic(err)
			}
			return len(keys)
		},
		"btcutil": func(i int) int {
			b := bstream.NewBStreamReader(bytes.Clone(coded[i%len(coded)])) // the filter copies it too
			var last uint64
			for j := range n {
				var q uint64
				for {
					bit, err := b.ReadBit()
					if err != nil {
						panic(err)
					}
					if !bool(bit) {
						break
					}
					q++
				}
				rem, err := b.ReadBits(int(r))
				if err != nil {
					panic(err)
				}
				last += q<<r + rem
				out[j] = last
			}
			return n
		},
		"icza": func(i int) int {
			b := icza.NewReader(bytes.NewReader(coded[i%len(coded)]))
			var last uint64
			for j := range n {
				var q uint64
				for {
					bit, err := b.ReadBool()
					if err != nil {
						panic(err)
					}
					if !bit {
						break
					}
					q++
				}
				rem, err := b.ReadBits(r)
				if err != nil {
					panic(err)
				}
				last += q<<r + rem
				out[j] = last
			}
			return n
		},
		"dgryski": func(i int) int {
			b := bitstream.NewReader(bytes.NewReader(coded[i%len(coded)]))
			var last uint64
			for j := range n {
				var q uint64
				for {
					bit, err := b.ReadBit()
					if err != nil {
						panic(err)
					}
					if bit == bitstream.Zero {
						break
					}
					q++
				}
				rem, err := b.ReadBits(int(r))
				if err != nil && err != io.EOF {
					panic(err)
				}
				last += q<<r + rem
				out[j] = last
			}
			return n
		},
	}
	if n == 10_000 {
		w.goal = append(w.goal, goal{"", map[uint8]float64{6: 2.1, 10: 2.3, 19: 2.6}[r]})
		w.goal = append(w.goal, goal{"C golombset, fastest", map[uint8]float64{6: 2, 10: 3.5, 19: 5}[r]})
	}
	return w
}

var sinkBytes []byte
