package learn

import "slices"

// sightings remembers what was seen once, as the latest so many hashes: what is worth its
// memory only from the second time on has to be seen again before it is forgotten. The zero
// value is empty.
//
// Any of them may follow on any other, so no two can shut each other out; with one place for
// each hash, two that met in a place would, for as long as the secret of the model lasts.
type sightings struct {
	tags []uint32 // a ring once it is full
	next int      // the oldest
}

// again reports whether a hash is remembered. If not it is from now on, in the place of the
// oldest one if there are room others.
func (s *sightings) again(hash uint64, room int) bool {
	tag := uint32(hash)
	if slices.Contains(s.tags, tag) {
		return true
	}
	if len(s.tags) < room {
		s.tags = append(s.tags, tag)
		return false
	}
	s.tags[s.next] = tag
	s.next = (s.next + 1) % len(s.tags)
	return false
}

// cost is the memory behind it, in bytes.
func (s *sightings) cost() int { return 4 * cap(s.tags) }
