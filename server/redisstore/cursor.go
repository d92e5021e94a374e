package redisstore

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/cache-aware/casper/server/learn/evidence"
)

// cursor is a place in what there is to read: first the archive, then round after round.
//
//	archive/<round>/<scan>
//	round/<round>/0
//
// Scan is Redis's own cursor within the archive's index. While that is read, round is the one
// to go on with. A round is read as a whole.
type cursor struct {
	rounds bool // past the archive
	round  int64
	scan   uint64
}

var errCursor = errors.New("not a cursor of this store")

func (c cursor) text() evidence.Cursor {
	in := "archive"
	if c.rounds {
		in = "round"
	}
	return evidence.Cursor(fmt.Sprintf("%s/%d/%d", in, c.round, c.scan))
}

// parseCursor reads what text wrote, and nothing else.
func parseCursor(text evidence.Cursor) (cursor, error) {
	in, rest, _ := strings.Cut(string(text), "/")
	round, scan, _ := strings.Cut(rest, "/")
	c := cursor{rounds: in == "round"}
	var err, err2 error
	c.round, err = strconv.ParseInt(round, 10, 64)
	c.scan, err2 = strconv.ParseUint(scan, 10, 64)
	if err != nil || err2 != nil || c.rounds && c.scan != 0 || c.text() != text {
		return cursor{}, errCursor
	}
	return c, nil
}
