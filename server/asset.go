package server

import (
	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/internal/memory"
	"github.com/cache-aware/casper/server/link"
)

// Track says which assets enter the fingerprint.
type Track uint8

const (
	TrackBlocking Track = iota // style sheets and scripts: H2O's blocking-assets, its default
	TrackAll                   // every asset; never a page
)

// Tracks reports whether an asset enters the fingerprint.
func (t Track) Tracks(a link.Asset) bool {
	return a.Origin == "" && (t == TrackAll && a.Rel != link.Preconnect || t == TrackBlocking && a.Blocking())
}

// Inferred returns an asset that nobody named: that was learned, or found in a page. It is
// not to be pushed unless the cookie remembers it: a push would send it with each visit,
// while a browser passes over the hint for what it has.
func (t Track) Inferred(a link.Asset) link.Asset {
	a.NoPush = a.NoPush || !t.Tracks(a)
	return a
}

// KeyRule says what an asset's key in the fingerprint is made of.
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

// name is what is hashed for a file. The parting newline cannot be part of a path.
func (k KeyRule) name(path string, f *memory.Facts) string {
	if f.Version == "" || k == KeyPath || k == KeyVersion && f.Version == f.First {
		return path
	}
	return path + "\n" + f.Version
}

// An Asset is a [link.Asset] with everything that a decision needs to know of it,
// computed once. It is immutable and made by [Prepare] or by a [Handler], which replaces
// it when an answer for its path says something new. The zero Asset is not valid.
type Asset struct {
	link.Asset
	Key       casper.Key // in the fingerprint, by the handler's KeyRule
	URL       string     // scheme://authority/path, for digests and the diary
	Tracked   bool       // enters the fingerprint
	Uncached  bool       // an answer was seen that may not be reused without asking: a hint would fetch it twice
	Missing   bool       // its latest answers were errors
	Size      int64      // octets of the body, as sent; 0 unknown
	Validator string     // ETag or Last-Modified of the version that counts; empty unknown

	absent   bool // no file of a folder that knows all its files
	valid    bool // link.Asset's answers, which cost more than a decision
	hintable bool
	text     string // as a Link value, where that has been made; see String
	hint     string // the same for a 103
}

// Prepare returns a with its key under p, tracked if it blocks rendering: what a test or
// a program with its own [Policy.Decide] needs. A Handler prepares assets
// itself.
func Prepare(a link.Asset, p casper.Params) *Asset {
	return &Asset{Asset: a, Key: p.Key(a.Path), Tracked: a.Blocking(), valid: a.Valid(), hintable: a.Hintable()}
}

// String returns the asset as the value of a Link field.
func (a *Asset) String() string {
	if a.text != "" {
		return a.text
	}
	return a.Asset.String()
}

// early returns the asset as the value of a Link field in a 103.
func (a *Asset) early() string {
	if a.hint != "" {
		return a.hint
	}
	return string(a.Asset.Append(nil))
}

// name is what the diary knows the asset by: the path alone would be the same on every
// host of a connection.
func (a *Asset) name() string {
	if a.URL != "" {
		return a.URL
	}
	return a.Origin + a.Path
}

// assumedSize is what an asset of unknown size counts against a budget of bytes.
const assumedSize = 16 << 10

func (a *Asset) size() int64 {
	if a.Size > 0 {
		return a.Size
	}
	return assumedSize
}

// same reports whether two assets are one for a page: a file is fetched once, however it is
// named.
func same(a, b *link.Asset) bool {
	return a == b || a.Path == b.Path && a.Rel == b.Rel && a.Origin == b.Origin &&
		(a.Rel != link.Preconnect || a.CrossOrigin == b.CrossOrigin) // connections with and without credentials are two
}

// has reports whether an asset is in a list.
func has(list []link.Asset, a *link.Asset) bool {
	for i := range list {
		if same(&list[i], a) {
			return true
		}
	}
	return false
}
