package server_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/link"
)

// ahead are the paths that went out before Next ran.
type ahead struct {
	h     server.Handler
	paths []string
}

// newAhead makes a handler of next that notes what is pushed before it.
func newAhead(next http.HandlerFunc) *ahead {
	a := new(ahead)
	a.h.Next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, v := range server.Verdicts(w) {
			if v.Means != server.ByNothing {
				a.paths = append(a.paths, v.Asset.Path)
			}
		}
		next(w, r)
	})
	return a
}

func (a *ahead) of(r *http.Request) []string {
	a.paths = nil
	a.h.ServeHTTP(newStage(), r)
	return a.paths
}

// answer writes an HTML page with the links.
func answer(w http.ResponseWriter, code int, links ...string) {
	for _, l := range links {
		w.Header().Add("Link", "<"+l+">; rel=preload; as=style")
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(code)
	if code != http.StatusNotModified {
		io.WriteString(w, "page")
	}
}

// What an answer links goes ahead of the next one to the same page, until an answer ends
// otherwise; and it is known still when the page is well again.
func TestPageIsRemembered(t *testing.T) {
	code, links := 200, []string{"/a.css"}
	a := newAhead(func(w http.ResponseWriter, r *http.Request) { answer(w, code, links...) })
	for i, step := range []struct {
		code  int
		links []string
		ahead []string // of the next answer
	}{
		{200, []string{"/a.css"}, []string{"/a.css"}},
		{200, []string{"/a.css", "/b.css"}, []string{"/a.css", "/b.css"}},
		{304, nil, []string{"/a.css", "/b.css"}},                // it is as it was
		{304, []string{"/c.css"}, []string{"/a.css", "/b.css"}}, // and votes for nothing
		{500, nil, nil},
		{304, nil, []string{"/a.css", "/b.css"}}, // all is well again
		{302, []string{"/d.css"}, nil},
		{304, nil, []string{"/a.css", "/b.css"}},
		{300, []string{"/g.css"}, nil},
		{200, nil, nil},                // it links nothing any more
		{299, []string{"/e.css"}, nil}, // of the statuses of success 200 alone is a page
		{200, []string{"/e.css"}, []string{"/e.css"}},
		{404, []string{"/f.css"}, nil},
		{200, []string{"/e.css"}, []string{"/e.css"}},
	} {
		code, links = step.code, step.links
		a.of(request("/"))
		if got := a.of(request("/")); !slices.Equal(got, step.ahead) {
			t.Errorf("step %d, after %d with %q: %q went ahead, want %q", i, step.code, step.links, got, step.ahead)
		}
	}
	if got := a.of(request("/other")); got != nil {
		t.Errorf("%q went ahead of another page", got)
	}
	if got := a.of(request("/?q=1")); !slices.Equal(got, []string{"/e.css"}) {
		t.Errorf("%q went ahead of the page with a query", got)
	}
}

// An error with links delivers none of them, and an answer that nothing has changed does so for who
// has nothing to go by but the cookie.
func TestLateByStatus(t *testing.T) {
	for _, tt := range []struct {
		name   string
		code   int
		fields []string
		pushed bool
	}{
		{"a page", 200, nil, true},
		{"the last of those that are well", 299, nil, true},
		{"a choice", 300, nil, false},
		{"a redirect", 302, nil, false},
		{"not there", 404, nil, false},
		{"an error", 500, nil, false},
		{"not modified, and nobody asked", 304, nil, true},
		{"not modified since", 304, []string{"If-Modified-Since: Mon, 23 Nov 2026 08:00:00 GMT"}, false},
		{"not modified from", 304, []string{`If-None-Match: "x"`}, false},
		{"not modified, with a cookie", 304, []string{`If-None-Match: "x"`, "Cookie: " + held("/b.css")}, true},
		{"not modified, with a bad cookie", 304, []string{`If-None-Match: "x"`, "Cookie: h2o_casper=!"}, false},
		{"not modified, with a digest", 304, []string{`If-None-Match: "x"`, "Cache-Digest: AcA"}, true},
	} {
		h := &server.Handler{Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, tt.code, "/a.css") })}
		if s := ask(h, "/", tt.fields...); (len(s.pushed) > 0) != tt.pushed {
			t.Errorf("%s: pushed %q", tt.name, s.pushed)
		}
	}
}

