package metrics_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/metrics"
)

// The bits that are drawn are those of the value, of either generation, and known files have their names.
func TestCookieBits(t *testing.T) {
	for _, p := range []casper.Params{{}, {Generation: casper.H2O20}, {CapacityBits: 8}, {CapacityBits: 3}, {CapacityBits: 15}} {
		h, m := newPair(t)
		h.Params = p
		keys := []casper.Key{p.Key("/linked.css"), p.Key("/learned.js"), p.Key("/unknown.png")}
		for i := range 40 {
			keys = append(keys, p.Key(fmt.Sprintf("/%d.css", i)))
		}
		for n := 1; n <= len(keys); n += 7 {
			f := casper.New(p, keys[:n]...)
			value := f.String()
			w := ask(metrics.NewAdmin(h, m), "GET", "/cookie?value="+url.QueryEscape(casper.CookieName+"="+value))
			var d struct {
				Error, Pad string
				Keys       []struct {
					Key       casper.Key
					Run, Rest string
					Paths     []string
				}
			}
			if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil || d.Error != "" || len(d.Keys) != f.Len() {
				t.Fatalf("%+v: %v, %s", p, err, w.Body)
			}
			bits, named := "", ""
			for _, k := range d.Keys {
				bits += k.Run + k.Rest
				named += strings.Join(k.Paths, " ") + " "
				if !f.Has(k.Key) {
					t.Errorf("%+v: %d is no key", p, k.Key)
				}
			}
			bits += d.Pad
			var octets []byte
			for ; len(bits) >= 8; bits = bits[8:] {
				b, _ := strconv.ParseUint(bits[:8], 2, 8)
				octets = append(octets, byte(b))
			}
			if got := base64.RawURLEncoding.EncodeToString(octets); got != value || bits != "" {
				t.Errorf("%+v: the bits are %s, the value is %s", p, got, value)
			}
			if !strings.Contains(named, "/linked.css") || n > 1 && !strings.Contains(named, "/learned.js") {
				t.Errorf("%+v: %s", p, named)
			}
		}
	}
}

// The browser's own cookie is drawn where no value is given; what is none is said to be none.
func TestCookieOfBrowser(t *testing.T) {
	h := &server.Handler{Cookie: server.Cookie{Name: "held"}}
	a := metrics.NewAdmin(h, nil)
	value := casper.New(casper.Params{}, 1, 2, 3).String()
	for _, c := range []struct{ target, cookie, want string }{
		{"/cookie", "", `"keys":[]`},
		{"/cookie", "other=1; held=" + value, `"value":"` + value + `"`},
		{"/cookie?value=held=" + value, "", `"value":"` + value + `"`},
		{"/cookie?value=%21", "", `"error":"`},
		{"/cookie?value=" + strings.Repeat("A", 8000), "", `"error":"no browser sends as much"`},
	} {
		w := ask(a, "GET", c.target, "Cookie", c.cookie)
		if w.Code != 200 || !strings.Contains(w.Body.String(), c.want) || w.Body.Len() > 1000 {
			t.Errorf("%.40s with %q: %d %.300s", c.target, c.cookie, w.Code, w.Body)
		}
	}
}
