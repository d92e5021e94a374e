package cachedigest

import (
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs/cachedigest"
	"github.com/cache-aware/casper/vectors"
)

var seeds = []oracle.Seed{
	oracle.Text("one-url", "\x00AfdA", "the draft's style of example: one URL at log2P 7"),
	oracle.Text("no-url", "\x00AcA", "what cache-digest.js writes of no URL"),
	oracle.Text("empty", "\x00", "no text: strictly the empty value, nothing to H2O"),
	oracle.Text("half-a-header", "\x00AA", "one octet of the header"),
	oracle.Text("header-alone", "\x00AAA", "two octets: N and P are 1, and no key"),
	oracle.Text("universe-of-one", "\x00ACA", "N and P are 1, and the one key there is"),
	oracle.Text("second-of-one", "\x00ADA", "a second key in the universe of one"),
	oracle.Text("largest-universe", "\x01\xff\xc0\x20\x00\x00\x00\x00", "N and P are 2^31"),
	oracle.Text("out-of-range", "\x01\x01\xc0\x01\xff\xff\x00", "quotients beyond the universe"),
	oracle.Text("trailing-zero", "\x00AfdAAA", "an octet too many, which H2O ignores"),
	oracle.Text("padding", "\x00AfdB", "a bit of the text that makes no octet"),
	oracle.Text("cut-remainder", "\x01\x01\xf7", "the remainder is cut short"),
	oracle.Text("standard-alphabet", "\x00+/+/", "both readers' alphabets differ"),
	oracle.Text("unary", "\x01\xf8\x00\x00\x00\x00\xff\xff", "N is 2^31, P is 1: long quotients"),
	oracle.Text("header", "\x02AfdA; complete, CdZQ4A; validators", "the header of the specification"),
	oracle.Text("header-reset", "\x02AfdA, ; reset, AfdA; reset; complete; validators; stale", "an empty digest that resets, and all flags"),
	oracle.Text("header-order", "\x02AfdA; stale; reset", "flags in another order"),
	oracle.Text("header-case", "\x02AfdA; COMPLETE;Reset", "another case, and no space"),
	oracle.Text("header-kelvin", "\x02AfdA; re\u017fet", "a letter that folds to one of ASCII, of two octets"),
	oracle.Text("header-unknown", "\x02AfdA; fresh, AfdA", "a flag that there is not"),
	oracle.Text("header-empty-flag", "\x02AfdA;, AfdA", "a semicolon and no flag"),
	oracle.Text("header-empty", "\x02, AfdA", "an empty element, which swallows the next in H2O"),
	oracle.Text("header-values", "\x02AfdA; complete=1; reset=,AfdA;validators=x;y=,", "flags with values"),
	oracle.Text("header-commas", "\x02,,AfdA,,;complete, ,", "commas of their own"),
	oracle.Text("header-spaces", "\x02 \tAfdA \t;\tcomplete \t, AfdA ", "spaces and tabs"),
	oracle.Text("header-fields", "\x02AfdA; complete\nCdZQ4A; validators\n; reset\nAfdA", "several fields"),
	oracle.Text("header-bad-digest", "\x02AfdA, Af!A; complete", "a fault within a digest"),
	oracle.Text("header-long", "\x02"+strings.Repeat("AfdA, ", 2000)+"AfdA", "many digests"),
	oracle.Text("keys", "\x03\x05\x07\x00\x05\x00\x00\x01\x02\x85\x03", "keys side by side and far apart"),
	oracle.Text("all-keys", "\x03\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00", "every key of a small universe"),
	oracle.Text("header-of-one", "\x02ACA; complete", "a universe of one key, which matches nothing"),
	oracle.Text("no-such-log2n", "\x03\x20\x07\x00\x05", "log2N of 32"),
	oracle.Text("no-such-log2p", "\x04\x07\x20\x00", "log2P of 32"),
	oracle.Text("names", "\x04\x02\x07\x16https://example.com/style.css\nhttps://example.com/a\n\nhttps://example.com/a", "names, repeats and an empty one among them"),
	oracle.Text("names-most", "\x04\x02\x07\xc0\x33\xf3\x04\xb5\x00\x00\x00\x00name", "2^31.5 names, rounded down: the last number that rounds to 2^31"),
	oracle.Text("names-more", "\x04\x02\x07\x5fname", "2^31-1 names"),
	oracle.Text("names-beyond", "\x04\x02\x07\xa1name", "2^33 names, for which five bits have no logarithm"),
	oracle.Text("names-in-one", "\x04\x00\x00\x17https://example.com/style.css", "a universe of one key matches nothing"),
}

// published makes an input of a vector's text or header.
func published(v vectors.Vector, data []byte, value string) []byte {
	switch {
	case v.Input.Header != nil:
		return append([]byte{header}, value...)
	case data != nil:
		return append([]byte{octets}, data...)
	}
	return append([]byte{text}, value...)
}

func TestSeeds(t *testing.T) { oracle.TrySeeds(t, Fuzz, seeds) }

// A text of the greatest length is read, and no longer one.
func TestLimits(t *testing.T) {
	for _, n := range []int{cachedigest.MaxText, cachedigest.MaxText + 1} {
		Value("_9" + strings.Repeat("A", n-2))
		Header(strings.Repeat(" ", n-4) + "AfdA")
		Header(strings.Repeat(",", n-4) + "AfdA\n" + strings.Repeat(";", n-4) + "AfdA\nAfdA")
	}
}

func FuzzCacheDigest(f *testing.F) {
	oracle.Run(f, Fuzz, slices.Concat(seeds, oracle.FromVectors(f, published, "cache-digest")))
}