// The answer to a POST is its own: it teaches nothing of the page, and gets nothing ahead of it.
func TestPostIsItsOwn(t *testing.T) {
	a := newAhead(func(w http.ResponseWriter, r *http.Request) { answer(w, 200, "/"+strings.ToLower(r.Method)+".css") })
	post := func() *http.Request {
		r := request("/")
		r.Method = http.MethodPost
		return r
	}
	for i := range 2 {
		if got := a.of(post()); got != nil {
			t.Errorf("%q went ahead of POST %d", got, i)
		}
	}
	if got := a.of(request("/")); got != nil {
		t.Errorf("%q went ahead of the first GET", got)
	}
	if got := a.of(post()); got != nil {
		t.Errorf("%q went ahead of a POST to a known page", got)
	}
	if got := a.of(request("/")); !slices.Equal(got, []string{"/get.css"}) {
		t.Errorf("%q went ahead of the second GET", got)
	}
}

// What a source wants goes ahead of a page that is not known, not of one that ended in a redirect,
// and follows the source when it changes its mind.
func TestSource(t *testing.T) {
	code, bare := 200, false
	a := newAhead(func(w http.ResponseWriter, r *http.Request) {
		if bare {
			w.WriteHeader(code)
		} else {
			answer(w, code)
		}
	})
	list := []link.Asset{link.Guess("/a.css", "")}
	a.h.Sources = sources(func(*http.Request) []link.Asset { return list })
	look := func(step string, want ...string) {
		t.Helper()
		if got := a.of(request("/")); !slices.Equal(got, want) {
			t.Errorf("%s: %q went ahead, want %q", step, got, want)
		}
	}
	look("never answered", "/a.css")
	code = 302
	look("answered well", "/a.css")
	look("redirected")
	code = 200
	look("redirected again")
	look("well again", "/a.css")
	code, bare = 302, true
	look("well still", "/a.css")
	look("redirected without a word")
	code, bare = 200, false
	look("redirected without a word again")
	code = 404
	r := request("/") // which nothing can go ahead of
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.1", 1, 1
	if got := a.of(r); got != nil {
		t.Errorf("%q went ahead over HTTP/1.1", got)
	}
	code = 200
	look("an error over HTTP/1.1")
	look("well again", "/a.css")
	list = []link.Asset{link.Guess("/b.css", "")}
	look("another list of one", "/b.css")
	list = []link.Asset{link.Guess("/b.css", ""), link.Guess("/c.css", "")}
	look("a longer one", "/b.css", "/c.css")
	list = nil
	look("none")
}

// How a page ended counts from its first answer on, if something would have gone ahead of it: over
// whatever protocol, with whatever in it.
func TestFirstAnswerCounts(t *testing.T) {
	for _, tt := range []struct {
		name  string
		major int
		first func(w http.ResponseWriter)
		ahead bool // of the second
	}{
		{"well", 2, func(w http.ResponseWriter) { answer(w, 200) }, true},
		{"a bare redirect", 2, func(w http.ResponseWriter) { w.WriteHeader(302) }, false},
		{"an error", 2, func(w http.ResponseWriter) { answer(w, 404) }, false},
		{"an error with links", 2, func(w http.ResponseWriter) { answer(w, 404, "/l.css") }, false},
		{"well, over HTTP/1.1", 1, func(w http.ResponseWriter) { answer(w, 200) }, true},
		{"an error, over HTTP/1.1", 1, func(w http.ResponseWriter) { answer(w, 404) }, false},
	} {
		first := true
		a := newAhead(func(w http.ResponseWriter, r *http.Request) {
			if first {
				tt.first(w)
			} else {
				answer(w, 304)
			}
		})
		a.h.Sources = wants("/a.css")
		r := request("/")
		r.ProtoMajor = tt.major
		a.of(r)
		first = false
		if got := a.of(request("/")); (got != nil) != tt.ahead {
			t.Errorf("%s: %q went ahead of the second", tt.name, got)
		}
		if got := a.of(request("/")); !slices.Equal(got, []string{"/a.css"}) {
			t.Errorf("%s: %q went ahead of the third", tt.name, got)
		}
	}
}

