package redisstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cache-aware/casper/server/learn/evidence"
)

// How much is read at a time.
const (
	archiveChunk = 64  // pages
	roundChunk   = 512 // fields
)

// Load returns a part of what the fleet has reported since the cursor, without what this store
// reported itself, and reports what has come to its turn meanwhile. It says that there is no
// more once it has read every settled round. A cursor from before the oldest round goes on
// with that one.
func (s *Store) Load(ctx context.Context, since evidence.Cursor) ([]evidence.Delta, evidence.Cursor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	deltas, next, err := s.load(ctx, since)
	if err != nil {
		return nil, since, named(err)
	}
	return deltas, next.text(), nil
}

func (s *Store) load(ctx context.Context, since evidence.Cursor) (deltas []evidence.Delta, c cursor, err error) {
	now, err := s.now(ctx)
	if err != nil {
		return nil, c, err
	}
	// A node without news of its own has to get rid of the old too.
	if len(s.queue) > 0 && now.round != s.asked {
		if err := s.report(ctx, now.round, nil); err != nil {
			return nil, c, err
		}
	}
	settled := s.settled(now)
	if since == "" {
		c.round, err = s.firstUnarchived(ctx, settled)
	} else {
		c, err = parseCursor(since)
	}
	if err != nil {
		return nil, c, err
	}
	for round := range s.own {
		if c.rounds && round < c.round { // the caller has what came before the cursor
			delete(s.own, round)
		}
	}
	for len(deltas) == 0 && err == nil {
		if !c.rounds {
			deltas, c, err = s.readArchive(ctx, c)
		} else {
			if c.round < settled-roundsKept { // it is no longer there
				c.round, c.scan = settled-roundsKept, 0
			} else if c.round > now.round+1 { // the clock of Redis went back
				c.round, c.scan = settled, 0
			}
			if c.round >= settled {
				break
			}
			deltas, c, err = s.readRound(ctx, now, c)
		}
	}
	return deltas, c, err
}

// wrongType reports whether the key that was asked for is none of ours.
func wrongType(err error) bool { return redis.HasErrorPrefix(err, "WRONGTYPE") }

// unfit reports whether the key whose content was asked for is none of ours, by its type or its
// size. What is beside it may be sound, so it is passed over.
func unfit(err error) bool { return wrongType(err) || errors.Is(err, errTooMuch) }

// refused reports whether Redis understood what it was asked to write and will not do so:
// a key of the wrong type, no room, a replica, no permission; or has keys that are too large.
func refused(err error) bool {
	_, ok := errors.AsType[redis.Error](err)
	return ok && !errors.Is(err, redis.Nil) || errors.Is(err, errTooMuch)
}

// readRound reads a part of a round. One that is none is passed over. That it cannot be archived
// is no reason not to read it.
func (s *Store) readRound(ctx context.Context, now clock, c cursor) ([]evidence.Delta, cursor, error) {
	next := c
	next.round, next.scan = c.round+1, 0
	size, err := s.client.HLen(ctx, s.k.round(c.round)).Result()
	switch {
	case wrongType(err), err == nil && (size == 0 || size > max(maxPieces, int64(s.c.MaxRound))):
		return nil, next, nil
	case err != nil:
		return nil, c, err
	}
	archivist := c.round == s.taken
	if c.scan == 0 && !archivist {
		if archivist, err = s.take(ctx, c.round); err != nil && !refused(err) {
			return nil, c, err
		}
	}
	text, scan, err := s.client.HScan(ctx, s.k.round(c.round), c.scan, "", roundChunk).Result()
	if errors.Is(err, errTooMuch) {
		text, err = s.pieces(ctx, s.k.round(c.round)) // what was scanned before is told twice
	}
	if err != nil {
		return nil, c, err
	}
	entries := s.parse(text)
	if archivist {
		err := s.archive(ctx, now, entries)
		if err != nil && !refused(err) {
			return nil, c, err
		}
		if err != nil {
			archivist, s.taken = false, 0
		}
	}
	deltas := s.others(entries, s.own[c.round])
	switch {
	case scan != 0:
		next = c
		next.scan = scan
	case archivist:
		err := s.client.Set(ctx, s.k.taken(c.round), archived, s.takenFor()).Err()
		if err != nil && !refused(err) {
			return nil, c, err
		}
		s.taken = 0
	}
	return deltas, next, nil
}

// parse reads fields and values in turn. What is no record is left out, and so is what a scan
// tells twice.
func (s *Store) parse(text []string) []entry {
	entries := make([]entry, 0, len(text)/2)
	seen := make(map[string]bool, len(text)/2)
	for ; len(text) >= 2; text = text[2:] {
		if r, ok := parseRecord(text[1]); ok && !seen[text[0]] {
			seen[text[0]] = true
			entries = append(entries, entry{text[0], r})
		}
	}
	return entries
}

// others makes deltas of records, less this node's own part. The assets that were reported
// last come first: a model that has no room for all of them takes those, and not the ones of
// last week's releases.
func (s *Store) others(entries []entry, own map[string]counts) []evidence.Delta {
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(a.field, b.field))
	})
	byPage := make(map[string]*evidence.Delta)
	for i := range entries {
		e := &entries[i]
		page, _, ok := cutField(e.field)
		if !ok || page == "" {
			continue
		}
		p, mine := own[e.field]
		if mine {
			e.counts = counts{max(0, e.Used-p.Used), max(0, e.Views-p.Views), max(0, e.Held-p.Held)}
		}
		if mine && e.Views == 0 && e.Held == 0 { // others may be of no views: they tell what was declared
			continue
		}
		d := byPage[page]
		if d == nil {
			d = &evidence.Delta{Page: page}
		}
		if e.addTo(d) {
			byPage[page] = d
			s.heard(e)
			s.counts.received.Add(1)
		}
	}
	deltas := make([]evidence.Delta, 0, len(byPage))
	for _, d := range byPage {
		deltas = append(deltas, *d)
	}
	slices.SortFunc(deltas, func(a, b evidence.Delta) int { return cmp.Compare(a.Page, b.Page) })
	return deltas
}

