package cachedigest_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/cachedigest"
	"github.com/cache-aware/casper/gcs/internal/testkit"
	"github.com/cache-aware/casper/hash"
)

type captures struct {
	EncodeCases []struct {
		ID     string
		URLs   []string
		Log2P  uint8
		Log2N  uint8
		Values []cachedigest.Key
		Text   string `json:"digest_base64url"`
		Hex    string
	} `json:"encode_cases"`
	Live struct {
		Origin string
		Links  []string `json:"link_preloads"`
		Cases  []struct {
			ID         string
			Digest     *string `json:"cache_digest"`
			Suppressed []string
		}
	} `json:"server_live_cases"`
}

func load(t *testing.T) (c captures) {
	t.Helper()
	testkit.Published(t, "testdata/cache-digest.json", &c)
	if len(c.EncodeCases) != 8 || len(c.Live.Cases) != 8 {
		t.Fatalf("%d and %d cases", len(c.EncodeCases), len(c.Live.Cases))
	}
	return c
}

// Digests of two encoders in JavaScript.
func TestCapturedDigests(t *testing.T) {
	for _, c := range load(t).EncodeCases {
		p := cachedigest.Params{Log2N: c.Log2N, Log2P: c.Log2P}
		if got := cachedigest.Log2N(len(c.URLs)); got != c.Log2N {
			t.Errorf("%s: log2N is %d, want %d", c.ID, got, c.Log2N)
		}
		var keys []cachedigest.Key
		for _, url := range c.URLs {
			keys = append(keys, p.Key(url, ""))
		}
		d := cachedigest.New(p, keys...)
		if got := d.String(); got != c.Text || !slices.Equal(slices.Collect(d.All()), c.Values) {
			t.Errorf("%s: %q %v, want %q %v", c.ID, got, slices.Collect(d.All()), c.Text, c.Values)
		}
		for name, parse := range parsers {
			d, err := parse(c.Text)
			if err != nil || d.Params() != p || !slices.Equal(slices.Collect(d.All()), c.Values) {
				t.Errorf("%s: %s: %+v %v, %v", c.ID, name, d.Params(), slices.Collect(d.All()), err)
			}
		}
		if octets, _ := base64.RawURLEncoding.DecodeString(c.Text); fmt.Sprintf("%x", octets) != c.Hex {
			t.Errorf("%s: the capture contradicts itself", c.ID)
		}
	}
}

var parsers = map[string]func(string) (cachedigest.Digest, error){
	"Parse": cachedigest.Parse, "ParseLenient": cachedigest.ParseLenient,
}

// What a real H2O did with a header: it pushes what no digest has.
func TestCapturedServer(t *testing.T) {
	live := load(t).Live
	for _, c := range live.Cases {
		var h cachedigest.Header
		if c.Digest != nil {
			h = cachedigest.ParseHeaderLenient(*c.Digest)
		}
		var suppressed []string
		for _, path := range live.Links {
			if h.Lookup(live.Origin+path) == cachedigest.Fresh {
				suppressed = append(suppressed, path)
			}
		}
		if !slices.Equal(suppressed, c.Suppressed) && len(suppressed)+len(c.Suppressed) > 0 {
			t.Errorf("%s: %q suppresses %v, in H2O %v", c.ID, *c.Digest, suppressed, c.Suppressed)
		}
	}
}

