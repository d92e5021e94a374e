package learned

import (
	"net/http"
	"slices"
	"strings"

	"github.com/maypok86/otter/v2"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/link"
)

// Wanted implements [server.Source]: what is declared of a page, and then what was learned of
// it. Requests that did not come through Wrap or Begin get what is declared.
func (s *Source) Wanted(r *http.Request) []link.Asset {
	var declared []link.Asset
	listed := false
	if s.Declared != nil {
		declared, listed = s.Declared(r.URL.EscapedPath())
	}
	v := s.visitOf(r)
	if s.Model == nil || s.Shadow || v == nil || listed && len(declared) == 0 {
		return declared
	}
	page := s.Reader.Page(r)
	v.chosen, _ = s.Model.Choose(nil, page, s.client(r))
	if len(v.chosen) == 0 {
		return declared
	}
	return s.list(page, declared, v.chosen)
}

// A list is what was last said of a page, kept so that the same answer is the same slice:
// the handler then has nothing to prepare anew.
type list struct {
	declared []link.Asset
	picks    []pick
	all      []link.Asset
}

// A pick is what a list depends on of one prediction.
type pick struct {
	asset  *link.Asset // the model's own, which it replaces and never changes
	linked bool
}

// maxLists bounds the lists that are kept: about as many as a site has pages in use.
const maxLists = 4096

func (s *Source) list(page string, declared []link.Asset, chosen []learn.Prediction) []link.Asset {
	s.once.Do(func() { s.lists = otter.Must(&otter.Options[string, *list]{MaximumSize: maxLists}) })
	if old, ok := s.lists.GetIfPresent(page); ok && slices.Equal(old.declared, declared) &&
		slices.EqualFunc(old.picks, chosen, func(k pick, p learn.Prediction) bool { return k == pick{p.Asset, p.Linked} }) {
		return old.all
	}
	l := &list{declared: declared, all: slices.Clip(declared)}
	for _, p := range chosen {
		l.picks = append(l.picks, pick{p.Asset, p.Linked})
		if !slices.ContainsFunc(declared, func(a link.Asset) bool { return a.Path == p.Asset.Path && a.Rel == p.Asset.Rel }) {
			a := *p.Asset
			if !p.Linked { // an application that links it says itself whether it may be pushed
				a = pushable(a, s.Track)
			}
			l.all = append(l.all, a)
		}
	}
	if len(page) <= learn.MaxKey { // longer ones are no page's own, and 4,096 of them would be much
		s.lists.Set(strings.Clone(page), l)
	}
	return l.all
}
