package jar

import (
	"testing"

	"github.com/cache-aware/casper/fuzz"
)

var seeds = []fuzz.Seed{
	fuzz.Text("curl", "# Netscape HTTP Cookie File\n# https://curl.se/docs/http-cookies.html\n\n#HttpOnly_example.com\tFALSE\t/\tTRUE\t1893456000\th2o_casper\tqF0\n", "a jar as curl writes it"),
	fuzz.Text("plain", "example.com\tTRUE\t/css\tFALSE\t0\th2o_casper\tAAAAAAAAAAAAAAAAAAAAqA\n", "a session cookie"),
	fuzz.Text("windows", "example.com\tTRUE\t/\tFALSE\t0\th2o_casper\tqF0\r\n", "lines as Windows ends them"),
	fuzz.Text("empty-value", "example.com\tTRUE\t/\tFALSE\t0\th2o_casper\n", "an empty value, with its tab left out"),
	fuzz.Text("spaces", "example.com TRUE / FALSE 0 h2o_casper qF0\n", "spaces where tabs belong"),
	fuzz.Text("too-few", "example.com\tTRUE\t/\n", "a line cut short"),
	fuzz.Text("too-many", "example.com\tTRUE\t/\tFALSE\t0\th2o_casper\tqF0\tmore\n", "a field too many"),
	fuzz.Text("flags", "example.com\tyes\t/\tno\t0\th2o_casper\tqF0\n", "flags that are none"),
	fuzz.Text("time", "example.com\tTRUE\t/\tFALSE\tsoon\th2o_casper\tqF0\n", "a time that is none"),
	fuzz.Text("nan", "example.com\tTRUE\t/\tFALSE\tNaN\th2o_casper\tqF0\n", "a number that is not a number"),
	fuzz.Text("mark-only", "#HttpOnly_\n#HttpOnly_#HttpOnly_e\tTRUE\t/\tTRUE\t0\ta\tb\n", "curl's mark without a cookie, and twice"),
	fuzz.Text("byte-order-mark", "\ufeffexample.com\tTRUE\t/\tFALSE\t0\th2o_casper\tqF0\n", "a mark before the first domain"),
	fuzz.Text("binary", "\x00\t\xff\t\x00\t\xff\t\x00\t\xff\t\x00\n", "octets that are no text"),
	fuzz.Text("good-after-bad", "x\n\nexample.com\tTRUE\t/\tFALSE\t0\th2o_casper\tqF0", "the last line is good, and has no end"),
}

func TestSeeds(t *testing.T) { fuzz.TrySeeds(t, Fuzz, seeds) }

func FuzzJar(f *testing.F) { fuzz.Run(f, Fuzz, seeds) }