// The draft's header example, which is one URL at P = 2^7, and two URLs at 2^7 and
// 2^8, whose octets every near relative of the format writes differently.
func TestWorkedExamples(t *testing.T) {
	style, jquery := "https://example.com/style.css", "https://example.com/jquery.js"
	for _, tt := range []struct {
		p    cachedigest.Params
		urls []string
		keys []cachedigest.Key
		hex  string
		text string
	}{
		{cachedigest.Params{Log2P: 7}, nil, nil, "01c0", "AcA"},
		{cachedigest.Params{Log2P: 7}, []string{style}, []cachedigest.Key{93}, "01f740", "AfdA"},
		{cachedigest.Params{Log2N: 1, Log2P: 7}, []string{style, jquery}, []cachedigest.Key{178, 186}, "09d650e0", "CdZQ4A"},
		{cachedigest.Params{Log2N: 1, Log2P: 8}, []string{style, jquery}, []cachedigest.Key{356, 373}, "0a164880", "ChZIgA"},
		{cachedigest.Params{}, []string{style}, []cachedigest.Key{0}, "0020", "ACA"},
	} {
		var keys []cachedigest.Key
		for _, url := range tt.urls {
			keys = append(keys, tt.p.Key(url, ""))
		}
		d := cachedigest.New(tt.p, keys...)
		octets, err := base64.RawURLEncoding.DecodeString(d.String())
		if got := fmt.Sprintf("%x", octets); err != nil || got != tt.hex || d.String() != tt.text || !slices.Equal(slices.Collect(d.All()), tt.keys) {
			t.Errorf("%+v: %v, %s, %q, want %v, %s, %q", tt.p, slices.Collect(d.All()), got, d, tt.keys, tt.hex, tt.text)
		}
	}
}

// H2O's own unit test of its reader, step by step.
func TestH2OUnitTest(t *testing.T) {
	const hello, notFound = "https://127.0.0.1.xip.io:8081/cache-digests.cgi/hello.js", "https://127.0.0.1.xip.io:8081/notfound.js"
	fields := []string{"AeLA"}
	h := cachedigest.ParseHeaderLenient(fields...)
	if len(h) != 1 || !slices.Equal(slices.Collect(h[0].Digest.All()), []cachedigest.Key{0x0b}) || h.Lookup(hello) != cachedigest.Fresh || h.Lookup(notFound) != cachedigest.Unknown {
		t.Errorf("AeLA: %v", h)
	}
	fields = append(fields, "FOO; stale, AcA; validators; complete")
	h = cachedigest.ParseHeaderLenient(fields...)
	if len(h) != 2 || h.Lookup(hello) != cachedigest.Fresh || h.Lookup(notFound) != cachedigest.NotCached {
		t.Errorf("with validators: %v", h)
	}
	fields = append(fields, "AcA; reset")
	h = cachedigest.ParseHeaderLenient(fields...)
	if len(h) != 1 || h[0].Digest.Len() != 0 || h.Lookup(hello) != cachedigest.Unknown {
		t.Errorf("after reset: %v", h)
	}
}

// The logarithm is what is rounded: 23 is nearer to 16 than to 32, but not its
// logarithm.
func TestLog2N(t *testing.T) {
	for n, want := range map[int]uint8{-1: 0, 0: 0, 1: 0, 2: 1, 3: 2, 4: 2, 5: 2, 6: 3, 11: 3, 12: 4, 22: 4, 23: 5, 45: 5, 46: 6, 90: 6, 91: 7, 1000: 10,
		1 << 30: 30, 1518500249: 30, 1518500250: 31, 1<<31 - 1: 31} {
		if got := cachedigest.Log2N(n); got != want {
			t.Errorf("Log2N(%d) = %d, want %d", n, got, want)
		}
	}
	for n := 1; n < 5000; n++ {
		if got, want := cachedigest.Log2N(n), uint8(math.Round(math.Log2(float64(n)))); got != want {
			t.Errorf("Log2N(%d) = %d, want %d", n, got, want)
		}
	}
}

// A stream of bits, with spaces for people, as a digest's text.
func text(t testing.TB, bits string) string {
	t.Helper()
	bits = strings.ReplaceAll(bits, " ", "")
	if len(bits)%8 != 0 {
		t.Fatalf("%q has %d bits", bits, len(bits))
	}
	octets := make([]byte, len(bits)/8)
	for i, bit := range bits {
		if bit == '1' {
			octets[i/8] |= 0x80 >> (i % 8)
		}
	}
	return base64.RawURLEncoding.EncodeToString(octets)
}

