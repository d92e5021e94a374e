package metrics

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"slices"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/evidence"
)

// mostPages bounds the dashboard: the pages with the most views.
const mostPages = 100

type board struct {
	Counters []counter
	Learns   bool
	Learned  []counter
	Pages    []pageRow
	More     int // learned pages that are not shown
	Linked   []server.Page
}

type counter struct {
	Name  string
	Value any // as it is printed
}

type pageRow struct {
	learn.Explanation
	Views float64
}

func (a *Admin) dashboard(w http.ResponseWriter, _ *http.Request) {
	var b board
	s := a.handler.Stats()
	b.Counters = []counter{
		{"pages with wanted assets", s.Pages.Load()}, {"pushed", s.Pushed.Load()}, {"pushes refused", s.Refused.Load()},
		{"hinted", s.Hinted.Load()}, {"hints used ahead of the page's answer", s.Lead.Count()}, {"half of those by at least", s.Lead.Median()},
		{"linked", s.Linked.Load()}, {"held back: the client has them", s.Held.Load()}, {"octets of those, at least", s.HeldBytes.Load()},
		{"cookies written", s.Cookies.Load()}, {"cookies unreadable", s.BadCookie.Load()},
	}
	if a.model != nil {
		b.Learns = true
		b.Learned = a.learned()
		b.Pages, b.More = a.pages()
	}
	for p := range a.handler.Pages() {
		if len(b.Linked) == mostPages {
			break
		}
		b.Linked = append(b.Linked, p)
	}
	slices.SortFunc(b.Linked, func(x, y server.Page) int {
		return cmp.Or(cmp.Compare(x.Path, y.Path), cmp.Compare(x.Host, y.Host))
	})
	var page bytes.Buffer
	if err := dashboard.Execute(&page, b); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	w.Write(page.Bytes())
}

func percent(decimals int, share float64) string { return fmt.Sprintf("%.*f %%", decimals, 100*share) }

func (a *Admin) learned() []counter {
	s := a.model.Stats()
	precision, recall := "not known yet", "not known yet"
	if s.Right+s.Wrong > 0 {
		precision = percent(1, s.Precision())
	}
	if s.Right+s.Missed > 0 {
		recall = percent(1, s.Recall())
	}
	return []counter{
		{"views counted", s.Views}, {"precision, on views without help", precision}, {"recall, on those", recall},
		{"promoted", s.Promoted}, {"demoted", s.Demoted},
		{"pages known", s.Pages}, {"kinds of pages", s.Sections}, {"pages given up", s.Evicted},
		{"memory", fmt.Sprintf("%d of %d KiB", s.Bytes>>10, s.Room>>10)},
	}
}

// pages returns the pages with the most views, and how many others there are.
func (a *Admin) pages() (rows []pageRow, more int) {
	top := make([]evidence.Delta, 0, mostPages)
	total := 0
	byViews := func(x, y evidence.Delta) int {
		return cmp.Or(cmp.Compare(y.Views, x.Views), cmp.Compare(x.Page, y.Page))
	}
	for d := range a.model.All() {
		total++
		i, _ := slices.BinarySearchFunc(top, d, byViews)
		if i == mostPages {
			continue
		}
		if len(top) == mostPages {
			top = top[:mostPages-1]
		}
		top = slices.Insert(top, i, evidence.Delta{Page: d.Page, Views: d.Views})
	}
	for _, d := range top {
		rows = append(rows, pageRow{a.model.Explain(d.Page), d.Views})
	}
	return rows, total - len(top)
}
