package learn

import (
	"time"

	"github.com/cache-aware/casper/server/link"
)

// View is a page that was answered. The model keeps no reference to it and knows nothing of
// net/http; package signals makes views of requests, and any other source (an access log, a HAR
// file) may make them as well.
type View struct {
	// Time is when the header of the page went out. Milliseconds matter, nothing finer.
	Time time.Time

	// Client tells clients apart; see [Model.Client]. Zero is nobody, and is no evidence.
	Client Client

	// Page is the identity of the page: a route's pattern, or a cleaned path. Empty means Path.
	Page string

	// Path is the cleaned path of the page, as a later Referer names it.
	Path string

	// Status is that of the answer. 200 is a page; 304 says nothing; anything else is a page
	// that is in trouble.
	Status int

	// Ahead says that the request was made ahead of need, as for a prefetch or a prerender. It
	// is no evidence.
	Ahead bool

	// Held reports whether the client already holds an asset, given its path. Nil is a client
	// of which nothing is known. It is called under a lock: it must be quick and must not call
	// the model.
	Held func(path string) bool

	// Chosen is what [Model.Choose] gave for this view: all of it, also what was then not sent
	// because the client holds it. These assets are not judged by this view, since it cannot
	// tell whether the page would have asked for them.
	Chosen []Prediction

	// Sent is what else went out ahead of the view by push, hint or link. It is not judged
	// either.
	Sent []link.Asset

	// ByPush says that some of it went out by push, so that no request for it comes. A client
	// who was hinted at something and then asks for nothing is no browser, or none that heeds
	// hints; one who was pushed it may well be.
	ByPush bool

	// Links are the assets that the page links for everybody, as [Model.Declare] takes them.
	// Nil says nothing; empty and not nil says that the page links none any more. What one
	// client's answer links may be only that client's, so it is for the caller to know what
	// others are told too.
	Links []link.Asset
}

// Reuse is what the answer to a fetch says of its reuse by other clients.
type Reuse uint8

const (
	// ReuseUnstated says nothing, as a bare 304 does.
	ReuseUnstated Reuse = iota

	// ReuseStated allows it for a stated time.
	ReuseStated

	// ReuseNot forbids it without asking again, or to others: a hint would be fetched twice.
	ReuseNot
)

// Fetch is an asset that was asked for on behalf of a page.
type Fetch struct {
	// Time is when the request came in. A fetch from before its page's header can only have
	// come from a hint, and is not counted.
	Time time.Time

	// Client is that of the view.
	Client Client

	// Path is the cleaned path of the Referer: the [View.Path] of the page or, for the fonts of
	// a style sheet and the imports of a module, that of an asset.
	Path string

	// Via is the Referer as a request target, query included. It finds the view whose asset the
	// Referer is.
	Via string

	// Status is that of the answer: 200 and 304 count; 404 and 410 take the asset out at once.
	Status int

	// Ahead says that the request was made ahead of need: speculation of the browser, an early
	// hint, or a push. It is no evidence.
	Ahead bool

	// Asset is what was fetched. As, Type and CrossOrigin are what the browser and the answer
	// said, and are learned. Destined says that the browser itself said what the asset is for;
	// otherwise As and CrossOrigin are a guess.
	Asset    link.Asset
	Destined bool

	// Reuse is what the answer says of its reuse by others. Only what states a time is learned.
	Reuse Reuse

	// Because is what of the answer forbids it, if Reuse is [ReuseNot]: "max-age=0", say. It is
	// for [Model.Explain], and kept as it is: a constant costs nothing.
	Because string

	// Version is the validator of the answer: an ETag or a Last-Modified date.
	Version string

	// Urgency is RFC 9218's, 0 (first) to 7, if Prioritized.
	Urgency     uint8
	Prioritized bool
}
