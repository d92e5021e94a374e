package server

import (
	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/link"
)

// KeyRule says what of an asset its key in the fingerprint is made of.
type KeyRule uint8

const (
	// KeyPath is H2O's rule: the path alone. A client that holds an older
	// version of a file counts as holding the file.
	KeyPath KeyRule = iota

	// KeyVersion is H2O's rule for the version of a file that this server saw
	// first, and path with validator for every later one: a file that changes while
	// the server runs is sent again, and cookies that H2O wrote are honoured.
	KeyVersion

	// KeyValidator is the path with the validator wherever one is known. It outlives a
	// restart, and it does not honour what H2O or [KeyPath] recorded.
	KeyValidator
)

// name is what is hashed for an asset. The parting newline cannot be part of a path.
func (k KeyRule) name(path string, f facts) string {
	if f.version == "" || k == KeyPath || k == KeyVersion && f.version == f.first {
		return path
	}
	return path + "\n" + f.version
}

// Freshness is what is known of an asset's caching.
type Freshness uint8

const (
	Unknown Freshness = iota // never seen
	Fresh                    // explicit freshness: max-age above zero, immutable or a later Expires
	Stale                    // seen, and it may not be kept without asking: a hint would fetch it twice
)

// An Asset is a [link.Asset] with everything that a decision needs to know of it,
// computed once. It is immutable and made by [Prepare] or by a [Handler], which keeps one
// per path and replaces it when an answer for that path says something new. The zero
// Asset is not valid.
type Asset struct {
	link.Asset
	Key       casper.Key // in the fingerprint, by the handler's KeyRule
	URL       string     // scheme://authority/path, for digests and the diary
	Tracked   bool       // enters the fingerprint
	Freshness Freshness
	Size      int64  // octets of the body, as sent; 0 unknown
	Validator string // ETag or Last-Modified of the version that counts; empty unknown

	rank     uint8 // the smaller, the sooner
	valid    bool  // link.Asset's answers, which cost more than a decision
	hintable bool
	text     string // as a Link value, where that has been made; see String
}

// String returns the asset as the value of a Link field.
func (a *Asset) String() string {
	if a.text != "" {
		return a.text
	}
	return a.Asset.String()
}

// Prepare returns a with its key under p, tracked if it blocks rendering: what a test or
// a program with its own [Policy.Decide] needs. A Handler prepares assets
// itself.
func Prepare(a link.Asset, p casper.Params) *Asset {
	return &Asset{
		Asset: a, Key: p.Key(a.Path), Tracked: blocking(a),
		rank: rank(a), valid: a.Valid(), hintable: a.Hintable(),
	}
}

// name is what the diary knows the asset by: the path alone would be the same on every
// host of a connection.
func (a *Asset) name() string {
	if a.URL != "" {
		return a.URL
	}
	return a.Path
}

// blocking reports whether the asset holds up rendering. That is H2O's
// blocking-assets: style sheets and scripts.
func blocking(a link.Asset) bool {
	return a.As == "style" || a.As == "script" || a.Rel == link.ModulePreload || a.Type != "" && link.Blocking(a.Type)
}

// rank orders assets by what a page waits for, most critical first.
func rank(a link.Asset) uint8 {
	r := uint8(6)
	switch {
	case a.Rel == link.Preconnect:
		r = 8
	case a.As == "style":
		r = 1
	case a.As == "script", a.Rel == link.ModulePreload:
		r = 2
	case a.As == "font":
		r = 3
	case a.As == "fetch":
		r = 4
	case a.As == "image":
		r = 5
	}
	switch a.FetchPriority {
	case "high":
		r -= min(r, 3)
	case "low":
		r += 3
	}
	return r
}

// assumedSize is what an asset of unknown size counts against a budget of bytes.
const assumedSize = 16 << 10

func (a *Asset) size() int64 {
	if a.Size > 0 {
		return a.Size
	}
	return assumedSize
}
