package ricedelta_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/internal/testkit"
	"github.com/cache-aware/casper/gcs/ricedelta"
)

// The values that Google's documentation and Chromium's tests publish.
func TestPublishedV5(t *testing.T) {
	var published struct {
		Lists []struct {
			ID            string
			Bits          int
			Rice          uint8
			First, Data   string
			Count         uint32
			Values, Names []string
		}
	}
	testkit.Published(t, "testdata/rice-delta-v5.json", &published)
	if len(published.Lists) != 7 {
		t.Fatalf("%d lists", len(published.Lists))
	}
	for _, p := range published.Lists {
		l := ricedelta.ListV5{Bits: p.Bits, First: ricedelta.NumberOf(unhex(t, p.First)), Rice: p.Rice, Count: p.Count, Data: unhex(t, p.Data)}
		want := p.Values
		for i, name := range p.Names {
			if i == 0 {
				want = append(want, p.First)
				continue
			}
			want = append(want, hex.EncodeToString(ricedelta.HashOf(name, p.Bits).Append(nil, p.Bits/8)))
		}
		values, err := collectV5(l)
		var got []string
		for _, v := range values {
			got = append(got, hex.EncodeToString(v.Append(nil, p.Bits/8)))
			if found, err := l.Has(v); !found || err != nil {
				t.Errorf("%s: Has(%v) = %t, %v", p.ID, v, found, err)
			}
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", p.ID, got, err, want)
		}
		again, err := ricedelta.FromNumbers(p.Bits, p.Rice, values)
		if err != nil || again.First != l.First || again.Count != l.Count || hex.EncodeToString(again.Data) != p.Data {
			t.Errorf("%s: %+v, %v", p.ID, again, err)
		}
	}
}

func collectV5(l ricedelta.ListV5) (values []ricedelta.Number, err error) {
	for v, err := range l.All() {
		if err != nil {
			return values, err
		}
		values = append(values, v)
	}
	return values, nil
}

// Random lists of every width come back, with every parameter that they can have.
func TestV5RoundTrips(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, bits := range []int{32, 64, 128, 256} {
		for rice := ricedelta.MinRiceV5(bits); rice <= ricedelta.MaxRiceV5(bits); rice++ {
			var values []ricedelta.Number
			for range r.IntN(40) + 1 {
				octets := make([]byte, bits/8)
				for i := range octets {
					octets[i] = byte(r.Uint32())
				}
				if rice < ricedelta.MinRiceV5(bits)+8 { // keep quotients short
					clear(octets[:2])
				}
				values = append(values, ricedelta.NumberOf(octets))
				if r.IntN(8) == 0 {
					values = append(values, values[len(values)-1]) // a difference of 0
				}
			}
			slices.SortFunc(values, ricedelta.Number.Compare)
			l, err := ricedelta.FromNumbers(bits, rice, values)
			if err != nil {
				t.Fatal(err)
			}
			got, err := collectV5(l)
			if err != nil || !slices.Equal(got, values) {
				t.Fatalf("%d bits, parameter %d: %v, %v, want %v", bits, rice, got, err, values)
			}
			best := ricedelta.BestRiceV5(bits, len(values), values[0], values[len(values)-1])
			if b, err := ricedelta.FromNumbers(bits, best, values); err != nil || len(b.Data) > len(l.Data)+len(l.Data)/8+4 {
				t.Errorf("%d bits: the best parameter, %d, takes %d octets, %d takes %d, %v", bits, best, len(b.Data), rice, len(l.Data), err)
			}
		}
	}
}