func TestBadDigests(t *testing.T) {
	for _, tt := range []struct {
		name, text      string
		layer           gcs.Layer
		strict, lenient gcs.Kind
		offset          int
	}{
		{"empty", "", gcs.BitsLayer, 0, gcs.Truncated, 0},
		{"log2P is cut off", text(t, "00001 000"), gcs.BitsLayer, gcs.Truncated, gcs.Truncated, 5},
		{"nothing but parameters", text(t, "00001 00111 000000"), gcs.BitsLayer, 0, 0, 0},
		{"padding of ones", text(t, "00001 00111 000001"), gcs.BitsLayer, gcs.BadPadding, 0, 15},
		{"a whole octet of padding", text(t, "00001 00111 000000 00000000"), gcs.BitsLayer, gcs.TrailingData, 0, 10},
		{"cut off in a quotient", text(t, "00000 11111 000000 00000000 0000 1000"), gcs.BitsLayer, gcs.Truncated, 0, 10},
		{"cut off in a remainder", text(t, "00000 00111 1 0000001 1 1111111 1 11111"), gcs.BitsLayer, gcs.OutOfRange, gcs.OutOfRange, 18},
		{"cut off in a later remainder", text(t, "00001 00111 1 0000001 1 0111111 1 1111111 011111"), gcs.BitsLayer, gcs.BadPadding, 0, 35},
		{"not below N*P", text(t, "00000 00111 01 0000000 00000"), gcs.SetLayer, gcs.OutOfRange, gcs.OutOfRange, 10},
		{"a second key not below N*P", text(t, "00000 00010 1 10 1 01 1 00 0000 0"), gcs.SetLayer, gcs.OutOfRange, gcs.OutOfRange, 13},
		{"the largest key", text(t, "00000 00010 1 11 000"), gcs.SetLayer, 0, 0, 0},
		{"all keys", text(t, "00000 00001 1 0 1 0 00"), gcs.SetLayer, 0, 0, 0},
		{"one key in a universe of one", text(t, "00000 00000 1 00000"), gcs.SetLayer, 0, 0, 0},
		{"two keys in a universe of one", text(t, "00000 00000 11 0000"), gcs.SetLayer, gcs.OutOfRange, gcs.OutOfRange, 11},
		{"the widest remainder", text(t, "11111 11111 1 1111111111111111111111111111111 000000"), gcs.SetLayer, 0, 0, 0},
		{"the standard alphabet", "/98gAA", gcs.TextLayer, gcs.BadText, 0, 0},
		{"unused bits", "AfdB", gcs.BitsLayer, gcs.BadPadding, 0, 23},
		{"unused bits of the text", "AAB", gcs.TextLayer, gcs.NonCanonical, 0, 16},
		{"padded text", "AAA=", gcs.TextLayer, gcs.BadText, gcs.BadText, 18},
		{"half an octet", "AAAAA", gcs.TextLayer, gcs.BadText, gcs.BadText, 24},
		{"too long", strings.Repeat("A", cachedigest.MaxText+1), gcs.TextLayer, gcs.TooMany, gcs.TooMany, 6 * cachedigest.MaxText},
	} {
		layer := tt.layer
		if tt.name == "cut off in a remainder" {
			layer = gcs.SetLayer
		}
		d, err := cachedigest.Parse(tt.text)
		testkit.CheckError(t, tt.name, err, layer, tt.strict, gcs.BitOffset(tt.offset))
		if err == nil && d.String() != tt.text {
			t.Errorf("%s: Parse accepts %q and writes %q", tt.name, tt.text, d)
		}
		_, err = cachedigest.ParseLenient(tt.text)
		testkit.CheckError(t, tt.name+", leniently", err, layer, tt.lenient, gcs.BitOffset(tt.offset))
	}
}

// Keys before an error are there.
func TestKeysBeforeError(t *testing.T) {
	d, err := cachedigest.Parse(text(t, "00000 00010 1 10 1 01 1 00 0000 0"))
	if !errors.Is(err, gcs.OutOfRange) || !slices.Equal(slices.Collect(d.All()), []cachedigest.Key{2}) || d.Params() != (cachedigest.Params{Log2P: 2}) {
		t.Errorf("%+v %v, %v", d.Params(), slices.Collect(d.All()), err)
	}
}

