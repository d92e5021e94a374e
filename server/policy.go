package server

import (
	"time"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/link"
)

// Policy says how much may be sent ahead of time. Zero fields are safe
// defaults.
type Policy struct {
	// MaxAssets is the most assets sent for one page; 0 is 8.
	MaxAssets int

	// MaxBytes is the most octets pushed for one page, an asset of unknown size
	// counting as 16 KiB; 0 is 256 KiB.
	MaxBytes int64

	// MaxLive is the most pushes under way on one connection; 0 is 32. Go sets no
	// limit of its own, and a client that sends no setting has none either: one
	// request has been answered with 10,000 pushes.
	MaxLive int

	// MaxText is the longest cookie value written; 0 is 3,800 characters. Browsers
	// drop a cookie of more than 4,096 octets, its name and attributes included.
	MaxText int

	// Diary is how many paths are remembered for one connection, those pushed there and
	// those asked for; 0 is 256, as in Apache, and less than 0 remembers none.
	Diary int

	// Patience is how long a page waits at most for its promises to be written, which
	// takes microseconds unless the client does not read; 0 is 50 ms.
	Patience time.Duration

	NoPush  bool // never push
	NoHints bool // never send 103 Early Hints
	NoLinks bool // never add Link to the final response
}

const (
	defaultMaxAssets = 8
	defaultMaxBytes  = 256 << 10
	defaultMaxLive   = 32
	defaultMaxText   = 3800
	defaultDiary     = 256
)

// defaultPatience is longer in tests, on machines that are busy with other tests.
var defaultPatience = 50 * time.Millisecond

// or is the setting, or its default.
func or[T int | int64 | time.Duration](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}

// Means is how an asset is delivered.
type Means uint8

const (
	None   Means = iota
	ByPush       // HTTP/2 server push
	ByHint       // 103 Early Hints
	ByLink       // Link on the final response
)

// String returns "none", "push", "hint" or "link".
func (m Means) String() string { return [...]string{"none", "push", "hint", "link"}[m&3] }

// Why is the reason for a verdict.
type Why uint8

const (
	Wanted    Why = iota // delivered
	Held                 // the fingerprint or the digest says that the client holds it
	Sent                 // sent on this connection before
	Repeated             // earlier in the same list, or delivered for the same page before
	OverCount            // MaxAssets or MaxLive reached
	OverBytes            // MaxBytes reached
	Uncached             // a hint would make the client fetch it twice
	Unable               // the client takes none of the means that the asset allows
	Denied               // Handler.Allow refused it
	Invalid              // not a path that may be sent
	Failed               // the push could not be made
)

var whys = [...]string{"wanted", "held", "sent", "repeated", "over-count", "over-bytes", "uncached", "unable", "denied", "invalid", "failed"}

// String returns the reason in one or two words.
func (w Why) String() string {
	if int(w) < len(whys) {
		return whys[w]
	}
	return "unknown"
}

// A Verdict is what becomes of one asset.
type Verdict struct {
	Asset *Asset
	Means Means
	Why   Why
}

// settled reports whether a verdict would be the same for the rest of the request.
func (v Verdict) settled() bool {
	return v.Means != None || v.Why == Held || v.Why == Sent || v.Why == Denied || v.Why == Invalid
}

// A Digest knows assets by their absolute URL, as a Cache-Digest header does.
type Digest interface {
	Holds(url, validator string) bool
}

// A Client is what a decision knows of the one who asks.
type Client struct {
	Held   casper.Fingerprint // from the cookie
	Digest Digest             // from Cache-Digest; nil for none
	Sent   *Diary             // what went over this connection; nil for none
	Deny   func(*Asset) bool  // what this request shall not have; nil for nothing

	CanPush bool // HTTP/2, and push has not been refused
	CanHint bool // takes 103 for this request, and no final header went out
	CanLink bool // takes Link on the answer to this request

	Count int   // assets sent for this page by earlier decisions
	Bytes int64 // octets pushed for it
	Live  int   // pushes under way on the connection
}

