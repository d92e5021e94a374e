package redisstore

import (
	"context"
	_ "embed"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed merge.lua
var mergeSource string

var mergeScript = redis.NewScript(mergeSource)

// batch is how many records one run of the script adds. A run blocks the server for about half
// a millisecond.
const batch = 256

// hashEntries are records for one hash.
type hashEntries struct {
	key     string
	entries []entry
}

// bounds are what the script keeps to.
type bounds struct {
	lifetime time.Duration
	memory   int // thousandths of a view, 0 for no end
	fields   int
}

// roundAt is a round that records are for. The zero value is none.
type roundAt struct {
	length int64 // ms
	number int64
	index  string // key of the index of rounds
}

// added is what the script says.
type added struct {
	refused int64   // records
	over    bool    // nothing was added: the round is not the one under way
	now     int64   // for a round: the time, in ms
	sizes   []int64 // of the hashes
}

var errReply = errors.New("the script's answer makes no sense")

// add adds records to hashes in as many runs as it takes. After each run, done is told
// which hashes it was about, and how large they are now.
func (s *Store) add(ctx context.Context, b bounds, hashes []hashEntries, done func(run []hashEntries, sizes []int64)) error {
	for len(hashes) > 0 {
		var run []hashEntries
		for n := 0; n < batch && len(hashes) > 0; {
			h := &hashes[0]
			take := min(len(h.entries), batch-n)
			run = append(run, hashEntries{h.key, h.entries[:take]})
			n += take
			if take == len(h.entries) {
				hashes = hashes[1:]
			} else {
				h.entries = h.entries[take:]
			}
		}
		a, err := s.run(ctx, b, roundAt{}, run)
		if err != nil {
			return err
		}
		done(run, a.sizes)
	}
	return nil
}

// run runs the script once.
func (s *Store) run(ctx context.Context, b bounds, at roundAt, run []hashEntries) (a added, err error) {
	names := make([]string, 0, len(run)+1)
	args := make([]any, 0, 6+2*batch+len(run))
	args = append(args, max(1, b.lifetime.Milliseconds()), b.memory, b.fields, at.length, at.number, roundsKept)
	for _, h := range run {
		names = append(names, h.key)
		args = append(args, len(h.entries))
		for i := range h.entries {
			e := &h.entries[i]
			args = append(args, e.field, e.append(nil))
		}
	}
	if at.length > 0 {
		names = append(names, at.index)
	}
	// EVALSHA, and EVAL when the server does not know the script: after a restart the first
	// call brings it along.
	reply, err := mergeScript.Run(ctx, s.client, names, args...).Int64Slice()
	if err != nil {
		return a, err
	}
	if len(reply) > 0 {
		a.refused, reply = reply[0], reply[1:]
	}
	if at.length > 0 && len(reply) > 0 {
		a.now, reply = reply[0], reply[1:]
		if a.over = a.refused < 0; a.over {
			return a, nil
		}
	}
	if a.sizes = reply; len(reply) != len(run) {
		return a, errReply
	}
	return a, nil
}
