package learn

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"

	"github.com/cache-aware/casper/server/learn/evidence"
)

// sightingKey is the key of sightings, one that reveals nothing about the others.
func sightingKey(s salt) sipKey {
	key := sha256.Sum256(append([]byte("sightings"), s[:]...))
	return sipKey{binary.LittleEndian.Uint64(key[:]), binary.LittleEndian.Uint64(key[8:])}
}

// mark is what a sighting says of a voter: one of 64 numbers, which are others for each page and day.
func (m *Model) mark(page uint64, day uint16, voter uint) uint64 {
	var text [11]byte
	binary.LittleEndian.PutUint64(text[:], page)
	binary.LittleEndian.PutUint16(text[8:], day)
	text[10] = byte(voter)
	return sum(m.marks, text[:])
}

// appendSightings appends who has seen the page and was not told of yet.
func (m *Model) appendSightings(dst []evidence.Delta, p *page) []evidence.Delta {
	for news := p.seenBy &^ p.noted; news != 0; news &= news - 1 {
		voter := uint(bits.TrailingZeros64(uint64(news)))
		dst = append(dst, evidence.Delta{Sighting: evidence.Sighting{Page: p.hash, Day: p.seenOn, Mark: m.mark(p.hash, p.seenOn, voter)}})
	}
	p.noted = p.seenBy
	return dst
}

// sight takes in what another node's visitor saw, if the page is known here. What is no sighting of
// somebody who has the secret is passed over.
func (m *Model) sight(x evidence.Sighting) {
	s := m.shardOf(x.Page)
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.byHash[x.Page]
	if p == nil || p.public {
		return
	}
	for voter := range uint(64) {
		if m.mark(x.Page, x.Day, voter) == x.Mark {
			p.see(1<<voter, x.Day, &m.lim)
			p.noted |= 1 << voter & p.seenBy
			return
		}
	}
}
