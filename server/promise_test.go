package server_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/link"
)

// What a promise says: what decides on the answer's form, as the page's request has it, and what
// the caller adds; credentials never.
func TestPromiseFields(t *testing.T) {
	own := []string{
		"Accept: text/html", "Accept-Encoding: br", "Accept-Encoding: gzip", "Accept-Language: eo", "Accept-Charset: utf-8", "User-Agent: test",
		"Cookie: session=1", "Proxy-Authorization: Basic eDp5", "Referer: https://example.com/", "X-Own: 1", "If-None-Match: \"x\"",
	}
	repeated := http.Header{
		"Accept": {"*/*"}, "Accept-Encoding": {"br", "gzip"}, "Accept-Language": {"eo"}, "Accept-Charset": {"utf-8"}, "User-Agent": {"test"},
	}
	with := func(h http.Header, more http.Header) http.Header {
		h = h.Clone()
		for k, v := range more {
			h[k] = v
		}
		return h
	}
	for _, tt := range []struct {
		name   string
		fields []string
		opts   *http.PushOptions
		want   http.PushOptions
	}{
		{"nothing", nil, nil, http.PushOptions{Header: http.Header{}}},
		{"a browser's", own, nil, http.PushOptions{Header: repeated}},
		{"of no type", own[1:], nil, http.PushOptions{Header: func() http.Header {
			h := repeated.Clone()
			h.Del("Accept")
			return h
		}()}},
		{"with a method", nil, &http.PushOptions{Method: http.MethodHead}, http.PushOptions{Method: http.MethodHead, Header: http.Header{}}},
		{
			"with fields", own, &http.PushOptions{Header: http.Header{"x-more": {"1", "2"}, "Accept": {"text/css"}, "User-Agent": {"other"}}},
			http.PushOptions{Header: with(repeated, http.Header{"X-More": {"1", "2"}, "Accept": {"text/css"}, "User-Agent": {"other"}})},
		},
		{
			"with credentials", nil, &http.PushOptions{Header: http.Header{"Cookie": {"a=b"}, "cookie": {"c=d"}, "AUTHORIZATION": {"x"}, "proxy-authorization": {"x"}}},
			http.PushOptions{Header: http.Header{}},
		},
		{
			"with names that are none", nil, &http.PushOptions{Header: http.Header{"a b": {"1"}, "": {"1"}, ":path": {"/x"}, "X-Y": {"1"}}},
			http.PushOptions{Header: http.Header{"X-Y": {"1"}}},
		},
	} {
		h := &server.Handler{Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := server.PushWith(w, r, tt.opts, link.Guess("/a.css", "")); err != nil {
				t.Error(err)
			}
		})}
		s := ask(h, "/", tt.fields...)
		if len(s.opts) != 1 || s.opts[0].Method != tt.want.Method || !reflect.DeepEqual(s.opts[0].Header, tt.want.Header) {
			t.Errorf("%s: promised %+v, want %+v", tt.name, s.opts, tt.want)
		}
	}
}

// A push that fails ends the pushes of its page. It is counted and logged, nothing of it is
// remembered as sent or under way, and the next page on the connection tries again.
func TestPushFailureIsForgotten(t *testing.T) {
	var log bytes.Buffer
	h := &server.Handler{
		Next:   site("</a.css>; rel=preload; as=style, </b.css>; rel=preload; as=style, </c.css>; rel=preload; as=style"),
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	var plan []server.Verdict
	h.Observe = func(x *server.Exchange) { plan = slices.Clone(x.Plan) }
	r := request("/")
	s, tried := newStage(), 0
	s.hold = func(target string) error {
		if tried++; target == "/b.css" {
			return errors.New("no stream is left")
		}
		return nil
	}
	h.ServeHTTP(s, r)
	if !slices.Equal(s.pushed, []string{"/a.css"}) || tried != 2 {
		t.Errorf("pushed %q, %d tried", s.pushed, tried)
	}
	for i, want := range []server.Reason{server.ReasonWanted, server.ReasonFailed, server.ReasonFailed} {
		if plan[i].Reason != want || (plan[i].Means == server.ByNothing) != (want == server.ReasonFailed) {
			t.Errorf("verdict %d is %v, %v; want %v", i, plan[i].Means, plan[i].Reason, want)
		}
	}
	if n := h.Stats().Refused.Load(); n != 1 || h.Stats().Pushed.Load() != 1 {
		t.Errorf("%d refused and %d pushed are counted, want one of each", n, h.Stats().Pushed.Load())
	}
	if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "path=/b.css") || !strings.Contains(text, "no stream is left") {
		t.Errorf("log %q", text)
	}
	if n := server.UnderWay(r); n != 1 {
		t.Errorf("%d are under way, want the one that was made", n)
	}
	value, _ := s.cookie()
	if want := held("/a.css"); "h2o_casper="+value != want {
		t.Errorf("cookie %q, want that of the one that was made, %q", value, want)
	}

	again := newStage()
	h.ServeHTTP(again, r.Clone(r.Context()))
	if !slices.Equal(again.pushed, []string{"/b.css", "/c.css"}) {
		t.Errorf("on the next page: pushed %q", again.pushed)
	}
}

