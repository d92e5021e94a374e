package explain

import (
	"strings"

	"github.com/cache-aware/casper/bitio"
)

// Alphabet is how a stream's octets are written as text.
type Alphabet uint8

// The alphabets.
const (
	NoText    Alphabet = iota // Source.Octets has the stream
	Base64URL                 // six bits a character; + and / of the standard alphabet are read too
	Hex                       // four bits a character
)

const (
	base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	hexDigits    = "0123456789abcdef"
)

// bits is how many bits of the stream a character stands for.
func (a Alphabet) bits() int { return [...]int{0, 6, 4}[a] }

// value returns the bits that a character stands for.
func (a Alphabet) value(c byte) (bits uint64, ok bool) {
	digits := base64Digits
	switch {
	case a == Hex:
		digits = hexDigits
		if 'A' <= c && c <= 'F' {
			c += 'a' - 'A'
		}
	case c == '+':
		c = '-'
	case c == '/':
		c = '_'
	}
	i := strings.IndexByte(digits, c)
	return uint64(i), i >= 0
}

// A stream is the bits of a source, as far as its text can be read.
type stream struct {
	octets   []byte // the last one may be incomplete
	order    bitio.Order
	alphabet Alphabet
	text     string
	bits     int // bits of the stream
	known    int // bits that the text says
	shown    int // all that there is to show: with the spare bits, and a faulty character's
	bad      int // index of the first character that stands for nothing, or -1
}

// newStream reads the text up to its fault, and up to the character of bit stop: what
// is behind it is of no use, and may be long.
func newStream(src Source, stop int) stream {
	s := stream{octets: src.Octets, order: src.Code.Order, alphabet: src.Alphabet, bits: 8 * len(src.Octets), bad: -1}
	if s.alphabet == NoText {
		s.known, s.shown = s.bits, s.bits
		return s
	}
	w := s.alphabet.bits()
	s.text = src.Text[:min(len(src.Text), stop/w+1)]
	s.octets = make([]byte, 0, (len(s.text)*w+7)/8)
	s.bits = 0
	var acc uint64
	held := 0
	for i := range len(s.text) {
		v, ok := s.alphabet.value(s.text[i])
		if !ok {
			s.bad = i
			break
		}
		acc = acc<<w | v
		for held += w; held >= 8; held -= 8 {
			s.octets = append(s.octets, byte(acc>>(held-8)))
		}
		s.bits += w
	}
	if held > 0 {
		s.octets = append(s.octets, byte(acc<<(8-held)))
	}
	s.known, s.shown = s.bits, s.bits
	if s.bad < 0 || s.order == bitio.LSBFirst {
		// An octet that is not complete has bits if it was filled from its top.
		s.bits -= s.bits % 8
	}
	if s.order == bitio.LSBFirst {
		s.known, s.shown = s.bits, s.bits
	}
	if s.bad >= 0 {
		s.shown += w // the character that stands for nothing takes its place too
	}
	return s
}

// lettered reports whether a character's bits stand side by side in the order of
// reading, so that it can be written over them.
func (s *stream) lettered() bool { return s.alphabet != NoText && s.order == bitio.MSBFirst }

// bit returns a bit in the order of reading: '0', '1', or '?' within a
// character that stands for nothing.
func (s *stream) bit(i int) byte {
	if i >= s.known {
		return '?'
	}
	shift := 7 - i%8
	if s.order == bitio.LSBFirst {
		shift = i % 8
	}
	return '0' + s.octets[i/8]>>shift&1
}

// number returns n bits, most or least significant first as the stream has them.
func (s *stream) number(offset, n int) uint64 {
	r := bitio.NewReader(s.octets[offset/8:], s.order)
	r.ReadBits(uint(offset % 8))
	return r.ReadBits(uint(n))
}
