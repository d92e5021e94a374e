package redisstore

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Config says how a [Store] uses its Redis server. The zero Config is a good
// one; every field's zero means its default. Nodes that are to learn as one
// need the same Site, Round and Turns.
type Config struct {
	// Site parts the sites that share a Redis server. It becomes part of every
	// key. 1 to 128 octets without braces, spaces and control characters. Default "default".
	Site string

	// Round is how long evidence is gathered before it is read. Default 2.5 s, at least 10 ms.
	Round time.Duration

	// Turns is one in how many rounds a well-known page is reported, one of which the fleet has
	// heard of 16 views and more. Default 24, once a minute; 1 is every round. If it is a multiple of four
	// and above that, well-known pages have their turns in every fourth round, and the other rounds are for
	// news and have a quarter of the room.
	Turns int

	// MaxPages is how many pages are reported at a time. Default 256.
	MaxPages int

	// MaxRound is how many fields a round has at most, one for each page and each asset of a
	// page. It bounds what every node has to read. Default 16384, about 4 MiB.
	MaxRound int
}

// limits are the numbers that a store goes by besides its [Config].
type limits struct {
	known      int           // views from which on a page is well known
	maxQueue   int           // pages that wait for their turn, about 3 KiB each
	maxArchive int           // archived pages; those not heard of for longest make room
	keep       time.Duration // how long an archived page stays without news
}

var defaultLimits = limits{
	known:      16, // what a model takes for young
	maxQueue:   4096,
	maxArchive: 16384,
	keep:       14 * 24 * time.Hour,
}

// roundsKept is for how many rounds after its end a round can still be read.
const roundsKept = 120

// maxPageFields bounds an archived page, in fields. From crowded on, the assets that were not
// reported for longest make room, so that there always is some for all that a model considers
// for a page.
const (
	maxPageFields = 512
	crowded       = 384
)

// archiveMemory is how much evidence the archive remembers of an asset, in thousandths of a
// view.
const archiveMemory = 256_000

func (c Config) withDefaults() (Config, error) {
	c.Site = cmp.Or(c.Site, "default")
	c.Round = cmp.Or(c.Round, 2500*time.Millisecond)
	c.Turns = cmp.Or(c.Turns, 24)
	c.MaxPages = cmp.Or(c.MaxPages, 256)
	c.MaxRound = cmp.Or(c.MaxRound, 16384)
	unfit := func(r rune) bool { return r <= ' ' || r == '{' || r == '}' || r == 0x7f }
	if len(c.Site) > 128 || strings.ContainsFunc(c.Site, unfit) {
		return c, fmt.Errorf("redisstore: site %q: at most 128 octets, without braces, spaces and "+
			"control characters", c.Site)
	}
	for _, err := range []error{
		within("Round", c.Round, 10*time.Millisecond, time.Hour),
		within("Turns", c.Turns, 1, 1000),
		within("MaxPages", c.MaxPages, 1, 1<<20),
		within("MaxRound", c.MaxRound, 1, 1<<24),
	} {
		if err != nil {
			return c, err
		}
	}
	if c.Round%time.Millisecond != 0 {
		return c, errors.New("redisstore: Round must be whole milliseconds")
	}
	return c, nil
}

func within[T int | time.Duration](name string, v, low, high T) error {
	if low <= v && v <= high {
		return nil
	}
	return fmt.Errorf("redisstore: %s is %v, must be %v to %v", name, v, low, high)
}
