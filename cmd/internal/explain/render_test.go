package explain_test

import (
	"bytes"
	"encoding/xml"
	"flag"
	"io"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/cache-aware/casper/bitio"
	"github.com/cache-aware/casper/cmd/internal/explain"
	"github.com/cache-aware/casper/gcs"
)

var update = flag.Bool("update", false, "write the golden files anew")

// h2o is H2O's cookie. Universe and limits follow from the capacity.
func h2o(text string, capacityBits int) explain.Source {
	return explain.Source{
		Title: "h2o: the cookie of H2O 2.1 and later", Alphabet: explain.Base64URL, Text: text,
		Universe: 1 << capacityBits,
		Code:     gcs.Code{Rice: 6, Gap: 1},
		Limit:    gcs.Limit{Len: 1 << capacityBits, Max: 1<<capacityBits - 1},
		Key:      "a hash of an asset's path",
	}
}

var first = uint64(5)

// golden are the cases that were looked at, in a terminal and as pictures.
var golden = []struct {
	name   string
	source explain.Source
	most   int
}{
	{"two-keys", h2o("qF0", 8), 100},
	{"long-quotient", h2o("AAAAAAAAAAAAAAAAAAAAqA", 13), 100},
	{"many-keys", h2o("xWYNp4iY_l-FEq2o0zlbiWq1zQkxr2iFz4KtgA", 10), 100},
	{"skipped", h2o("xWYNp4iY_l-FEq2o0zlbiWq1zQkxr2iFz4KtgA", 10), 3},
	{"empty", h2o("", 13), 100},
	{"bad-character", h2o("qF!", 8), 100},
	{"out-of-range", h2o("AAAAAAAAAAAAAAAAAAAAqA", 8), 100},
	{"truncated", h2o("AQAAAQ", 13), 100},
	{"trailing-data", h2o("qF0AAA", 8), 100},
	{"nonzero-padding", h2o("gYE", 8), 100},
	{"spare-bits", func() explain.Source {
		s := h2o("qF1", 8)
		s.Err = &gcs.Error{Layer: gcs.TextLayer, Kind: gcs.NonCanonical, At: gcs.BitOffset(16)}
		return s
	}(), 100},
	{"ignored-tail", func() explain.Source {
		s := h2o("qF0AEA", 8)
		s.Limit.End = gcs.Open
		return s
	}(), 100},
	{"header", explain.Source{
		Title: "cache-digest", Alphabet: explain.Base64URL, Text: "CdZQ4A", Universe: 256,
		Header: []explain.Header{
			{Name: "log2N", Bits: 5, Value: 1, Note: "2 URLs"},
			{Name: "log2P", Bits: 5, Value: 7, Note: "1 in 128"},
		},
		Code: gcs.Code{Rice: 7, Gap: 1}, Limit: gcs.Limit{Len: 256, Max: 255},
	}, 100},
	{"ones-then-zero", explain.Source{
		Title: "bip158", Alphabet: explain.Hex, Text: "019dfca8", Universe: 784931,
		Header: []explain.Header{{Name: "N", Bits: 8, Value: 1}},
		Code:   gcs.Code{Rice: 19, Run: bitio.OnesZero, Pad: gcs.PadZero},
		Limit:  gcs.Limit{Len: 1, Max: 784930, End: gcs.Counted},
	}, 100},
	{"least-bit-first", explain.Source{
		Title: "rice-delta", Alphabet: explain.Hex, Text: "f702", First: &first, Universe: 1 << 32,
		Code:  gcs.Code{Rice: 2, Run: bitio.OnesZero, Order: bitio.LSBFirst, Pad: gcs.PadZero},
		Limit: gcs.Limit{Len: 2, Max: 1<<32 - 6, End: gcs.Counted},
	}, 100},
	{"wide", explain.Source{
		Title: "rice-delta-v5", Alphabet: explain.Hex, Text: "ea8dcda97300d297cb63717b1aed497400", Bits: 64, FirstWide: big.NewInt(0x1d32c5084a360e58),
		Code:  gcs.Code{Rice: 62, Run: bitio.OnesZero, Order: bitio.LSBFirst, Pad: gcs.PadZero},
		Limit: gcs.Limit{Len: 2, End: gcs.Counted},
	}, 100},
	{"wide-overflow", explain.Source{
		Title: "rice-delta-v5", Alphabet: explain.Hex, Text: "0700000000000000", Bits: 64, FirstWide: new(big.Int).SetUint64(math.MaxUint64),
		Code:  gcs.Code{Rice: 35, Run: bitio.OnesZero, Order: bitio.LSBFirst, Pad: gcs.PadZero},
		Limit: gcs.Limit{Len: 1, End: gcs.Counted},
	}, 100},
	{"unary", explain.Source{
		Title: "raw", Octets: []byte{0xa0, 0x55, 0x13},
		Code: gcs.Code{Gap: 1}, Limit: gcs.Limit{Len: 99, Max: 999},
	}, 100},
	{"repeats", explain.Source{
		Title: "go-casper", Alphabet: explain.Base64URL, Text: "yQA", Note: "The tail is ambiguous.",
		Code: gcs.Code{Rice: 6, Run: bitio.OnesZero, Pad: gcs.PadZero}, Limit: gcs.Limit{Len: 99, Max: 639, End: gcs.Open},
	}, 100},
	{"unknown-code", explain.Source{
		Title: "rice-delta", Alphabet: explain.Hex, Text: "f70g",
		Code: gcs.Code{}, Err: &gcs.Error{Layer: gcs.TextLayer, Kind: gcs.BadText, At: gcs.BitOffset(12)},
	}, 100},
}

