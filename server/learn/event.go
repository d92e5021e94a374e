package learn

import (
	"time"

	"github.com/cache-aware/casper/server/link"
)

// Kind says what an [Event] tells.
type Kind uint8

const (
	View  Kind = iota + 1 // the final header of a page went out
	Fetch                 // something was asked for on behalf of a page
)

// Flags are what the signals of a request say about its worth as evidence.
type Flags uint8

const (
	Speculative Flags = 1 << iota // prefetch or prerender: nobody has seen the page yet
	Early                         // asked for because of an early hint, not because the page named it
	Pushed                        // a promise of ours, not a request of the client
	Private                       // the answer is for one client: it set a cookie, or says so
	Unfit                         // the answer may not be reused without asking again, so a hint for it is fetched twice
	Fresh                         // the answer states how long it may be reused; without Fresh or Unfit it said nothing (a bare 304)
	Destined                      // the browser itself said what the asset is for; otherwise As and CrossOrigin are a guess
)

const never = Speculative | Early | Pushed // such requests are no evidence, whatever else they say

// Event is one thing that was seen. The model keeps no reference to it and knows nothing of net/http;
// [Reader] makes events of requests, and any other source (an access log, a HAR file) may make them as well.
type Event struct {
	Kind Kind

	// Time is when the header of a page went out, or when the request for an asset came in. A fetch from before its page's header
	// can only have come from a hint, and is not counted. Milliseconds matter, nothing finer.
	Time time.Time

	// Client tells clients apart; see [Model.Client]. Zero is nobody, and is no evidence.
	Client Client

	// Page is the identity of the page that was viewed: a route's pattern, or a cleaned path. Empty means Path. Views only.
	Page string

	// Path is the cleaned path of the page, as a later Referer names it: for a view its own, for a fetch that of the Referer.
	Path string

	// Via is the Referer of a fetch as a request target, query included, for the fonts of a style sheet and the
	// imports of a module: their Referer is an asset.
	Via string

	Status int
	Flags  Flags

	// Asset is what was fetched. As, Type and CrossOrigin are what the browser and the answer said, and are learned.
	Asset link.Asset

	// Version is the validator of the asset's answer: an ETag or a Last-Modified date.
	Version string

	// Urgency is RFC 9218's, 0 (first) to 7, when Prioritized.
	Urgency     uint8
	Prioritized bool

	// Held reports whether the client already holds an asset of a view, given its path. Nil is a client of which
	// nothing is known. It is called under a lock: it must be quick and must not call the model.
	Held func(path string) bool

	// Chosen is what [Model.Choose] gave for a view: all of it, also what was then not sent because the client holds it. These
	// assets are not judged by this view, since it cannot tell whether the page would have asked for them.
	Chosen []Prediction

	// ByPush says that it went out by push, so that no request for it comes. A client who was hinted at something and then asks for nothing
	// is no browser, or none that heeds hints; one who was pushed it may well be.
	ByPush bool

	// Sent is what else went out ahead of a view by push, hint or link. It is not judged either.
	Sent []link.Asset

	// Links are the assets that the page links for everybody, as [Model.Declare] takes them. Nil
	// says nothing; empty and not nil says that the page links none any more. What one client's
	// answer links may be only that client's, so it is for the caller to know what others are
	// told too. Views only.
	Links []link.Asset
}
