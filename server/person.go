package server

import (
	"hash/maphash"
	"net/http"

	"github.com/cache-aware/casper/server/internal/httpfacts"
	"github.com/cache-aware/casper/server/link"
)

// What an answer for one visitor named goes ahead of that visitor's next view of the page at
// once, and of no other's: a visitor is who comes from the same network with the same
// credentials. Only a salted hash of these is kept, in memory.

// person identifies the visitor by network and credentials. With the header of the answer it is
// who the visitor will be on the next request.
func (w *response) person(answer http.Header) uint64 {
	credentials := httpfacts.Credentials(w.s.salt.seed, w.r.Header, answer, w.h.Cookie.name())
	return maphash.Comparable(w.s.salt.seed, [2]uint64{w.network(), credentials})
}

// recall finds what the latest answer for this visitor alone linked.
func (w *response) recall(f *facts) {
	if f.page && w.s.memory.HasOwn() {
		f.own = w.s.memory.Own(f.place, f.query, w.person(nil))
	}
}

// rememberOwn keeps what an answer for this visitor alone linked.
func (w *response) rememberOwn(personal bool, links []link.Asset, header http.Header) {
	f := w.facts()
	switch {
	case personal && len(links) > 0:
		now, next := w.person(nil), w.person(header)
		f.own = w.s.memory.RememberOwn(f.place, f.query, now, f.own, links)
		if next != now {
			w.s.memory.RememberOwn(f.place, f.query, next, f.own, links)
		}
	case f.own != nil:
		w.s.memory.ForgetOwn(f.place, f.query, w.person(nil))
		f.own = nil
	}
}
