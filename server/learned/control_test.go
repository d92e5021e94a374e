package learned

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/link"
)

// informing is the writer of a browser that takes a 103.
type informing struct{ *httptest.ResponseRecorder }

func (informing) Informs() {}

// A view whose hints were withheld is judged like one that nothing was known for: it tells that a file
// is needed no more, which no view does that was sent it.
func TestControlViewsJudge(t *testing.T) {
	for control, want := range map[float64]int{0: 1, 1: 0} {
		synctest.Test(t, func(t *testing.T) {
			m := newModel(t, learn.Config{HoldOut: -1})
			// Of a page that uses one file, the other is known from before.
			m.Merge(evidence.Delta{Page: "/", Views: 12, Assets: []evidence.Vote{
				{Asset: link.Guess("/old.css", ""), Used: 12, Views: 12, Wanted: true},
			}})
			s := &Source{Model: m}
			h := &server.Handler{Sources: []server.Source{s}, Control: control, Policy: server.Policy{NoPush: true},
				Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/" {
						w.Header().Set("Content-Type", "text/html")
						io.WriteString(w, "<!doctype html>")
						return
					}
					w.Header().Set("Content-Type", "text/css")
					w.Header().Set("Cache-Control", "max-age=600")
				})}
			visit := func(from, path, dest, mode string) {
				r := httptest.NewRequest("GET", "https://example.com"+path, nil)
				r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/2.0", 2, 0
				r.RemoteAddr = from + ":1234"
				r.Header.Set("Sec-Fetch-Dest", dest)
				r.Header.Set("Sec-Fetch-Mode", mode)
				if path != "/" {
					r.Header.Set("Referer", "https://example.com/")
				}
				h.ServeHTTP(informing{httptest.NewRecorder()}, r)
			}
			for i := range 20 {
				from := fmt.Sprintf("10.0.%d.1", i)
				visit(from, "/", "document", "navigate")
				visit(from, "/new.css", "style", "no-cors")
				time.Sleep(10 * time.Second)
				m.Tick(time.Now())
			}
			got := 0
			for _, p := range m.Wanted("/") {
				if p.Asset.Path == "/old.css" {
					got++
				}
			}
			if got != want {
				t.Errorf("control %v: /old.css is wanted: %d, want %d", control, got, want)
			}
		})
	}
}
