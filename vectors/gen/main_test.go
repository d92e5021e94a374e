package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestNothingToGenerate fails where "go generate" would change a file, or where a
// file is there that it does not know.
func TestNothingToGenerate(t *testing.T) {
	captures = "../../gcs"
	version, err := os.ReadFile("../VERSION")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range build(strings.TrimSpace(string(version))) {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s is not what go generate writes", name)
		}
	}
}

// TestDraw reads the notation against bits written out by hand.
func TestDraw(t *testing.T) {
	for _, tt := range []struct {
		name, notation, picture string
		code                    code
		octets                  []byte
		keys, before            []uint64
		fault                   int
	}{
		{"H2O's qF0", "@20 @178", "1|010100 001|011101", zerosOne(6), []byte{0xa8, 0x5d}, []uint64{20, 178}, nil, -1},
		{"the draft's AfdA", "#0:5 #7:5 @93 ~", "00000 00111 1|1011101 .000000", zerosOne(7), []byte{0x01, 0xf7, 0x40}, []uint64{93}, nil, -1},
		{"BIP 158's genesis block", "x01 @769941 ~", "x01 10|0111011111110010101 .000", counted(19), []byte{0x01, 0x9d, 0xfc, 0xa8}, []uint64{769941}, nil, -1},
		{"Safe Browsing's f702", "+15 +9 ~", "1110|11 110|10 .00000", delta(2), []byte{0xf7, 0x02}, []uint64{15, 24}, nil, -1},
		{"a fault", "@20 ! /221:1", "1|010100 ^ 0001|01110", zerosOne(6), []byte{0xa8, 0x2e}, []uint64{20}, []uint64{20}, 7},
		{"a run", "0*16 1 ~1", "0*16 1 .1111111", zerosOne(6), []byte{0, 0, 0xff}, nil, nil, -1},
		{"octets, LSB first", "x0f ~", "x0f", delta(2), []byte{0x0f}, nil, nil, -1},
	} {
		s := tt.code.draw(tt.notation)
		if !bytes.Equal(s.octets, tt.octets) || !slices.Equal(s.keys, tt.keys) || !slices.Equal(s.before, tt.before) || s.fault != tt.fault || s.picture != tt.picture {
			t.Errorf("%s: %x %v %v %d %q", tt.name, s.octets, s.keys, s.before, s.fault, s.picture)
		}
	}
}

// TestHashes checks the hashes by values that others have published.
func TestHashes(t *testing.T) {
	if k := h2oKey("/index.html", 13); k != 7700 {
		t.Errorf("h2oKey: %d", k)
	}
	if k := goCasperKey("/static/example.js", 64, 10); k != 146 {
		t.Errorf("goCasperKey: %d", k)
	}
	if k := digestKey(style, 0, 7); k != 93 {
		t.Errorf("digestKey: %d", k)
	}
	// The last value of the paper's appendix.
	if h := sipHash(sipKey(someKey), "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e"); h != 0xa129ca6149be45e5 {
		t.Errorf("sipHash: %#x", h)
	}
}
