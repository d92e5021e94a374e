package metrics

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/internal/personal"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/metrics/gain"
)

// mostPages bounds the dashboard: the pages with the most views.
const mostPages = 100

// A board is what the dashboard shows.
type board struct {
	Now      time.Time    `json:"now"`
	Answers  answers      `json:"answers"`
	Gain     *gain.Report `json:"gain"` // nil where nothing is measured; its pages are in Pages
	Control  float64      `json:"control"`
	Counters []counter    `json:"counters"`
	Learned  []counter    `json:"learned"` // nil where nothing is learned
	Pages    []row        `json:"pages"`
	More     int          `json:"more"` // pages that are known and not shown
	Switches switchesInfo `json:"switches"`

	learned *learn.Stats
	stats   *server.Stats
}

type switchesInfo struct {
	Can  bool   `json:"can"`  // pages can be switched
	Kept bool   `json:"kept"` // in a file
	Path string `json:"-"`
}

// A counter is a number with its name, as it is printed.
type counter struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A row is a page on the board.
type row struct {
	Page   string           `json:"page"`
	Views  float64          `json:"views"`
	State  string           `json:"state"` // of what was learned
	Wanted int              `json:"wanted"`
	Known  int              `json:"known"` // assets
	Linked int              `json:"linked"`
	Failed bool             `json:"failed,omitempty"` // its latest answers were redirects or errors
	Off    bool             `json:"off,omitempty"`
	Pinned int              `json:"pinned,omitempty"`
	Why    string           `json:"why,omitempty"` // why nothing goes ahead of it
	Gain   *gain.PageReport `json:"gain,omitempty"`
}

// A detail is all that is known of one page.
type detail struct {
	row
	Explanation *learn.Explanation `json:"explanation,omitempty"`
	Because     []string           `json:"because"` // for each asset of it
	Links       []string           `json:"links"`   // that its answers link, as values of Link fields
	Pins        []string           `json:"pins"`
}

func (a *Admin) board() *board {
	b := &board{Now: time.Now(), stats: a.handler.Stats(), Control: a.handler.Control, Pages: []row{}}
	b.Counters = counters(b.stats)
	if a.Switches != nil {
		b.Switches = switchesInfo{Can: true, Kept: a.Switches.File != ""}
	}
	rows := a.rows()
	if a.Gain != nil {
		b.Gain = a.Gain.Report()
		for i := range b.Gain.Pages {
			g := &b.Gain.Pages[i]
			r := rows[g.Page]
			if r == nil {
				r = &row{Page: g.Page, State: "unknown"}
				rows[g.Page] = r
			}
			r.Gain, r.Views = g, max(r.Views, float64(g.Views))
		}
		b.Gain.Pages = nil
	}
	if a.model != nil {
		s := a.model.Stats()
		b.learned = &s
		b.Learned = learnedCounters(&s)
	}
	all := make([]*row, 0, len(rows))
	for _, r := range rows {
		all = append(all, r)
	}
	slices.SortFunc(all, func(x, y *row) int {
		switched := func(r *row) int {
			if r.Off || r.Pinned > 0 {
				return 0 // never out of sight
			}
			return 1
		}
		if len(all) > mostPages {
			if c := cmp.Compare(switched(x), switched(y)); c != 0 {
				return c
			}
		}
		return cmp.Or(cmp.Compare(y.Views, x.Views), cmp.Compare(x.Page, y.Page))
	})
	b.More = max(0, len(all)-mostPages)
	for _, r := range all[:len(all)-b.More] {
		a.fill(r)
		b.Pages = append(b.Pages, *r)
	}
	b.Answers = b.answer()
	return b
}

// rows are the pages that are known, by name: of what was learned those with the most views.
func (a *Admin) rows() map[string]*row {
	rows := make(map[string]*row)
	at := func(page string) *row {
		r := rows[page]
		if r == nil {
			r = &row{Page: page, State: "unknown"}
			rows[page] = r
		}
		return r
	}
	if a.model != nil {
		for d := range a.model.All() {
			if !strings.Contains(d.Page, "*") { // that is a kind of pages
				at(d.Page).Views = d.Views
			}
		}
	}
	for p := range a.handler.Pages() {
		r := at(personal.Fold(p.Path))
		r.Linked, r.Failed = max(r.Linked, len(p.Links)), r.Failed || p.Failed
	}
	if a.Switches != nil {
		for _, page := range a.Switches.All() {
			r := at(page)
			off, pinned := a.Switches.Get(page)
			r.Off, r.Pinned = off, len(pinned)
		}
	}
	return rows
}

// fill adds what was learned of a page, and why nothing goes ahead of it.
func (a *Admin) fill(r *row) *learn.Explanation {
	var x *learn.Explanation
	if a.model != nil && r.Page != gain.Others {
		of := a.model.Explain(r.Page)
		x = &of
		r.State, r.Known = x.State, len(x.Assets)
		for i := range x.Assets {
			if x.Assets[i].Wanted {
				r.Wanted++
			}
		}
	}
	r.Why = a.why(r, x)
	return x
}

