package redisstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
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
		return nil, since, s.named(err)
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
	if since == "" {
		c.round, err = s.firstUnarchived(ctx)
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
	for more := true; more && len(deltas) == 0 && err == nil; {
		if !c.rounds {
			deltas, c, err = s.readArchive(ctx, c)
		} else {
			deltas, c, more, err = s.readNext(ctx, c)
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

// readNext reads the next round, if there is one that is settled, and reports whether there may
// be more.
func (s *Store) readNext(ctx context.Context, c cursor) (deltas []evidence.Delta, next cursor, more bool, err error) {
	now, err := s.now(ctx)
	if err != nil {
		return nil, c, false, err
	}
	settled := s.settled(now)
	if c.round < settled-roundsKept { // it is no longer there
		c.round = settled - roundsKept
	} else if c.round > now.round+1 { // the clock of Redis went back
		c.round, s.asof, s.listed = settled, 0, nil
	}
	n, ok := s.next(c.round)
	ok = ok && n < settled
	if ok && c.round < n && s.asof < n { // known by this store's own report: others may have come before
		_, err := s.look(ctx, c.round, nil)
		return nil, c, err == nil, err
	}
	if !ok && s.asof >= settled {
		c.round = max(c.round, settled) // nothing was added to what is before
		return nil, c, false, nil
	}
	if !ok {
		_, err := s.look(ctx, c.round, nil)
		return nil, c, err == nil, err
	}
	deltas, done, err := s.readRound(ctx, c.round, n)
	if err == nil && done {
		c.round = n + 1
	}
	return deltas, c, done, err
}

// next returns the first round from the given one on that is known to be there.
func (s *Store) next(from int64) (int64, bool) {
	for len(s.listed) > 0 && s.listed[0] < from {
		s.listed = s.listed[1:]
	}
	if len(s.listed) == 0 {
		return 0, false
	}
	return s.listed[0], true
}

// list notes that a round is there.
func (s *Store) list(round int64) {
	if i, there := slices.BinarySearch(s.listed, round); !there {
		s.listed = slices.Insert(s.listed, i, round)
	}
}

// look asks which rounds there are, from the given one on, for the time if it is not known well, and for
// whatever else there is to ask by the way. The error is that of the time or the index.
func (s *Store) look(ctx context.Context, from int64, also func(redis.Cmdable)) (moment, error) {
	now, err := s.now(ctx)
	if err != nil {
		return now, err
	}
	var time *redis.TimeCmd
	var index *redis.XMessageSliceCmd
	s.client.Pipelined(ctx, func(p redis.Pipeliner) error { // each command has its own error
		if !s.clock.fresh() {
			time = p.Time(ctx)
		}
		index = p.XRangeN(ctx, s.k.index, roundID(from), "+", roundsKept+1)
		if also != nil {
			also(p)
		}
		return nil
	})
	if time != nil {
		t, err := time.Result()
		if err != nil {
			return now, err
		}
		s.clock.set(t.UnixMilli())
		now = s.at(t)
	}
	entries, err := index.Result()
	switch {
	case refused(err): // then every round may be there, also one that is made until the next look
		for n := max(from, s.settled(now)-roundsKept); n <= now.round+1; n++ {
			s.list(n)
		}
	case err != nil:
		return now, err
	}
	s.listAll(entries)
	s.asof = s.settled(now)
	return now, nil
}

// listAll notes rounds of the index, and returns the last. What is none is passed over.
func (s *Store) listAll(entries []redis.XMessage) (last int64) {
	for _, e := range entries {
		number, _, _ := strings.Cut(e.ID, "-")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil && roundID(n) == e.ID {
			s.list(n)
			last = max(last, n)
		}
	}
	return last
}

// roundID is the identifier of a round in the index.
func roundID(round int64) string { return strconv.FormatInt(max(0, round), 10) + "-1" }

// partRound is a round of which a part has been read.
type partRound struct {
	round     int64
	begun     bool
	whole     bool // all of it has been read
	scan      uint64
	entries   []entry
	seen      map[string]bool // fields: a scan may tell them twice
	archivist bool            // it is up to this store to archive it
	archived  int             // how many of the entries are in the archive
}

// readRound reads a round, all of it before any of it counts, and reports whether it is done: it
// is not if it has yet to settle. What was read when a call fails is not read again. A round that is
// none is passed over, and that one cannot be archived is no reason not to read it.
func (s *Store) readRound(ctx context.Context, from, round int64) (deltas []evidence.Delta, done bool, err error) {
	if s.part == nil || s.part.round != round {
		s.part = &partRound{round: round, seen: make(map[string]bool)}
	}
	part := s.part
	if !part.begun {
		if settled, err := s.beginRound(ctx, from, part); err != nil || !settled {
			return nil, false, err
		}
	}
	for !part.whole {
		if err := s.takeIn(ctx, part, s.client.HScan(ctx, s.k.round(round), part.scan, "", roundChunk)); err != nil {
			return nil, false, err
		}
	}
	if err := s.archivePart(ctx, part); err != nil {
		return nil, false, err
	}
	s.part = nil
	return s.others(part.entries, s.own[round]), true, nil
}

// beginRound asks in one go for all there is to know of a round and for the first part of it, and
// reports whether it has settled.
func (s *Store) beginRound(ctx context.Context, from int64, part *partRound) (settled bool, err error) {
	key := s.k.round(part.round)
	var taken *redis.StatusCmd
	var scanned *redis.ScanCmd
	ask := func(c redis.Cmdable) {
		if s.own[part.round] != nil || part.round < s.joined { // enough of those who ask that one of them does it
			taken = s.take(ctx, c, part.round)
		}
		scanned = c.HScan(ctx, key, 0, "", roundChunk)
	}
	now, err := s.look(ctx, from, ask)
	if errors.Is(err, errTooMuch) { // this round's first part, and with it all that was asked in one go
		if now, err = s.look(ctx, from, nil); err == nil {
			ask(s.client)
			part.archivist = s.client.GetRange(ctx, s.k.taken(part.round), 0, int64(len(s.node))).Val() == s.node
		}
	}
	if err != nil || part.round >= s.settled(now) {
		return false, err
	}
	if taken != nil {
		if err := taken.Err(); err == nil {
			part.archivist = true
		} else if !refused(err) && !errors.Is(err, redis.Nil) { // another's name is there
			return false, err
		}
	}
	return true, s.takeIn(ctx, part, scanned)
}

// takeIn adds a part to what was read of a round. What is no round, or is longer than any of ours, has
// nothing in it.
func (s *Store) takeIn(ctx context.Context, part *partRound, scanned *redis.ScanCmd) error {
	text, scan, err := scanned.Result()
	if errors.Is(err, errTooMuch) { // all of it in another way
		clear(part.seen)
		part.entries, scan = nil, 0
		text, err = s.pieces(ctx, s.k.round(part.round))
	}
	most := max(maxPieces, s.c.MaxRound)
	switch {
	case unfit(err), len(part.entries)+len(text)/2 > most:
		part.begun, part.whole, part.entries = true, true, nil
		return nil
	case err != nil:
		return err
	}
	part.begun, part.scan, part.whole = true, scan, scan == 0
	part.entries = s.parse(part.entries, part.seen, text)
	return nil
}

// archivePart archives a round that was read, if that is up to this store, and goes on after a failure
// where it was.
func (s *Store) archivePart(ctx context.Context, part *partRound) error {
	if !part.archivist {
		return nil
	}
	for part.archived < len(part.entries) {
		now, err := s.now(ctx)
		if err != nil {
			return err
		}
		n := min(roundChunk, len(part.entries)-part.archived)
		err = s.archive(ctx, now, part.entries[part.archived:part.archived+n])
		if refused(err) {
			return nil
		}
		if err != nil {
			return err
		}
		part.archived += n
	}
	if err := s.client.Set(ctx, s.k.taken(part.round), archived, s.takenFor()).Err(); err != nil && !refused(err) {
		return err
	}
	return nil
}

// parse reads fields and values in turn, and appends them. What is no record is left out, and so
// is what was seen.
func (s *Store) parse(entries []entry, seen map[string]bool, text []string) []entry {
	entries = slices.Grow(entries, len(text)/2)
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
	var sightings []evidence.Delta
	for i := range entries {
		e := &entries[i]
		if x, ok := e.sighting(); ok {
			if _, mine := own[e.field]; !mine {
				sightings = append(sightings, evidence.Delta{Sighting: x})
				s.counts.received.Add(1)
			}
			continue
		}
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
	return append(deltas, sightings...)
}

// take asks whether it is up to this store to archive a round: whoever asks first is the
// one. Should it not come to an end, the archive lacks that round, and the nodes that were
// there do not.
func (s *Store) take(ctx context.Context, c redis.Cmdable, round int64) *redis.StatusCmd {
	return c.SetArgs(ctx, s.k.taken(round), s.node, redis.SetArgs{Mode: "NX", TTL: s.takenFor()})
}

// archived is what is said of a round once the archive has all of it.
const archived = "archived"

// takenFor is how long it is remembered who archives a round: longer than the round itself.
func (s *Store) takenFor() time.Duration { return s.settle() + 2*(roundsKept+1)*s.c.Round }

// firstUnarchived returns the round from which on the archive does not have everything. A node
// that starts there, and reads the archive first, misses nothing; what is archived meanwhile
// it may count twice. What is no round is not waited for.
func (s *Store) firstUnarchived(ctx context.Context) (int64, error) {
	s.listed, s.part = nil, nil
	now, err := s.look(ctx, 0, nil)
	if err != nil {
		return 0, err
	}
	settled := s.settled(now)
	s.joined = settled
	var rounds []int64
	for _, n := range s.listed {
		if n >= settled-roundsKept && n < settled {
			rounds = append(rounds, n)
		}
	}
	if len(rounds) == 0 {
		return settled, nil
	}
	sizes := make([]*redis.IntCmd, len(rounds))
	states := make([]*redis.StringCmd, len(rounds))         // no longer than it takes to know
	s.client.Pipelined(ctx, func(p redis.Pipeliner) error { // each command has its own error
		for i, n := range rounds {
			sizes[i] = p.HLen(ctx, s.k.round(n))
			states[i] = p.GetRange(ctx, s.k.taken(n), 0, int64(len(archived)))
		}
		return nil
	})
	for i, n := range rounds {
		for _, e := range []error{sizes[i].Err(), states[i].Err()} {
			if e != nil && !wrongType(e) {
				return 0, e
			}
		}
		if sizes[i].Val() > 0 && states[i].Val() != archived {
			return n, nil
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
