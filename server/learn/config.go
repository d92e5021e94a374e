package learn

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"time"
)

// Config says how a [Model] learns. The zero Config is safe and useful; every field's zero means
// its default.
type Config struct {
	// Bytes bounds the memory of the model, everything included. Default 8 MiB, at least
	// 256 KiB. The least useful pages go first.
	Bytes int

	// MinClients is how many distinct clients must have used an asset within a day before it is
	// believed, and must have seen a page before it is written, shared or shown. Default 3, at
	// most 32. A client counts once a day on each page; with 1, for who tries it alone, each of its
	// views counts, and every page is told of.
	MinClients int

	// MinViews is how many views must have been able to tell whether a page uses an asset before
	// it is believed. Default 3, at most 1000.
	MinViews int

	// HoldOut is the share of views that get nothing learned, so that what is learned is not
	// only the echo of what was sent. Default 0.05, at most 1. Negative is none: then nothing
	// that is sent to everybody can ever be unlearned.
	HoldOut float64

	// Destinations are what assets may be for (their as) to be learned. Default style, script,
	// font, image.
	Destinations []string

	// Secret keys the hashes of clients and paths. Nodes that share what they learn must share
	// it, so that a client who visits several of them has one vote; a replay that is to give
	// the same twice needs one too. Default random.
	Secret []byte

	// Share keeps track of what [Model.Flush] has to report. Off, a flush reports nothing.
	Share bool

	// Shards is how many parts have a lock of their own, rounded up to a power of two. Default
	// 16, at most 256. With 1, what is given up for want of memory is also the same in every
	// run on the same events.
	Shards int
}

// Bounds on what is learned at all.
const (
	MaxKey  = 512 // bytes in the identity of a page
	MaxPath = 512 // bytes in the path of an asset
)

// Window is how long after its page's header a request still counts for the page.
const Window = 4 * time.Second

const minBytes = 256 << 10

// Times in ms.
const (
	day      = 24 * 60 * 60 * 1000
	revote   = day            // until a client counts again on the same page; see [voted]
	warm     = 30 * 60 * 1000 // how long it is remembered what a client fetched
	halfLife = 7 * day        // until evidence weighs half if no view renews it
)

// limits are the numbers that the rules go by.
type limits struct {
	window     int64   // see [Window], in ms
	maxAssets  int     // assets that are considered for a page
	minClients int     // see [Config.MinClients]
	minViews   float64 // see [Config.MinViews]
	promote    float64 // the estimated probability from which an asset is wanted
	demote     float64 // and below which it no longer is; between them all stays as it is
	memory     float32 // views that an estimate reaches back; then each new one weighs 1/memory
}

// defaultLimits were chosen with the simulator of server/internal/sim.
var defaultLimits = limits{
	window:    int64(Window / time.Millisecond),
	maxAssets: 128,
	promote:   0.5,
	demote:    0.4,
	memory:    64,
}

// withDefaults returns the config with every zero replaced, or an error naming the field that is
// out of its range.
func (c Config) withDefaults() (Config, error) {
	c.Bytes = cmp.Or(c.Bytes, 8<<20)
	c.MinClients = cmp.Or(c.MinClients, 3)
	c.MinViews = cmp.Or(c.MinViews, 3)
	c.HoldOut = cmp.Or(c.HoldOut, 0.05)
	c.Shards = cmp.Or(c.Shards, 16)
	if c.Destinations == nil {
		c.Destinations = []string{"style", "script", "font", "image"}
	}
	within := func(name string, v, low, high float64) error {
		if v >= low && v <= high { // false for NaN
			return nil
		}
		return fmt.Errorf("learn: %s is %v, must be %v to %v", name, v, low, high)
	}
	for _, err := range []error{
		within("Bytes", float64(c.Bytes), minBytes, 1<<40),
		within("MinClients", float64(c.MinClients), 1, 32),
		within("MinViews", float64(c.MinViews), 1, 1000),
		within("HoldOut", c.HoldOut, math.Inf(-1), 1),
		within("Shards", float64(c.Shards), 1, 256),
	} {
		if err != nil {
			return c, err
		}
	}
	c.HoldOut = max(0, c.HoldOut)
	c.Shards = 1 << bits.Len(uint(c.Shards-1))
	return c, nil
}
