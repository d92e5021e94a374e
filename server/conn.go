package server

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// A conn is what is known of one connection.
type conn struct {
	diary   Diary
	refused atomic.Bool // the client takes no push
	pushed  atomic.Bool // a push went out: some requests here may be pushed ones
	traffic
	hinting
}

type connKey struct{}

// ConnContext lets a [Handler] remember, for as long as a connection lasts, what went over
// it, and whether its client takes pushes at all. Set it as, or call it from,
// http.Server.ConnContext. Without it every request finds out anew.
func ConnContext(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, &conn{traffic: traffic{slots: newSlots()}})
}

func connOf(ctx context.Context) *conn {
	c, _ := ctx.Value(connKey{}).(*conn)
	return c
}

// traffic counts the pushes of one connection. Those that have arrived at the handler end
// for certain, with their streams, and are counted until they do. A promise whose request this package never gets to
// see, because it wraps other routes, ends without a word, and is given up after a while.
type traffic struct {
	slots    chan struct{} // one for each series of pushes at a time
	mu       sync.Mutex
	promised int // made and not arrived
	arrived  int // being answered
	last     time.Time
}

// Promises go over a connection one after the other, so four goroutines suffice. Without a bound,
// a client that opens 250 streams and resets them at once would hold 250.
func newSlots() chan struct{} { return make(chan struct{}, 4) }

// forgotten is how long a promise may take to arrive: a goroutine's start.
const forgotten = 10 * time.Second

// begin counts a push, unless the limit is reached.
func (t *traffic) begin(most int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count() >= most {
		return false
	}
	t.promised++
	t.last = time.Now()
	return true
}

// fail takes back what begin counted: there was no push.
func (t *traffic) fail() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.promised = max(0, t.promised-1)
}

// arrive is called with a pushed request, and end when its stream is closed.
func (t *traffic) arrive() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.promised = max(0, t.promised-1)
	t.arrived++
}

func (t *traffic) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.arrived--
}

// endWith calls end when the channel says so, or at once where there is none.
func (t *traffic) endWith(closed <-chan bool) {
	if closed == nil {
		t.end()
		return
	}
	go func() {
		<-closed
		t.end()
	}()
}

// streamEnd returns what tells when the stream of an answer is closed, nil where nothing does. The
// context of the request ends when its handler returns, and then a client that does not read
// holds the answer up for as long as it likes. What http.CloseNotifier is deprecated in favour of
// is that context.
//
// The lowest writer is asked: those of frameworks have the method, and some panic in it.
func streamEnd(w http.ResponseWriter) (closed <-chan bool) {
	for {
		v, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		w = v.Unwrap()
	}
	if v, ok := w.(interface{ CloseNotify() <-chan bool }); ok {
		defer func() { recover() }()
		closed = v.CloseNotify()
	}
	return closed
}

// underWay is the number of pushes that have not ended.
func (t *traffic) underWay() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count()
}

func (t *traffic) count() int {
	if t.promised > 0 && time.Since(t.last) > forgotten {
		t.promised = 0
	}
	return t.promised + t.arrived
}

// hinting are the pages of one connection that had a 103 and have no final answer yet. What
// refers to one of them is asked for because of the hint: nobody has seen the page.
type hinting struct {
	some  atomic.Int32
	mu    sync.Mutex
	pages map[string]*awaited // by URL
}

// awaited are the answers of one page that are under way.
type awaited struct {
	answers int
	asked   []time.Time // when assets were asked for meanwhile
}

// mostAsked bounds the assets of one page whose lead is measured.
const mostAsked = 64

func (h *hinting) began(url string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pages == nil {
		h.pages = make(map[string]*awaited)
	}
	if h.pages[url] == nil {
		h.pages[url] = new(awaited)
	}
	h.pages[url].answers++
	h.some.Add(1)
}

// ended returns when the page's assets were asked for, if that was its last answer under way.
func (h *hinting) ended(url string) (asked []time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.pages[url]
	if p.answers--; p.answers == 0 {
		delete(h.pages, url)
		asked = p.asked
	}
	h.some.Add(-1)
	return asked
}

// awaits reports whether the page that a request refers to is awaited, and notes the request.
func (h *hinting) awaits(url string) bool {
	if h.some.Load() == 0 || url == "" {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.pages[url]
	if p == nil {
		return false
	}
	if len(p.asked) < mostAsked {
		p.asked = append(p.asked, time.Now())
	}
	return true
}

// strangers count the pushes of connections that have no context of ours, by the address
// at the other end. Nothing else is kept of them: middleware may have put another
// address in its place, and several clients behind one.
type strangers struct {
	pushed atomic.Bool // some push went out
	mu     sync.Mutex
	at     map[string]*traffic
}

// maxStrangers bounds the connections that are counted at a time; no others are pushed to.
const maxStrangers = 1024

// of returns the traffic of an address, nil if there are too many of them.
func (s *strangers) of(address string) *traffic {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.at[address]; ok {
		return t
	}
	if len(s.at) >= maxStrangers {
		for a, t := range s.at {
			if t.underWay() == 0 {
				delete(s.at, a)
			}
		}
		if len(s.at) >= maxStrangers {
			return nil
		}
	}
	if s.at == nil {
		s.at = make(map[string]*traffic)
	}
	t := &traffic{slots: newSlots()}
	s.at[address] = t
	return t
}
