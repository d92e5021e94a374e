package server_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/cache-aware/casper/gcs/cachedigest"
	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/link"
)

// A stage is the writer of a client that takes pushes and early hints, without a
// connection: for tests that ask ten thousand times.
type stage struct {
	header http.Header
	code   int
	final  http.Header // as it was when the final answer began
	early  []http.Header
	body   []byte
	pushed []string
	opts   []http.PushOptions
	refuse error                     // what Push says
	hold   func(target string) error // called by Push, if set
}

func newStage() *stage { return &stage{header: make(http.Header)} }

func (s *stage) Header() http.Header { return s.header }

// Informs says that a stage takes a 103 for what it is.
func (s *stage) Informs() {}

func (s *stage) WriteHeader(code int) {
	switch {
	case s.code != 0:
	case code >= 100 && code < 200:
		h := s.header.Clone()
		h.Del("Content-Length")
		s.early = append(s.early, h)
	default:
		s.code, s.final = code, s.header.Clone()
	}
}

func (s *stage) Write(p []byte) (int, error) {
	s.WriteHeader(http.StatusOK)
	s.body = append(s.body, p...)
	return len(p), nil
}

func (s *stage) Push(target string, opts *http.PushOptions) error {
	if target == "" {
		return http.ErrNotSupported
	}
	if s.hold != nil {
		if err := s.hold(target); err != nil {
			return err
		}
	}
	if s.refuse != nil {
		return s.refuse
	}
	s.pushed = append(s.pushed, target)
	s.opts = append(s.opts, *opts)
	return nil
}

// ask lets h answer an HTTP/2 request for a page, with cookies and other fields given as
// "name: value".
func ask(h http.Handler, path string, fields ...string) *stage {
	s := newStage()
	s.ask(h, path, fields...)
	return s
}

func (s *stage) ask(h http.Handler, path string, fields ...string) {
	patient(h)
	h.ServeHTTP(s, request(path, fields...))
	if s.code == 0 {
		s.WriteHeader(http.StatusOK)
	}
}

// request is an HTTP/2 request on a connection of its own.
func request(path string, fields ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r = r.WithContext(server.ConnContext(r.Context(), nil))
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/2.0", 2, 0
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		r.Header.Add(name, value)
	}
	return r
}

// cookie is the value of the casper cookie that was set, and whether one was.
func (s *stage) cookie() (value string, ok bool) {
	for _, v := range s.final["Set-Cookie"] {
		if rest, found := strings.CutPrefix(v, casper.CookieName+"="); found {
			value, _, _ = strings.Cut(rest, ";")
			return value, true
		}
	}
	return "", false
}

// rest is the final header without what a cookie may change.
func (s *stage) rest() http.Header {
	h := maps.Clone(s.final)
	delete(h, "Set-Cookie")
	delete(h, "Link")
	delete(h, "Cache-Control")
	return h
}

// browser are the fields of a navigation.
var browser = []string{"Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}

// wants are the sources of a handler that wants the same assets for every page.
func wants(paths ...string) []server.Source {
	var list []link.Asset
	for _, p := range paths {
		list = append(list, link.Guess(p, ""))
	}
	return sources(func(*http.Request) []link.Asset { return list })
}

// keysOf are the keys of paths under H2O's defaults.
func keysOf(paths ...string) []casper.Key {
	var keys []casper.Key
	for _, p := range paths {
		keys = append(keys, casper.Params{}.Key(p))
	}
	return keys
}

// held is the cookie of who holds the paths.
func held(paths ...string) string {
	return casper.CookieName + "=" + casper.New(casper.Params{}, keysOf(paths...)...).String()
}

// digestOf is the Cache-Digest of who holds the URLs.
func digestOf(urls ...string) string {
	p := cachedigest.Params{Log2N: cachedigest.Log2N(len(urls)), Log2P: 20}
	var keys []cachedigest.Key
	for _, u := range urls {
		keys = append(keys, p.Key(u, ""))
	}
	return cachedigest.New(p, keys...).String()
}

// leastTime is a date of long ago.
var leastTime = time.Unix(1420070400, 0)

// sources are the sources of a handler with one function.
func sources(f server.SourceFunc) []server.Source { return []server.Source{f} }

var waiting sync.Mutex

// patient makes a handler wait for its promises as long as it takes, unless a test is about
// that: the machine may be busy with other tests.
func patient(h http.Handler) http.Handler {
	waiting.Lock()
	defer waiting.Unlock()
	if h, ok := h.(*server.Handler); ok && h.Policy.PushWait == 0 {
		h.Policy.PushWait = time.Minute
	}
	return h
}
