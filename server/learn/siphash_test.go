package learn

import (
	"math/rand/v2"
	"testing"
)

// sipSlow is SipHash-c-d as the paper has it.
func sipSlow(c, d int, k0, k1 uint64, s []byte) uint64 {
	v := [4]uint64{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573}
	padded := append([]byte(nil), s...)
	for len(padded)%8 != 7 {
		padded = append(padded, 0)
	}
	padded = append(padded, byte(len(s)))
	for ; len(padded) > 0; padded = padded[8:] {
		m := uint64(0)
		for i := range 8 {
			m |= uint64(padded[i]) << (8 * i)
		}
		v[3] ^= m
		for range c {
			v[0], v[1], v[2], v[3] = sipRound(v[0], v[1], v[2], v[3])
		}
		v[0] ^= m
	}
	v[2] ^= 0xff
	for range d {
		v[0], v[1], v[2], v[3] = sipRound(v[0], v[1], v[2], v[3])
	}
	return v[0] ^ v[1] ^ v[2] ^ v[3]
}

// The slow one is right by the paper's own example, Appendix A, and the fast one by the slow
// one.
func TestSipHash(t *testing.T) {
	text := make([]byte, 15)
	for i := range text {
		text[i] = byte(i)
	}
	if got := sipSlow(2, 4, 0x0706050403020100, 0x0f0e0d0c0b0a0908, text); got != 0xa129ca6149be45e5 {
		t.Fatalf("SipHash-2-4 of the paper's example: %x", got)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		k := sipKey{rng.Uint64(), rng.Uint64()}
		s := make([]byte, n)
		for i := range s {
			s[i] = byte(rng.Uint32())
		}
		want := sipSlow(1, 3, k.k0, k.k1, s)
		if a, b := sum(k, s), sum(k, string(s)); a != want || b != want {
			t.Fatalf("%d bytes: %x and %x, want %x", n, a, b, want)
		}
	}
}

func BenchmarkSum(b *testing.B) {
	k := sipKey{1, 2}
	s := "/shop/toys/blue-bear-with-hat"
	for b.Loop() {
		sum(k, s)
	}
}
