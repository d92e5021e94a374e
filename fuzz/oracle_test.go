package fuzz_test

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/casper"
)

var (
	h2o      = gcs.Code{Rice: 6, Gap: 1}
	bip158   = gcs.Code{Rice: 19, Run: bitio.OnesZero, Pad: gcs.PadZero}
	browsing = gcs.Code{Rice: 2, Run: bitio.OnesZero, Order: bitio.LSBFirst, Pad: gcs.PadZero}
)

// TestKnownAnswers holds the oracle against octets that other programs and documents
// published: it must not be right by its own account alone.
func TestKnownAnswers(t *testing.T) {
	for _, v := range []struct {
		source string
		c      gcs.Code
		keys   []uint64
		octets string
	}{
		{"H2O 2.2.5, page and two colliding assets at 8 capacity bits", h2o, []uint64{20, 178}, "a85d"},
		{"H2O 2.2.5, /index.html at 13 bits", h2o, []uint64{7700}, strings.Repeat("00", 15) + "a8"},
		{"H2O 2.2.5, /css/0.css at 13 bits", h2o, []uint64{7602}, strings.Repeat("00", 14) + "0390"},
		{"libh2o", h2o, []uint64{0}, "80"},
		{"libh2o", h2o, []uint64{63}, "fe"},
		{"libh2o", h2o, []uint64{64}, "40"},
		{"libh2o", h2o, []uint64{0, 1}, "8100"},
		{"libh2o", h2o, []uint64{0, 1, 2}, "810200"},
		{"BIP 158, the filter of testnet's block 0", bip158, []uint64{769941}, "9dfca8"},
		{"Safe Browsing, deltas 15 and 9", browsing, []uint64{15, 24}, "f702"},
		{"h2-cache-digest-00's README, body", gcs.Code{Rice: 8, Gap: 1, Run: bitio.OnesZero}, []uint64{356, 373}, "99021f"},
		{"mod_h2 1.15, the same without the -1", gcs.Code{Rice: 8, Run: bitio.OnesZero}, []uint64{356, 373}, "99023f"},
		{"rasky/gcs, five UUIDs at P = 1024", gcs.Code{Rice: 10, Run: bitio.OnesZero, Pad: gcs.PadZero}, []uint64{1366, 1798, 2062, 3363, 3485}, "9563604224543d00"},
	} {
		octets, err := hex.DecodeString(v.octets)
		if err != nil {
			t.Fatal(err)
		}
		stream, fault := oracle.Encode(nil, v.c, v.keys)
		if got := oracle.AppendOctets(nil, stream, v.c.Order, oracle.PadBit(v.c)); fault != (oracle.Fault{}) || string(got) != string(octets) {
			t.Errorf("%s: %d is %x, %v; want %s", v.source, v.keys, got, fault, v.octets)
		}
		lim := gcs.Limit{Len: len(v.keys), Max: v.keys[len(v.keys)-1], End: gcs.Counted}
		got, fault := oracle.Decode(nil, oracle.Bits(octets, v.c.Order), v.c, lim)
		if fault != (oracle.Fault{}) || !slices.Equal(got, v.keys) {
			t.Errorf("%s: %s is %d, %v; want %d", v.source, v.octets, got, fault, v.keys)
		}
	}
}

// TestKnownCookies holds the slow cookie reader against values of libh2o.
func TestKnownCookies(t *testing.T) {
	for value, keys := range map[string][]casper.Key{
		"":                        nil,
		"gA":                      {0},
		"_g":                      {63},
		"QA":                      {64},
		"gQA":                     {0, 1},
		"gQIA":                    {0, 1, 2},
		"AAAAAAAAAAAAAAAAAAAAAfw": {8191},
		"AAAAAAAAAAAAAAAAAAAAqA":  {7700},
	} {
		got, fault := oracle.ReadCookie(value, casper.Params{}, 0)
		if fault != (oracle.Fault{}) || !slices.Equal(got, keys) || oracle.CookieText(casper.Params{}, keys) != value {
			t.Errorf("%s: %d, %v; want %d, written %s", value, got, fault, keys, oracle.CookieText(casper.Params{}, keys))
		}
	}
}

