package learned_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learned"
)

// An application whose page asks for a style sheet by a script, so that its HTML does not name it.
// Six visitors later the model knows, and the seventh is told.
func Example() {
	app := http.NewServeMux()
	app.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><script>load("/site.css")</script>`)
	})
	app.HandleFunc("GET /site.css", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		w.Header().Set("Cache-Control", "max-age=600")
	})

	model, err := learn.New(learn.Config{})
	if err != nil {
		panic(err)
	}
	source := &learned.Source{Model: model}
	h := &server.Handler{Next: app, Sources: []server.Source{source}}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go source.Run(ctx, nil) // or the Run of a keep.Saver, to keep it

	visit := func(from, path, dest, mode string) http.Header {
		r := httptest.NewRequest("GET", "https://example.com"+path, nil)
		r.RemoteAddr = from
		r.Header.Set("Sec-Fetch-Dest", dest)
		r.Header.Set("Sec-Fetch-Mode", mode)
		if dest != "document" {
			r.Header.Set("Referer", "https://example.com/")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Header()
	}
	for i := range 6 {
		from := fmt.Sprintf("198.51.%d.1:4711", i)
		visit(from, "/", "document", "navigate")
		visit(from, "/site.css", "style", "no-cors")
	}
	model.Tick(time.Now().Add(time.Minute)) // a page view counts when its time is over

	for i := range 8 { // one visitor in twenty is held out, to measure by
		if links := visit(fmt.Sprintf("203.0.%d.1:4711", i), "/", "document", "navigate")["Link"]; len(links) > 0 {
			fmt.Println(links[0])
			break
		}
	}
	// Output: </site.css>; rel=preload; as=style; type="text/css"
}
