package replay

import (
	"container/list"
	"slices"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/learn"
)

// Bounds of what is remembered.
const (
	maxBrowsers = 1 << 15 // those seen least recently go first
	maxHeld     = 256     // assets of a browser; the oldest go first
	maxTabs     = 8       // views of a browser that are open at a time, as in the model
	maxAssets   = 1 << 16 // different assets of the site
)

// A browser is one user agent at one address, and what it must hold by now.
type browser struct {
	id     uint64
	held   []uint32           // numbers of the assets that it fetched, in that order
	cookie casper.Fingerprint // what a live server would have written down for it
	tabs   []*view
}

func (b *browser) holds(asset uint32) bool { return slices.Contains(b.held, asset) }

func (b *browser) hold(asset uint32) {
	if b.holds(asset) {
		return
	}
	if len(b.held) == maxHeld {
		b.held = slices.Delete(b.held, 0, maxHeld/4)
	}
	b.held = append(b.held, asset)
}

// browsers are those seen last.
type browsers struct {
	by    map[uint64]*list.Element
	order list.List // the latest in front
}

func (bs *browsers) get(id uint64, p casper.Params) *browser {
	if e := bs.by[id]; e != nil {
		bs.order.MoveToFront(e)
		return e.Value.(*browser)
	}
	if bs.by == nil {
		bs.by = map[uint64]*list.Element{}
	}
	if len(bs.by) == maxBrowsers {
		oldest := bs.order.Remove(bs.order.Back()).(*browser)
		delete(bs.by, oldest.id)
	}
	b := &browser{id: id, cookie: casper.New(p)}
	bs.by[id] = bs.order.PushFront(b)
	return b
}

// An asset is what is known of one path.
type asset struct {
	id   uint32
	path string
	as   string
	size int64 // of the largest answer, which is a whole one
	key  casper.Key
}

// assets are those of the site.
type assets struct {
	by map[string]*asset
	at []*asset
}

// get returns an asset, or nil when there is no room for one more.
func (as *assets) get(path string, p casper.Params) *asset {
	if a := as.by[path]; a != nil {
		return a
	}
	if len(path) > learn.MaxPath || len(as.at) == maxAssets {
		return nil
	}
	if as.by == nil {
		as.by = map[string]*asset{}
	}
	a := &asset{id: uint32(len(as.at)), path: path, key: p.Key(path)}
	as.at = append(as.at, a)
	as.by[path] = a
	return a
}
