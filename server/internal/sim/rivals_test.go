package sim

import (
	"math"
	"slices"
	"strings"
	"time"
)

// The rules of four systems that learn, written anew from their documented behaviour: what
// they count, when they believe it, and when they forget. Faults that would end a run (endless
// recursion on a cycle, concurrent map writes) are left out; those of judgement are in.

// Pusher is romainmenke/pusher as of 2 January 2017. Every fetch with a Referer adds 1 to the
// edge from page to asset; one that answers a push adds 0.1. Weights halve every five minutes,
// when the page is read. From above 10, and above 0.95 of the page's heaviest edge, an asset
// is pushed, and then whatever its own edges say; below 0.8 an edge is dropped.
type Pusher struct {
	edges map[string]map[string]*edge
}

type edge struct {
	weight float64
	at     time.Time
}

// NewPusher returns an empty graph.
func NewPusher() *Pusher { return &Pusher{edges: make(map[string]map[string]*edge)} }

func (*Pusher) Name() string { return "pusher" }

func (p *Pusher) add(from, to string, weight float64, at time.Time) {
	if p.edges[from] == nil {
		p.edges[from] = make(map[string]*edge)
	}
	e := p.edges[from][to]
	if e == nil {
		e = &edge{at: at}
		p.edges[from][to] = e
	}
	e.weight += weight
}

// read walks the graph from a page; with decay it also forgets, as the original does on reading.
func (p *Pusher) read(page string, at time.Time, decay bool) (list []string) {
	seen := map[string]bool{page: true}
	var walk func(string)
	walk = func(from string) {
		heaviest := 0.0
		now := make(map[string]float64)
		for to, e := range p.edges[from] {
			w := e.weight * math.Exp2(-float64(at.Sub(e.at))/float64(5*time.Minute))
			now[to] = w
			if decay {
				if e.weight, e.at = w, at; w < 0.8 {
					delete(p.edges[from], to)
					continue
				}
			}
			heaviest = max(heaviest, w)
		}
		for to, w := range now {
			if w > 10 && w > 0.95*heaviest && !seen[to] {
				seen[to] = true
				list = append(list, to)
				walk(to)
			}
		}
	}
	walk(page)
	return list
}

func (p *Pusher) Page(v *Visit, at time.Time) []string {
	list := p.read(v.Page.Path, at, true)
	for _, path := range list {
		p.add(v.Page.Path, path, 0.1, at) // the push comes back as a request with its own header
	}
	return list
}

func (p *Pusher) Asset(v *Visit, r *Request, at time.Time) { p.add(r.Referer, r.Path, 1, at) }

func (p *Pusher) Predict(page string, at time.Time) []string { return p.read(page, at, false) }

// AutoPush is google/node-h2-auto-push 0.4.1 with its defaults: the set of static files that a
// connection asks for in the 500 ms after a page is compared with the set of the time before.
// Equal to it in 0.8 of the cases, of which one is enough, and the page is promoted for ever.
// Clients carry a Bloom filter of what they were sent or asked for.
type AutoPush struct {
	windows  map[uint64]*window
	order    []*window
	learning map[string]*guess
	promoted map[string][]string
	pushable map[string]bool
}

type window struct {
	conn  uint64
	key   string
	paths []string
	until time.Time
}

type guess struct {
	paths          []string
	total, success int
}

// NewAutoPush returns a server that knows nothing.
func NewAutoPush() *AutoPush {
	return &AutoPush{
		windows: make(map[uint64]*window), learning: make(map[string]*guess),
		promoted: make(map[string][]string), pushable: make(map[string]bool),
	}
}

func (*AutoPush) Name() string { return "h2-auto-push" }

func (a *AutoPush) record(conn uint64, path string, static bool, at time.Time) {
	a.close(at)
	if _, ok := a.promoted[path]; ok {
		return
	}
	w := a.windows[conn]
	if w == nil {
		w = &window{conn: conn, key: path, until: at.Add(500 * time.Millisecond)}
		a.windows[conn] = w
		a.order = append(a.order, w)
		return
	}
	if static && !slices.Contains(w.paths, path) {
		w.paths = append(w.paths, path)
	}
}