// A client that refuses all pushes gets the same by other means, and is not asked again on its
// connection; one that has taken one is told of no refusal.
func TestRefusal(t *testing.T) {
	h := &server.Handler{Next: site("</a.css>; rel=preload; as=style, </b.css>; rel=preload; as=style")}
	var plan []server.Verdict
	h.Observe = func(x *server.Exchange) { plan = slices.Clone(x.Plan) }
	r := request("/")
	for i := range 2 {
		s, tried := newStage(), 0
		s.hold = func(string) error {
			tried++
			return http.ErrNotSupported
		}
		h.ServeHTTP(s, r.Clone(r.Context()))
		if tried != 1-i {
			t.Errorf("page %d: %d tried", i, tried)
		}
	}
	if h.Stats().Refused.Load() != 0 {
		t.Errorf("%d are counted as refused: a client may want none", h.Stats().Refused.Load())
	}

	r = request("/")
	s := newStage()
	s.hold = func(target string) error {
		if target == "/b.css" {
			return http.ErrNotSupported
		}
		return nil
	}
	h.ServeHTTP(s, r)
	if !slices.Equal(s.pushed, []string{"/a.css"}) || plan[0].Reason != server.ReasonWanted || plan[1].Reason != server.ReasonFailed {
		t.Errorf("pushed %q, %+v", s.pushed, plan)
	}
}

// What one page of a connection was sent, another is not sent again, whatever is known of its
// version by then; and no cookie says so of who did not get it by a page of their own.
func TestSentBefore(t *testing.T) {
	etag := ""
	h := &server.Handler{Keys: server.KeyVersion}
	h.Next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/a.css" {
			w.Header().Set("Cache-Control", "max-age=60")
			if etag != "" {
				w.Header().Set("Etag", etag)
			}
			io.WriteString(w, "body{}")
			return
		}
		answer(w, 200, "/a.css")
	})
	var plan []server.Verdict
	h.Observe = func(x *server.Exchange) { plan = slices.Clone(x.Plan) }
	first := request("/one")
	on := func(path string, r *http.Request) *stage {
		s := newStage()
		next := r.Clone(r.Context())
		next.RequestURI, next.URL.Path = path, path
		h.ServeHTTP(s, next)
		return s
	}
	if s := on("/one", first); len(s.pushed) != 1 {
		t.Fatalf("the first page: pushed %q", s.pushed)
	}
	s := on("/two", first)
	if len(s.pushed) != 0 || plan[0].Reason != server.ReasonSent {
		t.Errorf("the second page: pushed %q, %v", s.pushed, plan[0].Reason)
	}
	if _, ok := s.cookie(); ok {
		t.Error("the second page has a cookie for what it did not send")
	}

	// Another client asks for the asset, and its version is known from then on.
	etag = `"1"`
	other := request("/a.css")
	on("/a.css", other)
	if s := on("/three", first); len(s.pushed) != 0 {
		t.Errorf("with a version that is known now: pushed %q", s.pushed)
	}
	if s := on("/three", other); len(s.pushed) != 0 {
		t.Errorf("to who has just fetched it: pushed %q", s.pushed)
	}
	etag = `"2"`
	on("/a.css", request("/a.css"))
	if s := on("/four", other); len(s.pushed) != 1 {
		t.Errorf("with another version: pushed %q", s.pushed)
	}
}

