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

var errReply = errors.New("the script's answer makes no sense")

// add adds records to hashes in as many runs as it takes. After each run, done is told
// which hashes it was about, how large they are now, and how many of its records were refused.
func (s *Store) add(ctx context.Context, b bounds, hashes []hashEntries, done func(run []hashEntries, sizes []int64, refused int64)) error {
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
		if err := s.run(ctx, b, run, done); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) run(ctx context.Context, b bounds, run []hashEntries, done func([]hashEntries, []int64, int64)) error {
	names := make([]string, 0, len(run))
	args := make([]any, 0, 3+2*batch+len(run))
	args = append(args, max(1, b.lifetime.Milliseconds()), b.memory, b.fields)
	for _, h := range run {
		names = append(names, h.key)
		args = append(args, len(h.entries))
		for i := range h.entries {
			e := &h.entries[i]
			args = append(args, e.field, e.append(nil))
		}
	}
	// EVALSHA, and EVAL when the server does not know the script: after a restart the first
	// call brings it along.
	reply, err := mergeScript.Run(ctx, s.client, names, args...).Int64Slice()
	if err != nil {
		return err
	}
	if len(reply) != len(run)+1 {
		return errReply
	}
	done(run, reply[1:], reply[0])
	return nil
}
