package learn

import (
	"math/bits"
	"slices"
	"strings"
	"unsafe"
)

// sectionLevels is how many sections a page belongs to.
const sectionLevels = 2

// sectionKey appends the key of a page's section to dst: its siblings (level 0), or its cousins
// (level 1). It reports false if there is none: for the root, which has no siblings, for routes,
// which already stand for many pages, and for what is not a path.
//
//	/shop/toys/blue-bear       ->  /shop/toys/*        /shop/*/*
//	/blog/2024/spring.html     ->  /blog/2024/*.html   /blog/*/*.html
//	/about                     ->  /*
//	/blog/spring/              ->  /blog/*/            /*/*/
//
// A path that holds a star already has no section, so a page cannot speak for one.
func sectionKey(dst []byte, page string, level int) ([]byte, bool) {
	path, query := page, ""
	if i := strings.IndexByte(page, '?'); i >= 0 {
		path, query = page[:i], page[i:]
	}
	if len(path) < 2 || path[0] != '/' || strings.ContainsAny(path, "{*") {
		return dst, false
	}
	end := len(path)
	if path[end-1] == '/' {
		end--
	}
	last := strings.LastIndexByte(path[:end], '/')
	tail := path[end:] // "/" or ""
	if tail == "" {
		dot := strings.LastIndexByte(path[last:end], '.')
		if dot > 1 && end-last-dot <= 6 && strings.ContainsFunc(path[last+dot:end], isLetter) {
			tail = path[last+dot : end]
		}
	}
	parent := path[:last]
	star := "/*"
	if level == 1 {
		if parent == "" {
			return dst, false
		}
		parent = parent[:strings.LastIndexByte(parent, '/')]
		star = "/*/*"
	}
	dst = append(dst, parent...)
	dst = append(dst, star...)
	dst = append(dst, tail...)
	if query != "" { // listed parameters tell sections apart by name, not by value
		for pair := range strings.SplitSeq(query[1:], "&") {
			name, _, _ := strings.Cut(pair, "=")
			dst = append(dst, "?*"...)
			dst = append(dst, name...)
		}
	}
	return dst, true
}

func isLetter(r rune) bool { return 'a' <= r|0x20 && r|0x20 <= 'z' }

// section is what a section knows of its members, besides what it has in common with a page.
type section struct {
	voted   uint64             // members that voted in this round, in buckets
	round   uint8              // votes in this round
	ever    uint64             // members that voted in any round, in buckets
	first   [minMembers]uint64 // the first members: buckets cannot tell two in one of them
	members uint8              // different members so far, at least

	// once are assets seen once: only the second sighting makes a candidate of a section, so
	// that the pictures of each member do not. Two of the largest views fit, so that whatever is
	// in the one is still known at the end of the other.
	once sightings

	said     []saying // what members link, before it is believed: a ring once it is full
	nextSaid int      // the oldest
	untold   uint64   // the member that came before there was a section: what it links is to be asked for
}

// A saying is an asset that members of a section link for everybody. Half a hash tells assets, and
// members, apart well enough.
type saying struct {
	tag      uint32
	believed bool
	by       [minMembers]uint32 // the members, until there are enough
}

// maxSayings bounds what is remembered of what the members of a section link. Two of the longest
// lists fit, so that no two pages can shut out what they share.
const maxSayings = 128

// says takes down that a member links an asset, and reports whether it is the one that makes
// enough of them.
func (x *section) says(member, hash uint64) bool {
	tag, by := uint32(hash), uint32(member)|1
	i := slices.IndexFunc(x.said, func(s saying) bool { return s.tag == tag })
	switch {
	case i >= 0:
	case len(x.said) < maxSayings:
		i = len(x.said)
		x.said = append(x.said, saying{tag: tag})
	default:
		i, x.nextSaid = x.nextSaid, (x.nextSaid+1)%maxSayings
		x.said[i] = saying{tag: tag}
	}
	s := &x.said[i]
	if s.believed {
		return false
	}
	for j, m := range s.by {
		if m == by {
			return false
		}
		if m == 0 {
			s.by[j], s.believed = by, j == minMembers-1
			return s.believed
		}
	}
	return false
}

// A section hears each member once in a round: how often a page is visited says nothing about
// how its siblings are built.
const (
	roundVotes = 32
	minMembers = 3 // before a section is believed
)

// hear reports whether a member may vote now.
func (x *section) hear(member uint64) bool {
	x.meet(member)
	if x.round >= roundVotes {
		x.voted, x.round = 0, 0
	}
	x.round++ // also by those who may not vote, so that a small section comes to an end of its rounds
	bit := uint64(1) << (member >> 58)
	if x.voted&bit != 0 {
		return false
	}
	x.voted |= bit
	x.ever |= bit
	x.members = max(x.members, uint8(bits.OnesCount64(x.ever)))
	return true
}

// meet counts a member exactly, as long as the number decides whether the section is believed.
func (x *section) meet(member uint64) {
	if x.members >= minMembers {
		return
	}
	for i, m := range x.first {
		if m == member {
			return
		}
		if m == 0 {
			x.first[i] = member
			x.members = max(x.members, uint8(i+1))
			return
		}
	}
}

func (x *section) cost() int {
	return int(unsafe.Sizeof(*x)) + x.once.cost() + cap(x.said)*int(unsafe.Sizeof(saying{}))
}

// sightings remembers what was seen once, as the latest so many hashes: what is worth its
// memory only from the second time on has to be seen again before it is forgotten. The zero
// value is empty.
//
// Any of them may follow on any other, so no two can shut each other out. With one place for
// each hash, two that meet in a place would, for as long as the secret of the model lasts.
type sightings struct {
	tags []uint32 // a ring once it is full
	by   []uint64 // who saw it, where that is kept
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

// againBy is again, and returns who saw it first.
func (s *sightings) againBy(hash, by uint64, room int) (first uint64, again bool) {
	if i := slices.Index(s.tags, uint32(hash)); i >= 0 {
		return s.by[i], true
	}
	at := s.next
	if len(s.tags) < room {
		at = len(s.tags)
		s.by = append(s.by, by)
	}
	s.by[at] = by
	return 0, s.again(hash, room)
}

// cost is the memory behind it, in bytes.
func (s *sightings) cost() int { return 4*cap(s.tags) + 8*cap(s.by) }
