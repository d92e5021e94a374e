package learn

import (
	"fmt"
	"math"
	"time"
)

// Config says how a [Model] learns. The zero Config is safe and useful; every field's zero means its default.
type Config struct {
	// Bytes bounds the memory of the model, everything included. Default 8 MiB, at least 256 KiB. The least useful pages go first.
	Bytes int

	// MaxAssets bounds the assets that are considered for a page. Default 128, at most 4096.
	MaxAssets int

	// Window is how long after its page's header a request still counts for the page. Default 4 s.
	Window time.Duration

	// MinClients is how many distinct clients must have used an asset within a day before it is believed. Default 3.
	MinClients int

	// MinViews is how many views must have been able to tell whether a page uses an asset before it is believed. Default 3.
	MinViews int

	// Promote is the estimated probability from which an asset is wanted, Demote the one below which it no longer is.
	// Between them everything stays as it is. Defaults 0.5 and 0.4.
	Promote, Demote float64

	// Memory is over how many views an estimate reaches back: in the long run each new view weighs 1/Memory. Default 64, at least 16.
	Memory int

	// HalfLife is when evidence that nothing renewed weighs half. Default 7 days.
	HalfLife time.Duration

	// Revote is how long a client has to wait before it counts again on the same page. Default 24 h. Busy servers forget a little sooner,
	// as their memory for votes is bounded too.
	Revote time.Duration

	// Trail is how long what a client fetched is remembered, so that it is not expected to fetch it again. Fingerprints reach further;
	// this is for clients without one. Default 30 minutes.
	Trail time.Duration

	// HoldOut is the share of views that get nothing learned, so that what is learned is not only the echo of what was sent. Default 0.05;
	// negative is none, and then nothing that is sent to everybody can ever be unlearned.
	HoldOut float64

	// Rollout is the share of clients that get anything, 0 to 1. The others are only learned from. Default 1. See [Model.SetRollout].
	Rollout float64

	// Shadow learns and sends nothing.
	Shadow bool

	// Kinds are the destinations that are learned. Default style, script, font, image.
	Kinds []string

	// Key is computed once for each asset and version, and comes with every [Prediction] and every call of [Event.Held]: the key of
	// the asset in the client's fingerprint. Nil gives 0.
	Key func(path, version string) uint64

	// Secret keys the hashes of clients and paths. Nodes that share what they learn must share it, so that a client who visits several
	// of them has one vote; a replay that is to give the same twice needs one too. Default random.
	Secret []byte

	// Share keeps track of what [Model.Flush] has to report. Off, a flush reports nothing.
	Share bool

	// Shards is how many parts have a lock of their own, rounded up to a power of two. Default 16. With 1 it is also what is given up
	// for want of memory the same in every run on the same events.
	Shards int
}

// Bounds on what is learned at all.
const (
	MaxKey  = 512 // bytes in the identity of a page
	MaxPath = 512 // bytes in the path of an asset
)

const minBytes = 256 << 10

// withDefaults returns the config with every zero replaced, or an error naming the field that cannot be.
func (c Config) withDefaults() (Config, error) {
	def(&c.Bytes, 8<<20)
	def(&c.MaxAssets, 128)
	def(&c.Window, 4*time.Second)
	def(&c.MinClients, 3)
	def(&c.MinViews, 3)
	def(&c.Promote, 0.5)
	def(&c.Demote, min(0.4, c.Promote))
	def(&c.Memory, 64)
	def(&c.HalfLife, 7*24*time.Hour)
	def(&c.Revote, 24*time.Hour)
	def(&c.Trail, 30*time.Minute)
	def(&c.HoldOut, 0.05)
	def(&c.Rollout, 1)
	def(&c.Shards, 16)
	if c.Kinds == nil {
		c.Kinds = []string{"style", "script", "font", "image"}
	}
	within := func(name string, v, low, high float64) error {
		if v >= low && v <= high { // false for NaN
			return nil
		}
		return fmt.Errorf("learn: %s is %v, must be %v to %v", name, v, low, high)
	}
	for _, err := range []error{
		within("Bytes", float64(c.Bytes), minBytes, 1<<40),
		within("MaxAssets", float64(c.MaxAssets), 1, 4096),
		within("Window in seconds", c.Window.Seconds(), 0.001, 3600),
		within("MinClients", float64(c.MinClients), 1, 32),
		within("MinViews", float64(c.MinViews), 1, 1000),
		within("Promote", c.Promote, 0.01, 1),
		within("Demote", c.Demote, 0, c.Promote),
		within("Memory", float64(c.Memory), 16, 1e6),
		within("HalfLife in seconds", c.HalfLife.Seconds(), 1, math.MaxInt64/1e9),
		within("Revote in seconds", c.Revote.Seconds(), 0.001, math.MaxInt64/1e9),
		within("Trail in seconds", c.Trail.Seconds(), 0, math.MaxInt64/1e9),
		within("HoldOut", c.HoldOut, math.Inf(-1), 1),
		within("Rollout", c.Rollout, 0, 1),
		within("Shards", float64(c.Shards), 1, 256),
	} {
		if err != nil {
			return c, err
		}
	}
	c.HoldOut = max(0, c.HoldOut)
	shards := 1
	for shards < c.Shards {
		shards *= 2
	}
	c.Shards = shards
	return c, nil
}

// def sets a field that is zero.
func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
