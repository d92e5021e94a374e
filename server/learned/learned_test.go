package learned

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/link"
)

func newModel(t *testing.T, c learn.Config) *learn.Model {
	t.Helper()
	m, err := learn.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// An application that links nothing in its headers, and sends its page slowly: the head first,
// the rest after the browser has asked for the files.
func plainApplication(browser func(path string)) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<!doctype html>")
		http.NewResponseController(w).Flush()
		time.Sleep(time.Second)
		browser("/app.css")
		browser("/app.js")
		time.Sleep(time.Second)
		io.WriteString(w, "<p>the end")
	})
	for _, asset := range []struct{ path, kind string }{{"/app.css", "text/css"}, {"/app.js", "text/javascript"}} {
		mux.HandleFunc(asset.path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", asset.kind)
			w.Header().Set("Cache-Control", "max-age=600")
			w.Header().Set("Etag", `"1"`)
		})
	}
	return mux
}

func browse(h http.Handler, from, path, dest string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "https://example.com"+path, nil)
	r.RemoteAddr = from + ":1234"
	mode := "no-cors"
	if dest == "document" {
		mode = "navigate"
	} else {
		r.Header.Set("Referer", "https://example.com/")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	r.Header.Set("Sec-Fetch-Dest", dest)
	r.Header.Set("Sec-Fetch-Mode", mode)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// An application without any Link header is learned from a few visitors, even if its pages
// are still under way when their files are asked for. In the shadow nobody is helped.
func TestLearns(t *testing.T) {
	for _, shadow := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var h http.Handler
			var from string
			app := plainApplication(func(path string) {
				dest := "script"
				if strings.HasSuffix(path, ".css") {
					dest = "style"
				}
				browse(h, from, path, dest)
			})
			s := &Source{Model: newModel(t, learn.Config{}), Shadow: shadow}
			observed := 0
			h = &server.Handler{Next: app, Sources: []server.Source{s}, Observe: func(*server.Exchange) { observed++ }}
			ctx, cancel := context.WithCancel(t.Context())
			kept, done := false, make(chan error)
			go func() {
				done <- s.Run(ctx, func(ctx context.Context) error {
					<-ctx.Done()
					kept = true
					return errors.New("disk full")
				})
			}()
			for i := range 6 {
				from = fmt.Sprintf("10.0.%d.1", i)
				browse(h, from, "/", "document")
				time.Sleep(20 * time.Second)
			}
			var paths []string
			for _, p := range s.Model.Wanted("/") {
				paths = append(paths, p.Asset.Path)
			}
			if !slices.Equal(paths, []string{"/app.css", "/app.js"}) {
				t.Errorf("%q was learned", paths)
			}
			if observed != 6*3 {
				t.Errorf("the handler's own observer was told of %d exchanges", observed)
			}
			// Some visitors are held out to measure by; not all of them.
			helped := 0
			for i := range 40 {
				from = fmt.Sprintf("10.1.%d.1", i)
				if len(browse(h, from, "/", "document").Header()["Link"]) == 2 {
					helped++
				}
			}
			if shadow && helped != 0 || !shadow && helped < 20 {
				t.Errorf("shadow %t: %d of 40 visitors were helped", shadow, helped)
			}
			cancel()
			if err := <-done; err == nil || err.Error() != "disk full" || !kept {
				t.Errorf("Run returned %v", err)
			}
		})
	}
}

// What visitors were just seen to ask for is counted before it is kept at the end.
func TestLastViewsCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h http.Handler
		app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, ".css") {
				w.Header().Set("Content-Type", "text/css")
				w.Header().Set("Cache-Control", "max-age=600")
				return
			}
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<!doctype html>")
			http.NewResponseController(w).Flush()
			time.Sleep(time.Second)
			from, _, _ := strings.Cut(r.RemoteAddr, ":")
			browse(h, from, "/app.css", "style")
		})
		s := &Source{Model: newModel(t, learn.Config{})}
		h = &server.Handler{Next: app, Sources: []server.Source{s}}
		ctx, cancel := context.WithCancel(t.Context())
		views, done := 0, make(chan error)
		go func() {
			done <- s.Run(ctx, func(ctx context.Context) error {
				<-ctx.Done()
				for page := range s.Model.All() {
					views += int(page.Views)
				}
				return nil
			})
		}()
		var visitors sync.WaitGroup
		for i := range 15 {
			visitors.Go(func() { browse(h, fmt.Sprintf("10.0.%d.1", i), "/", "document") })
			synctest.Wait()
		}
		visitors.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if views != 15 {
			t.Errorf("%d of 15 views were kept", views)
		}
	})
}

// Who asks is told apart by the address that a trusted proxy names.
func TestProxies(t *testing.T) {
	s := &Source{Model: newModel(t, learn.Config{})}
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "10.0.0.1:1"
	r.Header.Set("X-Forwarded-For", "192.0.2.1")
	connection := s.client(r)
	s.Reader.Proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	if s.client(r) == connection {
		t.Error("the proxy's word does not count")
	}
}

