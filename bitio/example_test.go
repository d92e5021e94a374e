package bitio_test

import (
	"fmt"

	"github.com/cache-aware/casper/bitio"
)

// The cookie qF0, read code by code: each is a quotient in unary and six bits of
// remainder.
func ExampleReader() {
	r := bitio.NewReader([]byte{0xa8, 0x5d}, bitio.MSBFirst)
	for r.Left() >= 7 {
		q := r.ReadUnary(bitio.ZerosOne, 127)
		fmt.Println(q<<6 | r.ReadBits(6))
	}
	fmt.Println(r.Err())
	// Output:
	// 20
	// 157
	// <nil>
}

// Errors are sticky, so one question at the end is enough.
func ExampleReader_Err() {
	r := bitio.NewReader([]byte{0xff}, bitio.MSBFirst)
	v := r.ReadBits(5) + r.ReadBits(5) + r.ReadBits(5)
	fmt.Println(v, r.Err())
	// Output: 31 unexpected EOF
}

// A run of zeros costs no more than the bound allows.
func ExampleReader_ReadUnary() {
	r := bitio.NewReader(make([]byte, 1<<20), bitio.MSBFirst)
	fmt.Println(r.ReadUnary(bitio.ZerosOne, 127), r.Err())
	// Output: 0 bitio: unary number above its bound
}

func ExampleWriter() {
	var w bitio.Writer
	for _, v := range []uint64{20, 157} {
		w.WriteUnary(bitio.ZerosOne, v>>6)
		w.WriteBits(v&63, 6)
	}
	fmt.Printf("%d bits: %x\n", w.Len(), w.AppendTo(nil, bitio.ZerosOne))
	// Output: 16 bits: a85d
}

// The last octet is filled with the bit that continues a unary number, so that
// no reader takes it for one.
func ExampleWriter_AppendTo() {
	var w bitio.Writer
	w.WriteUnary(bitio.OnesZero, 2)
	fmt.Printf("%08b\n", w.AppendTo(nil, bitio.OnesZero))
	// Output: [11011111]
}

// Safe Browsing fills octets from the other end.
func ExampleReader_lsbFirst() {
	w := bitio.Writer{Order: bitio.LSBFirst}
	w.WriteUnary(bitio.OnesZero, 2)
	w.WriteBits(5, 4)
	src := w.AppendTo(nil, bitio.ZerosOne)
	fmt.Printf("%08b\n", src)
	r := bitio.NewReader(src, bitio.LSBFirst)
	fmt.Println(r.ReadUnary(bitio.OnesZero, 9), r.ReadBits(4))
	// Output:
	// [00101011]
	// 2 5
}

func ExamplePeek() {
	fmt.Printf("%#x\n", bitio.Peek([]byte{0xa8, 0x5d}, 4)>>56)
	// Output: 0x85
}
