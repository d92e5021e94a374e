package casper

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
)

// Worked example A of SPEC.md, a real cookie: capacity bits 8, /css/0.css and
// /css/1.css collide.
func TestWorkedExampleA(t *testing.T) {
	p := Params{CapacityBits: 8}
	for path, want := range map[string]Key{"/index.html": 20, "/css/0.css": 178, "/css/1.css": 178} {
		if got := p.Key(path); got != want {
			t.Errorf("Key(%s) = %d, want %d", path, got, want)
		}
	}
	f := New(p, p.Key("/index.html"), p.Key("/css/0.css"))
	if f.String() != "qF0" || f.Len() != 2 || !f.Has(p.Key("/css/1.css")) || f.Has(p.Key("/js/0.js")) {
		t.Errorf("%s with %d keys", f, f.Len())
	}
	if got := f.FalsePositive(); got != 2.0/256 {
		t.Errorf("false positives at %v", got)
	}
}

// Worked example B of SPEC.md: the default capacity.
func TestWorkedExampleB(t *testing.T) {
	var p Params
	for path, want := range map[string]struct {
		key    Key
		cookie string
	}{
		"/index.html": {7700, "AAAAAAAAAAAAAAAAAAAAqA"},
		"/css/0.css":  {7602, "AAAAAAAAAAAAAAAAAAADkA"},
	} {
		if got := p.Key(path); got != want.key {
			t.Errorf("Key(%s) = %d, want %d", path, got, want.key)
		}
		if got := New(p, want.key).String(); got != want.cookie {
			t.Errorf("%s: %s, want %s", path, got, want.cookie)
		}
	}
}

func TestTinyCookies(t *testing.T) {
	for value, keys := range map[string][]Key{
		"": nil, "gA": {0}, "_g": {63}, "QA": {64}, "gQA": {0, 1}, "gQIA": {0, 1, 2},
		"AAAAAAAAAAAAAAAAAAAAAfw": {8191},
	} {
		if got := New(Params{}, keys...).String(); got != value {
			t.Errorf("%d is %q, want %q", keys, got, value)
		}
		f, err := Parse(value, Params{})
		if got := slices.Collect(f.All()); err != nil || !slices.Equal(got, keys) {
			t.Errorf("%q: %d, %v, want %d", value, got, err, keys)
		}
	}
}

// The older generation has the same keys, other bits, and padding of ones.
func TestOlderGeneration(t *testing.T) {
	p := Params{CapacityBits: 8, Generation: H2O20}
	f := New(p, 20, 178)
	if f.String() != "KZ0" { // 0 010100 110 011101
		t.Errorf("%s", f)
	}
	if got := New(p, 20).String(); got != "KQ" { // 0 010100, and a pad bit that is one
		t.Errorf("%s", got)
	}
	if g, err := Parse(f.String(), p); err != nil || !slices.Equal(g.keys, f.keys) {
		t.Errorf("%v, %v", g, err)
	}
	// What a 2.2.5 made of such a cookie was garbage: testdata, legacy-20x-format.
}

// The whole universe at every capacity, in both generations: the longest value there
// is, and it comes back.
func TestFullSets(t *testing.T) {
	for bits := uint8(1); bits <= MaxCapacityBits; bits++ {
		for _, gen := range []Generation{H2O21, H2O20} {
			p := Params{CapacityBits: bits, Generation: gen}
			keys := make([]Key, p.Capacity())
			for i := range keys {
				keys[i] = Key(i)
			}
			f := New(p, keys...)
			if f.FalsePositive() != 1 || math.Abs(f.Entropy()) > 1e-6*float64(len(keys)) {
				t.Errorf("%+v: false positives %v, entropy %v", p, f.FalsePositive(), f.Entropy())
			}
			if got := f.String(); len(got) > p.MaxText() {
				t.Errorf("%+v: %d characters, MaxText %d", p, len(got), p.MaxText())
			}
			g, err := Parse(f.String(), p)
			if err != nil || !slices.Equal(g.keys, keys) {
				t.Errorf("%+v: %d keys, %v", p, g.Len(), err)
			}
		}
	}
	if got := (Params{}).MaxText(); got != 9558 {
		t.Errorf("MaxText = %d, and its comment says 9,558", got)
	}
	if got := (Params{CapacityBits: 15}).MaxText(); got > 38_276 {
		t.Errorf("MaxText = %d, and the comment of the constant says 38,276", got)
	}
}