// What the model says of a page reaches the handler: as named where the page's own answers
// link it, so that the application says itself whether it may be pushed, and else as inferred.
func TestWanted(t *testing.T) {
	m := newModel(t, learn.Config{HoldOut: -1})
	m.Declare("/", []link.Asset{{Path: "/a.woff2", As: "font", CrossOrigin: link.Anonymous}})
	m.Merge(evidence.Delta{Page: "/", Views: 20, Assets: []evidence.Vote{{Asset: link.Asset{Path: "/b.woff2", As: "font", CrossOrigin: link.Anonymous}, Used: 20, Views: 20, Wanted: true}}})
	for _, shadow := range []bool{false, true} {
		var plan []server.Verdict
		h := &server.Handler{
			Sources: []server.Source{&Source{Model: m, Shadow: shadow}},
			Next:    http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<!doctype html>") }),
			Observe: func(x *server.Exchange) { plan = x.Plan },
		}
		browse(h, "10.0.0.1", "/", "document")
		got := map[string]bool{}
		for _, v := range plan {
			got[v.Asset.Path] = v.Asset.NoPush
		}
		want := map[string]bool{"/a.woff2": false, "/b.woff2": true}
		if shadow {
			want = map[string]bool{}
		}
		if !maps.Equal(got, want) {
			t.Errorf("shadow %t: wanted, and not to be pushed: %v, want %v", shadow, got, want)
		}
	}
}

// A handler that panics leaves no page open behind.
func TestPanicLeavesNothingOpen(t *testing.T) {
	s := &Source{Model: newModel(t, learn.Config{})}
	h := &server.Handler{Sources: []server.Source{s}, Next: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })}
	func() {
		defer func() { recover() }()
		browse(h, "10.0.0.1", "/", "document")
	}()
	if len(s.open.by) != 0 {
		t.Errorf("%d pages are open", len(s.open.by))
	}
}

// The model must be told of pushes: no request will come for what was pushed.
func TestSent(t *testing.T) {
	style, script := link.Guess("/a.css", ""), link.Guess("/b.js", "")
	verdict := func(a link.Asset, m server.Means) server.Verdict {
		return server.Verdict{Asset: server.Prepare(a, casper.Params{}), Means: m}
	}
	for name, c := range map[string]struct {
		plan   []server.Verdict
		chosen []learn.Prediction
		assets []link.Asset
		byPush bool
	}{
		"nothing":                    {},
		"held":                       {plan: []server.Verdict{verdict(style, server.ByNothing)}},
		"hinted":                     {plan: []server.Verdict{verdict(style, server.ByHint)}, assets: []link.Asset{style}},
		"pushed":                     {plan: []server.Verdict{verdict(style, server.ByPush)}, assets: []link.Asset{style}, byPush: true},
		"pushed as the model chose":  {plan: []server.Verdict{verdict(style, server.ByPush)}, chosen: []learn.Prediction{{Asset: &style}}, byPush: true},
		"one pushed, another hinted": {plan: []server.Verdict{verdict(style, server.ByPush), verdict(script, server.ByHint)}, assets: []link.Asset{style, script}, byPush: true},
	} {
		assets, byPush := sent(c.plan, c.chosen)
		if !slices.Equal(assets, c.assets) || byPush != c.byPush {
			t.Errorf("%s: %v, by push %t", name, assets, byPush)
		}
	}
}

// What an answer to one client links is that client's, until another is answered the same; the
// cookie that the handler adds makes no answer personal.
func TestPersonalLinks(t *testing.T) {
	for _, personal := range []bool{false, true} {
		s := &Source{Model: newModel(t, learn.Config{})}
		h := &server.Handler{Sources: []server.Source{s}, Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Link", "</a.css>; rel=preload; as=style")
			if personal {
				w.Header().Set("Set-Cookie", "session=1")
			}
			io.WriteString(w, "<p>")
		})}
		known := func() bool { return len(s.Model.Wanted("/")) > 0 }
		for i := range 2 {
			if want := i > 0 && !personal; known() != want {
				t.Errorf("personal %t: known %t after %d answers", personal, known(), i)
			}
			w := browse(h, fmt.Sprintf("10.0.%d.1", i), "/", "document")
			if w.Result().Header.Get("Link") == "" {
				t.Fatal("no link")
			}
		}
		if !known() {
			t.Errorf("personal %t: not known in the end", personal)
		}
	}
}

// A page's own markup is read as far as it is there.
func TestScan(t *testing.T) {
	got := Scan([]byte(`<!doctype html><link rel=stylesheet href=a.css><link rel=preload as=font crossorigin href=/a.woff2><scr`),
		link.Base{Scheme: "https", Authority: "example.com", Path: "/shop/"})
	if len(got) != 2 || got[0].Path != "/shop/a.css" || got[1].Path != "/a.woff2" {
		t.Errorf("%+v", got)
	}
}

// A fetch waits while its page is being answered, and no longer; what waits is bounded.
func TestOpenPages(t *testing.T) {
	var o openPages
	at := openPage{1, "/"}
	now := time.Unix(1000, 0)
	if o.hold(at, learn.Fetch{}) {
		t.Fatal("a fetch waits for a page that nobody asked for")
	}
	o.arrive(at)
	o.arrive(at) // two tabs
	for i := range 2 * mostWaiting {
		if !o.hold(at, learn.Fetch{Time: now.Add(time.Duration(i) * time.Second)}) {
			t.Fatal("a fetch does not wait")
		}
	}
	if o.hold(openPage{2, "/"}, learn.Fetch{}) || o.hold(openPage{1, "/other"}, learn.Fetch{}) {
		t.Error("another client's or page's fetch waits")
	}
	if got := o.since(at, now.Add(time.Hour)); !got.Equal(now) {
		t.Errorf("the page's header went out at %v, want %v", got, now)
	}
	if got := o.leave(at); got != nil {
		t.Errorf("%d fetches are released while one answer is under way", len(got))
	}
	if got := o.leave(at); len(got) != mostWaiting {
		t.Errorf("%d fetches have waited, want %d", len(got), mostWaiting)
	}
	if o.hold(at, learn.Fetch{}) || len(o.by) != 0 {
		t.Error("something is left behind")
	}
}
