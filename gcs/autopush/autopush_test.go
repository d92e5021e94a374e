package autopush_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/autopush"
	"github.com/cache-aware/casper/gcs/internal/testkit"
)

type captures struct {
	Vectors []struct {
		Paths         []string
		M             int
		Cookie        string
		HeaderValue   string  `json:"cookie_header_value"`
		FalsePositive float64 `json:"false_positive_rate_10000_other_paths"`
	}
	Live []struct {
		Step        string
		HeaderValue string `json:"cookie_header_value"`
	} `json:"live_server_sequence"`
}

func load(t testing.TB) (c captures) {
	t.Helper()
	testkit.Published(t, "testdata/h2-auto-push.json", &c)
	if len(c.Vectors) != 3 || len(c.Live) != 10 {
		t.Fatalf("%d and %d cases", len(c.Vectors), len(c.Live))
	}
	return c
}

// Cookies of the original, from lists of paths.
func TestCapturedCookies(t *testing.T) {
	for _, c := range load(t).Vectors {
		for _, value := range []string{c.Cookie, c.HeaderValue} {
			f, err := autopush.Parse(value)
			if err != nil || f.Bits() != c.M {
				t.Fatalf("%v: %d bits, %v", c.Paths, f.Bits(), err)
			}
			for _, path := range c.Paths {
				if !f.Has(path) {
					t.Errorf("%v: %q is not there", c.Paths, path)
				}
			}
			// With so few paths strangers are found once in thousands.
			strangers := 0
			for i := range 2000 {
				if f.Has(fmt.Sprintf("/stranger/%d.js", i)) {
					strangers++
				}
			}
			if strangers > 4 {
				t.Errorf("%v: %d of 2000 strangers are there", c.Paths, strangers)
			}
		}
	}
}

// What a server with the original had recorded step by step. A page, its style sheet and its
// script were asked for in this order.
func TestCapturedSequence(t *testing.T) {
	c := load(t).Live
	for i, tt := range []struct {
		step                string
		page, style, script bool
	}{
		{"visit1 /index.html", true, false, false},
		{"visit1 /a.css", true, true, false},
		{"visit1 /b.js", true, true, true},
		{"visit2", true, true, true},
		{"visit3", true, true, true},
		{"tampered all-ones", true, true, true},
		{"3-byte cookie", false, false, false},
		{"page2", false, false, false},
		{"page3", false, false, true},
		{"index.html after", true, true, true},
	} {
		if !strings.HasPrefix(c[i].Step, tt.step) {
			t.Fatalf("step %d is %q", i, c[i].Step)
		}
		f, err := autopush.Parse(c[i].HeaderValue)
		if err != nil {
			t.Fatalf("%s: %v", tt.step, err)
		}
		if page, style, script := f.Has("/index.html"), f.Has("/a.css"), f.Has("/b.js"); page != tt.page || style != tt.style || script != tt.script {
			t.Errorf("%s: %t %t %t, want %t %t %t", tt.step, page, style, script, tt.page, tt.style, tt.script)
		}
	}
}