// Each strict refusal: layer, kind, bit offset and the one line.
func TestParseErrors(t *testing.T) {
	p8 := Params{CapacityBits: 8}
	for _, tt := range []struct {
		name, value string
		p           Params
		want        string
	}{
		{"a character of no alphabet", "!!!!", p8, "text: bad-text at bit 0: character 0 is '!', which is not in the alphabet"},
		{"padding", "qF0=", p8, "text: bad-text at bit 18: character 3 is '=', which is not in the alphabet"},
		{"a space", "qF0 ", p8, "text: bad-text at bit 18: character 3 is ' ', which is not in the alphabet"},
		{"quotes", `"qF0"`, p8, `text: bad-text at bit 0: character 0 is '"', which is not in the alphabet`},
		{"the standard alphabet", "/g", p8, "text: bad-text at bit 0: character 0 is '/', which is not in the alphabet"},
		{"half an octet", "A", p8, "text: bad-text at bit 0: the last of 1 characters is half an octet: one is missing, or one too many"},
		{"unused bits", "qF1", p8, "text: non-canonical at bit 16: the unused bits of the last character are not zero"},
		{"a zero octet too many", "qF0A", p8, "bits: trailing-data at bit 16: whole octets follow the last key"},
		{"a one in the padding", "gQ", p8, "bits: nonzero-padding at bit 7: the padding has a bit of the wrong value"},
		{"a code cut short", "gAAB", p8, "bits: truncated at bit 7: the stream ends within a code"},
		{"a key above the capacity", "AAAAAAAAAAAAAAAAAAADkA", Params{CapacityBits: 12}, "set: out-of-range at bit 0: the key is above the largest one allowed"},
		{"more than can be needed", strings.Repeat("A", 33), Params{CapacityBits: 1}, "text: limit at bit 18: 33 characters are more than the 3 that a cookie can need"},
		{"no such capacity", "qF0", Params{CapacityBits: 16}, "set: bad-parameter at bit 0: capacity bits are 1 to 15"},
		{"no such generation", "", Params{Generation: 2}, "set: bad-parameter at bit 0: capacity bits are 1 to 15"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := Parse(tt.value, tt.p)
			if err == nil || err.Error() != tt.want {
				t.Errorf("%v\nwant %s", err, tt.want)
			}
			var e *gcs.Error
			if !errors.As(err, &e) {
				t.Errorf("%T is not a *gcs.Error", err)
			}
			if f.Len() != 0 || f.String() != "" {
				t.Errorf("%s came with the error", f)
			}
			dst := []Key{7}
			if keys, err := tt.p.AppendKeys(dst, tt.value); err == nil || !slices.Equal(keys, dst) {
				t.Errorf("AppendKeys: %d, %v", keys, err)
			}
		})
	}
}

// What H2O accepts beyond the strict reader, and what even H2O does not.
func TestParseLenient(t *testing.T) {
	p := Params{CapacityBits: 8}
	for _, tt := range []struct {
		name, value string
		want        []Key
		text        string // written again; canonical
	}{
		{"canonical", "qF0", []Key{20, 178}, "qF0"},
		{"empty", "", nil, ""},
		{"unused bits", "qF1", []Key{20, 178}, "qF0"},
		{"zero octets after it", "qF0AAAAAAAA", []Key{20, 178}, "qF0"},
		{"only zeros", "AAAA", nil, ""},
		{"a code cut short", "qF0B", []Key{20, 178}, "qF0"},
		{"both alphabets", "-_+/", []Key{61, 190, 192 + 63}, ""},
		{"keys above the capacity", "AAAAAAAAAAAAAAAAAAADkA", []Key{7602}, "AAAAAAAAAAAAAAAAAAADkA"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := ParseLenient(tt.value, p)
			if err != nil {
				t.Fatal(err)
			}
			if tt.name != "both alphabets" && (!slices.Equal(f.keys, tt.want) || f.String() != tt.text) {
				t.Errorf("%d, %s; want %d, %s", f.keys, f, tt.want, tt.text)
			}
			// The URL alphabet's spelling has the same keys.
			g, err := ParseLenient(strings.NewReplacer("+", "-", "/", "_").Replace(tt.value), p)
			if err != nil || !slices.Equal(f.keys, g.keys) {
				t.Errorf("%d in the URL alphabet, %v", g.keys, err)
			}
		})
	}
	for _, value := range []string{"!!!!", "A", "AAAAA", "qF0=", " qF0", `"qF0"`, "qF0; a=b"} {
		if f, err := ParseLenient(value, p); err == nil || f.Len() != 0 {
			t.Errorf("%q was accepted: %s", value, f)
		}
	}
	if _, err := ParseLenient(strings.Repeat("A", MaxText+1), p); !errors.Is(err, gcs.TooMany) {
		t.Errorf("beyond MaxText: %v", err)
	}
	if f, err := ParseLenient(strings.Repeat("A", MaxText), p); err != nil || f.Len() != 0 {
		t.Errorf("at MaxText: %s, %v", f, err)
	}
}

