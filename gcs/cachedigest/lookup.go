package cachedigest

import (
	"fmt"
	"slices"

	"github.com/cache-aware/casper/hash"
)

// A State is what is known of a URL.
type State uint8

// The states.
const (
	Unknown   State = iota // no digest has it, but they are not complete
	NotCached              // no digest has it, and they are complete
	Fresh                  // the client holds a fresh response
	Outdated               // the client holds a stale response
)

// String returns the state's name.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

var stateNames = [...]string{"unknown", "not cached", "fresh", "stale"}

// Lookup says whether the client holds the URL, whatever its version. Only digests
// without validators know.
func (h Header) Lookup(url string) State { return h.LookupHash(hash.Digest(url, ""), false) }

// LookupETag says whether the client holds this version of the URL. Only digests
// with validators know.
func (h Header) LookupETag(url, etag string) State {
	return h.LookupHash(hash.Digest(url, etag), true)
}

// LookupHash is the lookup of a name whose [hash.Digest] the caller has kept.
//
// Digests before the last reset do not count. A false positive is as likely as all
// digests together have it. As in H2O, a digest whose universe is a single key
// matches nothing, since it would match everything.
func (h Header) LookupHash(n uint64, validators bool) State {
	for i, e := range slices.Backward(h) {
		if e.Flags&Reset != 0 {
			h = h[i:]
			break
		}
	}
	complete, stale := false, false
	for _, e := range h {
		if e.Flags&Stale == 0 {
			complete = e.Flags&Complete != 0
		}
		if e.Flags&Validators != 0 != validators || e.Digest.p == (Params{}) || !e.Digest.Has(e.Digest.p.key(n)) {
			continue
		}
		if e.Flags&Stale == 0 {
			return Fresh
		}
		stale = true
	}
	switch {
	case stale:
		return Outdated
	case complete:
		return NotCached
	}
	return Unknown
}
