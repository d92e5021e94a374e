package learn

import (
	"math/bits"
	"slices"
	"sync"
	"unsafe"
)

// What one client may occupy. Flooding costs the flooder alone.
const (
	maxTabs  = 8    // views open at once
	maxVotes = 1024 // votes between two exchanges of the filters of who has voted
)

// visitors is a part of the clients that were seen lately: their open views, what they
// fetched, and whether they have voted.
type visitors struct {
	mu       sync.Mutex
	byClient map[Client]*visitor
	newest   *visitor // by last activity, a ring: newest.newer is the oldest
	room     int      // visitors that fit
	voted    voted

	first, last *opened // views by time of opening
	open        int
	openRoom    int
	strangers   int // bytes of assets that only open views know
}

// visitor is one client.
type visitor struct {
	client       Client
	newer, older *visitor
	seen         int64 // ms
	tabs         [maxTabs]*opened
	trail        trail
	votes        uint16
	turn         uint32 // of the filters, that votes counts for
}

// trail is a small Bloom filter of what a client fetched of late: a fingerprint for clients
// who send none. Two probes in 512 bits; begun anew when a quarter is set, so at most one
// asset in sixteen is taken for held by mistake.
type trail [8]uint64

func (t *trail) add(hash uint64) {
	set := 0
	for _, w := range t {
		set += bits.OnesCount64(w)
	}
	if set > 128 {
		*t = trail{}
	}
	t[hash>>6&7] |= 1 << (hash & 63)
	t[hash>>15&7] |= 1 << (hash >> 9 & 63)
}

func (t *trail) has(hash uint64) bool {
	return t[hash>>6&7]&(1<<(hash&63)) != 0 && t[hash>>15&7]&(1<<(hash>>9&63)) != 0
}

// opened is a view that is open: one client looking at one page, from the page's header until
// the window closes.
type opened struct {
	visitor *visitor // nil if the view was given up
	next    *opened
	path    uint64 // hash of the path that Referers name
	at      int64  // when it was opened, ms
	day     uint16
	bucket  voters  // the client's
	hits    []hit   // by hash
	quiet   []quiet // by hash
	refused []refusal
	votes   [1 + sectionLevels]ref
	n       int   // votes
	asked   uint8 // requests so far
	sent    bool  // something was sent ahead
	pushed  bool  // by push

	strangers int // bytes of assets that no page knew
}

// quiet is an asset that a view need not ask for: its client holds it, or was sent it.
type quiet struct {
	hash uint64
	why  quietness
}

type quietness uint8

const (
	isHeld quietness = 1 << iota
	isSent
)

// ref names what a view votes on: its page, or a section that the page belongs to.
type ref struct {
	hash uint64
	key  string
}

var pool = sync.Pool{New: func() any { return new(opened) }}

func (v *opened) free() {
	clear(v.hits) // let go of links and versions
	clear(v.refused)
	*v = opened{hits: v.hits[:0], quiet: v.quiet[:0], refused: v.refused[:0]}
	pool.Put(v)
}

// find returns where a hash is, or would be, among the hits. Package slices takes a fifth more
// time for all that is observed.
func (v *opened) find(hash uint64) (at int, found bool) {
	i := len(v.hits)
	for i > 0 && v.hits[i-1].hash >= hash {
		i--
	}
	return i, i < len(v.hits) && v.hits[i].hash == hash
}

// note adds to the quiet assets, keeping them sorted and every reason.
func (v *opened) note(hash uint64, why quietness) {
	i := len(v.quiet)
	for i > 0 && v.quiet[i-1].hash >= hash {
		i--
	}
	if i == len(v.quiet) || v.quiet[i].hash != hash {
		v.quiet = append(v.quiet, quiet{})
		copy(v.quiet[i+1:], v.quiet[i:])
		v.quiet[i] = quiet{hash: hash}
	}
	v.quiet[i].why |= why
}