// Who asked for an asset itself has it for the rest of the connection, if the answer may be kept or
// says that it was; any other answer to its path says nothing.
func TestAskedFor(t *testing.T) {
	for _, tt := range []struct {
		name, method, before, cacheControl string
		code                               int
		has                                bool
	}{
		{"to keep", "GET", "max-age=60", "max-age=60", 200, true},
		{"to keep from now on", "GET", "no-store", "max-age=60", 200, true},
		{"not to keep", "GET", "max-age=60", "no-store", 200, false},
		{"kept", "GET", "max-age=60", "no-store", 304, true},
		{"kept, though one must ask", "GET", "no-cache", "no-cache", 304, true},
		{"not there", "GET", "max-age=60", "max-age=60", 404, true}, // and not pushed for that
		{"in part", "GET", "max-age=60", "max-age=60", 206, false},
		{"posted to", "POST", "max-age=60", "max-age=60", 200, false},
	} {
		code, cacheControl := 200, tt.before
		h := &server.Handler{}
		h.Next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/a.css" {
				w.Header().Set("Cache-Control", cacheControl)
				w.Header().Set("Content-Type", "text/css")
				w.WriteHeader(code)
				return
			}
			answer(w, 200, "/a.css")
		})
		ask(h, "/")
		ask(h, "/a.css") // others have asked for it: it is known
		code, cacheControl = tt.code, tt.cacheControl
		one := request("/a.css")
		one.Method = tt.method
		h.ServeHTTP(newStage(), one)
		next := request("/").WithContext(one.Context())
		s := newStage()
		h.ServeHTTP(s, next)
		if (len(s.pushed) == 0) != tt.has {
			t.Errorf("%s: pushed %q", tt.name, s.pushed)
		}
	}
}

// What Next says in its own 103 is pushed to clients that take pushes, and said to browsers as
// far as it was not pushed. Programs get it as Next says it, and HTTP/1 clients, whose software
// may take it for the answer, not at all.
func TestForetoldByPush(t *testing.T) {
	for _, tt := range []struct {
		name          string
		major, minor  int
		refuse        error
		fields        []string
		pushed, early int
	}{
		{"a program that takes pushes", 2, 0, nil, nil, 1, 1},
		{"a browser that takes pushes", 2, 0, nil, browser, 1, 0},
		{"a browser that takes none", 2, 0, http.ErrNotSupported, browser, 0, 1},
		{"a program that takes none", 2, 0, http.ErrNotSupported, nil, 0, 1},
		{"HTTP/1.1", 1, 1, nil, nil, 0, 0},
		{"HTTP/1.0", 1, 0, nil, nil, 0, 0},
	} {
		h := &server.Handler{Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", "</a.css>; rel=preload; as=style")
			w.WriteHeader(http.StatusEarlyHints)
			answer(w, 200)
		})}
		r := request("/", tt.fields...)
		r.ProtoMajor, r.ProtoMinor = tt.major, tt.minor
		s := newStage()
		s.refuse = tt.refuse
		h.ServeHTTP(s, r)
		if len(s.pushed) != tt.pushed || len(s.early) != tt.early {
			t.Errorf("%s: pushed %q, %d hints", tt.name, s.pushed, len(s.early))
		}
	}
}

// Without anything known of its connection, a client that refuses is asked once for each request.
func TestRefusalWithoutConnection(t *testing.T) {
	h := &server.Handler{Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, path := range []string{"/a.css", "/b.css"} {
			verdicts, err := server.Push(w, r, link.Guess(path, ""))
			if err != nil || verdicts[0].Means != server.ByLink {
				t.Errorf("%s: %v, %v", path, verdicts, err)
			}
		}
	})}
	for range 2 {
		s, tried := newStage(), 0
		s.hold = func(string) error {
			tried++
			return http.ErrNotSupported
		}
		r := request("/").WithContext(t.Context())
		h.ServeHTTP(s, r)
		if tried != 1 {
			t.Errorf("%d tried", tried)
		}
	}
}