// A path that is wanted as two things is two assets, and one that is none is no asset.
func TestSourceRepeats(t *testing.T) {
	list := []link.Asset{{Path: "/m.js", As: "script"}, {Path: "/m.js", Rel: link.ModulePreload}, {Path: "no path"}, {Path: "/m.js", As: "script"}}
	h := &server.Handler{Next: site(), Policy: server.Policy{NoPush: true}, Sources: sources(func(*http.Request) []link.Asset { return list })}
	var plan []server.Verdict
	h.Observe = func(x *server.Exchange) { plan = slices.Clone(x.Plan) }
	s := ask(h, "/", browser...)
	if len(s.early) != 1 || len(s.early[0]["Link"]) != 2 || len(plan) != 2 {
		t.Errorf("hinted %v, planned %+v", s.early, plan)
	}
}

// What Next says in its own 103 is known before it runs the next time.
func TestForetoldIsRemembered(t *testing.T) {
	a := newAhead(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</early.css>; rel=preload; as=style, <<bad>>, </early.css>; rel=preload; as=style")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		answer(w, 200, "/late.css")
	})
	a.of(request("/"))
	if got := a.of(request("/")); !slices.Equal(slices.Sorted(slices.Values(got)), []string{"/early.css", "/late.css"}) {
		t.Errorf("%q went ahead", got)
	}
}

// Of one page 64 links count, be they linked, foretold or found.
func TestMostLinks(t *testing.T) {
	var all []string
	for i := range 100 {
		all = append(all, fmt.Sprintf("/%d.css", i))
	}
	open := server.Policy{MaxAssets: 1000, NoPush: true}
	for name, h := range map[string]*server.Handler{
		"linked": {Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, 200, all...) })},
		"found": {
			Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, 200) }),
			Scan: func([]byte, link.Base) (found []link.Asset) {
				for _, path := range all {
					found = append(found, link.Guess(path, ""))
				}
				return found
			},
		},
		"foretold": {Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", "<"+strings.Join(all, ">; rel=preload; as=style, <")+">; rel=preload; as=style")
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Del("Link")
			answer(w, 200)
		})},
	} {
		decided := 0
		h.Policy, h.Observe = open, func(x *server.Exchange) { decided = len(x.Plan) }
		want := 64
		if name == "foretold" {
			want = 100 // Next's own 103 goes out as it is
		}
		if ask(h, "/", browser...); decided != want {
			t.Errorf("%s: %d were decided on, want %d", name, decided, want)
		}
	}
}

// Links for a push alone are taken out; others stay, those that cannot be read among them.
func TestPushOnlyLinks(t *testing.T) {
	h := &server.Handler{Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Link"] = []string{
			"</a.css>; rel=preload; as=style; x-http2-push-only, </b.css>; rel=preload; as=style", "</c.css>; rel=preload; as=style; x-http2-push-only",
			"<mailto:me>; rel=author", "<<bad>>; rel=preload",
		}
		answer(w, 200)
	})}
	s := ask(h, "/")
	got := strings.Join(s.final["Link"], ", ")
	if strings.Contains(got, "a.css") || strings.Contains(got, "c.css") || !strings.Contains(got, "b.css") || !strings.Contains(got, "mailto:me") || !strings.Contains(got, "<<bad>>") {
		t.Errorf("Link %q", s.final["Link"])
	}
	if !slices.Equal(slices.Sorted(slices.Values(s.pushed)), []string{"/a.css", "/b.css", "/c.css"}) {
		t.Errorf("pushed %q", s.pushed)
	}
}

// A page is where the client finds it, whatever a router cuts off before this handler.
func TestPageBehindStripPrefix(t *testing.T) {
	a := newAhead(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.RequestURI, "/one/") {
			answer(w, 200, "/one.css")
		} else {
			answer(w, 200)
		}
	})
	one, two := http.StripPrefix("/one", &a.h), http.StripPrefix("/two", &a.h)
	one.ServeHTTP(newStage(), request("/one/page"))
	a.paths = nil
	two.ServeHTTP(newStage(), request("/two/page"))
	if a.paths != nil {
		t.Errorf("%q went ahead of another page of the same rest", a.paths)
	}
	one.ServeHTTP(newStage(), request("/one/page"))
	if !slices.Equal(a.paths, []string{"/one.css"}) {
		t.Errorf("%q went ahead of the page", a.paths)
	}
}