// visitor returns the client's entry, and makes room for it at the cost of the one idle for
// longest.
func (vs *visitors) visitor(c Client, now int64) *visitor {
	x := vs.byClient[c]
	if x == nil {
		if len(vs.byClient) >= vs.room {
			x = vs.newest.newer
			vs.unlink(x)
			delete(vs.byClient, x.client)
			for _, v := range x.tabs {
				if v != nil {
					v.visitor = nil // it stays in the queue, and is dropped there
				}
			}
			*x = visitor{}
		} else {
			x = new(visitor)
		}
		x.client = c
		vs.byClient[c] = x
		vs.front(x)
	} else if vs.newest != x {
		vs.unlink(x)
		vs.front(x)
	}
	if now-x.seen > warm || now < x.seen {
		x.trail = trail{}
	}
	x.seen = now
	return x
}

func (vs *visitors) front(x *visitor) {
	if vs.newest == nil {
		x.newer, x.older = x, x
	} else {
		oldest := vs.newest.newer
		x.older, x.newer = vs.newest, oldest
		vs.newest.newer, oldest.older = x, x
	}
	vs.newest = x
}

func (vs *visitors) unlink(x *visitor) {
	if x.newer == x {
		vs.newest = nil
		return
	}
	if vs.newest == x {
		vs.newest = x.older
	}
	x.newer.older, x.older.newer = x.older, x.newer
}

// mayVote reports whether the client has a vote left, and takes it.
func (vs *visitors) mayVote(x *visitor) bool {
	if x.turn != vs.voted.turn {
		x.turn, x.votes = vs.voted.turn, 0
	}
	if x.votes >= maxVotes {
		return false
	}
	x.votes++
	return true
}

// on returns the client's newest view of a path, or else the newest that fetched or holds the
// asset that the Referer names.
func (x *visitor) on(path, via uint64) *opened {
	var found *opened
	for _, v := range x.tabs {
		if v != nil && v.path == path && (found == nil || v.at >= found.at) {
			found = v
		}
	}
	if found != nil || via == 0 {
		return found
	}
	for _, v := range x.tabs {
		if v == nil || found != nil && v.at < found.at {
			continue
		}
		_, asked := v.find(via)
		if asked || slices.ContainsFunc(v.quiet, func(q quiet) bool { return q.hash == via }) {
			found = v
		}
	}
	return found
}

// push puts a view at the end of the queue.
func (vs *visitors) push(v *opened) {
	if vs.last == nil {
		vs.first = v
	} else {
		vs.last.next = v
	}
	vs.last = v
	vs.open++
}

// grace is how much longer a view waits to be counted, in ms: requests are reported when they
// are answered, not when they come.
const grace = 1000

// due takes the oldest view out of the queue if its window has closed. A view from the future
// was opened before the clock went back: nobody knows how long it was open, so it is given up.
func (vs *visitors) due(now, window int64) *opened {
	for vs.first != nil {
		v := vs.first
		late, early := now-v.at >= window+grace, v.at-now > window
		if v.visitor != nil && !late && !early {
			return nil
		}
		if vs.first = v.next; vs.first == nil {
			vs.last = nil
		}
		v.next = nil
		vs.open--
		vs.strangers -= v.strangers
		if v.visitor == nil {
			v.free()
			continue
		}
		v.visitor.tabs[slices.Index(v.visitor.tabs[:], v)] = nil
		if early {
			v.free()
			continue
		}
		return v
	}
	return nil
}

// Sizes for the account of memory: the structs, and what a map entry costs.
const (
	mapEntry    = 32
	visitorCost = int(unsafe.Sizeof(visitor{})) + mapEntry
	// A view of an ordinary page; one of the largest takes four times as much.
	viewCost    = int(unsafe.Sizeof(opened{})) + 32*int(unsafe.Sizeof(hit{})) + 32*int(unsafe.Sizeof(quiet{}))
	strangeRoom = 2 << 10 // bytes of assets that no page knew, for each view that may be open
)
