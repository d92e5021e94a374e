package server

import (
	"fmt"
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

	// PushWait is how long a page waits at most for its promises to be written, which
	// takes microseconds unless the client does not read; 0 is 50 ms.
	PushWait time.Duration

	NoPush  bool // never push
	NoHints bool // never send 103 Early Hints
	NoLinks bool // never add Link to the final response

	// HintPrograms sends 103 also to HTTP/2 requests without Sec-Fetch fields, such as
	// those of command-line clients. Every browser that takes 103 sends these fields.
	HintPrograms bool
}

const (
	defaultMaxAssets = 8
	defaultMaxBytes  = 256 << 10
	defaultPushWait  = 50 * time.Millisecond

	// maxLive is the most pushes under way on one connection. Go sets no limit of its own,
	// and a client that sends no setting has none either: one request has been answered
	// with 10,000 pushes.
	maxLive = 32

	// maxText is the longest cookie value written. Browsers drop a cookie of more than 4,096
	// octets, its name and attributes included.
	maxText = 3800
)

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
	ByNothing Means = iota
	ByPush          // HTTP/2 server push
	ByHint          // 103 Early Hints
	ByLink          // Link on the final response
)

// String returns "nothing", "push", "hint" or "link".
func (m Means) String() string {
	return word(uint8(m), "Means", "nothing", "push", "hint", "link")
}

// Reason is why an asset is delivered, or why not.
type Reason uint8

const (
	ReasonWanted    Reason = iota // delivered
	ReasonHeld                    // the fingerprint or the digest says that the client holds it
	ReasonSent                    // sent on this connection before
	ReasonRepeated                // earlier in the same list, or delivered for the same page before
	ReasonOverCount               // MaxAssets reached, or 32 pushes are under way on the connection
	ReasonOverBytes               // MaxBytes reached
	ReasonUncached                // a hint would make the client fetch it twice
	ReasonUnable                  // the client takes none of the means that the asset allows
	ReasonDenied                  // Handler.Allow refused it
	ReasonInvalid                 // not a path that may be sent
	ReasonFailed                  // the push could not be made
	ReasonMissing                 // its latest answers were errors or redirects
)

// String returns the reason in one or two words.
func (r Reason) String() string {
	return word(uint8(r), "Reason", "wanted", "held", "sent", "repeated", "over-count", "over-bytes", "uncached", "unable", "denied", "invalid", "failed", "missing")
}

// word names a value of an enumeration.
func word(v uint8, of string, words ...string) string {
	if int(v) < len(words) {
		return words[v]
	}
	return fmt.Sprintf("%s(%d)", of, v)
}

// A Verdict is what becomes of one asset.
type Verdict struct {
	Asset  *Asset
	Means  Means
	Reason Reason
}

// final reports whether a verdict would be the same for the rest of the request.
func (v Verdict) final() bool {
	switch v.Reason {
	case ReasonHeld, ReasonSent, ReasonDenied, ReasonInvalid, ReasonMissing:
		return true
	}
	return v.Means != ByNothing
}

// A Digest knows assets by their absolute URL, as a Cache-Digest header does.
type Digest interface {
	Holds(url, validator string) bool
}

// A Client is what a decision knows of the client.
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
	Verdicts []Verdict          // one for each asset, in the order of the wanted ones
	Next     casper.Fingerprint // what the client will hold
	Changed  bool               // Next differs from what the client said
	Pushes   int                // how many verdicts are ByPush
	Hints    int
	Links    int
}

// Decide says what to send of the wanted assets, by which means, and what the client
// then holds. What is wanted first is sent first, and the limits cut off the rest. Decide
// has no clock, does no I/O and changes nothing; it asks c.Digest, c.Sent and c.Deny. More
// in the fingerprint never makes it send one of the held assets.
//
// It appends to verdicts, which may be nil. Those already there are earlier decisions for
// the same page: what they delivered is not delivered again. Decide allocates nothing if
// verdicts have room and the fingerprint does not change.
func (p *Policy) Decide(c *Client, want []*Asset, verdicts []Verdict) Plan {
	base := len(verdicts)
	plan := Plan{Next: c.Held}
	count, bytes := c.Count, c.Bytes
	for _, a := range want {
		v := Verdict{Asset: a}
		v.Means, v.Reason = p.judge(c, verdicts, base, a, count, bytes, plan.Pushes)
		verdicts = append(verdicts, v)
		switch v.Means {
		case ByPush:
			plan.Pushes++
			bytes += a.size()
		case ByHint:
			plan.Hints++
		case ByLink:
			plan.Links++
		default:
			continue
		}
		count++
	}
	plan.Verdicts = verdicts[base:]
	if plan.Pushes+plan.Hints+plan.Links > 0 {
		plan.Next, plan.Changed = next(c.Held, plan.Verdicts)
	}
	return plan
}

// next is the fingerprint once the verdicts are delivered. Where there is no room for all, their
// keys are dropped last, since they are the newest.
func next(held casper.Fingerprint, verdicts []Verdict) (after casper.Fingerprint, changed bool) {
	keys := make([]casper.Key, 0, 16)
	for _, v := range verdicts {
		if v.Means != ByNothing && v.Asset.Tracked {
			keys = append(keys, v.Asset.Key)
		}
	}
	if len(keys) == 0 {
		return held, false
	}
	return held.With(keys...).Trim(maxText, keys...), true
}

// judge decides on one asset. The verdicts before it are those of earlier decisions, up to
// base, and of this one.
func (p *Policy) judge(c *Client, before []Verdict, base int, a *Asset, count int, bytes int64, pushes int) (Means, Reason) {
	switch {
	case !a.valid:
		return ByNothing, ReasonInvalid
	case a.Tracked && c.Held.Has(a.Key):
		return ByNothing, ReasonHeld
	case c.Digest != nil && c.Digest.Holds(a.URL, a.Validator):
		return ByNothing, ReasonHeld
	case c.Deny != nil && c.Deny(a):
		return ByNothing, ReasonDenied
	case a.Missing:
		return ByNothing, ReasonMissing
	}
	for i := range before {
		if b := before[i].Asset; (i >= base || before[i].Means != ByNothing) && same(&a.Asset, &b.Asset) {
			return ByNothing, ReasonRepeated
		}
	}
	if count >= or(p.MaxAssets, defaultMaxAssets) {
		return ByNothing, ReasonOverCount
	}
	why := ReasonUnable
	if c.CanPush && !p.NoPush && !a.NoPush && a.Rel != link.Preconnect && a.Origin == "" {
		switch {
		case c.Sent.Has(a.name(), a.Validator):
			return ByNothing, ReasonSent
		case bytes+a.size() > or(p.MaxBytes, defaultMaxBytes):
			why = ReasonOverBytes
		case c.Live+pushes >= maxLive:
			why = ReasonOverCount
		default:
			return ByPush, ReasonWanted
		}
	}
	if a.PushOnly {
		return ByNothing, why
	}
	if c.CanHint && !p.NoHints && a.hintable {
		if !a.Uncached || a.Rel == link.Preconnect {
			return ByHint, ReasonWanted
		}
		why = ReasonUncached
	}
	if c.CanLink && !p.NoLinks {
		return ByLink, ReasonWanted
	}
	return ByNothing, why
}
