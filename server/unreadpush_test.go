package server_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/cache-aware/casper/server"
)

// T11 and T18. A client that reads its pages and leaves the pushes unread gets every page, and no
// more than 32 pushes: one is under way until its stream is closed, not until its handler has
// returned. Once the client has read some, there are pushes again.
func TestR15PushesUnreadStopNoPage(t *testing.T) {
	for _, remembered := range []bool{true, false} {
		t.Run(fmt.Sprintf("context %v", remembered), func(t *testing.T) {
			listen := serve
			if !remembered {
				listen = serveForgetful
			}
			c := dial(t, listen(t, &server.Handler{Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, ".css") {
					w.Header().Set("Content-Type", "text/css")
					w.Header().Set("Cache-Control", "max-age=600")
					io.WriteString(w, "a{}\n")
					return
				}
				w.Header().Set("Content-Type", "text/html")
				for i := range 8 {
					w.Header().Add("Link", fmt.Sprintf("<%s-%d.css>; rel=preload; as=style", r.URL.Path, i))
				}
				io.WriteString(w, "<!doctype html>")
			})}), http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
			var unread []uint32 // pushes whose streams are open
			promises := 0
			// visit asks for a page, and reads until it has ended.
			visit := func() {
				t.Helper()
				id, err := c.request(fmt.Sprint("/", c.next))
				if err == nil {
					err = c.framer.WriteWindowUpdate(id, 1<<16)
				}
				if err != nil {
					t.Fatal(err)
				}
				c.SetReadDeadline(time.Now().Add(5 * time.Second))
				for {
					frame, err := c.framer.ReadFrame()
					if err != nil {
						t.Fatalf("after %d promises, page %d: %v", promises, id/2+1, err)
					}
					switch f := frame.(type) {
					case *http2.PushPromiseFrame:
						promises++
						unread = append(unread, f.PromiseID)
					case *http2.DataFrame:
						if f.StreamID == id && f.StreamEnded() {
							return
						}
					}
				}
			}
			for range 300 { // more than net/http answers at a time on a connection
				visit()
			}
			if promises != 32 {
				t.Errorf("%d promises, none of which was read; want 32", promises)
			}
			for _, id := range unread {
				if err := c.framer.WriteWindowUpdate(id, 1<<16); err != nil {
					t.Fatal(err)
				}
			}
			for before, tries := promises, 0; promises == before; tries++ {
				if tries == 200 {
					t.Fatal("all were read, and there are no more pushes")
				}
				visit()
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
}