// What is refused, and where.
func TestV5Faults(t *testing.T) {
	of := func(bits int, first, data string, rice uint8, count uint32) error {
		_, err := collectV5(ricedelta.ListV5{Bits: bits, First: ricedelta.NumberOf(unhex(t, first)), Rice: rice, Count: count, Data: unhex(t, data)})
		return err
	}
	made := func(bits int, rice uint8, hexes ...string) error {
		var values []ricedelta.Number
		for _, h := range hexes {
			values = append(values, ricedelta.NumberOf(unhex(t, h)))
		}
		_, err := ricedelta.FromNumbers(bits, rice, values)
		return err
	}
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"16 bits":                       {of(16, "", "", 3, 0), "set: bad-parameter at bit 0"},
		"parameter 2":                   {of(32, "", "02", 2, 1), "set: bad-parameter at bit 0"},
		"parameter 31":                  {of(32, "", "0200000000", 31, 1), "set: bad-parameter at bit 0"},
		"parameter 63":                  {of(64, "", "", 63, 1), "set: bad-parameter at bit 0"},
		"parameter 0":                   {of(64, "", "", 0, 1), "set: bad-parameter at bit 0"},
		"parameter 0 of a single value": {of(64, "05", "", 0, 0), ""},
		"a first value of 33 bits":      {of(32, "0100000000", "", 3, 0), "set: bad-parameter at bit 0"},
		"no octets":                     {of(128, "", "", 99, 1), "bits: truncated at bit 0"},
		"half a remainder":              {of(64, "", "00000000", 35, 1), "bits: truncated at bit 0"},
		"ones":                          {of(64, "", "ffffffff", 35, 1), "bits: truncated at bit 0"},
		"an octet too many":             {of(64, "", "0000000000"+"00", 35, 1), "bits: trailing-data at bit 36"},
		"a pad bit":                     {of(64, "", "0000000080", 35, 1), "bits: nonzero-padding at bit 39"},
		"above 64 bits":                 {of(64, "ffffffffffffffff", "0200000000", 35, 1), "set: out-of-range at bit 0"},
		"a quotient above 32 bits":      {of(32, "", "0f00000000", 30, 1), "set: out-of-range at bit 0"},
		"above 256 bits":                {of(256, strings.Repeat("ff", 32), "02"+strings.Repeat("00", 28), 227, 1), "set: out-of-range at bit 0"},
		"the second above 32 bits":      {of(32, "fffffffe", "2200", 3, 2), "set: out-of-range at bit 4"},
		"no value":                      {made(64, 35), "set: bad-parameter at bit 0"},
		"unsorted":                      {made(64, 35, "05", "04"), "set: unsorted at index 1"},
		"wide":                          {made(32, 3, "05", "0100000000"), "set: out-of-range at index 1"},
		"far apart":                     {made(32, 3, "00", "ffffffff"), "set: limit at index 1"},
		"far apart in 256 bits":         {made(256, 227, "00", strings.Repeat("ff", 32)), "set: limit at index 1"},
		"a parameter of v4":             {made(32, 2, "05", "04"), "set: bad-parameter at bit 0"},
		"no parameter":                  {made(32, 0, "05", "04"), "set: bad-parameter at bit 0"},
	} {
		var e *gcs.Error
		switch {
		case tt.want == "" && tt.err != nil:
			t.Errorf("%s: %v", name, tt.err)
		case tt.want == "":
		case !errors.As(tt.err, &e) || !strings.HasPrefix(e.Error(), tt.want+":"):
			t.Errorf("%s: %v, want %s", name, tt.err, tt.want)
		}
	}
	if err := (func() error { _, err := ricedelta.FromValues(30, []uint32{1, 2}); return err })(); !strings.Contains(fmt.Sprint(err), "v5") {
		t.Errorf("a parameter of v5 in a list of v4: %v", err)
	}
}

// Numbers are what math/big says.
func TestNumbers(t *testing.T) {
	for _, h := range []string{"", "01", "ff", "0100000000000000", "ffffffffffffffff", "010000000000000000", strings.Repeat("ab", 32)} {
		octets := unhex(t, h)
		n, b := ricedelta.NumberOf(octets), new(big.Int).SetBytes(octets)
		if n.String() != b.String() {
			t.Errorf("%s is %s, want %s", h, n, b)
		}
		if got := n.Append(nil, 32); ricedelta.NumberOf(got) != n || new(big.Int).SetBytes(got).Cmp(b) != 0 {
			t.Errorf("%s is appended as %x", h, got)
		}
	}
	if a := ricedelta.HashOf("a.example.com/", 32); a.String() != fmt.Sprint(0x291bc542) {
		t.Errorf("a.example.com/ is %s", a)
	}
}

// A count from outside costs nothing.
func TestV5CountCostsNothing(t *testing.T) {
	for _, bits := range []int{32, 64, 256} {
		l := ricedelta.ListV5{Bits: bits, Rice: ricedelta.MinRiceV5(bits), Count: 1<<31 - 1, Data: make([]byte, 64)}
		if n := testing.AllocsPerRun(10, func() { collectLast(l) }); n > 8 {
			t.Errorf("%d bits: %v allocations", bits, n)
		}
	}
}

func collectLast(l ricedelta.ListV5) (last ricedelta.Number) {
	for v := range l.All() {
		last = v
	}
	return last
}
