package gain

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/internal/httpfacts"
	"github.com/cache-aware/casper/server/internal/personal"
)

// Window is how long after its page's header an asset still counts for a view.
const Window = 4 * time.Second

// Bounds of what is kept of views until they are counted.
const (
	grace       = time.Second            // answers are reported when they are through
	apart       = 500 * time.Millisecond // from which on two views of a page do not mix what they ask for
	patience    = time.Minute            // for a page whose assets were asked for
	maxVisits   = 2048
	maxFetches  = 24    // of one view; and as many more that were hinted
	maxKept     = 16384 // fetches of all views; a site with more of them in five seconds judges some of its views
	maxPathKept = 160   // octets of an asset's path, for the picture
)

// A visit is one view of a page, and what was asked for on its behalf.
type visit struct {
	key     uint64   // of visitor and page
	aliases []uint64 // and of its style sheets and scripts, which ask for more
	created time.Time
	due     time.Time // when it is counted; zero until its page has been answered

	page      string
	arrived   time.Time
	hintedAt  time.Time
	answered  time.Time
	ended     time.Time
	group     group
	blurred   bool // another view of the same page by the same visitor, or by a neighbour, at the same time
	hints     []string
	held      int64
	heldBytes int64
	silence   server.Silence
	fetches   []fetch
	kept      int  // fetches that were added
	gone      bool // counted, or given up
}

// A group is what went ahead of a view.
type group uint8

const (
	unhelped group = iota
	withHint
	withheld
	withPush
)

// A fetch is one request for an asset.
type fetch struct {
	path   string // as asked for
	dest   string
	asked  time.Time
	ended  time.Time
	status int
	early  bool
}

// isView reports whether an exchange is a view of a page. Programs and browsers without Fetch Metadata
// count where they got a page.
func isView(x *server.Exchange) bool {
	r := x.Request
	if r.Method != http.MethodGet || x.Status != http.StatusOK || x.Pushed || httpfacts.Speculative(r.Header) {
		return false
	}
	navigates, said := httpfacts.Navigates(r.Header)
	if !navigates && (said || x.Silence == server.NotSilent && len(x.Plan) == 0) {
		return false
	}
	return httpfacts.IsHTML(httpfacts.ContentType(x.Header, nil))
}

// view is told of a page.
func (v *visit) view(x *server.Exchange, page string, now time.Time) {
	v.page, v.arrived, v.answered, v.ended, v.hintedAt, v.silence = page, x.Arrived, x.Answered, now, x.HintedAt, x.Silence
	if v.answered.IsZero() {
		v.answered = now
	}
	switch {
	case x.Control:
		v.group = withheld
	case !x.HintedAt.IsZero():
		v.group = withHint
	}
	for _, d := range x.Plan {
		switch {
		case d.Means == server.ByPush:
			v.group = withPush
		case d.Means == server.ByHint && d.Asset.Origin == "" && d.Asset.Path != "":
			v.hints = append(v.hints, d.Asset.Path)
		case d.Reason == server.ReasonHeld:
			v.held++
			v.heldBytes += d.Asset.Size
		}
	}
	// What was asked for before belonged to an earlier view.
	v.fetches = slices.DeleteFunc(v.fetches, func(f fetch) bool { return f.asked.Before(x.Arrived) })
	v.due = now.Add(Window + grace)
}

// judge adds up what became of a view. ready is when its header and all its style sheets and scripts
// were through, in ms since it arrived; lead is the mean lead of what was asked for early, 0 for none.
func (v *visit) judge() (c Counts, ready, lead float64) {
	c.Views = 1
	c.Held, c.HeldBytes = v.held, v.heldBytes
	switch v.group {
	case withHint:
		c.Hinted = 1
	case withheld:
		c.Control = 1
	case withPush:
		c.Pushed = 1
	}
	if v.silence != server.NotSilent && int(v.silence) < silences {
		c.silent[v.silence] = 1
	}
	last := v.answered
	early := 0
	for i := range v.fetches {
		f := &v.fetches[i]
		if f.asked.Sub(v.answered) > Window {
			continue
		}
		if (f.dest == "style" || f.dest == "script") && f.ended.After(last) {
			last = f.ended
		}
	}
	if v.group == withHint && !v.blurred {
		for _, path := range v.hints {
			c.Hints++
			asked, sent, ahead := 0, 0, time.Duration(0)
			for i := range v.fetches {
				f := &v.fetches[i]
				if f.path != path || f.asked.Sub(v.answered) > Window {
					continue
				}
				if asked++; asked == 1 || f.early {
					ahead = max(ahead, v.answered.Sub(f.asked))
				}
				if f.status == http.StatusOK {
					sent++
				}
			}
			switch {
			case asked == 0:
				c.Unused++
				continue
			case sent > 1:
				c.Twice++
			}
			c.Used++
			if ahead > 0 {
				c.Early++
				early++
				lead += (milliseconds(ahead) - lead) / float64(early)
			}
		}
	}
	return c, milliseconds(last.Sub(v.arrived)), lead
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// A Fall is one view of a page as the server saw it, to be drawn. Times are in ms since its request.
type Fall struct {
	Time     time.Time  `json:"time"`     // of the request
	Hinted   float64    `json:"hinted"`   // when the 103 went out; 0 for none
	Answered float64    `json:"answered"` // when the page's header went out
	Ended    float64    `json:"ended"`    // when the page was through
	Ready    float64    `json:"ready"`    // when all style sheets and scripts were through, too
	Control  bool       `json:"control"`  // its 103 was withheld
	Assets   []FallFile `json:"assets"`
}

// A FallFile is one asset of a [Fall].
type FallFile struct {
	Path   string  `json:"path"` // without a query, and without what names a person
	For    string  `json:"for"`  // style, script, font, image...
	Asked  float64 `json:"asked"`
	Ended  float64 `json:"ended"`
	Status int     `json:"status"`
	Hinted bool    `json:"hinted"`
}

// fall draws the view.
func (v *visit) fall(ready float64) *Fall {
	since := func(t time.Time) float64 { return milliseconds(t.Sub(v.arrived)) }
	f := &Fall{Time: v.arrived, Answered: since(v.answered), Ended: since(v.ended), Ready: ready, Control: v.group == withheld, Assets: []FallFile{}}
	if !v.hintedAt.IsZero() {
		f.Hinted = max(0.001, since(v.hintedAt))
	}
	for i := range v.fetches {
		a := &v.fetches[i]
		if a.asked.Sub(v.answered) > Window {
			continue
		}
		path, _, _ := strings.Cut(a.path, "?")
		f.Assets = append(f.Assets, FallFile{
			Path: personal.Fold(path), For: a.dest, Asked: since(a.asked), Ended: since(a.ended), Status: a.status,
			Hinted: v.group == withHint && slices.Contains(v.hints, a.path),
		})
	}
	slices.SortStableFunc(f.Assets, func(a, b FallFile) int {
		switch {
		case a.Asked < b.Asked:
			return -1
		case a.Asked > b.Asked:
			return 1
		}
		return 0
	})
	return f
}
