package e2e

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2/hpack"

	"github.com/cache-aware/casper/server/h2client"
	"github.com/cache-aware/casper/server/internal/peer"
)

// An application that knows nothing of casper, behind casper serve --proxy: of eight visitors, all but
// the first are hinted what its HTML names. Where its answers are for one visitor each, two networks
// have to agree first.
func TestApplications(t *testing.T) {
	for _, app := range peer.Applications {
		t.Run(app.Name, func(t *testing.T) {
			s := serve(t, "--proxy", "http://"+app.Start(t), "--trust-proxy", "127.0.0.0/8")
			for visit := 1; visit <= 8; visit++ {
				c := peer.Dial(t, s.addr, h2client.Options{TLS: &tls.Config{InsecureSkipVerify: true}})
				network := 1
				if app.Private {
					network = visit
				}
				get := func(path string, fields ...string) *h2client.Exchange {
					r := h2client.Request{Path: path}
					for _, f := range append(fields, "sec-fetch-site: same-origin", "accept-encoding: gzip, deflate, br, zstd", fmt.Sprintf("x-forwarded-for: 10.%d.0.1", network)) {
						name, value, _ := strings.Cut(f, ": ")
						r.Header = append(r.Header, hpack.HeaderField{Name: name, Value: value})
					}
					x, err := c.Do(r)
					if err != nil || x.Status() != 200 {
						t.Fatalf("%s: %v, %+v", path, err, x)
					}
					return x
				}
				x := get("/", "sec-fetch-mode: navigate", "sec-fetch-dest: document", "accept: text/html")
				var hinted []string
				for _, early := range x.Early {
					for _, l := range early.Values("link") {
						target, _, _ := strings.Cut(strings.TrimPrefix(l, "<"), ">")
						hinted = append(hinted, target)
					}
				}
				knows := visit > 1 && !app.Private || visit > 2
				if want := []string{"/style.css", "/app.js"}; knows && !slices.Equal(hinted, want) || !knows && visit == 1 && hinted != nil {
					t.Errorf("visit %d was hinted %q", visit, hinted)
				}
				get("/style.css", "sec-fetch-mode: no-cors", "sec-fetch-dest: style", "referer: https://"+s.addr+"/")
				get("/app.js", "sec-fetch-mode: no-cors", "sec-fetch-dest: script", "referer: https://"+s.addr+"/")
				c.Close()
			}
		})
	}
}
