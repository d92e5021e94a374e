package replay

import (
	"net/netip"
	"strings"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/learn"
)

// Bounds of what is remembered.
const (
	maxBrowsers = 1 << 15 // those seen least recently go first
	maxHeld     = 512     // assets of a browser; then it holds none
	maxTabs     = 8       // views of a browser that are open at a time, as in the model
	maxAsked    = 128     // requests of a view
	maxAssets   = 1 << 15 // different assets of the site, each with a key in what browsers hold
)

// who is a browser: a user agent at an address.
type who struct {
	addr  netip.Addr
	agent string
}

// A browser is what one must have by now.
type browser struct {
	held   casper.Fingerprint // the numbers of the assets that it fetched
	cookie string             // as the handler wrote it
	tabs   []*view
}

// numbers are those of assets: every one is a key of its own.
var numbers = casper.Params{CapacityBits: casper.MaxCapacityBits}

func (b *browser) holds(a *asset) bool { return b.held.Has(a.number) }

func (b *browser) hold(a *asset) {
	if b.holds(a) {
		return
	}
	if b.held.Len() == maxHeld {
		b.held = casper.New(numbers)
	}
	b.held = b.held.With(a.number)
}

// browsers are those seen last.
type browsers struct{ now, before map[who]*browser }

func (bs *browsers) get(w who) *browser {
	b := bs.now[w]
	if b != nil {
		return b
	}
	if b = bs.before[w]; b == nil {
		b = &browser{held: casper.New(numbers)}
	}
	if bs.now == nil || len(bs.now) == maxBrowsers/2 {
		bs.now, bs.before = map[who]*browser{}, bs.now
	}
	bs.now[w] = b
	return b
}

// An asset is what is known of one path.
type asset struct {
	number casper.Key // from 1
	path   string
	size   int64 // of the largest answer, which is a whole one
}

// assets are those of the site.
type assets struct{ by map[string]*asset }

// get returns an asset, or nil when there is no room for one more.
func (as *assets) get(path string) *asset {
	if a := as.by[path]; a != nil {
		return a
	}
	if len(path) > learn.MaxPath || len(as.by) == maxAssets-1 {
		return nil
	}
	if as.by == nil {
		as.by = map[string]*asset{}
	}
	path = strings.Clone(path) // it points into a whole line
	a := &asset{number: casper.Key(len(as.by) + 1), path: path}
	as.by[path] = a
	return a
}

// key returns the number of an asset, 0 for one that nobody fetched.
func (as *assets) key(path string) casper.Key {
	if a := as.by[path]; a != nil {
		return a.number
	}
	return 0
}