// A Plan is a decision.
type Plan struct {
	Verdicts []Verdict          // one for each asset, most critical first
	Next     casper.Fingerprint // what the client will hold
	Changed  bool               // Next differs from what the client said
	Pushes   int                // how many verdicts are ByPush
	Hints    int
	Links    int
}

// Decide says what to send of the wanted assets, by which means, and what the client
// then holds. It is a pure function: no clock, no I/O, no state. More in the
// fingerprint never makes it send one of the held assets.
//
// It appends to verdicts, which may be nil. Those already there are earlier decisions for
// the same page: what they delivered is not delivered again. Decide allocates nothing if
// verdicts have room and the fingerprint does not change.
func (p *Policy) Decide(c *Client, want []*Asset, verdicts []Verdict) Plan {
	base := len(verdicts)
	for _, a := range want {
		// Insertion sort: stable, in place, and the lists are short.
		verdicts = append(verdicts, Verdict{Asset: a})
		for i := len(verdicts) - 1; i > base && verdicts[i-1].Asset.rank > a.rank; i-- {
			verdicts[i], verdicts[i-1] = verdicts[i-1], verdicts[i]
		}
	}
	plan := Plan{Verdicts: verdicts[base:], Next: c.Held}
	count, bytes := c.Count, c.Bytes
	for i := range plan.Verdicts {
		v := &plan.Verdicts[i]
		v.Means, v.Why = p.judge(c, verdicts[:base+i], base, v.Asset, count, bytes, plan.Pushes)
		switch v.Means {
		case ByPush:
			plan.Pushes++
			bytes += v.Asset.size()
		case ByHint:
			plan.Hints++
		case ByLink:
			plan.Links++
		default:
			continue
		}
		count++
	}
	if plan.Pushes+plan.Hints+plan.Links > 0 {
		plan.Next, plan.Changed = p.next(c.Held, plan.Verdicts)
	}
	return plan
}

// next is the fingerprint after what the verdicts deliver. That is the newest there is, and
// goes last if there is no room for all.
func (p *Policy) next(held casper.Fingerprint, verdicts []Verdict) (next casper.Fingerprint, changed bool) {
	keys := make([]casper.Key, 0, 16)
	for _, v := range verdicts {
		if v.Means != None && v.Asset.Tracked {
			keys = append(keys, v.Asset.Key)
		}
	}
	if len(keys) == 0 {
		return held, false
	}
	return held.With(keys...).Trim(or(p.MaxText, defaultMaxText), keys...), true
}

// judge decides on one asset. The verdicts before it are those of earlier decisions, up to
// base, and of this one.
func (p *Policy) judge(c *Client, before []Verdict, base int, a *Asset, count int, bytes int64, pushes int) (Means, Why) {
	switch {
	case !a.valid:
		return None, Invalid
	case a.Tracked && c.Held.Has(a.Key):
		return None, Held
	case c.Digest != nil && c.Digest.Holds(a.URL, a.Validator):
		return None, Held
	case c.Deny != nil && c.Deny(a):
		return None, Denied
	}
	for i := range before {
		if b := before[i].Asset; (i >= base || before[i].Means != None) && (b == a || b.Path == a.Path && b.Rel == a.Rel) {
			return None, Repeated
		}
	}
	if count >= or(p.MaxAssets, defaultMaxAssets) {
		return None, OverCount
	}
	why := Unable
	if c.CanPush && !p.NoPush && !a.NoPush && a.Rel != link.Preconnect {
		switch {
		case c.Sent.Has(a.name(), a.Validator):
			return None, Sent
		case bytes+a.size() > or(p.MaxBytes, defaultMaxBytes):
			why = OverBytes
		case c.Live+pushes >= or(p.MaxLive, defaultMaxLive):
			why = OverCount
		default:
			return ByPush, Wanted
		}
	}
	if a.PushOnly {
		return None, why
	}
	if c.CanHint && !p.NoHints && a.hintable {
		if a.Freshness != Stale || a.Rel == link.Preconnect {
			return ByHint, Wanted
		}
		why = Uncached
	}
	if c.CanLink && !p.NoLinks {
		return ByLink, Wanted
	}
	return None, why
}