// why says why nothing goes ahead of a page; "" if something does, or if nobody has asked.
func (a *Admin) why(r *row, x *learn.Explanation) string {
	switch {
	case r.Off:
		return "switched off here"
	case r.Pinned > 0:
		return ""
	case r.Failed:
		return "its latest answers were redirects or errors"
	}
	silence, most, views := "", int64(0), int64(0)
	if r.Gain != nil {
		if r.Gain.Hinted+r.Gain.Control+r.Gain.Pushed > 0 || r.Gain.Held > 0 {
			return ""
		}
		views = r.Gain.Views
		for s, n := range r.Gain.Silent {
			if n > most || n == most && s < silence {
				silence, most = s, n
			}
		}
	}
	unasked := silence == "" || silence == server.SilentUnknown.String() || silence == server.SilentNothing.String()
	if unasked && r.Wanted == 0 && r.Linked == 0 && x != nil {
		if why := because(x); why != "" {
			return why
		}
	}
	if silence == "" || most < views || views == 1 {
		return silence
	}
	return fmt.Sprintf("%s, on each of %d views", silence, views)
}

// because is what most assets of a page lack that are not sent.
func because(x *learn.Explanation) string {
	most, reasons := "", map[string]int{}
	for i := range x.Assets {
		r := &x.Assets[i]
		if r.Wanted {
			continue
		}
		why := sentence(r)
		if reasons[why]++; reasons[why] > reasons[most] {
			most = why
		}
	}
	if n := reasons[most]; n < len(x.Assets) {
		return fmt.Sprintf("%s (%d of %s)", most, n, plural(int64(len(x.Assets)), "asset"))
	}
	return most
}

// sentence is why an asset is sent or is not, and what a person alone can do about it.
func sentence(r *learn.Reason) string {
	if r.Alone {
		return r.Why + "; --learn-from 1 to try it alone"
	}
	return r.Why
}

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// page answers with all that is known of one page.
func (a *Admin) page(w http.ResponseWriter, r *http.Request) {
	name := personal.Fold(r.FormValue("page"))
	d := detail{row: row{Page: name, State: "unknown"}, Because: []string{}, Links: []string{}, Pins: []string{}}
	found := false
	if known := a.rows()[name]; known != nil {
		d.row, found = *known, true
	}
	if a.Gain != nil {
		if g, ok := a.Gain.Page(name); ok {
			d.Gain, found = &g, true
			d.Views = max(d.Views, float64(g.Views))
		}
	}
	if !found {
		http.Error(w, "nothing is known of that page", http.StatusNotFound)
		return
	}
	d.Explanation = a.fill(&d.row)
	if d.Explanation != nil {
		for i := range d.Explanation.Assets {
			d.Because = append(d.Because, sentence(&d.Explanation.Assets[i]))
		}
	}
	for p := range a.handler.Pages() {
		if personal.Fold(p.Path) != name {
			continue
		}
		for _, l := range p.Links {
			if text := l.String(); !slices.Contains(d.Links, text) {
				d.Links = append(d.Links, text)
			}
		}
	}
	if a.Switches != nil {
		_, pinned := a.Switches.Get(name)
		for _, p := range pinned {
			d.Pins = append(d.Pins, p.String())
		}
	}
	answerJSON(w, &d)
}

func counters(s *server.Stats) []counter {
	number := func(name string, n int64) counter { return counter{name, fmt.Sprint(n)} }
	return []counter{
		number("pages with wanted assets", s.Pages.Load()), number("assets hinted", s.Hinted.Load()),
		number("pages whose hints were withheld to compare", s.Controls.Load()),
		number("hints used ahead of the page's answer", s.Lead.Count()), {"half of those by at least", s.Lead.Median().String()},
		number("assets pushed", s.Pushed.Load()), number("pushes refused", s.Refused.Load()), number("assets linked", s.Linked.Load()),
		number("held back: the client has them", s.Held.Load()), {"octets of those, at least", octets(s.HeldBytes.Load())},
		number("cookies written", s.Cookies.Load()), number("cookies unreadable", s.BadCookie.Load()),
	}
}

func learnedCounters(s *learn.Stats) []counter {
	precision, recall := "not known yet", "not known yet"
	if s.Right+s.Wrong > 0 {
		precision = percent(1, s.Precision())
	}
	if s.Right+s.Missed > 0 {
		recall = percent(1, s.Recall())
	}
	number := func(name string, n any) counter { return counter{name, fmt.Sprint(n)} }
	return []counter{
		number("views counted", s.Views), {"precision, on views without help", precision}, {"recall, on those", recall},
		number("promoted", s.Promoted), number("demoted", s.Demoted),
		number("pages known", s.Pages), number("kinds of pages", s.Sections), number("pages given up", s.Evicted),
		{"memory", fmt.Sprintf("%d of %d KiB", s.Bytes>>10, s.Room>>10)},
	}
}

func percent(decimals int, share float64) string { return fmt.Sprintf("%.*f %%", decimals, 100*share) }

// octets prints a size.
func octets(n int64) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d B", n)
	case n < 10_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 10_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}