// H2O's limit on the number of keys, as seen live: max(128, 2^capacity).
func TestParseLenientKeyLimit(t *testing.T) {
	for bits, most := range map[uint8]int{1: 128, 5: 128, 7: 128, 8: 256, 9: 512, 13: 8192, 15: 32768} {
		p := Params{CapacityBits: bits}
		keys := make([]Key, most+1)
		for i := range keys {
			keys[i] = Key(i)
		}
		if f, err := ParseLenient(string(p.AppendValue(nil, keys[:most])), p); err != nil || f.Len() != most {
			t.Errorf("%d bits, %d keys: %d, %v", bits, most, f.Len(), err)
		}
		if f, err := ParseLenient(string(p.AppendValue(nil, keys)), p); !errors.Is(err, gcs.TooMany) || f.Len() != 0 {
			t.Errorf("%d bits, %d keys: %d, %v", bits, most+1, f.Len(), err)
		}
	}
}

// Losing characters at the end loses only the last keys, unless what is left has a
// length that nothing has (facts of a live server: 3 or 7 of 22).
func TestTruncatedCookies(t *testing.T) {
	const value = "A5AAAAAAAAAAAkgAAAAAAB1A" // 434, 4604, 7602
	full, err := Parse(value, Params{})
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(value) + 1 {
		f, err := ParseLenient(value[:cut], Params{})
		if (err != nil) != (cut%4 == 1) {
			t.Errorf("%d characters: %v", cut, err)
		}
		if err == nil && !slices.Equal(f.keys, full.keys[:f.Len()]) {
			t.Errorf("%d characters: %d", cut, f.keys)
		}
	}
}

func TestParams(t *testing.T) {
	for _, tt := range []struct {
		p        Params
		valid    bool
		capacity int
	}{
		{Params{}, true, 8192},
		{Params{CapacityBits: 1}, true, 2},
		{Params{CapacityBits: 15, Generation: H2O20}, true, 32768},
		{Params{CapacityBits: 16}, false, 65536},
		{Params{Generation: 2}, false, 8192},
	} {
		if tt.p.Valid() != tt.valid || tt.p.Capacity() != tt.capacity {
			t.Errorf("%+v: valid %v, capacity %d", tt.p, tt.p.Valid(), tt.p.Capacity())
		}
	}
	for bits := uint8(1); bits <= 15; bits++ {
		p := Params{CapacityBits: bits}
		if got, want := p.Key("/index.html"), Key(0x5945fe14%(1<<bits)); got != want {
			t.Errorf("%d bits: %d, want %d", bits, got, want)
		}
	}
}

// AppendValue is for sorted keys; everything else goes through New.
func TestAppendValuePanics(t *testing.T) {
	for _, keys := range [][]Key{{2, 1}, {3, 3}} {
		func() {
			defer func() {
				if r, ok := recover().(string); !ok || !strings.HasPrefix(r, "casper: AppendValue: ") {
					t.Errorf("%d: %v", keys, r)
				}
			}()
			(Params{}).AppendValue(nil, keys)
		}()
	}
	defer func() {
		if r, ok := recover().(string); !ok || !strings.HasPrefix(r, "casper: New ") {
			t.Errorf("New: %v", r)
		}
	}()
	New(Params{CapacityBits: 16})
}

// The text length is computed without encoding; it must be the real one.
func TestTextLen(t *testing.T) {
	p := Params{CapacityBits: 10}
	f := New(p)
	for i := range Key(300) {
		f = f.With(i * i)
		if got, want := f.textLen(f.keys), len(f.String()); got != want {
			t.Fatalf("%d keys: %d, want %d", f.Len(), got, want)
		}
		if got := base64url.EncodedLen(p.Code().Size(numbers(f.keys))); got != len(f.String()) {
			t.Fatalf("%d keys: Size says %d characters, want %d", f.Len(), got, len(f.String()))
		}
	}
}

func numbers(keys []Key) []uint64 {
	out := make([]uint64, len(keys))
	for i, k := range keys {
		out[i] = uint64(k)
	}
	return out
}