// Every pair of parameters, with the edges of the universe in the set: each log2P
// has a lead of its own.
func TestRoundTripEveryParameter(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for log2N := range uint8(32) {
		for log2P := range uint8(32) {
			p := cachedigest.Params{Log2N: log2N, Log2P: log2P}
			top := p.Universe()
			if log2N > 12 {
				top = 1 << (12 + log2P) // shorter quotients
			}
			keys := []cachedigest.Key{0, cachedigest.Key(top - 1)}
			for range rng.IntN(6) {
				keys = append(keys, cachedigest.Key(rng.Uint64N(top)))
			}
			for _, d := range []cachedigest.Digest{cachedigest.New(p), cachedigest.New(p, keys[1]), cachedigest.New(p, keys...)} {
				for name, parse := range parsers {
					got, err := parse(d.String())
					if err != nil || got.Params() != p || !slices.Equal(slices.Collect(got.All()), slices.Collect(d.All())) {
						t.Fatalf("%+v %v: %s(%q) = %+v %v, %v", p, slices.Collect(d.All()), name, d, got.Params(), slices.Collect(got.All()), err)
					}
				}
			}
		}
	}
}

// The header's octets and those of the set alone are the same bits, 10 later.
func TestCodesAreTheCoresOwn(t *testing.T) {
	for log2P := range uint8(32) {
		p := cachedigest.Params{Log2N: 3, Log2P: log2P}
		keys := []uint64{1, p.Universe() / 2, p.Universe() - 1}
		coded, err := gcs.Encode(nil, p.Code(), slices.Compact(keys))
		if err != nil {
			t.Fatal(err)
		}
		octets, _ := base64.RawURLEncoding.DecodeString(cachedigest.New(p, cachedigest.Key(keys[0]), cachedigest.Key(keys[1]), cachedigest.Key(keys[2])).String())
		got, want := bitString(octets)[10:], bitString(coded)
		if got, want := strings.TrimRight(got, "0"), strings.TrimRight(want, "0"); got != want {
			t.Errorf("log2P %d: %s, want %s", log2P, got, want)
		}
	}
}

func bitString(octets []byte) (bits string) {
	for _, o := range octets {
		bits += fmt.Sprintf("%08b", o)
	}
	return bits
}