func TestBadValues(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		layer       gcs.Layer
		kind        gcs.Kind
		offset      int
	}{
		{"empty", "", 0, 0, 0},
		{"one word", "AAAAAA==", 0, 0, 0},
		{"one word, percent-encoded", "AAAAAA%3D%3d", 0, 0, 0},
		{"three octets", "AAAA", gcs.BitsLayer, gcs.Truncated, 0},
		{"five octets", "AAAAAAA=", gcs.BitsLayer, gcs.Truncated, 32},
		{"no padding", "AAAAAA", gcs.TextLayer, gcs.BadText, 24},
		{"the URL alphabet", "-_AAAA==", gcs.TextLayer, gcs.BadText, 0},
		{"bits in the padding", "AAAAAB==", gcs.TextLayer, gcs.BadText, 36},
		{"a line break", "AAAA\nAA==", gcs.TextLayer, gcs.BadText, 24},
		{"a space", "AAAA AA==", gcs.TextLayer, gcs.BadText, 24},
		{"an unfinished percent", "AAAAAA%3D%3", gcs.TextLayer, gcs.BadText, 54},
		{"a wrong percent", "AAAA%zzAA==", gcs.TextLayer, gcs.BadText, 24},
		{"too long", strings.Repeat("A", autopush.MaxText+4), gcs.TextLayer, gcs.TooMany, 6 * autopush.MaxText},
	} {
		_, err := autopush.Parse(tt.value)
		var e *gcs.Error
		switch {
		case tt.kind == 0 && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.kind == 0:
		case !errors.As(err, &e) || e.Layer != tt.layer || e.Kind != tt.kind || e.At != gcs.BitOffset(tt.offset):
			t.Errorf("%s: %v, want %v: %v at %d", tt.name, err, tt.layer, tt.kind, tt.offset)
		case strings.Contains(err.Error(), "\n"):
			t.Errorf("%s: more than one line: %q", tt.name, err)
		}
	}
}

// Every size of filter, with every bit set but one: paths on that bit are not there.
func TestEveryBitCounts(t *testing.T) {
	for _, words := range []int{1, 2, 30} {
		octets := make([]byte, 4*words)
		missed := make(map[int]bool)
		for bit := range 32 * words {
			for i := range octets {
				octets[i] = 0xff
			}
			octets[bit/8] &^= 1 << (bit % 8)
			f, err := autopush.Parse(base64.StdEncoding.EncodeToString(octets))
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < 4000 && !missed[bit]; i++ {
				missed[bit] = !f.Has(fmt.Sprint("/", i))
			}
		}
		for bit := range 32 * words {
			if !missed[bit] {
				t.Errorf("%d words: bit %d is not looked at", words, bit)
			}
		}
	}
}

func TestFalsePositive(t *testing.T) {
	var zero autopush.Filter
	if zero.FalsePositive() != 0 || zero.Has("/") || zero.Bits() != 0 {
		t.Error("the zero Filter holds something")
	}
	half, _ := autopush.Parse(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x0f", 120))))
	if got, want := half.FalsePositive(), math.Pow(0.5, 7); math.Abs(got-want) > 1e-12 {
		t.Errorf("%v, want %v", got, want)
	}
	full, _ := autopush.Parse(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\xff", 120))))
	if full.FalsePositive() != 1 || !full.Has("/anything") {
		t.Error("a full filter lacks something")
	}
}

// Junk of ten megabytes is refused by its length.
func TestHostileValues(t *testing.T) {
	junk := strings.Repeat("/", 10<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := autopush.Parse(junk)
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, gcs.TooMany) || n > 64<<10 {
		t.Errorf("%v, %d octets allocated", err, n)
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range load(f).Vectors {
		f.Add(c.HeaderValue, c.Paths[0])
	}
	f.Add("%2F%2F%2F%2F%2Fw%3D%3D", "/")
	f.Add("AAAA\r\nAA==", "")
	f.Fuzz(func(t *testing.T, value, path string) {
		filter, err := autopush.Parse(value)
		if err != nil {
			if !testkit.Inside(err, 8*len(value)) {
				t.Errorf("%q: %v", value, err)
			}
			return
		}
		if p := filter.FalsePositive(); p < 0 || p > 1 || filter.Has(path) && p == 0 {
			t.Errorf("%q: false-positive rate %v", value, p)
		}
	})
}

func ExampleParse() {
	f, err := autopush.Parse("AAAAAAAAAAAAAAAQAAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAAEAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	fmt.Println(f.Bits(), f.Has("/"), f.Has("/logo.svg"), err)
	// Output: 960 true false <nil>
}

func BenchmarkHas(b *testing.B) {
	f, err := autopush.Parse("AAAAAAAAAAAAAAAQAAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAAEAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		f.Has("/")
	}
}