// take reports whether it is up to this store to archive a round: whoever asks first is the
// one. Should it not come to an end, the archive lacks that round, and the nodes that were
// there do not.
func (s *Store) take(ctx context.Context, round int64) (bool, error) {
	err := s.client.SetArgs(ctx, s.k.taken(round), s.node, redis.SetArgs{Mode: "NX", TTL: s.takenFor()}).Err()
	switch {
	case err == nil:
		s.taken = round
		return true, nil
	case errors.Is(err, redis.Nil): // another's name is there
		return false, nil
	}
	return false, err
}

// archived is what is said of a round once the archive has all of it.
const archived = "archived"

// takenFor is how long it is remembered who archives a round: longer than the round itself.
func (s *Store) takenFor() time.Duration { return s.settle() + 2*(roundsKept+1)*s.c.Round }

// firstUnarchived returns the round from which on the archive does not have everything. A node
// that starts there, and reads the archive first, misses nothing; what is archived meanwhile
// it may count twice. What is no round is not waited for.
func (s *Store) firstUnarchived(ctx context.Context, settled int64) (int64, error) {
	var sizes [roundsKept]*redis.IntCmd
	var states [roundsKept]*redis.StringCmd                 // no longer than it takes to know
	s.client.Pipelined(ctx, func(p redis.Pipeliner) error { // each command has its own error
		for i := range int64(roundsKept) {
			sizes[i] = p.HLen(ctx, s.k.round(settled-roundsKept+i))
			states[i] = p.GetRange(ctx, s.k.taken(settled-roundsKept+i), 0, int64(len(archived)))
		}
		return nil
	})
	for i := range sizes {
		for _, e := range []error{sizes[i].Err(), states[i].Err()} {
			if e != nil && !wrongType(e) {
				return 0, e
			}
		}
		if sizes[i].Val() > 0 && states[i].Val() != archived {
			return settled - roundsKept + int64(i), nil
		}
	}
	return settled, nil
}

// readArchive reads a part of the archive. What is no page is passed over, and so is an index
// that is none.
func (s *Store) readArchive(ctx context.Context, c cursor) ([]evidence.Delta, cursor, error) {
	past := cursor{rounds: true, round: c.round}
	members, scan, err := s.client.ZScan(ctx, s.k.pages(), c.scan, "", archiveChunk).Result()
	if unfit(err) {
		return nil, past, nil
	}
	if err != nil {
		return nil, c, err
	}
	var names []string
	for i := 0; i+1 < len(members); i += 2 {
		names = append(names, s.k.page(members[i]))
	}
	hashes, err := s.hashes(ctx, names)
	if err != nil {
		return nil, c, err
	}
	var entries []entry
	for _, h := range hashes {
		for field, text := range h {
			if r, ok := parseRecord(text); ok {
				entries = append(entries, entry{field, r})
			}
		}
	}
	next := c
	next.scan = scan
	if scan == 0 {
		next = past
	}
	return s.others(entries, nil), next, nil
}

// hashes reads whole hashes. What is none, or is larger than any of ours, is left out.
func (s *Store) hashes(ctx context.Context, names []string) ([]map[string]string, error) {
	replies := make([]*redis.MapStringStringCmd, len(names))
	if len(names) > 0 {
		s.client.Pipelined(ctx, func(p redis.Pipeliner) error { // each command has its own error
			for i, name := range names {
				replies[i] = p.HGetAll(ctx, name)
			}
			return nil
		})
	}
	hashes := make([]map[string]string, 0, len(names))
	for i, r := range replies {
		h, err := r.Result()
		if errors.Is(err, errTooMuch) { // this one, one before it, or all of them together
			var text []string
			text, err = s.pieces(ctx, names[i])
			h = make(map[string]string, len(text)/2)
			for ; len(text) > 0; text = text[2:] {
				h[text[0]] = text[1]
			}
		}
		switch {
		case err == nil:
			hashes = append(hashes, h)
		case !unfit(err):
			return nil, err
		}
	}
	return hashes, nil
}

// maxPieces bounds a hash that is read in pieces, in fields.
const maxPieces = 1 << 15

// pieces reads a hash that is too large to be read at once: its fields, and their values but for
// those that are too long, which come as "". Fields and values take turns.
func (s *Store) pieces(ctx context.Context, name string) ([]string, error) {
	size, err := s.client.HLen(ctx, name).Result()
	if err != nil {
		return nil, err
	}
	if size > maxPieces {
		return nil, errTooMuch
	}
	fields, err := s.client.HKeys(ctx, name).Result()
	if err != nil || len(fields) == 0 {
		return nil, err
	}
	lengths := make([]*redis.IntCmd, len(fields))
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, field := range fields {
			lengths[i] = p.HStrLen(ctx, name, field)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var text, short []string
	for i, field := range fields {
		if lengths[i].Val() <= headerLen+maxTail {
			short = append(short, field)
		} else {
			text = append(text, field, "")
		}
	}
	for part := range slices.Chunk(short, maxReply/2/(headerLen+maxTail)) {
		values, err := s.client.HMGet(ctx, name, part...).Result()
		if err != nil {
			return nil, err
		}
		for i, v := range values[:min(len(values), len(part))] {
			if v, ok := v.(string); ok {
				text = append(text, part[i], v)
			}
		}
	}
	return text, nil
}

// unix is a score of the archive's index.
func unix(t time.Time) float64 { return float64(t.Unix()) }