func TestNewPanics(t *testing.T) {
	for name, f := range map[string]func(){
		"log2N": func() { cachedigest.New(cachedigest.Params{Log2N: 32}) },
		"log2P": func() { cachedigest.New(cachedigest.Params{Log2P: 32}) },
		"Key":   func() { cachedigest.Params{Log2P: 32}.Key("", "") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func TestHeader(t *testing.T) {
	for _, tt := range []struct {
		header string
		layer  gcs.Layer
		kind   gcs.Kind
		offset int
		flags  []cachedigest.Flags
	}{
		{"AfdA; complete", 0, 0, 0, []cachedigest.Flags{cachedigest.Complete}},
		{"AfdA; reset; complete; validators; stale, AcA", 0, 0, 0, []cachedigest.Flags{15, 0}},
		{"AfdA, CdZQ4A; stale", 0, 0, 0, []cachedigest.Flags{0, cachedigest.Stale}},
		{"; reset", 0, 0, 0, []cachedigest.Flags{cachedigest.Reset}}, // an empty value, for reset alone
		{"", gcs.TextLayer, gcs.BadText, 0, nil},
		{"AfdA, ", gcs.TextLayer, gcs.BadText, 30, nil},
		{"; complete", gcs.TextLayer, gcs.BadText, 0, nil},
		{"AfdA;complete", gcs.TextLayer, gcs.NonCanonical, 30, nil},
		{"AfdA ; complete", gcs.TextLayer, gcs.NonCanonical, 24, nil},
		{"AfdA; COMPLETE", gcs.TextLayer, gcs.NonCanonical, 36, nil},
		{"AfdA; complete; reset", gcs.TextLayer, gcs.NonCanonical, 36, nil},
		{"AfdA; complete; complete", gcs.TextLayer, gcs.NonCanonical, 84, nil},
		{"AfdA,AcA", gcs.TextLayer, gcs.NonCanonical, 30, nil},
		{" AfdA", gcs.TextLayer, gcs.NonCanonical, 0, nil},
		{"AfdA; fresh", gcs.TextLayer, gcs.BadText, 0, nil},
		{"AcA, AfdA; complete=1", gcs.TextLayer, gcs.BadText, 24, nil},
		{"AfdA;", gcs.TextLayer, gcs.BadText, 0, nil},
		{"AcA, A_", gcs.BitsLayer, gcs.Truncated, 5, nil},
		{"AcA, AfdAAA", gcs.BitsLayer, gcs.TrailingData, 18, nil},
		{strings.Repeat("AcA, ", 20000), gcs.TextLayer, gcs.TooMany, 6 * cachedigest.MaxText, nil},
	} {
		h, err := cachedigest.ParseHeader(tt.header)
		name := tt.header[:min(50, len(tt.header))]
		if tt.header == "AcA, A_" { // unused bits come first
			tt.layer, tt.kind, tt.offset = gcs.TextLayer, gcs.NonCanonical, 8
		}
		testkit.CheckError(t, name, err, tt.layer, tt.kind, gcs.BitOffset(tt.offset))
		if err != nil {
			continue
		}
		var flags []cachedigest.Flags
		for _, e := range h {
			flags = append(flags, e.Flags)
		}
		if !slices.Equal(flags, tt.flags) || h.String() != tt.header {
			t.Errorf("%q: flags %v, written as %q", tt.header, flags, h)
		}
	}
}

// An error in a header of several digests says in which.
func TestHeaderErrorNamesDigest(t *testing.T) {
	h, err := cachedigest.ParseHeader("AfdA, AcA, AfdAAA")
	if want := "digest 3: bits: trailing-data at bit 18: "; err == nil || !strings.HasPrefix(err.Error(), want) || len(h) != 2 {
		t.Errorf("%v after %d digests, want %s...", err, len(h), want)
	}
}

// Where the lenient reader goes its own way: the corners of H2O's tokens.
func TestHeaderLenient(t *testing.T) {
	for _, tt := range []struct {
		fields []string
		want   string // what is kept, written canonically
	}{
		{[]string{"AfdA ; COMPLETE"}, "AfdA; complete"},
		{[]string{"AfdA;complete,AcA"}, "AfdA; complete, AcA"},
		{[]string{"AfdA; stale, AcA"}, "AcA"},
		{[]string{"AfdA; fresh"}, ""},
		{[]string{"AfdA; complete=yes"}, "AfdA; complete"},
		{[]string{"AfdA; complete=, AcA"}, "AfdA; complete, AcA"},
		{[]string{"AfdA; complete; , AcA"}, "AfdA; complete, AcA"},
		{[]string{"AfdA;; complete"}, ""}, // an empty flag is not known
		{[]string{"AfdA="}, ""},
		{[]string{"AfdA;"}, "AfdA"},
		{[]string{", AfdA"}, ""}, // the comma is taken for a value, and AfdA for its flag
		{[]string{"AcA,, AfdA, CdZQ4A"}, "AcA, CdZQ4A"},
		{[]string{"AfdA", "AcA; reset"}, "AcA; reset"},
		{[]string{"AfdA", "AcA; reset; stale"}, ""}, // a reset counts even so
		{[]string{"AfdA", "====; reset", "AcA"}, "AcA"},
		{[]string{strings.Repeat(" ", cachedigest.MaxText) + "AfdA", "AcA"}, "AcA"},
		{nil, ""},
	} {
		if got := cachedigest.ParseHeaderLenient(tt.fields...).String(); got != tt.want {
			t.Errorf("%q is kept as %q, want %q", tt.fields, got, tt.want)
		}
	}
}

func TestLookup(t *testing.T) {
	p := cachedigest.Params{Log2N: 1, Log2P: 30}
	digest := func(url, etag string, f cachedigest.Flags) cachedigest.Entity {
		return cachedigest.Entity{Digest: cachedigest.New(p, p.Key(url, etag)), Flags: f}
	}
	const a, b, tag = "https://example.com/a", "https://example.com/b", `"1"`
	for _, tt := range []struct {
		name    string
		h       cachedigest.Header
		a, b    cachedigest.State
		aTagged cachedigest.State
	}{
		{"nothing", nil, cachedigest.Unknown, cachedigest.Unknown, cachedigest.Unknown},
		{"a", cachedigest.Header{digest(a, "", 0)}, cachedigest.Fresh, cachedigest.Unknown, cachedigest.Unknown},
		{"a, complete", cachedigest.Header{digest(a, "", cachedigest.Complete)}, cachedigest.Fresh, cachedigest.NotCached, cachedigest.NotCached},
		{"a and its tag", cachedigest.Header{digest(a, tag, cachedigest.Validators)}, cachedigest.Unknown, cachedigest.Unknown, cachedigest.Fresh},
		{"a is stale", cachedigest.Header{digest(a, "", cachedigest.Stale)}, cachedigest.Outdated, cachedigest.Unknown, cachedigest.Unknown},
		{"a is stale and fresh", cachedigest.Header{digest(a, "", cachedigest.Stale), digest(a, "", 0)}, cachedigest.Fresh, cachedigest.Unknown, cachedigest.Unknown},
		{"reset between", cachedigest.Header{digest(a, "", 0), digest(b, "", cachedigest.Reset)}, cachedigest.Unknown, cachedigest.Fresh, cachedigest.Unknown},
		{"complete is the last one's", cachedigest.Header{digest(a, "", cachedigest.Complete), digest(a, "", 0)}, cachedigest.Fresh, cachedigest.Unknown, cachedigest.Unknown},
		{"a universe of one", cachedigest.Header{{Digest: cachedigest.New(cachedigest.Params{}, 0)}}, cachedigest.Unknown, cachedigest.Unknown, cachedigest.Unknown},
		{"the empty value", cachedigest.Header{{Flags: cachedigest.Reset}}, cachedigest.Unknown, cachedigest.Unknown, cachedigest.Unknown},
	} {
		if got := tt.h.Lookup(a); got != tt.a {
			t.Errorf("%s: a is %v, want %v", tt.name, got, tt.a)
		}
		if got := tt.h.Lookup(b); got != tt.b {
			t.Errorf("%s: b is %v, want %v", tt.name, got, tt.b)
		}
		if got := tt.h.LookupETag(a, tag); got != tt.aTagged {
			t.Errorf("%s: a with its tag is %v, want %v", tt.name, got, tt.aTagged)
		}
		if got := tt.h.LookupHash(hash.Digest(a, tag), true); got != tt.aTagged {
			t.Errorf("%s: the hash of a with its tag is %v, want %v", tt.name, got, tt.aTagged)
		}
	}
	if s := fmt.Sprint(cachedigest.Unknown, cachedigest.NotCached, cachedigest.Fresh, cachedigest.Outdated, cachedigest.State(9)); s != "unknown not cached fresh stale State(9)" {
		t.Error(s)
	}
}

// A header as long as a server takes allocates in proportion, whatever is in it.
func TestHostileHeaders(t *testing.T) {
	for _, h := range []string{strings.Repeat(",", 16<<10), strings.Repeat("AAAA,", 3200), strings.Repeat("_", 16<<10), "AA" + strings.Repeat("_", 16<<10), strings.Repeat(";", 16<<10), strings.Repeat("= ,", 5000)} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		cachedigest.ParseHeaderLenient(h)
		_, _ = cachedigest.ParseHeader(h)
		runtime.ReadMemStats(&after)
		n := after.TotalAlloc - before.TotalAlloc
		t.Logf("%.8q...: %d octets allocated", h, n)
		if n > 3<<20 {
			t.Errorf("%.8q...: %d octets allocated", h, n)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("AfdA")             // one URL
	f.Add("CdZQ4A")           // two
	f.Add("AcA")              // none
	f.Add("MDWYvLv-tN3_gA")   // P = 1
	f.Add("MDWYvLv+tN3/gA")   // the standard alphabet
	f.Add("AfdAAA")           // an octet of padding
	f.Add("___________wAAAA") // log2N = log2P = 31
	f.Fuzz(func(t *testing.T, text string) {
		d, err := cachedigest.Parse(text)
		if err == nil && d.String() != text {
			t.Errorf("%q is written as %q", text, d)
		}
		l, lerr := cachedigest.ParseLenient(text)
		if err == nil && text != "" && (lerr != nil || l.Params() != d.Params() || !slices.Equal(slices.Collect(l.All()), slices.Collect(d.All()))) {
			t.Errorf("%q: strictly %v, leniently %v %v", text, slices.Collect(d.All()), slices.Collect(l.All()), lerr)
		}
		if lerr != nil {
			return
		}
		if n := l.Len(); n > 0 && uint64(slices.Collect(l.All())[n-1]) >= l.Params().Universe() || !slices.IsSorted(slices.Collect(l.All())) {
			t.Errorf("%q: %+v %v", text, l.Params(), slices.Collect(l.All()))
		}
		if again, err := cachedigest.Parse(l.String()); err != nil || !slices.Equal(slices.Collect(again.All()), slices.Collect(l.All())) {
			t.Errorf("%q is written as %q, which is %v, %v", text, l, slices.Collect(again.All()), err)
		}
	})
}

func FuzzHeader(f *testing.F) {
	f.Add("AfdA; complete")
	f.Add("FOO; stale, AcA; validators; complete")
	f.Add("AfdA; complete=, AcA;;reset ,, CdZQ4A")
	f.Add(" ,;=\t")
	f.Fuzz(func(t *testing.T, value string) {
		h, err := cachedigest.ParseHeader(value)
		if err == nil && h.String() != value {
			t.Errorf("%q is written as %q", value, h)
		}
		l := cachedigest.ParseHeaderLenient(value)
		if again := cachedigest.ParseHeaderLenient(l.String()); again.String() != l.String() {
			t.Errorf("%q is kept as %q, and that as %q", value, l, again)
		}
	})
}

// A client at work: what it has cached, as a header.
func ExampleNew() {
	urls := []string{"https://example.com/style.css", "https://example.com/jquery.js"}
	p := cachedigest.Params{Log2N: cachedigest.Log2N(len(urls)), Log2P: 7} // false positives: 1 in 128
	var keys []cachedigest.Key
	for _, url := range urls {
		keys = append(keys, p.Key(url, ""))
	}
	h := cachedigest.Header{{Digest: cachedigest.New(p, keys...), Flags: cachedigest.Complete}}
	fmt.Println("Cache-Digest:", h)
	// Output: Cache-Digest: CdZQ4A; complete
}

// A server at work: what need not be sent.
func ExampleParseHeaderLenient() {
	h := cachedigest.ParseHeaderLenient("CdZQ4A; complete")
	for _, url := range []string{"https://example.com/style.css", "https://example.com/logo.svg"} {
		fmt.Println(url, h.Lookup(url))
	}
	// Output:
	// https://example.com/style.css fresh
	// https://example.com/logo.svg not cached
}

// A server that keeps each asset's hash does not hash once a request.
func ExampleHeader_LookupHash() {
	hashes := []uint64{hash.Digest("https://example.com/style.css", ""), hash.Digest("https://example.com/other.css", "")}
	h := cachedigest.ParseHeaderLenient("AfdA; complete")
	for _, n := range hashes {
		fmt.Println(h.LookupHash(n, false))
	}
	// Output:
	// fresh
	// not cached
}

func ExampleParse() {
	d, err := cachedigest.Parse("CdZQ4A")
	fmt.Println(d.Params(), slices.Collect(d.All()), err)
	_, err = cachedigest.Parse("CdZQ4AAA")
	fmt.Println(err)
	// Output:
	// {1 7} [178 186] <nil>
	// bits: trailing-data at bit 27: whole octets follow the last key
}

func ExampleParseHeader() {
	_, err := cachedigest.ParseHeader("AfdA; complete, AcA; newest")
	fmt.Println(err)
	// Output: text: bad-text at bit 90: "newest" is no flag
}

func BenchmarkParseHeaderLenient(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		cachedigest.ParseHeaderLenient("If1BFp6wDfpIfFjZcoY0; complete")
	}
}

func BenchmarkLookupHash(b *testing.B) {
	h := cachedigest.ParseHeaderLenient("If1BFp6wDfpIfFjZcoY0; complete")
	n := hash.Digest("https://example.com/a3.js", "")
	b.ReportAllocs()
	for b.Loop() {
		if h.LookupHash(n, false) != cachedigest.Fresh {
			b.Fatal("not found")
		}
	}
}
