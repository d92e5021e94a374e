package gcs_test

import (
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs"
)

// The kinds are a contract: test vectors and the conformance protocol name them.
func TestKindNames(t *testing.T) {
	want := []string{
		"truncated", "out-of-range", "bad-parameter", "trailing-data", "nonzero-padding",
		"non-canonical", "duplicate", "unsorted", "bad-text", "limit",
	}
	for i, name := range want {
		k := gcs.Kind(i + 1)
		if k.String() != name || k.Error() != name {
			t.Errorf("kind %d is %q, %q; want %q", i+1, k.String(), k.Error(), name)
		}
		if is := errors.Is(k, io.ErrUnexpectedEOF); is != (k == gcs.Truncated) {
			t.Errorf("%v is io.ErrUnexpectedEOF: %v", k, is)
		}
		for j := range want {
			if errors.Is(k, gcs.Kind(j+1)) != (i == j) {
				t.Errorf("%v is %v", k, gcs.Kind(j+1))
			}
		}
		// Each has a meaning of its own, on one line.
		e := (&gcs.Error{Layer: gcs.SetLayer, Kind: k}).Error()
		if strings.Count(e, ": ") != 2 || strings.HasSuffix(e, ": ") || strings.ContainsAny(e, "\n\r\t") {
			t.Errorf("no clear line: %q", e)
		}
	}
	for _, k := range []gcs.Kind{0, gcs.Kind(len(want) + 1), 255} {
		if got := k.String(); !strings.HasPrefix(got, "Kind(") {
			t.Errorf("%d: %q", uint8(k), got)
		}
		if got := (&gcs.Error{Kind: k}).Error(); !strings.Contains(got, "Kind(") {
			t.Errorf("%q", got)
		}
	}
}

func TestLayerNames(t *testing.T) {
	for l, want := range map[gcs.Layer]string{
		gcs.TextLayer: "text", gcs.BitsLayer: "bits", gcs.SetLayer: "set", 0: "Layer(0)", 9: "Layer(9)",
	} {
		if got := l.String(); got != want {
			t.Errorf("%d: %q, want %q", uint8(l), got, want)
		}
	}
}

// Every way in which a stream can be wrong: layer, kind, bit offset and the line
// that a person reads.
func TestErrors(t *testing.T) {
	h2o := gcs.Code{Rice: 6, Gap: 1}
	bip := gcs.Code{Rice: 19, Run: 1, Pad: gcs.PadZero}
	for _, tt := range []struct {
		name string
		code gcs.Code
		src  []byte
		lim  gcs.Limit
		want string
		keys int // delivered before the error
	}{
		{"a run that nothing ends", bip, []byte{0xff, 0xff}, gcs.Limit{Len: 1, Max: 1 << 40, End: gcs.Counted},
			"bits: truncated at bit 0: the stream ends within a code", 0},
		{"a remainder cut short", h2o, []byte{0xa8, 0x5d, 0x00, 0x01}, gcs.Limit{Len: 9, Max: 8191},
			"bits: truncated at bit 16: the stream ends within a code", 2},
		{"octets after the last key", h2o, []byte{0xa8, 0x5d, 0x00}, gcs.Limit{Len: 9, Max: 8191},
			"bits: trailing-data at bit 16: whole octets follow the last key", 2},
		{"octets after the count", bip, []byte{0, 0, 0, 0, 0}, gcs.Limit{Len: 1, Max: 1 << 40, End: gcs.Counted},
			"bits: trailing-data at bit 20: whole octets follow the last key", 1},
		{"a one in the padding", h2o, []byte{0x80 | 20<<1 | 1}, gcs.Limit{Len: 9, Max: 8191},
			"bits: nonzero-padding at bit 7: the padding has a bit of the wrong value", 1},
		{"a one in the padding after the count", bip, []byte{0, 0, 0x04}, gcs.Limit{Len: 1, Max: 1 << 40, End: gcs.Counted},
			"bits: nonzero-padding at bit 21: the padding has a bit of the wrong value", 1},
		{"a key above the limit", h2o, []byte{0xa8, 0x5d}, gcs.Limit{Len: 9, Max: 177},
			"set: out-of-range at bit 7: the key is above the largest one allowed", 1},
		{"a quotient above the limit", h2o, []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0x81}, gcs.Limit{Len: 9, Max: 1},
			"set: out-of-range at bit 0: the key is above the largest one allowed", 0},
		{"more keys than the limit", h2o, []byte{0xa8, 0x5d}, gcs.Limit{Len: 1, Max: 8191},
			"set: limit at bit 7: more than the limit allows", 1},
		{"no such code", gcs.Code{Rice: 64}, nil, gcs.Limit{},
			"set: bad-parameter at bit 0: the format has no such parameter", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			keys, err := gcs.Decode([]uint64(nil), tt.code, tt.src, tt.lim)
			if err == nil || err.Error() != tt.want {
				t.Errorf("%v\nwant %s", err, tt.want)
			}
			if len(keys) != tt.keys {
				t.Errorf("%d keys came before it, want %d", len(keys), tt.keys)
			}
			if got, want := errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(tt.want, "truncated"); got != want {
				t.Errorf("io.ErrUnexpectedEOF: %v, want %v", got, want)
			}
		})
	}
	_, err := gcs.Encode(nil, h2o, []uint64{1, 2, 2})
	if want := "set: duplicate at index 2: the key is there twice"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	e := &gcs.Error{Layer: gcs.TextLayer, Kind: gcs.BadText, At: gcs.BitOffset(12), Detail: "character 2 is '='"}
	if want := "text: bad-text at bit 12: character 2 is '='"; e.Error() != want {
		t.Errorf("%v, want %s", e, want)
	}
}

// An encoder knows keys, not bits, and says so of every kind.
func TestEncoderErrorsNameAnIndex(t *testing.T) {
	for _, keys := range [][]uint64{{3, math.MaxUint64}, {7, 3}, {7, 7}} {
		_, err := gcs.Encode(nil, gcs.Code{Rice: 63, Gap: 1}, keys)
		if err == nil || !strings.Contains(err.Error(), " at index 1: ") {
			t.Errorf("Encode(%v): %v, want the index of the key", keys, err)
		}
	}
}
