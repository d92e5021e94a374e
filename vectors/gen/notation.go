package main

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// A code is how keys become bits, in the terms of gcs/SPEC.md.
type code struct {
	rice int
	ones bool // quotients are ones ended by a zero
	gap  uint64
	lsb  bool // octets begin at their least significant bit
	pad  string
}

// zerosOne is the code of cookies and digests that are read until they end.
func zerosOne(rice int) code { return code{rice: rice, gap: 1, pad: "0"} }

// onesZero is the same with the opposite polarity.
func onesZero(rice int) code { return code{rice: rice, ones: true, gap: 1, pad: "1"} }

// counted is the code of filters and lists whose count is known.
func counted(rice int) code { return code{rice: rice, ones: true, pad: "0"} }

// more is the bit that continues a quotient, and stop the one that ends it.
func (c code) more() string {
	if c.ones {
		return "1"
	}
	return "0"
}

func (c code) stop() string {
	if c.ones {
		return "0"
	}
	return "1"
}

// A stream is what a notation says: bits, and what they mean.
type stream struct {
	octets  []byte
	keys    []uint64 // of its codes
	fault   int      // bit offset of the fault, or -1
	before  []uint64 // keys in front of the fault
	picture string   // the bits as a person reads them
}

// draw reads a notation: words that each stand for some bits.
//
//	@178      the code of the key 178, after the key before it
//	+157      the code of the gap 157
//	/157:3    the same with its last 3 bits left off
//	#7:5      the number 7 in 5 bits, most significant first
//	x0fa0     octets
//	0110      bits
//	0*120     the bit 0, 120 times
//	~         pad bits up to the next octet; ~0 and ~1 force them
//	!         no bit: here is the fault
//
// In the picture a bar stands between quotient and remainder, a dot in front of
// padding, a caret at the fault; long runs are abbreviated as in the notation. It
// panics if the notation makes no whole octets: that is a mistake in a case.
func (c code) draw(notation string) stream {
	s := stream{fault: -1}
	var bits strings.Builder
	var picture []string
	next := uint64(0)
	put := func(b, shown string) {
		bits.WriteString(b)
		if shown != "" {
			picture = append(picture, shown)
		}
	}
	for word := range strings.FieldsSeq(notation) {
		rest := word[1:]
		switch {
		case word == "!":
			s.fault = bits.Len()
			s.before = append([]uint64{}, s.keys...)
			picture = append(picture, "^")
		case word[0] == '@' || word[0] == '+':
			gap := number(rest)
			if word[0] == '@' {
				gap -= next
			}
			q, r := c.word(gap)
			put(q+r, bar(q, r))
			s.keys = append(s.keys, next+gap)
			next += gap + c.gap
		case word[0] == '/':
			gap, cut, _ := strings.Cut(rest, ":")
			q, r := c.word(number(gap))
			q, r = cutOff(q, r, int(number(cut)))
			put(q+r, bar(q, r))
		case word[0] == '#':
			value, width, _ := strings.Cut(rest, ":")
			b := fmt.Sprintf("%0*b", int(number(width)), number(value))
			put(b, b)
		case word[0] == 'x':
			octets, err := hex.DecodeString(rest)
			if err != nil {
				panic(err)
			}
			for _, o := range octets {
				b := fmt.Sprintf("%08b", o)
				if c.lsb {
					b = reverse(b)
				}
				put(b, "")
			}
			picture = append(picture, word)
		case word[0] == '~':
			pad := rest
			if pad == "" {
				pad = c.pad
			}
			b := strings.Repeat(pad, (8-bits.Len()%8)%8)
			if b != "" {
				put(b, "."+b)
			}
		case strings.Contains(word, "*"):
			bit, n, _ := strings.Cut(word, "*")
			b := strings.Repeat(bit, int(number(n)))
			put(b, short(b))
		default:
			put(word, word)
		}
	}
	if bits.Len()%8 != 0 {
		panic(fmt.Sprintf("%q are %d bits, which are no whole octets", notation, bits.Len()))
	}
	s.octets = pack(bits.String(), c.lsb)
	s.picture = shortened(strings.Join(picture, " "))
	return s
}

// shortened is a picture that a line can hold.
func shortened(picture string) string {
	if len(picture) > 160 {
		return picture[:150] + " ..."
	}
	return picture
}

// word is the code of a gap: the unary quotient with the bit that ends it, and the
// remainder, in the order of the stream.
func (c code) word(gap uint64) (quotient, remainder string) {
	quotient = strings.Repeat(c.more(), int(gap>>c.rice)) + c.stop()
	for i := range c.rice {
		remainder = strconv.FormatUint(gap>>i&1, 2) + remainder
	}
	if c.lsb {
		remainder = reverse(remainder)
	}
	return quotient, remainder
}

// length is the number of bits in the code of a gap.
func (c code) length(gap uint64) int { return int(gap>>c.rice) + 1 + c.rice }

func cutOff(q, r string, n int) (string, string) {
	if n <= len(r) {
		return q, r[:len(r)-n]
	}
	return q[:len(q)-(n-len(r))], ""
}

func bar(q, r string) string {
	if r == "" {
		return short(q)
	}
	return short(q) + "|" + short(r)
}

// short abbreviates the first long run of a bit.
func short(bits string) string {
	n := 0
	for n < len(bits) && bits[n] == bits[0] {
		n++
	}
	if n < 12 {
		return bits
	}
	s := fmt.Sprintf("%c*%d", bits[0], n)
	if n < len(bits) {
		s += "," + bits[n:]
	}
	return s
}

func pack(bits string, lsb bool) []byte {
	octets := make([]byte, len(bits)/8)
	for i, b := range bits {
		place := 7 - i%8
		if lsb {
			place = i % 8
		}
		octets[i/8] |= byte(b-'0') << place
	}
	return octets
}

func reverse(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

func number(s string) uint64 {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}