// What answers for one client alone have linked goes ahead of others once two networks agree:
// addresses of one network are one voice.
func TestNetworksAgree(t *testing.T) {
	for _, tt := range []struct {
		name, first, second string
		agree               bool
	}{
		{"the same address", "192.0.2.1:1000", "192.0.2.1:2000", false},
		{"the same /24", "192.0.2.1:1000", "192.0.2.254:1000", false},
		{"its neighbour", "192.0.2.1:1000", "192.0.3.1:1000", true},
		{"the same in IPv6", "192.0.2.1:1000", "[::ffff:192.0.2.9]:1000", false},
		{"its neighbour in IPv6", "192.0.2.1:1000", "[::ffff:192.0.3.1]:1000", true},
		{"the same /48", "[2001:db8:1:1::1]:1000", "[2001:db8:1:ffff::1]:1000", false},
		{"its neighbour", "[2001:db8:1::1]:1000", "[2001:db8:2::1]:1000", true},
		{"addresses that are none", "a pipe", "a pipe", false},
		{"two of them", "a pipe", "another", true},
	} {
		a := newAhead(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Set-Cookie", "session=1")
			answer(w, 200, "/a.css")
		})
		people := 0
		from := func(addr string) []string {
			people++
			r := request("/", fmt.Sprint("Cookie: who=", people)) // each a person of his own
			r.RemoteAddr = addr
			return a.of(r)
		}
		from(tt.first)
		if got := from(tt.second); got != nil {
			t.Errorf("%s: %q went ahead after one answer", tt.name, got)
		}
		if got := from("203.0.113.1:1"); (got != nil) != tt.agree {
			t.Errorf("%s: %q went ahead", tt.name, got)
		}
	}
}

// Which requests things go ahead of, by the fields that say what they are.
func TestRequest(t *testing.T) {
	const mode, dest = "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"
	for _, tt := range []struct {
		name           string
		fields         []string
		hints, program bool // a 103 goes out; it does with HintPrograms
		pushes         bool // it is pushed to
	}{
		{"a navigation", []string{mode, dest}, true, true, true},
		{"a program", nil, false, true, true},
		{"half a navigation", []string{mode}, false, false, true},
		{"the other half", []string{dest}, false, false, true},
		{"a fetch of a document", []string{"Sec-Fetch-Mode: cors", dest}, false, false, true},
		{"a frame", []string{mode, "Sec-Fetch-Dest: iframe"}, false, false, false},
		{"a script's request", []string{"X-Requested-With: XMLHttpRequest"}, false, false, false},
		{"an app's navigation", []string{mode, dest, "X-Requested-With: com.example.app"}, true, true, true},
		{"ahead of need", []string{mode, dest, "Sec-Purpose: prefetch"}, false, false, false},
		{"ahead of need, to be shown", []string{mode, dest, "Sec-Purpose: prefetch;prerender"}, false, false, false},
		{"to be shown", []string{mode, dest, "Purpose: prerender"}, false, false, false},
		{"ahead of need, in Firefox", []string{mode, dest, "X-Moz: prefetch"}, false, false, false},
		{"to be previewed", []string{mode, dest, "Purpose: preview"}, false, false, false},
		{"for another purpose", []string{mode, dest, "Purpose: reading"}, true, true, true},
		{"a part", []string{mode, dest, "Range: bytes=0-1"}, false, false, false},
		{"another protocol", []string{mode, dest, "Upgrade: websocket"}, false, false, false},
		{"a reload", []string{mode, dest, "Cache-Control: no-cache"}, false, false, true},
		{"a reload of old", []string{mode, dest, "Pragma: no-cache"}, false, false, true},
		{"a click on the address", []string{mode, dest, "Cache-Control: max-age=0"}, true, true, true},
		{"who wants none", []string{mode, dest, "No-Early-Hints: 1"}, false, false, true},
		{"through a proxy", []string{mode, dest, "X-Forwarded-For: 192.0.2.1"}, true, true, false},
		{"through a proxy of today", []string{mode, dest, "Forwarded: for=192.0.2.1"}, true, true, false},
	} {
		for _, programs := range []bool{false, true} {
			h := &server.Handler{Next: site(), Sources: wants("/a.css"), Policy: server.Policy{NoPush: true, HintPrograms: programs}}
			want := tt.hints
			if programs {
				want = tt.program
			}
			s := ask(h, "/", tt.fields...)
			if (len(s.early) > 0) != want {
				t.Errorf("%s, HintPrograms %t: %d hints", tt.name, programs, len(s.early))
			}
			if n := h.Stats().Hinted.Load(); n != int64(len(s.early)) {
				t.Errorf("%s, HintPrograms %t: %d are counted as hinted", tt.name, programs, n)
			}
		}
		h := &server.Handler{Next: site(), Sources: wants("/a.css")}
		if s := ask(h, "/", tt.fields...); (len(s.pushed) > 0) != tt.pushes {
			t.Errorf("%s: pushed %q", tt.name, s.pushed)
		}
	}
}

