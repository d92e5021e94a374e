package casper_test

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/casper"
)

// A cookie that H2O set, and the question it answers.
func ExampleParse() {
	p := casper.Params{CapacityBits: 8}
	f, err := casper.Parse("qF0", p)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, path := range []string{"/index.html", "/css/0.css", "/js/0.js"} {
		fmt.Println(path, f.Has(p.Key(path)))
	}
	// Output:
	// /index.html true
	// /css/0.css true
	// /js/0.js false
}

// Errors say what is wrong, in which layer, and at which bit.
func ExampleParse_error() {
	p := casper.Params{CapacityBits: 8}
	for _, value := range []string{"qF0=", "qF1", "gAAB"} {
		_, err := casper.Parse(value, p)
		fmt.Println(err)
		fmt.Println(errors.Is(err, gcs.Truncated), errors.Is(err, io.ErrUnexpectedEOF))
	}
	// Output:
	// text: bad-text at bit 18: character 3 is '=', which is not in the alphabet
	// false false
	// text: non-canonical at bit 16: the unused bits of the last character are not zero
	// false false
	// bits: truncated at bit 7: the stream ends within a code
	// true true
}

// H2O takes what no encoder writes; so does the lenient reader.
func ExampleParseLenient() {
	f, err := casper.ParseLenient("qF0AAAA", casper.Params{CapacityBits: 8})
	fmt.Println(f, err)
	// Output: qF0 <nil>
}

func ExampleNew() {
	p := casper.Params{}
	fmt.Println(casper.New(p, p.Key("/css/0.css")))
	// Output: AAAAAAAAAAAAAAAAAAADkA
}

// Keys are computed once per asset, not once per request.
func ExampleParams_Key() {
	fmt.Println(casper.Params{}.Key("/index.html"), casper.Params{CapacityBits: 8}.Key("/index.html"))
	// Output: 7700 20
}

// Without a Fingerprint, and without an allocation.
func ExampleParams_AppendKeys() {
	p := casper.Params{CapacityBits: 8}
	var room [128]casper.Key
	keys, err := p.AppendKeys(room[:0], "qF0")
	fmt.Println(keys, err)
	fmt.Printf("%s\n", p.AppendValue(nil, keys))
	// Output:
	// [20 178] <nil>
	// qF0
}

func ExampleFingerprint_With() {
	f := casper.New(casper.Params{CapacityBits: 8}, 20)
	g := f.With(178)
	fmt.Println(f, g)
	// Output: qA qF0
}

// Several cookies of one request are one set.
func ExampleFingerprint_Merge() {
	p := casper.Params{CapacityBits: 8}
	fmt.Println(casper.New(p, 20).Merge(casper.New(p, 178)))
	// Output: qF0
}

// The least valuable keys go first.
func ExampleFingerprint_Trim() {
	f := casper.New(casper.Params{}, 10, 4000, 8000)
	g := f.Trim(25, 8000)
	fmt.Println(slices.Collect(f.All()), len(f.String()))
	fmt.Println(slices.Collect(g.All()), len(g.String()))
	// Output:
	// [10 4000 8000] 26
	// [10 8000] 24
}

func ExampleFingerprint_FalsePositive() {
	p := casper.Params{}
	f := casper.New(p)
	for i := range 82 {
		f = f.With(casper.Key(i * 99))
	}
	fmt.Printf("%.4f\n", f.FalsePositive())
	// Output: 0.0100
}

// How large a cookie's universe has to be for a site of 500 assets, if one asset in
// fifty may be left out by mistake.
func ExampleBitsFor() {
	fmt.Println(casper.BitsFor(500, 0.02), casper.BitsFor(80, 0.01))
	// Output: 15 13
}

// What a cookie can tell about a person: 33 bits could single out one in all of
// humankind.
func ExampleFingerprint_Entropy() {
	p := casper.Params{}
	fmt.Printf("%.0f bits\n", casper.New(p, 20, 178, 4711).Entropy())
	// Output: 36 bits
}
