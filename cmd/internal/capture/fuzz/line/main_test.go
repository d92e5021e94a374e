package line

import (
	"strings"
	"testing"

	"github.com/cache-aware/casper/fuzz"
)

var seeds = []fuzz.Seed{
	fuzz.Text("bare", "qF0", "a value and nothing else"),
	fuzz.Text("bare-padded", "qF0=", "padding is no pair"),
	fuzz.Text("pair", "h2o_casper=qF0", "a name and a value"),
	fuzz.Text("empty-pair", "h2o_casper=", "the empty fingerprint"),
	fuzz.Text("cookie", "Cookie: session=1; h2o_casper=qF0; theme=dark", "the cookie among others"),
	fuzz.Text("twice", "Cookie: h2o_casper=qF0; h2o_casper=gA", "two fingerprints, as after a change of path"),
	fuzz.Text("set-cookie", "set-cookie: h2o_casper=AAAAAAAAAAAAAAAAAAAAqA; Path=/; Expires=Tue, 01 Jan 2030 00:00:00 GMT; Secure\r\n", "what H2O 2.2.5 sends, with the line end"),
	fuzz.Text("quoted", "Cookie: h2o_casper=\"qF0\"", "quotes that are not the value's"),
	fuzz.Text("quoted-semicolon", "Cookie: h2o_casper=\"q;F0\"", "a semicolon ends a value in quotes too"),
	fuzz.Text("spaces", "  Cookie :  h2o_casper = qF0 ;", "space where none belongs"),
	fuzz.Text("crumbs", "cookie: a=b\ncookie: h2o_casper=qF0\n", "HTTP/2 crumbs, a line each"),
	fuzz.Text("other-header", "Authorization: Basic cUYw", "a header that is none of ours"),
	fuzz.Text("no-pairs", "Cookie: ;;;", "a header without a cookie"),
	fuzz.Text("structure", strings.Repeat("=;", 40), "nothing but structure"),
	fuzz.Text("over-long", "h2o_casper="+strings.Repeat("A", 80)+"\nqF0\n", "a line above the limit, and one after it"),
	fuzz.Text("binary", "Cookie: h2o_casper=\x00\xff\xfe;\x80=\x00", "octets that no header has"),
}

func TestSeeds(t *testing.T) { fuzz.TrySeeds(t, Fuzz, seeds) }

func FuzzLine(f *testing.F) { fuzz.Run(f, Fuzz, seeds) }
