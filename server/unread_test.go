package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/link"
)

// A page that comes compressed cannot be looked into: what an earlier answer named stays known.
func TestCompressedPageForgetsNothing(t *testing.T) {
	h := &server.Handler{
		Scan: func(head []byte, _ link.Base) []link.Asset { return []link.Asset{{Path: "/a.css", As: "style"}} },
		Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
				w.Header().Set("Content-Encoding", "gzip")
			}
			io.WriteString(w, "whatever")
		}),
	}
	unread := false
	h.Observe = func(x *server.Exchange) { unread = x.Unread }
	ask(h, "/", browser...)
	for range 2 {
		ask(h, "/", append(browser, "Accept-Encoding: gzip")...)
		if !unread {
			t.Error("nobody is told that it could not be read")
		}
	}
	for p := range h.Pages() {
		if len(p.Links) != 1 {
			t.Errorf("%s links %v", p.Path, p.Links)
		}
	}
}
