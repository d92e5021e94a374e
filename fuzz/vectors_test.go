package fuzz_test

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/vectors"
)

// TestOracle asks the oracle of package fuzz, which goes one bit at a time, every raw
// vector with parameters that a code can have.
func TestOracle(t *testing.T) {
	all, err := vectors.All()
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, v := range all {
		c, lim, ok := rawCode(t, v)
		if v.Format != "raw" || !ok {
			continue
		}
		asked++
		var keys []uint64
		for _, k := range v.Input.Keys {
			n, err := strconv.ParseUint(k, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, n)
		}
		want := v.Expect
		switch v.Op {
		case "encode":
			if want.Error == gcs.TooMany.String() {
				continue // the oracle has no limit, and would make the bits
			}
			stream, fault := oracle.Encode(nil, c, keys)
			if fault.Kind != 0 {
				if fault.Kind.String() != want.Error {
					t.Errorf("%s: the oracle says %v", v.ID, fault)
				}
				continue
			}
			octets := oracle.AppendOctets(nil, stream, c.Order, oracle.PadBit(c))
			if want.BytesHex == nil || *want.BytesHex != hex.EncodeToString(octets) {
				t.Errorf("%s: the oracle makes %x", v.ID, octets)
			}
		case "decode":
			octets, err := hex.DecodeString(*v.Input.BytesHex)
			if err != nil {
				t.Fatal(err)
			}
			found, fault := oracle.Decode(nil, oracle.Bits(octets, c.Order), c, lim)
			expected := want.Keys
			if want.Error != "" {
				expected = want.KeysBeforeError
				if fault.Kind == 0 || fault.Kind.String() != want.Error || fault.Offset != *want.Offset {
					t.Errorf("%s: the oracle says %v", v.ID, fault)
				}
			} else if fault.Kind != 0 {
				t.Errorf("%s: the oracle says %v", v.ID, fault)
			}
			texts := []string{}
			for _, k := range found {
				texts = append(texts, strconv.FormatUint(k, 10))
			}
			if !slices.Equal(texts, expected) {
				t.Errorf("%s: the oracle finds %v", v.ID, texts)
			}
		}
	}
	if asked < 300 {
		t.Errorf("only %d vectors were asked", asked)
	}
}

// rawCode is the code of a vector; it is not ok where the parameters are the
// fault.
func rawCode(t *testing.T, v vectors.Vector) (c gcs.Code, lim gcs.Limit, ok bool) {
	if v.Format != "raw" || v.Expect.Error == gcs.BadParameter.String() {
		return c, lim, false
	}
	p := struct {
		Rice       uint8
		Run, Order string
		Gap        uint8
		Pad, Count *int
	}{Run: "zeros-one", Order: "msb", Gap: 1}
	if err := json.Unmarshal(v.Params, &p); err != nil {
		t.Fatal(err)
	}
	c = gcs.Code{Rice: p.Rice, Gap: p.Gap}
	lim = gcs.Limit{Len: math.MaxInt, Max: gcs.Largest}
	if p.Run == "ones-zero" {
		c.Run = bitio.OnesZero
	}
	if p.Order == "lsb" {
		c.Order = bitio.LSBFirst
	}
	if p.Count != nil {
		c.Pad, lim.Len, lim.End = gcs.PadZero, *p.Count, gcs.Counted
	}
	if p.Pad != nil {
		c.Pad = gcs.PadZero + gcs.Pad(*p.Pad)
	}
	return c, lim, true
}
