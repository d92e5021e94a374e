package explain

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"

	"github.com/cache-aware/casper/gcs"
)

// A walker goes through a stream once and fills an explanation in.
type walker struct {
	Explanation
	most int
	pos  int
	low  uint64   // least possible value of the next key, First not added
	last *big.Int // with Bits, the key before
}

func (w *walker) walk() {
	stop, inText := w.givenPlace()
	w.stream = newStream(w.Source, inText)
	stop = min(stop, w.shown)
	if w.bad >= 0 {
		stop = min(stop, w.bits)
	}
	w.header()
	if w.pos <= stop && w.codeKnown() {
		w.codes(stop)
	}
	switch {
	case w.Err != nil && (w.Fault == nil || w.Fault.Offset != stop):
		// The format knows better: it also judges text and header.
		w.Fault = &Fault{Offset: stop, Len: w.shown - stop, Err: w.Err}
		w.dropFrom(stop)
	case w.Err != nil:
		w.Fault.Err = w.Err
	case w.bad >= 0:
		w.dropFrom(w.bits)
		w.Fault = &Fault{Offset: w.bits, Len: w.shown - w.bits, Err: &gcs.Error{
			Layer: gcs.TextLayer, Kind: gcs.BadText, At: gcs.BitOffset(w.bad * w.alphabet.bits()),
			Detail: fmt.Sprintf("character %d is %q, which is not in the alphabet", w.bad, w.text[w.bad]),
		}}
	}
	w.fill()
}

// givenPlace is the place of Source.Err, or behind everything; and where the text
// cannot be read any more.
func (w *walker) givenPlace() (stop, inText int) {
	const behind = math.MaxInt - 1
	var at *gcs.Error
	if !errors.As(w.Err, &at) {
		return behind, behind
	}
	stop, _ = at.At.Bit()
	if at.Layer == gcs.TextLayer {
		return stop, stop
	}
	return stop, behind
}

// header turns Source.Header into fields, as far as there are bits.
func (w *walker) header() {
	for _, h := range w.Source.Header {
		n := min(max(h.Bits, 0), w.bits-w.pos)
		if n > 0 {
			w.Fields = append(w.Fields, Field{Part: Head, Offset: w.pos, Len: n, Value: h.Value, Name: printable(h.Name), Note: printable(h.Note)})
			w.pos += n
		}
	}
}

// codes goes on from code to code, up to the end, a fault, or a code that begins
// at stop, where it only looks whether the fault is in that code.
func (w *walker) codes(stop int) {
	for {
		at := w.pos
		if w.Limit.End == gcs.Counted && w.Keys == w.Limit.Len && w.Tail != nil {
			w.tail()
			return
		}
		if w.Limit.End == gcs.Counted && w.Keys == w.Limit.Len {
			w.padding()
			return
		}
		c, whole := w.code()
		if !whole {
			w.end(c)
			return
		}
		if w.Keys == w.Limit.Len {
			w.fault(gcs.TooMany, at, w.bits-at)
			return
		}
		if c.Overflow || w.Bits == 0 && c.Key-w.first() > w.Limit.Max {
			c.Faulty = true
			w.keep(c)
			w.pos = c.End()
			w.fault(gcs.OutOfRange, at, c.Len)
			return
		}
		if at >= stop {
			return
		}
		if w.low = c.Key - w.first() + uint64(w.Code.Gap); c.Wide != nil {
			w.last = c.Wide.Key
		}
		w.pos = c.End()
		w.keep(c)
		if w.repeats(c) {
			w.Repeats++
		}
		w.Keys++
	}
}

func (w *walker) first() uint64 {
	if w.First == nil {
		return 0
	}
	return *w.First
}

// code reads the code at w.pos. It is not whole when the stream ends within it;
// its Len is then what there is of it, Quotient the length of the run, and
// Remainder nothing.
func (w *walker) code() (c Code, whole bool) {
	c = Code{Index: w.Keys, Offset: w.pos, Previous: w.first()}
	if w.Keys > 0 {
		c.Previous = w.low - uint64(w.Code.Gap) + w.first()
	}
	r := int(w.Code.Rice)
	at := w.pos
	for at < w.bits && w.bit(at) == w.runBit() {
		at++
	}
	c.Quotient = uint64(at - w.pos)
	if w.bits-at < 1+r {
		c.Len = w.bits - w.pos
		return c, false
	}
	c.Len = at + 1 + r - w.pos
	if w.Bits > 0 {
		c.Overflow = w.widen(&c, at+1)
		return c, true
	}
	c.Remainder = w.number(at+1, r)
	if w.Divisor == 0 && bits.Len64(c.Quotient)+r > 64 {
		c.Overflow = true
		return c, true
	}
	c.Gap = c.Quotient<<r | c.Remainder
	if w.Divisor > 0 {
		high, low := bits.Mul64(c.Quotient, w.Divisor)
		if low, carry := bits.Add64(low, c.Remainder, 0); high+carry > 0 {
			c.Overflow = true
			return c, true
		} else {
			c.Gap = low
		}
	}
	key, over := bits.Add64(w.low, c.Gap, 0)
	key, again := bits.Add64(key, w.first(), 0)
	if c.Key = key; over+again > 0 {
		c.Gap, c.Key, c.Overflow = 0, 0, true
	}
	return c, true
}