// What a client does not read in time holds up its page no longer: the push under way is the
// last, and what did not go out is said by Link.
func TestStalledPushIsTheLast(t *testing.T) {
	h := &server.Handler{Policy: server.Policy{PushWait: 20 * time.Millisecond}, Sources: wants("/a.css", "/b.css", "/c.css")}
	gate := make(chan struct{})
	h.Next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(gate)
		answer(w, 200)
	})
	s, tried := newStage(), 0
	s.hold = func(string) error {
		tried++
		<-gate
		return nil
	}
	h.ServeHTTP(s, request("/"))
	if tried != 1 {
		t.Errorf("%d were tried", tried)
	}
	links := strings.Join(s.final["Link"], ", ")
	for _, path := range []string{"/b.css", "/c.css"} {
		if strings.Count(links, "<"+path+">") != 1 {
			t.Errorf("Link %q has not %s", s.final["Link"], path)
		}
	}
}

// Two pages of a connection that are decided on at a time send what both want once: the later one
// learns of it when it comes to push.
func TestSentMeanwhile(t *testing.T) {
	h := &server.Handler{Sources: wants("/a.css", "/b.css"), Next: site()}
	var plan []server.Verdict
	h.Observe = func(x *server.Exchange) { plan = slices.Clone(x.Plan) }
	r := request("/one")
	inner, outer := newStage(), newStage()
	h.Allow = func(q *http.Request, a link.Asset) bool {
		if a.Path == "/b.css" && q == r {
			h.ServeHTTP(inner, request("/two").WithContext(r.Context()))
		}
		return a.Path == "/a.css" || q == r
	}
	h.ServeHTTP(outer, r)
	if !slices.Equal(inner.pushed, []string{"/a.css"}) || !slices.Equal(outer.pushed, []string{"/b.css"}) {
		t.Errorf("the first to finish pushed %q, the other %q", inner.pushed, outer.pushed)
	}
	if len(plan) != 2 || plan[0].Means != server.ByNothing || plan[0].Reason != server.ReasonSent || plan[1].Reason != server.ReasonWanted {
		t.Errorf("the other's plan is %+v", plan)
	}
	value, _ := outer.cookie()
	if want := held("/b.css"); "h2o_casper="+value != want {
		t.Errorf("the other's cookie is %q, want %q", value, want)
	}
	if n := h.Stats().Pushed.Load(); n != 2 {
		t.Errorf("%d are counted as pushed", n)
	}
}

// A pushed answer pushes nothing, though nothing is known of its connection.
func TestDepthOneWithoutConnection(t *testing.T) {
	h := &server.Handler{Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, 200, "/next"+r.URL.Path) })}
	page := newStage()
	h.ServeHTTP(page, request("/").WithContext(t.Context()))
	if len(page.pushed) != 1 {
		t.Fatalf("pushed %q", page.pushed)
	}
	promise := pushedStage{newStage()}
	h.ServeHTTP(promise, request(page.pushed[0]).WithContext(t.Context()))
	if len(promise.pushed) != 0 || len(promise.early) != 0 {
		t.Errorf("a pushed answer pushed %q, hinted %v", promise.pushed, promise.early)
	}
}

// A pushedStage is the stage of an answer that was pushed.
type pushedStage struct{ *stage }

func (s pushedStage) Push(target string, opts *http.PushOptions) error {
	if target == "" {
		return errors.New("http2: recursive push not allowed")
	}
	return s.stage.Push(target, opts)
}

// Behind a writer that wraps another the client is pushed to all the same.
func TestPusherBelow(t *testing.T) {
	h := &server.Handler{Next: site("</a.css>; rel=preload; as=style")}
	s := newStage()
	h.ServeHTTP(over{over{s}}, request("/"))
	if !slices.Equal(s.pushed, []string{"/a.css"}) {
		t.Errorf("pushed %q", s.pushed)
	}
	if server.Pushed(struct{ http.ResponseWriter }{s}) || server.Pushed(over{s}) {
		t.Error("a request of the client's counts as pushed")
	}
	if !server.Pushed(pushedStage{s}) || server.Pushed(willing{s}) {
		t.Error("Pushed does not know a pushed stream by what it says")
	}
}

// over hides everything of a writer but that there is one below.
type over struct{ below http.ResponseWriter }

func (o over) Header() http.Header         { return o.below.Header() }
func (o over) Write(p []byte) (int, error) { return o.below.Write(p) }
func (o over) WriteHeader(code int)        { o.below.WriteHeader(code) }
func (o over) Unwrap() http.ResponseWriter { return o.below }

// willing is a writer that pushes anything.
type willing struct{ http.ResponseWriter }

func (willing) Push(string, *http.PushOptions) error { return nil }