// What a page's source wants comes by Link where nothing else can be done: on HTML, to a GET, and
// what is for everybody gets all of it, whoever asks.
func TestOwnByLink(t *testing.T) {
	for _, tt := range []struct {
		name, method, contentType, cacheControl, cookie string
		own                                             bool
	}{
		{"a page", "GET", "text/html", "", "", true},
		{"who holds it", "GET", "text/html", "", held("/a.css"), false},
		{"for everybody", "GET", "text/html", "public", "", true},
		{"for everybody, and who holds it", "GET", "text/html", "public", held("/a.css"), true},
		{"a form", "POST", "text/html", "", "", false},
		{"no page", "GET", "application/json", "", "", false},
		{"no page, for everybody", "GET", "application/json", "public", "", false},
	} {
		h := &server.Handler{Sources: wants("/a.css", "/linked.css")}
		h.Next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", tt.contentType)
			w.Header().Set("Link", "</linked.css>; rel=preload; as=style")
			if tt.cacheControl != "" {
				w.Header().Set("Cache-Control", tt.cacheControl)
			}
			io.WriteString(w, "page")
		})
		r := request("/", "Cookie: "+tt.cookie)
		r.Proto, r.ProtoMajor, r.ProtoMinor, r.Method = "HTTP/1.1", 1, 1, tt.method
		s := newStage()
		h.ServeHTTP(s, r)
		links := strings.Join(s.final["Link"], ", ")
		if strings.Contains(links, "</a.css>") != tt.own || strings.Count(links, "</linked.css>") != 1 {
			t.Errorf("%s: Link %q", tt.name, s.final["Link"])
		}
		// Two clients' answers differ, in their cookies too, only where no cache gives one's to the other.
		if private := slices.Contains(s.final["Cache-Control"], "private"); private != (tt.cacheControl == "") {
			t.Errorf("%s: Cache-Control %q", tt.name, s.final["Cache-Control"])
		}
	}
}

// An answer without a body says what it has to say nevertheless, as its header was when it was
// written.
func TestEmptyAnswers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		next   func(w http.ResponseWriter)
		pushed int
	}{
		{"nothing at all", func(http.ResponseWriter) {}, 1},
		{"a header alone", func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) }, 1},
		{"a header with links", func(w http.ResponseWriter) {
			w.Header().Set("Link", "</l.css>; rel=preload; as=style")
			w.WriteHeader(http.StatusOK)
		}, 2},
		{"links alone", func(w http.ResponseWriter) { w.Header().Set("Link", "</l.css>; rel=preload; as=style") }, 2},
	} {
		for name, scan := range map[string]func([]byte, link.Base) []link.Asset{
			"": nil, ", read for links": func([]byte, link.Base) []link.Asset { return nil },
		} {
			h := &server.Handler{Sources: wants("/a.css"), Scan: scan}
			h.Next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				tt.next(w)
				w.Header().Set("X-After", "1")
			})
			s := ask(h, "/")
			value, _ := s.cookie()
			f, err := casper.Parse(value, casper.Params{})
			if len(s.pushed) != tt.pushed || err != nil || f.Len() != tt.pushed || s.code != http.StatusOK {
				t.Errorf("%s%s: pushed %q, cookie %q, code %d", tt.name, name, s.pushed, value, s.code)
			}
			after := s.final.Get("X-After") != ""
			if early := strings.HasPrefix(tt.name, "a header"); after == early {
				t.Errorf("%s%s: header %q", tt.name, name, s.final)
			}
		}
	}
}