// keep keeps the first codes and the last.
func (w *walker) keep(c Code) {
	if len(w.Codes) < w.most {
		w.Codes = append(w.Codes, c)
		return
	}
	if len(w.Last) == lastCodes {
		w.Last = append(w.Last[:0], w.Last[1:]...)
		w.Skipped++
	}
	w.Last = append(w.Last, c)
}

// end judges what is left where no whole code is.
func (w *walker) end(c Code) {
	left := w.bits - w.pos
	ended := c.Quotient < uint64(left) // the run ends within the stream
	cut := false
	switch w.Limit.End {
	case gcs.Open:
		if left < 8 && w.wrongPad() < 0 && left > 0 {
			w.add(Padding, left)
		}
		return
	case gcs.Counted:
		cut = true
	case gcs.Padded:
		cut = left >= 8 && (ended || w.padBit() != w.runBit())
	}
	if !cut {
		w.padding()
		return
	}
	at := w.pos
	w.add(Quotient, int(c.Quotient))
	if ended {
		w.add(Terminator, 1)
		w.add(Remainder, w.bits-w.pos)
	}
	w.fault(gcs.Truncated, at, left)
}

// tail takes the code that ends the others, and the fields behind it.
func (w *walker) tail() {
	left := func() int { return w.bits - w.pos }
	if w.pos < w.bits && w.bit(w.pos) != w.runBit() {
		w.add(Terminator, 1)
		w.add(Remainder, min(int(w.Code.Rice), left()))
		w.add(Padding, min(-w.pos&7, left()))
	}
	for _, h := range w.Tail {
		if n := min(h.Bits, left()); n > 0 {
			w.Rest = append(w.Rest, Field{Part: Head, Offset: w.pos, Len: n, Value: h.Value, Name: printable(h.Name), Note: printable(h.Note)})
			w.pos += n
		}
	}
	if left() > 0 {
		w.fault(gcs.TrailingData, w.pos, left())
	}
}

// padding judges what is left where nothing but padding may be.
func (w *walker) padding() {
	at, left := w.pos, w.bits-w.pos
	if left >= 8 {
		w.fault(gcs.TrailingData, at, left)
		return
	}
	if wrong := w.wrongPad(); wrong >= 0 {
		w.fault(gcs.BadPadding, wrong, 1)
	}
	w.add(Padding, left)
}

// wrongPad is the place of the first bit up to the end that is no pad bit, or -1.
func (w *walker) wrongPad() int {
	for i := w.pos; i < w.bits; i++ {
		if w.bit(i) != w.padBit() {
			return i
		}
	}
	return -1
}

func (w *walker) padBit() byte {
	switch w.Code.Pad {
	case gcs.PadZero:
		return '0'
	case gcs.PadOne:
		return '1'
	}
	return w.runBit()
}

func (w *walker) fault(k gcs.Kind, at, n int) {
	layer := gcs.BitsLayer
	if k == gcs.OutOfRange || k == gcs.TooMany {
		layer = gcs.SetLayer
	}
	w.Fault = &Fault{Offset: at, Len: n, Err: &gcs.Error{Layer: layer, Kind: k, At: gcs.BitOffset(at)}}
}

// add takes n bits as a field of the rest.
func (w *walker) add(p Part, n int) {
	if n > 0 {
		w.Rest = append(w.Rest, Field{Part: p, Offset: w.pos, Len: n})
		w.pos += n
	}
}

// dropFrom takes back what was said about the end of the stream, the code that reaches
// beyond a place at which there is a fault of another kind, and one that only seemed
// faulty.
func (w *walker) dropFrom(stop int) {
	w.Rest = nil
	drop := func(codes []Code) []Code {
		for n := len(codes); n > 0 && (codes[n-1].End() > stop || codes[n-1].Faulty); n = len(codes) {
			if c := codes[n-1]; !c.Faulty {
				w.Keys--
				if w.repeats(c) {
					w.Repeats--
				}
			}
			codes = codes[:n-1]
		}
		return codes
	}
	w.Last, w.Codes = drop(w.Last), drop(w.Codes)
	w.pos = 0
	for _, f := range w.Fields {
		w.pos = f.End()
	}
	for _, codes := range [][]Code{w.Codes, w.Last} {
		if len(codes) > 0 {
			w.pos = codes[len(codes)-1].End()
		}
	}
}

// fill gives a part to every bit that has none yet.
func (w *walker) fill() {
	w.add(Unread, w.bits-w.pos)
	if n := w.shown - w.pos; w.bad >= 0 {
		w.add(Unread, n)
	} else {
		w.add(Spare, n)
	}
}
