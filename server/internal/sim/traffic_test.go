package sim

import (
	"container/heap"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// System is one way of learning what pages need.
type System interface {
	Name() string

	// Page serves a page and returns the paths to push with it.
	Page(v *Visit, at time.Time) []string

	// Asset sees a request for an asset.
	Asset(v *Visit, r *Request, at time.Time)

	// Predict returns what a client who holds nothing would be pushed now. It changes nothing
	// that matters.
	Predict(page string, at time.Time) []string
}

// Hinting is a system that does not push: it says what to fetch, and browsers do.
type Hinting interface{ Hints() }

// Visit is one view of a page.
type Visit struct {
	Page        *Page
	Client      *Client
	Conn        uint64 // of the connection: a proxy has one for many clients
	Bot         bool   // asks for the page and nothing else
	Prefetch    bool   // nobody has looked yet; marked as such by browsers
	Conditional bool   // the client has the page and asks whether it changed
	used        []*File
	sent        map[string]bool
}

// Request is one request for an asset.
type Request struct {
	File     *File
	Path     string
	Referer  string // path of the page, or of the style sheet
	Prefetch bool
}

// Client is a browser, or something that looks like one.
type Client struct {
	ID    uint64
	Half  int             // of split tests
	Cache map[string]bool // paths it holds
}

// Traffic says what a site has to live with. All shares are of visits.
type Traffic struct {
	Visits    int
	Gap       time.Duration // mean time between visits
	Warm      float64       // by clients that hold all that the page needed when they came last
	Bots      float64
	Prefetch  float64
	Tabs      float64 // open a second page at once
	Proxied   float64 // through one proxy with one connection
	Colluders float64 // by clients that forge: the victim page's view, then the poison
	ReleaseAt int     // visit at which files are renamed; 0 for never
	Zipf      float64 // exponent; 0 is 1
	ForgePer  int     // forged requests for each visit of an attacker
}

// event is something that will happen.
type event struct {
	at  time.Time
	seq int
	do  func(at time.Time)
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	if e[i].at.Equal(e[j].at) {
		return e[i].seq < e[j].seq
	}
	return e[i].at.Before(e[j].at)
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// Start is when every run begins.
var Start = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)

// Run lets a site live through its traffic with a system that really pushes what it says, and
// measures.
func Run(seed uint64, t Traffic, sys System) *Result {
	rng := newRand(seed, 1)
	site := NewSite(newRand(seed, 2))
	r := newResult(site, sys)
	var queue events
	seq := 0
	after := func(at time.Time, do func(time.Time)) {
		seq++
		heap.Push(&queue, event{at, seq, do})
	}
	pick := zipf(rng, len(site.Pages), t.Zipf)
	clients := uint64(0)
	newClient := func() *Client {
		clients++
		return &Client{ID: clients, Half: 1 + rng.IntN(2), Cache: make(map[string]bool)}
	}
	colluders := make([]*Client, max(1, int(t.Colluders*float64(t.Visits)/20)))
	for i := range colluders {
		colluders[i] = newClient()
	}

	// browse opens a page in a browser that renders it.
	browse := func(v *Visit, at time.Time) {
		v.draw(rng)
		r.page(v, at)
		if v.Bot {
			return
		}
		if _, ok := sys.(Hinting); ok { // the browser asks for what it does not hold
			for _, path := range slices.Sorted(maps.Keys(v.sent)) {
				if !v.Client.Cache[path] {
					req := &Request{File: site.file(path), Path: path, Referer: v.Page.Path, Prefetch: v.Prefetch}
					after(at.Add(10*time.Millisecond), func(at time.Time) { sys.Asset(v, req, at) })
				}
			}
		}
		delay := 30 * time.Millisecond
		for _, f := range v.used {
			path := f.Path()
			if v.sent[path] || v.Client.Cache[path] {
				continue
			}
			req := &Request{File: f, Path: path, Referer: v.Page.Path, Prefetch: v.Prefetch}
			if f.parent != nil {
				req.Referer = f.parent.Path()
			}
			delay += time.Duration(10+rng.IntN(80)) * time.Millisecond
			after(at.Add(delay), func(at time.Time) { sys.Asset(v, req, at) })
		}
		for _, f := range v.used {
			v.Client.Cache[f.Path()] = true
		}
		for path := range v.sent {
			v.Client.Cache[path] = true
		}
	}

	at := Start
	for i := range t.Visits {
		at = at.Add(time.Duration(rng.ExpFloat64() * float64(t.Gap)))
		if i > 0 && i == t.ReleaseAt {
			after(at, func(at time.Time) { r.release(site.Release(rng), at) })
		}
		v := &Visit{Page: site.Pages[pick()], Conn: rng.Uint64()}
		if rng.Float64() < t.Colluders {
			v.Client, v.Page = colluders[rng.IntN(len(colluders))], site.Pages[0]
			after(at, func(at time.Time) {
				r.attack(v, at)
				for range max(1, t.ForgePer) {
					sys.Asset(v, &Request{File: site.Poison, Path: site.Poison.Path(), Referer: v.Page.Path}, at.Add(50*time.Millisecond))
				}
			})
			continue
		}
		v.Client = newClient()
		warm := rng.Float64() < t.Warm
		v.Bot = rng.Float64() < t.Bots
		v.Prefetch = !v.Bot && rng.Float64() < t.Prefetch
		if rng.Float64() < t.Proxied {
			v.Conn, v.Client.ID = 1, 1<<40
		}
		if warm { // it came before, when the files were what they are at this moment or before the release
			v.Conditional = true
			v.draw(rng)
			old := rng.Float64() < .7
			for _, f := range v.used {
				if old {
					v.Client.Cache[f.OldPath()] = true
				} else {
					v.Client.Cache[f.Path()] = true
				}
			}
		}
		after(at, func(at time.Time) { browse(v, at) })
		if !v.Bot && rng.Float64() < t.Tabs {
			other := &Visit{Page: site.Pages[pick()], Conn: v.Conn, Client: v.Client}
			after(at.Add(time.Duration(rng.IntN(1500))*time.Millisecond), func(at time.Time) { browse(other, at) })
		}
		for len(queue) > 0 && queue[0].at.Before(at) {
			e := heap.Pop(&queue).(event)
			e.do(e.at)
		}
	}
	for len(queue) > 0 {
		e := heap.Pop(&queue).(event)
		at = e.at
		e.do(e.at)
	}
	r.end(at.Add(time.Minute))
	return r
}

func newRand(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }

// draw decides which files the view uses.
func (v *Visit) draw(rng *rand.Rand) {
	v.used = v.used[:0]
	for _, u := range v.Page.Uses {
		use := rng.Float64() < u.P
		if u.variant != 0 { // the halves are as large as their probability, and a client stays in its own
			first := float64(v.Client.ID*2654435761%1000)/1000 < v.split()
			use = (u.variant == 1) == first
		}
		if use && (u.parent == nil || v.uses(u.parent)) {
			v.used = append(v.used, u.File)
		}
	}
}

func (v *Visit) split() float64 {
	for _, u := range v.Page.Uses {
		if u.variant == 1 {
			return u.P
		}
	}
	return 0
}

func (v *Visit) uses(f *File) bool {
	for _, g := range v.used {
		if g == f {
			return true
		}
	}
	return false
}

// zipf returns a source of page numbers, the first ones being the most visited.
func zipf(rng *rand.Rand, n int, exponent float64) func() int {
	if exponent == 0 {
		exponent = 1
	}
	sum := make([]float64, n)
	total := 0.0
	for i := range sum {
		total += 1 / math.Pow(float64(i+1), exponent)
		sum[i] = total
	}
	return func() int {
		x := rng.Float64() * total
		low, high := 0, n-1
		for low < high {
			if mid := (low + high) / 2; sum[mid] < x {
				low = mid + 1
			} else {
				high = mid
			}
		}
		return low
	}
}