// close lets the timers run out that have.
func (a *AutoPush) close(at time.Time) {
	for len(a.order) > 0 && !a.order[0].until.After(at) {
		w := a.order[0]
		a.order = a.order[1:]
		if _, ok := a.promoted[w.key]; ok || a.pushable[w.key] {
			continue // and the window stays open for good
		}
		delete(a.windows, w.conn)
		slices.Sort(w.paths)
		g := a.learning[w.key]
		if g == nil {
			g = &guess{paths: w.paths}
			a.learning[w.key] = g
		} else {
			g.total++
			if slices.Equal(g.paths, w.paths) {
				g.success++
			}
		}
		if g.total < 1 {
			continue
		}
		switch share := float64(g.success) / float64(g.total); {
		case share >= 0.8:
			a.promoted[w.key] = g.paths
			for _, p := range g.paths {
				a.pushable[p] = true
			}
		case share <= 0.2:
			*g = guess{paths: w.paths, total: 1, success: 1}
		}
	}
}

func (a *AutoPush) Page(v *Visit, at time.Time) (list []string) {
	a.record(v.Conn, v.Page.Path, false, at)
	for _, path := range a.promoted[v.Page.Path] {
		if !v.Client.Cache[path] {
			list = append(list, path)
		}
	}
	return list
}

func (a *AutoPush) Asset(v *Visit, r *Request, at time.Time) { a.record(v.Conn, r.Path, true, at) }

func (a *AutoPush) Predict(page string, at time.Time) []string {
	a.close(at)
	return a.promoted[page]
}

// Jetty is the PushCacheFilter of Jetty 9.4 to 11 with its defaults: a request with a Referer
// of the same host is associated with the page if it comes within 4,000 ms of the first time
// that the page was ever seen, up to 16 of them and one more. All are pushed, and what is
// associated with them, unless the request for the page is conditional.
type Jetty struct {
	primary map[string]*primary
}

type primary struct {
	first      time.Time
	associated []string
}

// NewJetty returns an empty cache.
func NewJetty() *Jetty { return &Jetty{primary: make(map[string]*primary)} }

func (*Jetty) Name() string { return "Jetty" }

func (j *Jetty) see(path string, at time.Time) {
	if j.primary[path] == nil {
		j.primary[path] = &primary{first: at}
	}
}

func (j *Jetty) Page(v *Visit, at time.Time) []string {
	j.see(v.Page.Path, at)
	if v.Conditional {
		return nil
	}
	return j.Predict(v.Page.Path, at)
}

func (j *Jetty) Asset(v *Visit, r *Request, at time.Time) {
	if p := j.primary[r.Referer]; p != nil && at.Sub(p.first) < 4*time.Second &&
		len(p.associated) <= 16 && !slices.Contains(p.associated, r.Path) {
		p.associated = append(p.associated, r.Path)
	}
	j.see(r.Path, at)
}

func (j *Jetty) Predict(page string, at time.Time) (list []string) {
	queue := []string{page}
	seen := map[string]bool{page: true}
	for len(queue) > 0 {
		p := j.primary[queue[0]]
		queue = queue[1:]
		if p == nil {
			continue
		}
		for _, path := range p.associated {
			if !seen[path] {
				seen[path] = true
				list = append(list, path)
				queue = append(queue, path)
			}
		}
	}
	return list
}

// Undertow is its LearningPushHandler with its defaults: whatever was answered with 200 to a
// request with a Referer, and without text/html in its Accept, belongs to the page that the
// Referer names; the latest 200 pages are kept, with 200 assets each. A session is not sent
// again what it was sent, unless its validator changed.
type Undertow struct {
	pages  map[string][]string
	recent []string // least recently used first
}

// NewUndertow returns an empty cache.
func NewUndertow() *Undertow { return &Undertow{pages: make(map[string][]string)} }

func (*Undertow) Name() string { return "Undertow" }

func (u *Undertow) touch(page string) {
	if i := slices.Index(u.recent, page); i >= 0 {
		u.recent = slices.Delete(u.recent, i, i+1)
	}
	u.recent = append(u.recent, page)
	if len(u.recent) > 200 {
		delete(u.pages, u.recent[0])
		u.recent = u.recent[1:]
	}
}

func (u *Undertow) Page(v *Visit, at time.Time) (list []string) {
	if _, ok := u.pages[v.Page.Path]; ok {
		u.touch(v.Page.Path)
	}
	for _, path := range u.pages[v.Page.Path] {
		if !v.Client.Cache[path] {
			list = append(list, path)
		}
	}
	return list
}

func (u *Undertow) Asset(v *Visit, r *Request, at time.Time) {
	if strings.HasSuffix(r.Path, ".html") {
		return
	}
	u.touch(r.Referer)
	if list := u.pages[r.Referer]; !slices.Contains(list, r.Path) {
		if len(list) >= 200 {
			list = list[1:]
		}
		u.pages[r.Referer] = append(list, r.Path)
	}
}

func (u *Undertow) Predict(page string, at time.Time) []string { return u.pages[page] }