// TestVerdicts pins the rules of oracle.Decode, one line each.
func TestVerdicts(t *testing.T) {
	bits := func(kind gcs.Kind, at int) oracle.Fault {
		return oracle.Fault{Layer: gcs.BitsLayer, Kind: kind, Offset: at}
	}
	set := func(kind gcs.Kind, at int) oracle.Fault {
		return oracle.Fault{Layer: gcs.SetLayer, Kind: kind, Offset: at}
	}
	two := gcs.Code{Rice: 2, Gap: 1}
	ones := gcs.Code{Rice: 2, Gap: 1, Run: bitio.OnesZero, Pad: gcs.PadZero}
	for _, v := range []struct {
		rule   string
		c      gcs.Code
		stream string
		lim    gcs.Limit
		keys   []uint64
		fault  oracle.Fault
	}{
		{"no bits are no keys", two, "", gcs.Limit{}, nil, oracle.Fault{}},
		{"complete codes, then fewer than eight pad bits", two, "111 00000", gcs.Limit{Len: 9, Max: 9}, []uint64{3}, oracle.Fault{}},
		{"seven pad bits", two, "101 100 101 0000000", gcs.Limit{Len: 9, Max: 9}, []uint64{1, 2, 4}, oracle.Fault{}},
		{"eight are trailing data", two, "101 00000000", gcs.Limit{Len: 9, Max: 9}, []uint64{1}, bits(gcs.TrailingData, 3)},
		{"eight that end a quotient are a code cut short", two, "101 00000001 0", gcs.Limit{Len: 9, Max: 9}, []uint64{1}, bits(gcs.Truncated, 3)},
		{"fewer that do so are bad padding, where it shows", two, "101 0001", gcs.Limit{Len: 9, Max: 9}, []uint64{1}, bits(gcs.BadPadding, 6)},
		{"eight that are not pad bits are a code cut short", ones, "001 11111111", gcs.Limit{Len: 9, Max: 9}, []uint64{1}, bits(gcs.Truncated, 3)},
		{"fewer are bad padding, at once", ones, "001 1111111", gcs.Limit{Len: 9, Max: 9}, []uint64{1}, bits(gcs.BadPadding, 3)},
		{"what is cut short ends an open stream", two, "101 00000001 0", gcs.Limit{Len: 9, Max: 9, End: gcs.Open}, []uint64{1}, oracle.Fault{}},
		{"a count ends the codes", two, "101 1", gcs.Limit{Len: 1, Max: 9, End: gcs.Counted}, []uint64{1}, bits(gcs.BadPadding, 3)},
		{"a count does so before a complete code", two, "101 10110110", gcs.Limit{Len: 1, Max: 9, End: gcs.Counted}, []uint64{1}, bits(gcs.TrailingData, 3)},
		{"a count that is not reached", two, "101 0000", gcs.Limit{Len: 2, Max: 9, End: gcs.Counted}, []uint64{1}, bits(gcs.Truncated, 3)},
		{"a count of none", two, "", gcs.Limit{End: gcs.Counted}, nil, oracle.Fault{}},
		{"one key too many", two, "101 100", gcs.Limit{Len: 1, Max: 9}, []uint64{1}, set(gcs.TooMany, 3)},
		{"one too many and too large", two, "101 00000100", gcs.Limit{Len: 1, Max: 9, End: gcs.Open}, []uint64{1}, set(gcs.TooMany, 3)},
		{"one too many, but cut short", two, "101 0001", gcs.Limit{Len: 1, Max: 9, End: gcs.Open}, []uint64{1}, oracle.Fault{}},
		{"the largest key", two, "101 0111", gcs.Limit{Len: 2, Max: 9}, []uint64{1, 9}, oracle.Fault{}},
		{"the next one", two, "101 00100", gcs.Limit{Len: 2, Max: 9}, []uint64{1}, set(gcs.OutOfRange, 3)},
		{"too large, but cut short", two, "101 0000000001", gcs.Limit{Len: 2, Max: 9}, []uint64{1}, bits(gcs.Truncated, 3)},
		{"no room behind the largest key", two, "101 100", gcs.Limit{Len: 2, Max: 1}, []uint64{1}, set(gcs.OutOfRange, 3)},
		{"room for its repetition, with gap 0", gcs.Code{Rice: 2}, "101 100", gcs.Limit{Len: 2, Max: 1}, []uint64{1, 1}, oracle.Fault{}},
		{"a remainder's last bit first", gcs.Code{Rice: 2, Gap: 1, Order: bitio.LSBFirst}, "110 101", gcs.Limit{Len: 2, Max: 9}, []uint64{1, 4}, oracle.Fault{}},
		{"two gaps of 2^62", gcs.Code{Rice: 63}, "1" + "1" + strings.Repeat("0", 62) + "1" + "1" + strings.Repeat("0", 62), gcs.Limit{Len: 2, Max: gcs.Largest}, []uint64{1 << 62, 1 << 63}, oracle.Fault{}},
		{"two of 2^63", gcs.Code{Rice: 63}, "01" + strings.Repeat("0", 63) + "01" + strings.Repeat("0", 63), gcs.Limit{Len: 2, Max: gcs.Largest}, []uint64{1 << 63}, set(gcs.OutOfRange, 65)},
		{"no such limit", two, "101", gcs.Limit{Len: -1}, nil, set(gcs.BadParameter, 0)},
		{"no such key", two, "101", gcs.Limit{Max: gcs.Largest + 1}, nil, set(gcs.BadParameter, 0)},
		{"no such end", two, "101", gcs.Limit{End: 3}, nil, set(gcs.BadParameter, 0)},
		{"no such code", gcs.Code{Rice: 64}, "101", gcs.Limit{}, nil, set(gcs.BadParameter, 0)},
	} {
		var stream []bool
		for _, bit := range strings.ReplaceAll(v.stream, " ", "") {
			stream = append(stream, bit == '1')
		}
		keys, fault := oracle.Decode(nil, stream, v.c, v.lim)
		if !slices.Equal(keys, v.keys) || fault != v.fault {
			t.Errorf("%s: %s, %+v: %d, %v; want %d, %v", v.rule, v.stream, v.lim, keys, fault, v.keys, v.fault)
		}
	}
}
