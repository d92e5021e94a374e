package replay

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http2"

	"github.com/cache-aware/casper/cmd/internal/traffic"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/signals"
)

// A stage is a handler as a live server has it, in front of recorded answers. It plays one
// request at a time, as if it had come by HTTP/2; nothing goes out.
type stage struct {
	handler *server.Handler
	status  int         // of the answer that is played
	header  http.Header // of that answer
	plan    []server.Verdict
}

// newStage sets a handler up for one means of delivery.
func newStage(c *Config, source server.Source) *stage {
	s := &stage{}
	policy := c.Policy
	policy.NoPush, policy.NoHints = !c.Push, c.Push
	policy.HintPrograms = true    // logs have no Sec-Fetch fields
	policy.PushWait = time.Minute // nobody is slow to read here
	s.handler = &server.Handler{
		Next: http.HandlerFunc(s.answer), Sources: []server.Source{source},
		Policy: policy, Params: c.Params, Track: c.Track, Cookie: server.Cookie{Name: c.Cookie},
		Observe: func(x *server.Exchange) {
			if !x.Pushed {
				s.plan = slices.Clone(x.Plan)
			}
		},
	}
	return s
}

// play returns what the handler decides for a request with this answer, and the header that
// the client would have got.
func (s *stage) play(r *http.Request, from netip.Addr, status int, header http.Header) ([]server.Verdict, http.Header) {
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/2.0", 2, 0
	r.RemoteAddr = netip.AddrPortFrom(from, 443).String()
	s.status, s.header, s.plan = status, header, nil
	w := &writer{stage: s, r: r, header: http.Header{}}
	s.handler.ServeHTTP(w, r)
	return s.plan, w.header
}

// answer is the application: it answers as it did when the answer was recorded.
func (s *stage) answer(w http.ResponseWriter, r *http.Request) {
	maps.Copy(w.Header(), s.header)
	w.WriteHeader(s.status)
}

// A writer is the client's side of one request.
type writer struct {
	stage  *stage
	r      *http.Request
	header http.Header
	pushed bool
}

func (w *writer) Header() http.Header         { return w.header }
func (w *writer) Write(p []byte) (int, error) { return len(p), nil }
func (w *writer) WriteHeader(int)             {}
func (w *writer) Informs()                    {}

var errNoTarget = errors.New("no target")

// Push takes every push. The pushed request comes back to the handler, as with net/http, so
// that it sees the push end. The record of the file says what it is like.
func (w *writer) Push(target string, o *http.PushOptions) error {
	switch {
	case w.pushed:
		return http2.ErrRecursivePush
	case target == "":
		return errNoTarget
	}
	r, err := http.NewRequest(http.MethodGet, target, nil)
	if err != nil {
		return err
	}
	r.Host, r.RemoteAddr, r.TLS = w.r.Host, w.r.RemoteAddr, w.r.TLS
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/2.0", 2, 0
	page := *w.stage
	w.stage.status, w.stage.header = http.StatusNoContent, nil
	w.stage.handler.ServeHTTP(&writer{stage: w.stage, r: r, header: http.Header{}, pushed: true}, r)
	w.stage.status, w.stage.header = page.status, page.header
	return nil
}

// Ahead returns what a server would decide on what a model wants for a page, if a client asks
// for it that sends this fingerprint. The page is a URL or a path.
func Ahead(c Config, page, fingerprint string, want []learn.Prediction) ([]server.Verdict, error) {
	r, err := requestFor(page)
	if err != nil {
		return nil, err
	}
	if fingerprint != "" {
		r.Header.Set("Cookie", c.cookie()+"="+fingerprint)
	}
	// An answer without content adds nothing to what goes ahead of it.
	plan, _ := newStage(&c, predicted(want)).play(r, Visitor(0), http.StatusNoContent, nil)
	return plan, nil
}

// predicted names what a model said.
type predicted []learn.Prediction

func (p predicted) Wanted(_ *http.Request, w *server.Wants) {
	for i := range p {
		if p[i].Linked {
			w.Linked(p[i].Asset)
		} else {
			w.Infer(p[i].Asset)
		}
	}
}

// PageOf returns the identity that a reader gives the page at a URL or a path.
func PageOf(rd *signals.Reader, target string) (string, error) {
	r, err := requestFor(target)
	if err != nil {
		return "", err
	}
	return rd.Page(r), nil
}

// requestFor makes the request for a URL or a path.
func requestFor(target string) (*http.Request, error) {
	u, err := url.Parse(target)
	if err == nil && u.Opaque == "" && (u.Host != "" || strings.HasPrefix(target, "/")) {
		if r, err := traffic.NewRequest(http.MethodGet, u.Host, u.RequestURI(), "", http.Header{}); err == nil {
			return r, nil
		}
	}
	return nil, fmt.Errorf("%.60q is neither a URL nor a path", target)
}
