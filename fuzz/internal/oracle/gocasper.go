package oracle

import (
	"crypto/md5"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
	"github.com/cache-aware/casper/gcs/gocasper"
)

// maxGoCasperText is the length above which no value is looked at.
const maxGoCasperText = 1 << 16

// goCasperRice is log2 P, or not ok for parameters that go-casper does not have.
func goCasperRice(p gocasper.Params) (rice int, ok bool) {
	for rice < 32 && uint64(1)<<rice != uint64(p.P) {
		rice++
	}
	return rice, rice < 32 && 1 <= p.N && p.N <= 1<<31
}

// GoCasperKey is the key of a path: the end of its MD5, modulo N*P.
func GoCasperKey(p gocasper.Params, path string) gocasper.Key {
	sum := md5.Sum([]byte(path))
	h := new(big.Int).SetBytes(sum[12:])
	u := new(big.Int).Mul(big.NewInt(int64(p.N)), big.NewInt(int64(p.P)))
	return gocasper.Key(h.Mod(h, u).Uint64())
}

// A gap is a complete code of a stream: where it is, and what it says.
type gap struct {
	start, end int
	amount     uint64
}

// gaps returns all complete codes of the stream, and where the first begins that is none.
func gaps(stream []bool, rice int) (complete []gap, rest int) {
	for {
		at, quotient := rest, uint64(0)
		for at < len(stream) && stream[at] {
			quotient++
			at++
		}
		if at+1+rice > len(stream) {
			return complete, rest
		}
		at++
		amount := quotient
		for _, bit := range stream[at : at+rice] {
			amount <<= 1
			if bit {
				amount++
			}
		}
		at += rice
		complete = append(complete, gap{rest, at, amount})
		rest = at
	}
}

// GoCasperText is the value that holds the sorted keys: their codes, and an octet of zeros
// more where go-casper would take the last code, which ends the stream without a remainder,
// for padding.
func GoCasperText(p gocasper.Params, keys []gocasper.Key) string {
	rice, _ := goCasperRice(p)
	numbers := make([]uint64, len(keys))
	for i, k := range keys {
		numbers[i] = uint64(k)
	}
	stream, fault := Encode(nil, gcs.Code{Rice: uint8(rice), Run: bitio.OnesZero, Gap: 0}, numbers)
	if fault != (Fault{}) {
		panic("keys are not sorted")
	}
	octets := AppendOctets(nil, stream, bitio.MSBFirst, false)
	if codes, _ := gaps(stream, rice); len(codes) > 0 && len(stream)%8 == 0 && codes[len(codes)-1].amount%(1<<rice) == 0 {
		octets = append(octets, 0)
	}
	return base64.RawURLEncoding.EncodeToString(octets)
}

// goCasperOctets judges what is in front of the stream: parameters, length, text. The tolerant
// reader does not take the standard alphabet, but any unused bits.
func goCasperOctets(value string, p gocasper.Params, m base64url.Mode) ([]byte, Fault) {
	if _, ok := goCasperRice(p); !ok {
		return nil, Fault{gcs.SetLayer, gcs.BadParameter, 0}
	}
	if len(value) > maxGoCasperText {
		return nil, Fault{gcs.TextLayer, gcs.TooMany, 6 * maxGoCasperText}
	}
	if strings.ContainsAny(value, "+/") {
		m = base64url.Strict
	}
	return DecodeText(value, m)
}

// ReadGoCasper judges a value strictly, by requirements GOCASPER-7 to GOCASPER-10 of SPEC.md.
// The keys are those of the codes that are no repeats; zeros behind them may be repeats or
// padding, which what follows decides.
func ReadGoCasper(value string, p gocasper.Params) (keys []gocasper.Key, fault Fault) {
	octets, fault := goCasperOctets(value, p, base64url.Strict)
	if fault != (Fault{}) {
		return nil, fault
	}
	rice, _ := goCasperRice(p)
	stream := Bits(octets, bitio.MSBFirst)
	complete, rest := gaps(stream, rice)
	universe := new(big.Int).Mul(big.NewInt(int64(p.N)), big.NewInt(int64(p.P)))
	var last gap // of a key
	sum := new(big.Int)
	for i, g := range complete {
		if i > 0 && g.amount == 0 {
			continue
		}
		if g.start != last.end {
			return keys, Fault{gcs.SetLayer, gcs.NonCanonical, last.end}
		}
		sum.Add(sum, new(big.Int).SetUint64(g.amount))
		if sum.Cmp(universe) >= 0 {
			return keys, Fault{gcs.SetLayer, gcs.OutOfRange, g.start}
		}
		keys = append(keys, gocasper.Key(sum.Uint64()))
		last = g
	}
	tail := stream[last.end:]
	one := slices.Index(tail, true)
	spare := 0 // the octet that saves the last key
	if len(keys) > 0 && last.end%8 == 0 && last.amount%(1<<rice) == 0 {
		spare = 8
	}
	switch {
	case one >= 0 && len(tail) < 8:
		return keys, Fault{gcs.BitsLayer, gcs.BadPadding, last.end + one}
	case one >= 0:
		return keys, Fault{gcs.BitsLayer, gcs.Truncated, rest}
	case spare > 0 && len(tail) == 0:
		return keys[:len(keys)-1], Fault{gcs.BitsLayer, gcs.NonCanonical, last.start}
	case len(tail)-spare >= 8 || spare > 0 && len(tail) > spare:
		return keys, Fault{gcs.BitsLayer, gcs.TrailingData, last.end}
	}
	return keys, Fault{}
}

// ReadGoCasperLenient reads a value as go-casper does, by requirements GOCASPER-11 to
// GOCASPER-14 of SPEC.md.
func ReadGoCasperLenient(value string, p gocasper.Params) (keys []gocasper.Key, fault Fault) {
	octets, fault := goCasperOctets(value, p, base64url.Lenient)
	if fault != (Fault{}) {
		return nil, fault
	}
	rice, _ := goCasperRice(p)
	stream := Bits(octets, bitio.MSBFirst)
	complete, rest := gaps(stream, rice)
	sum := uint64(0)
	add := func(amount uint64) {
		sum += amount
		if k := gocasper.Key(sum); len(keys) == 0 || keys[len(keys)-1] != k {
			keys = append(keys, k)
		}
	}
	for _, g := range complete {
		if g.end == len(stream) && g.amount%(1<<rice) == 0 {
			if rice == 0 && g.amount > 0 { // it is all quotient
				return keys, Fault{gcs.BitsLayer, gcs.Truncated, g.start}
			}
			return keys, Fault{}
		}
		add(g.amount)
	}
	left := stream[rest:]
	zero := slices.Index(left, false) // ends the quotient
	switch {
	case len(left) <= 1:
		return keys, Fault{}
	case zero < 0 || zero == len(left)-1:
		return keys, Fault{gcs.BitsLayer, gcs.Truncated, rest}
	}
	remainder := uint64(0)
	for i := range rice {
		remainder <<= 1
		if at := zero + 1 + i; at < len(left) && left[at] {
			remainder++
		}
	}
	if remainder > 0 {
		add(uint64(zero)<<rice + remainder)
	}
	return keys, Fault{}
}