func TestGolden(t *testing.T) {
	for _, test := range golden {
		t.Run(test.name, func(t *testing.T) {
			e := explain.Explain(test.source, test.most)
			compare(t, test.name+".txt", func(w io.Writer) error { return e.WriteText(w, false) })
			compare(t, test.name+".json", e.WriteJSON)
			if test.name == "two-keys" || test.name == "bad-character" {
				compare(t, test.name+".ansi", func(w io.Writer) error { return e.WriteText(w, true) })
				compare(t, test.name+".svg", e.WriteSVG)
				compare(t, test.name+".html", e.WriteHTML)
			}
		})
	}
}

func compare(t *testing.T, name string, write func(io.Writer) error) {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("%s differs; go test -update writes it anew, git diff shows how", file)
	}
}

// Colour adds nothing but colour.
func TestColorAddsNothing(t *testing.T) {
	escape := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, test := range golden {
		e := explain.Explain(test.source, test.most)
		var plain, colored strings.Builder
		e.WriteText(&plain, false)
		e.WriteText(&colored, true)
		if escape.ReplaceAllString(colored.String(), "") != plain.String() {
			t.Errorf("%s: with colour\n%s\nwithout\n%s", test.name, colored.String(), plain.String())
		}
		if strings.Contains(plain.String(), "\x1b") {
			t.Errorf("%s: an escape sequence without colour", test.name)
		}
	}
}

func TestPicturesStandForThemselves(t *testing.T) {
	for _, test := range golden {
		e := explain.Explain(test.source, test.most)
		var svg, page bytes.Buffer
		if err := e.WriteSVG(&svg); err != nil {
			t.Fatal(err)
		}
		if err := e.WriteHTML(&page); err != nil {
			t.Fatal(err)
		}
		checkPicture(t, test.name, svg.String(), page.String())
	}
}

// checkPicture checks that picture and page are well-formed, load nothing, run
// nothing, and can be read by ear.
func checkPicture(t *testing.T, name, svg, page string) {
	t.Helper()
	if err := wellFormed(svg, true); err != nil {
		t.Errorf("%s: the picture: %v", name, err)
	}
	if err := wellFormed(page, false); err != nil {
		t.Errorf("%s: the page: %v", name, err)
	}
	loads := regexp.MustCompile(`(?i)<script|<link|<img|<image|<iframe|\bhref=|\bsrc=|url\(|@import|\son[a-z]+=`)
	for _, doc := range []string{svg, page} {
		if found := loads.FindString(doc); found != "" {
			t.Errorf("%s: %q", name, found)
		}
	}
	for _, part := range []string{`role="img"`, `aria-labelledby="gcs-title gcs-desc"`, `<title id="gcs-title">`, `<desc id="gcs-desc">`, "prefers-color-scheme: dark"} {
		if !strings.Contains(svg, part) {
			t.Errorf("%s: the picture lacks %s", name, part)
		}
	}
	for _, part := range []string{"<!DOCTYPE html>\n<html lang=\"en\">", `<meta name="viewport"`, "default-src 'none'", "<h1>"} {
		if !strings.Contains(page, part) {
			t.Errorf("%s: the page lacks %s", name, part)
		}
	}
}

func wellFormed(doc string, strict bool) error {
	d := xml.NewDecoder(strings.NewReader(doc))
	if d.Strict = strict; !strict {
		d.AutoClose, d.Entity = xml.HTMLAutoClose, xml.HTMLEntity
	}
	for {
		if _, err := d.Token(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// Whatever the stream holds, so much text and picture and no more comes out.
func TestBounded(t *testing.T) {
	dense := strings.Repeat("_", 1<<20)  // six million codes of no remainder
	sparse := strings.Repeat("A", 1<<20) // one quotient
	for _, text := range []string{dense, sparse} {
		s := h2o(text, 13)
		s.Code.Rice = 0
		s.Limit = gcs.Limit{Len: 1 << 30, Max: gcs.Largest, End: gcs.Open}
		e := explain.Explain(s, 100)
		for name, write := range map[string]func(io.Writer) error{
			"text": func(w io.Writer) error { return e.WriteText(w, true) },
			"json": e.WriteJSON, "svg": e.WriteSVG, "html": e.WriteHTML,
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			if b.Len() > 128<<10 {
				t.Errorf("%s of a megabyte of %c: %d bytes", name, text[0], b.Len())
			}
		}
	}
}

// A text is shown, not obeyed, wherever it comes from.
func TestHostileText(t *testing.T) {
	s := h2o("<script>alert(1)</script>\x1b[2J\u202e\xff&\"'", 13)
	s.Title = "<b>\x1b]0;title\x07"
	s.Key, s.Note = "<i>\x00", "<u>\r"
	s.Header = []explain.Header{{Name: "<header>", Bits: 3, Note: "<note>"}}
	e := explain.Explain(s, 10)
	var text, svg, page bytes.Buffer
	e.WriteText(&text, false)
	e.WriteSVG(&svg)
	e.WriteHTML(&page)
	checkPicture(t, "hostile", svg.String(), page.String())
	for _, doc := range []string{text.String(), svg.String(), page.String()} {
		for i, r := range doc {
			if r != '\n' && !unicode.IsPrint(r) || !utf8.ValidString(doc) {
				t.Fatalf("%q at offset %d", r, i)
			}
		}
	}
}

// failing fails at the nth octet.
type failing struct{ left int }

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestWriteErrors(t *testing.T) {
	e := explain.Explain(h2o("qF0", 8), 10)
	for _, write := range []func(io.Writer) error{
		func(w io.Writer) error { return e.WriteText(w, false) }, e.WriteJSON, e.WriteSVG, e.WriteHTML,
	} {
		if err := write(&failing{}); err != io.ErrShortWrite {
			t.Errorf("error %v", err)
		}
	}
}
