package learn

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unsafe"

	"github.com/cache-aware/casper/server/link"
)

// A refusal is an asset that views of a page asked for and that cannot be learned, since its
// answers may not be kept. It only tells [Model.Explain] why the page is hinted less than it asks
// for, so it is not saved and not shared.
type refusal struct {
	hash    uint64
	path    string
	as      string // its destination
	because string // see [Fetch.Because]
	views   uint32 // that asked for it
	from    uint32 // sequence number of the first of them
}

// maxRefused bounds the refusals of a page, and of a view. The first ones stay: what a page always
// asks for comes before what one client makes up.
const maxRefused = 8

const refusalCost = int(unsafe.Sizeof(refusal{}))

// refuses reports whether a fetch is of an asset that would be learned if its answers could be
// kept.
func (m *Model) refuses(f *Fetch) bool {
	a := &f.Asset
	return f.Status == 200 && f.unkept() && m.learned[a.As] && a.Valid() && len(a.Path) <= MaxPath
}

// unkept reports whether the answer may not be kept: because it says so, or because it is a whole
// answer that does not say for how long it may. A bare 304 tells nothing.
func (f *Fetch) unkept() bool {
	return f.Reuse == ReuseNot || f.Reuse == ReuseUnstated && f.Status == 200
}

// refuse notes on an open view that it asked for such an asset, and returns the bytes that this
// takes.
func (v *opened) refuse(hash uint64, f *Fetch) int {
	same := func(r refusal) bool { return r.hash == hash }
	if len(v.refused) == maxRefused || slices.ContainsFunc(v.refused, same) {
		return 0
	}
	v.refused = append(v.refused, refusal{hash: hash, path: strings.Clone(f.Asset.Path), as: strings.Clone(f.Asset.As), because: f.Because})
	return refusalCost + len(f.Asset.Path) + len(f.Asset.As)
}

// refuse takes over what a closed view was refused.
func (p *page) refuse(v *opened) {
	for _, r := range v.refused {
		if p.refused == nil {
			p.refused = new(refusals)
		}
		i := slices.IndexFunc(*p.refused, func(o refusal) bool { return o.hash == r.hash })
		if i < 0 {
			if len(*p.refused) == maxRefused {
				continue
			}
			i = len(*p.refused)
			r.from = p.seq
			*p.refused = append(*p.refused, r)
		}
		o := &(*p.refused)[i]
		o.because = r.because
		o.views = min(o.views, math.MaxUint32-1) + 1
	}
}

// refusals are those of one page.
type refusals []refusal

// of returns the refusal of an asset, or nil.
func (list *refusals) of(hash uint64) *refusal {
	if list == nil {
		return nil
	}
	i := slices.IndexFunc(*list, func(r refusal) bool { return r.hash == hash })
	if i < 0 {
		return nil
	}
	return &(*list)[i]
}

func (list *refusals) cost() int {
	n := int(unsafe.Sizeof(*list)) + cap(*list)*refusalCost
	for _, r := range *list {
		n += len(r.path) + len(r.as)
	}
	return n
}

// reason is what Explain tells of an asset that only was refused.
func (r *refusal) reason(seq uint32) Reason {
	a := link.Asset{Path: r.path, As: r.as}
	return Reason{Asset: a, Path: a.Path, Link: a.String(), Why: r.why(seq)}
}

// why says it, after so many views of the page.
func (r *refusal) why(seq uint32) string {
	asked, because := "asked for", "nothing says how long it may be kept"
	switch all := seq - r.from + 1; {
	case r.views < all:
		asked = fmt.Sprintf("asked for on %d of %d views", r.views, all)
	case all > 1:
		asked = fmt.Sprintf("asked for on each of %d views", all)
	}
	if r.because != "" {
		because = r.because + " says that it may not be kept"
	}
	return asked + ", but " + because
}
