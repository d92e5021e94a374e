package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"time"

	"github.com/cache-aware/casper/server/link"
)

// Delta is evidence about one page, or about one section of pages: so many views, and how each
// asset fared in them. A whole model is the sum of its deltas, so the same form serves a fleet
// (what is new since the last time), a snapshot (all there is), and people who export, merge
// and compare models.
type Delta struct {
	// Page is the identity of the page; one with a star is that of a section.
	Page string `json:"page"`

	// Views is how many views there were.
	Views float64 `json:"views"`

	// Time is when the last of them was, in whole seconds.
	Time time.Time `json:"time,omitzero"`

	// Members is how many different pages a section was seen to have, up to 255.
	Members int `json:"members,omitempty"`

	Assets []Vote `json:"assets"`

	// Sighting, where there is one, is all there is: a page that has yet to be named.
	Sighting Sighting `json:"-"`
}

// Sighting says that somebody saw a page of which too few have seen to tell its name. The page is a
// hash, and the somebody a mark that differs for each page and day; both are keyed, so that they say
// something only to the nodes of a fleet, which share the secret. Nodes that know the page count them.
// The zero Sighting is none.
type Sighting struct {
	Page uint64
	Day  uint16 // since 1970, UTC
	Mark uint64
}

// Vote is the evidence about one asset of a page. Its counts are in views: Used of the Views
// that could tell asked for the asset, and Held had no need to, since their clients held it.
// A vote of no views tells only what the page links.
type Vote struct {
	Asset   link.Asset `json:"-"` // a Link value in JSON, which people can read
	Version string     `json:"version,omitempty"`

	Used  float64 `json:"used"`
	Views float64 `json:"views"`
	Held  float64 `json:"held,omitempty"`

	// For and Against are the clients that voted on Day (in days since 1970, UTC), as 64
	// buckets that name nobody. They are comparable only among nodes with the same secret,
	// and are left out of snapshots.
	For     uint64 `json:"for,omitempty,string"`
	Against uint64 `json:"against,omitempty,string"`
	Day     uint16 `json:"day,omitempty"`

	// Urgency (RFC 9218) and Order (among the requests of a view) decide the asset's place
	// among the others; both are means. An Urgency below 0 is not known.
	Urgency float64 `json:"urgency"`
	Order   float64 `json:"order"`

	// Wanted is what whoever made the delta thought of the asset.
	Wanted bool `json:"wanted"`

	// Linked says that the page's answers link the asset for everybody. In JSON it is a number,
	// "seeds", any but 0; there were others who could declare an asset once. LinkNews says that
	// this is news, so that a vote that is not Linked takes it back; snapshots have no news.
	Linked   bool `json:"-"`
	LinkNews bool `json:"declared,omitempty"`
}

var errVote = errors.New("learn: a vote's link is not that of one asset")

// vote is a Vote in JSON.
type vote struct {
	Link string `json:"link"`
	plain
	Seeds uint8 `json:"seeds,omitempty"`
}

// plain is a Vote without methods.
type plain Vote

// MarshalJSON writes the asset as a Link value. Its angle brackets stay as they are where the
// caller's encoder allows it.
func (v Vote) MarshalJSON() ([]byte, error) {
	text := v.Asset.String()
	if text == "" {
		return nil, errVote
	}
	for _, x := range []*float64{&v.Used, &v.Views, &v.Held, &v.Urgency, &v.Order} {
		*x = math.Round(*x*1000) / 1000 // evidence is no finer
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	w := vote{Link: text, plain: plain(v)}
	if v.Linked {
		w.Seeds = 1
	}
	err := enc.Encode(&w)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// UnmarshalJSON reads the asset from a Link value, and refuses one that is not a single asset
// of the same origin.
func (v *Vote) UnmarshalJSON(text []byte) error {
	var w vote
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	assets := link.Parse([]string{w.Link}, "")
	if len(assets) != 1 || assets[0].String() != w.Link {
		return errVote
	}
	*v = Vote(w.plain)
	v.Asset, v.Linked = assets[0], w.Seeds != 0
	return nil
}

// Share is the estimated share of views that need an asset, given in how many views it was
// used and held and how many could tell; see the model's estimate.
func Share(used, views, held float64) float64 { return (used + held + 0.5) / (views + held + 1) }
