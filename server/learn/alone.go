package learn

import (
	"slices"
	"unsafe"

	"github.com/cache-aware/casper/server/link"
)

// alone is what the latest answer that was for one client only linked, as far as it is not known to be everybody's. It is never written
// anywhere, and ends with the day: tomorrow the same client has another name, and would seem to agree with itself.
type alone struct {
	client Client
	day    uint16
	links  []uint64 // hashes
}

// agree keeps of an answer that was for one client only what others have too: what the page is known to link, and what the latest such answer
// of the day linked for another client. The rest waits for another client's answer; only the latest waits, so it takes no more
// memory than one answer has links.
func (p *page) agree(m *Model, d *declaration, hashes []uint64) []uint64 {
	known := hashes[:0]
	var assets []link.Asset // when some are left out: the caller's stay as they are
	var rest []uint64
	for i, h := range hashes {
		if p.links(m, d, i) || p.alone.agrees(d, h) {
			known = append(known, h)
			if assets != nil {
				assets = append(assets, d.assets[i])
			}
			continue
		}
		if assets == nil {
			assets = slices.Grow(assets, len(hashes))
			assets = append(assets, d.assets[:i]...)
		}
		rest = append(rest, h)
	}
	if assets != nil {
		d.assets = assets
	}
	p.alone = nil
	if len(rest) > 0 {
		p.alone = &alone{d.only, dayOf(d.at), rest}
	}
	return known
}

// links reports whether the page is known to link the declaration's i-th asset, for everybody and in the same way.
func (p *page) links(m *Model, d *declaration, i int) bool {
	j, ok := p.candidate(m.hash(d.assets[i].Path))
	return ok && p.cands[j].flags&seedLink != 0 && *p.cands[j].asset.link == d.assets[i]
}

// agrees reports whether another client of the same day was answered the same.
func (a *alone) agrees(d *declaration, hash uint64) bool {
	return a != nil && a.client != d.only && a.day == dayOf(d.at) && slices.Contains(a.links, hash)
}

func (a *alone) cost() int { return int(unsafe.Sizeof(*a)) + 8*cap(a.links) }
