package log

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/cache-aware/casper/fuzz"
)

// pack is deterministic: no name and no time are in the header.
func pack(text string) string {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.NoCompression)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

var seeds = []fuzz.Seed{
	fuzz.Text("combined", `192.0.2.1 - - [23/Nov/2026:02:18:48 +0000] "GET /index.html HTTP/2.0" 200 612 "-" "curl/8.5.0" "h2o_casper=qF0; theme=dark"`+"\n", "a line of an access log with the cookie at its end"),
	fuzz.Text("json", `{"path":"/","cookie":"a=b; h2o_casper=qF0"}`+"\n", "a structured log"),
	fuzz.Text("quoted", `msg="got" h2o_casper="qF0" x-go-casper=\"JA\"`+"\n", "values in quotes, plain and escaped"),
	fuzz.Text("several", "h2o_casper=qF0 h2o_casper=gA casper=QA\n", "three on a line, one name the end of another"),
	fuzz.Text("other-names", "xh2o_casper=qF0 __Host-h2o_casper=qF0 h2o_casper2=qF0\n", "names that only look like it"),
	fuzz.Text("empty-value", "h2o_casper=\nh2o_casper=;\n", "values that are empty, one at the end of its line"),
	fuzz.Text("no-line-end", "h2o_casper=qF0", "the last line has no end"),
	fuzz.Text("windows", "a\r\nh2o_casper=qF0\r\n", "lines as Windows ends them"),
	fuzz.Text("end-to-end", strings.Repeat("h2o_casper=", 40), "names whose values are names"),
	fuzz.Text("noise", "\x00\xff=\x1f\x8b\x00h2o_casper=qF0\xff\x00", "binary noise around a cookie"),
	fuzz.Text("packed", pack("h2o_casper=qF0\n"), "a packed log"),
	fuzz.Text("packed-cut", pack(strings.Repeat("h2o_casper=qF0\n", 4))[:50], "a packed log that breaks off"),
	fuzz.Text("packed-magic", "\x1f\x8b\x08", "the beginning of a packed log, and no more"),
	fuzz.Text("packed-twice", pack(pack("h2o_casper=qF0\n")), "a packed log, packed: once is enough"),
	fuzz.Text("packed-two", pack("h2o_casper=q")+pack("F0\n"), "two members, with a value across them"),
}

func TestSeeds(t *testing.T) { fuzz.TrySeeds(t, Fuzz, seeds) }

func FuzzLog(f *testing.F) { fuzz.Run(f, Fuzz, seeds) }
