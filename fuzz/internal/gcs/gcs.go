// Package gcs attacks the codec: everything that decodes against the bit-by-bit
// oracle, down to the kind, layer and offset of each fault, and everything that
// encodes too.
//
// An input is two bytes of code ([oracle.Input.Code]), one that says what to do, and the
// data: a stream, or keys.
package gcs

import (
	"math"
	"slices"

	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs"
)

// longest is how many octets of an input are read as one stream, so that a corpus of
// pictures takes no minutes.
const longest = 1 << 16

// Fuzz attacks one code with one stream and one set of keys.
func Fuzz(data []byte) int {
	in := oracle.Input(data)
	c := in.Code()
	switch in.Below(4) {
	case 0:
		return encode(c, oracle.Keys(c, in.Steps(1<<10)))
	case 1:
		var keys []uint64
		for len(in) > 0 && len(keys) < 64 {
			keys = append(keys, in.Number())
		}
		return encode(c, keys)
	}

	// The stream comes last, so that its length is free; what the limits draw
	// stands before it.
	var choices oracle.Input
	choices, in = in[:min(len(in), 8)], in[min(len(in), 8):]
	in = in[:min(len(in), longest)]
	stream := oracle.Bits(in, c.Order)
	unlimited, _ := oracle.Decode(nil, stream, c, gcs.Limit{Len: 8*len(in) + 1, Max: gcs.Largest, End: gcs.Open})
	lim := choices.Limit(unlimited)
	if start := choices.Below(256); start >= 128 {
		lim.Start = start - 130 // now and then below 0, or beyond the end
	}
	return Decode(c, in, stream, lim)
}

// Decode holds every decoder of the package against the oracle's verdict on src,
// whose bits are stream.
func Decode(c gcs.Code, src []byte, stream []bool, lim gcs.Limit) int {
	want, fault := oracle.Decode(nil, stream, c, lim)
	before := string(src)

	check := func(how string, got []uint64, err error) {
		if !slices.Equal(got, want) || oracle.FaultOf(err) != fault {
			oracle.Failf("%s %+v %+v of %x:\n got %d %v\nwant %d %v", how, c, lim, src, got, err, want, fault)
		}
	}
	got, err := gcs.Decode([]uint64(nil), c, src, lim)
	check("AppendDecode", got, err)
	appendDecode(c, src, lim, want, check)

	var all []uint64
	var last error
	for k, err := range c.All(src, lim) {
		if last != nil {
			oracle.Failf("All %+v %+v of %x goes on after its error", c, lim, src)
		}
		if last = err; err == nil {
			all = append(all, k)
		} else if k != 0 {
			oracle.Failf("All %+v %+v of %x: key %d beside an error", c, lim, src, k)
		}
	}
	check("All", all, last)
	for k := range c.All(src, lim) {
		if len(want) > 0 && k != want[0] {
			oracle.Failf("All %+v %+v of %x begins with %d", c, lim, src, k)
		}
		break
	}
	search(c, src, lim, want, fault)
	small(c, src, lim, want, fault)

	if string(src) != before {
		oracle.Failf("%+v %+v: the stream was written to", c, lim)
	}
	if fault != (oracle.Fault{}) {
		return 0
	}
	if lim.End != gcs.Open && lim.Start == 0 {
		// What was accepted is exactly what an encoder writes.
		again, err := gcs.Encode(nil, c, got)
		if err != nil || string(again) != string(src) {
			oracle.Failf("%+v %+v of %x: accepted, but %d encodes to %x, %v", c, lim, src, got, again, err)
		}
	}
	return 1
}

// appendDecode decodes behind what is there already, into room that is exact, one
// short and plenty, with garbage in it.
func appendDecode(c gcs.Code, src []byte, lim gcs.Limit, want []uint64, check func(string, []uint64, error)) {
	const kept = 0xfeedfacecafebeef
	for _, spare := range []int{len(want), len(want) - 1, len(want) + 1, len(want) + 70} {
		if spare < 0 {
			continue
		}
		dst := make([]uint64, 1+spare+1)
		for i := range dst {
			dst[i] = kept + uint64(i)
		}
		beyond := dst[1+spare]
		got, err := gcs.Decode(dst[:1:1+spare], c, src, lim)
		if got[0] != kept || dst[1+spare] != beyond {
			oracle.Failf("AppendDecode %+v %+v of %x: wrote outside its room", c, lim, src)
		}
		if spare >= len(want) && &got[0] != &dst[0] {
			oracle.Failf("AppendDecode %+v %+v of %x: allocated, though there was room", c, lim, src)
		}
		check("AppendDecode behind a key", got[1:], err)
	}
}

