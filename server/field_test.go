package server_test

import (
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/link"
)

// Faults of the field, by their numbers in the report on real frameworks and strangers.

// F4. What is not there, and what was never seen to be, is not sent; an error of one network is
// that network's own, and what is there again is sent again.
func TestF4MissingIsNotSent(t *testing.T) {
	code := 404
	h := &server.Handler{Sources: wants("/a.css"), Policy: server.Policy{NoPush: true}}
	h.Next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/a.css" {
			w.Header().Set("Cache-Control", "max-age=60")
			w.Header().Set("Content-Type", "text/css")
			w.WriteHeader(code)
			return
		}
		answer(w, 200)
	})
	fetch := func(network string) {
		r := request("/a.css")
		r.RemoteAddr = network
		h.ServeHTTP(newStage(), r)
	}
	look := func(step string, want bool) {
		t.Helper()
		s := ask(h, "/", browser...)
		if got := len(s.early) > 0; got != want {
			t.Errorf("%s: hinted %t", step, got)
		}
		if _, has := s.cookie(); has != want {
			t.Errorf("%s: in the cookie %t", step, has)
		}
	}
	look("never asked for", true)
	fetch("192.0.2.1:1")
	look("not there", false)
	code = 200
	fetch("192.0.2.1:1")
	look("there", true)
	code = 403
	fetch("192.0.2.1:1")
	look("an error of one network", true)
	fetch("192.0.2.9:1")
	look("and of the same again", true)
	fetch("198.51.100.1:1")
	look("an error of two", false)
	code = 200
	fetch("198.51.100.1:1")
	look("there again", true)
	code = 410
	fetch("198.51.100.1:1")
	look("gone", false)
}

// F4. A push carries no credentials: nothing is pushed for a request that has some.
func TestF4NothingIsPushedToHoldersOfCredentials(t *testing.T) {
	h := &server.Handler{Sources: wants("/a.css"), Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, 200, "/b.css") })}
	if s := ask(h, "/", "Authorization: Basic eDp5"); len(s.pushed) > 0 {
		t.Errorf("pushed %q", s.pushed)
	}
	if s := ask(h, "/"); len(s.pushed) != 2 {
		t.Errorf("pushed %q to somebody else", s.pushed)
	}
}

// F5. Assets go ahead of pages only, whatever a rule for all paths says.
func TestF5OnlyPagesGetAssets(t *testing.T) {
	h := &server.Handler{Sources: wants("/a.css"), Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/items", "/avatar":
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, "{}")
		default:
			answer(w, 200)
		}
	})}
	for _, tt := range []struct {
		path   string
		accept string
		pages  []int // pushes at the first visit, the second, ... each over its own connection
	}{
		{"/", "", []int{1, 1}},
		{"/shop/item.html", "text/html,*/*;q=0.1", []int{1, 1}},
		{"/v1.2/start", "*/*", []int{1, 1}},
		{"/start", "application/json", []int{0, 0}},
		{"/start", "image/avif,image/webp", []int{0, 0}},
		{"/logo.png", "*/*", []int{0, 0}},
		{"/robots.txt", "*/*", []int{0, 0}},
		{"/feed.XML?x=.html", "*/*", []int{0, 0}},
		{"/api/items", "*/*", []int{1, 0}}, // only its answer tells
	} {
		for i, want := range tt.pages {
			var fields []string
			if tt.accept != "" {
				fields = []string{"Accept: " + tt.accept}
			}
			if s := ask(h, tt.path, fields...); len(s.pushed) != want {
				t.Errorf("%s for %q, visit %d: pushed %q", tt.path, tt.accept, i, s.pushed)
			}
		}
	}
}

// F11. What is served decides, not what the link says: as in H2O, whose three visits get 1 0 0.
func TestF11ServedTypeDecides(t *testing.T) {
	for _, field := range []string{
		"</a.css>; rel=preload", "</a.css>; rel=preload; as=stylesheet", "</a.css>; rel=preload; as=css", "</a.css>; rel=preload; as=style",
		"</style>; rel=preload",
	} {
		h := &server.Handler{Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/" {
				w.Header().Set("Content-Type", "text/css; charset=utf-8")
				w.Header().Set("Cache-Control", "max-age=60")
				return
			}
			w.Header().Set("Link", field)
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "page")
		})}
		jar := ""
		var pushes []int
		for range 3 {
			s := ask(h, "/", "Cookie: "+jar)
			if value, ok := s.cookie(); ok {
				jar = "h2o_casper=" + value
			}
			pushes = append(pushes, len(s.pushed))
			for _, p := range s.pushed {
				ask(h, p)
			}
		}
		want := []int{1, 0, 0}
		if field == "</style>; rel=preload" {
			want = []int{1, 1, 0} // its type is known from its first answer on
		}
		if !slices.Equal(pushes, want) {
			t.Errorf("%s: pushes %v, want %v", field, pushes, want)
		}
		h.Policy.NoPush = true
		if s := ask(h, "/", browser...); len(s.early) != 1 {
			t.Errorf("%s: a browser is not hinted", field)
		}
	}
}

// F16. The application's order stays, whatever else is known: what a source knows of its links
// in another order, and what was inferred.
func TestF16TheApplicationsOrderStays(t *testing.T) {
	h := &server.Handler{
		Policy:  server.Policy{NoPush: true},
		Sources: []server.Source{alphabetical{link.Guess("/a.css", ""), link.Guess("/e.css", ""), link.Guess("/z.css", "")}},
		Next:    http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, 200, "/z.css", "/e.css", "/b.css") }),
	}
	ask(h, "/")
	var got []string
	for _, l := range ask(h, "/", browser...).early[0]["Link"] {
		got = append(got, l[1:len("</z.css")])
	}
	if !slices.Equal(got, []string{"/z.css", "/e.css", "/b.css", "/a.css", "/l.css"}) {
		t.Errorf("hinted %q", got)
	}
}

// alphabetical is a source that knows what a page has linked, and infers one asset.
type alphabetical []link.Asset

func (s alphabetical) Wanted(_ *http.Request, w *server.Wants) {
	w.Infer(&link.Asset{Path: "/l.css", As: "style"})
	for i := range s {
		w.Linked(&s[i])
	}
}
