package har

import (
	"strings"
	"testing"

	"github.com/cache-aware/casper/fuzz"
)

var seeds = []fuzz.Seed{
	fuzz.Text("minimal", `{"log":{"entries":[]}}`, "the least that is a HAR file"),
	fuzz.Text("headers", `{"log":{"version":"1.2","entries":[{"request":{"url":"https://example.com/","headers":[{"name":"Cookie","value":"h2o_casper=qF0"}]}}]}}`, "a cookie in a header"),
	fuzz.Text("listed", `{"log":{"entries":[{"request":{"cookies":[{"name":"h2o_casper","value":"qF0"}]},"response":{"cookies":[{"name":"h2o_casper","value":"gA"}]}}]}}`, "cookies in both lists"),
	fuzz.Text("both", `{"log":{"entries":[{"request":{"headers":[{"name":"cookie","value":"h2o_casper=qF0"}],"cookies":[{"name":"h2o_casper","value":"qF0"}]}}]}}`, "the same cookie twice is one"),
	fuzz.Text("several-set-cookies", `{"log":{"entries":[{"response":{"headers":[{"name":"set-cookie","value":"a=b; Path=/\nh2o_casper=qF0; Secure"}]}}]}}`, "two headers in one value, as Chrome writes them"),
	fuzz.Text("failed-request", `{"log":{"entries":[{"request":{"url":"http://a/"},"response":null}]}}`, "a request without a response"),
	fuzz.Text("escapes", `{"log":{"entries":[{"request":{"headers":[{"name":"\u0043ookie","value":"h2o_casper=\u0071F0\/\n"}]}}]}}`, "names and values written with escapes"),
	fuzz.Text("half-surrogate", `{"log":{"entries":[{"request":{"url":"\ud800","cookies":[{"name":"h2o_casper","value":"\udc00"}]}}]}}`, "half of a pair"),
	fuzz.Text("byte-order-mark", "\ufeff"+`{"log":{"entries":[]}}`, "what some proxies put first"),
	fuzz.Text("broken-off", `{"log":{"entries":[{"request":{"cookies":[{"name":"h2o_casper","value":"qF0"}]}},{"requ`, "a file that was cut, after one good entry"),
	fuzz.Text("behind-the-end", `{"log":{"entries":[]}} {}`, "more than one document"),
	fuzz.Text("no-entries", `{"log":{}}`, "JSON, but no HAR file"),
	fuzz.Text("deep", strings.Repeat(`{"a":[`, 70), "nested deeper than any HAR file"),
	fuzz.Text("list", "/css/0.css\n/js/0.js\r\n", "a list of assets in the place of a HAR file"),
}

func TestSeeds(t *testing.T) { fuzz.TrySeeds(t, Fuzz, seeds) }

func FuzzHAR(f *testing.F) { fuzz.Run(f, Fuzz, seeds) }