// A narrow key is what a profile with small keys brings.
type narrow uint32

// small decodes into narrow keys, which cannot be done up to a limit that they do not
// reach.
func small(c gcs.Code, src []byte, lim gcs.Limit, want []uint64, fault oracle.Fault) {
	if lim.Max > math.MaxUint32 {
		want, fault = nil, oracle.Fault{Layer: gcs.SetLayer, Kind: gcs.BadParameter}
	}
	got, err := gcs.Decode([]narrow{7}, c, src, lim)
	same := len(got) == 1+len(want) && got[0] == 7
	for i := 0; same && i < len(want); i++ {
		same = uint64(got[1+i]) == want[i]
	}
	if !same || oracle.FaultOf(err) != fault {
		oracle.Failf("Decode %+v %+v of %x into narrow keys: %d, %v; want %d, %v", c, lim, src, got[1:], err, want, fault)
	}
}

// search asks for every edge: the keys themselves, their neighbours and both ends.
func search(c gcs.Code, src []byte, lim gcs.Limit, want []uint64, fault oracle.Fault) {
	asked := []uint64{0, lim.Max, ^uint64(0)}
	step := len(want)/8 + 1
	for i, k := range want {
		if i < 4 || i >= len(want)-4 || i%step == 0 {
			asked = append(asked, k-1, k, k+1)
		}
	}
	for _, k := range asked {
		found, err := c.Contains(src, k, lim)
		wantFound, wantFault := oracle.Contains(want, fault, k)
		if found != wantFound || oracle.FaultOf(err) != wantFault {
			oracle.Failf("Contains(%d) %+v %+v of %x: %t, %v; want %t, %v", k, c, lim, src, found, err, wantFound, wantFault)
		}
	}
	slices.Sort(asked)
	indexed(c, src, lim, want, fault, asked)
	strangers := slices.DeleteFunc(slices.Clone(asked), func(k uint64) bool { return slices.Contains(want, k) })
	for _, sorted := range [][]uint64{nil, asked, strangers, strangers[:len(strangers)/2], asked[len(asked)/2:], asked[len(asked)-1:]} {
		found, err := c.ContainsAny(src, sorted, lim)
		wantFound, wantFault := oracle.ContainsAny(want, fault, sorted)
		if found != wantFound || oracle.FaultOf(err) != wantFault {
			oracle.Failf("ContainsAny(%d) %+v %+v of %x: %t, %v; want %t, %v", sorted, c, lim, src, found, err, wantFound, wantFault)
		}
	}
}

// indexed looks for the sorted keys by indexes with marks after each key, and after
// many; a stream that cannot be decoded has none.
func indexed(c gcs.Code, src []byte, lim gcs.Limit, want []uint64, fault oracle.Fault, asked []uint64) {
	for _, every := range []int{1, 3, len(want), 0} {
		x, err := c.Index(src, lim, every)
		if oracle.FaultOf(err) != fault || (x == nil) != (err != nil) {
			oracle.Failf("Index(%d) %+v %+v of %x: %v, want %v", every, c, lim, src, err, fault)
		}
		if err != nil {
			continue
		}
		if x.Len() != len(want) {
			oracle.Failf("Index(%d) %+v %+v of %x: Len %d, want %d", every, c, lim, src, x.Len(), len(want))
		}
		for i, k := range asked {
			if _, ours := slices.BinarySearch(want, k); x.Contains(k) != ours {
				oracle.Failf("Index(%d) %+v %+v of %x: Contains(%d) %t, want %t", every, c, lim, src, k, !ours, ours)
			}
			some := asked[i:min(len(asked), i+3)]
			if found, _ := oracle.ContainsAny(want, fault, some); x.ContainsAny(some) != found {
				oracle.Failf("Index(%d) %+v %+v of %x: ContainsAny(%d) %t, want %t", every, c, lim, src, some, !found, found)
			}
		}
	}
}

// What a set of keys may cost, in octets. Those between the two are not encoded: it
// would take seconds.
const (
	affordable = 1 << 14
	refused    = 8 << 30 // surely above the largest stream that is written
)

// encode holds the encoder against the oracle: octets, faults, sizes.
func encode(c gcs.Code, keys []uint64) int {
	fault := oracle.Judge(c, keys)
	size := c.Size(keys)
	if fault != (oracle.Fault{}) && size != math.MaxInt {
		oracle.Failf("Size %+v of %d: %d, though %v", c, keys, size, fault)
	}
	if len(keys) > 0 {
		most := c.MaxSize(len(keys), keys[len(keys)-1])
		if uint64(most) > refused && fault == (oracle.Fault{}) {
			fault = oracle.Fault{Layer: gcs.SetLayer, Kind: gcs.TooMany, Offset: oracle.KeyAt(len(keys) - 1)}
		}
		if uint64(most) > refused {
			if got, err := gcs.Encode(nil, c, keys); len(got) > 0 || oracle.FaultOf(err) != fault {
				oracle.Failf("Append %+v of %d: %x, %v; want %v", c, keys, got, err, fault)
			}
		}
		if most > affordable {
			return 0
		}
	}
	Encode(c, keys)
	if fault != (oracle.Fault{}) {
		return 0
	}
	return 1
}

// Encode holds Append and Size against the oracle's octets for the keys, and decodes
// them again.
func Encode(c gcs.Code, keys []uint64) {
	stream, fault := oracle.Encode(nil, c, keys)
	want := oracle.AppendOctets(nil, stream, c.Order, oracle.PadBit(c))
	before := slices.Clone(keys)

	const front = 3
	for _, spare := range []int{0, len(want), len(want) + 8, len(want) + 64} {
		// The room behind dst holds garbage; so does what is behind that.
		dst := make([]byte, front+spare+1)
		for i := range dst {
			dst[i] = 0xa5
		}
		got, err := gcs.Encode(dst[:front:front+spare], c, keys)
		if oracle.FaultOf(err) != fault {
			oracle.Failf("Append %+v of %d: %v, want %v", c, keys, err, fault)
		}
		if string(got[:front]) != "\xa5\xa5\xa5" || dst[front+spare] != 0xa5 {
			oracle.Failf("Append %+v of %d: wrote outside its room", c, keys)
		}
		if string(got[front:]) != string(want) {
			oracle.Failf("Append %+v of %d:\n got %x\nwant %x", c, keys, got[front:], want)
		}
	}
	if !slices.Equal(keys, before) {
		oracle.Failf("Append %+v of %d: the keys were written to", c, before)
	}
	if narrowed, ok := narrowKeys(keys); ok {
		got, err := gcs.Encode([]byte("kept"), c, narrowed)
		if string(got) != "kept"+string(want) || oracle.FaultOf(err) != fault {
			oracle.Failf("Encode %+v of narrow %d: %x, %v; want %x, %v", c, keys, got, err, want, fault)
		}
	}
	if fault != (oracle.Fault{}) {
		return
	}
	if n := c.Size(keys); n != len(want) {
		oracle.Failf("Size %+v of %d: %d, want %d", c, keys, n, len(want))
	}
	if len(keys) == 0 {
		return
	}
	last := keys[len(keys)-1]
	if most := c.MaxSize(len(keys), last); most < len(want) {
		oracle.Failf("MaxSize %+v of %d: %d, but the octets are %d", c, keys, most, len(want))
	}
	Decode(c, want, oracle.Bits(want, c.Order), gcs.Limit{Len: len(keys), Max: last, End: gcs.Counted})
	Decode(c, want, oracle.Bits(want, c.Order), gcs.Limit{Len: len(keys), Max: last, End: gcs.Padded})
	Decode(c, want, oracle.Bits(want, c.Order), gcs.Limit{Len: 8*len(want) + 1, Max: gcs.Largest, End: gcs.Open})
}

// narrowKeys returns the keys as narrow ones, if they are.
func narrowKeys(keys []uint64) (narrowed []narrow, ok bool) {
	for _, k := range keys {
		if k > math.MaxUint32 {
			return nil, false
		}
		narrowed = append(narrowed, narrow(k))
	}
	return narrowed, true
}
