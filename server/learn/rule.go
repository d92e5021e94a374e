package learn

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cache-aware/casper/server/link"
)

// Rule is said by a person and outweighs what was learned.
type Rule struct {
	// Page is the identity of a page, or the beginning of several and a star: "/blog/*". The longest that fits a page counts, alone.
	Page string

	// Assets are always wanted, in this order, ahead of what was learned.
	Assets []link.Asset

	// Never are the paths of assets that are never wanted, or their beginnings and a star.
	Never []string

	// Only says that nothing learned is wanted. With no Assets, the page gets nothing.
	Only bool

	answer *answer // for pages of which nothing else is known
}

// ruleBook holds rules for look-up. It is never changed.
type ruleBook struct {
	exact    map[string]*Rule
	prefixes []*Rule // longest first
}

// SetRules replaces all rules. On an error, which names the rule, the old ones stay.
func (m *Model) SetRules(rules []Rule) error {
	book := &ruleBook{exact: make(map[string]*Rule)}
	for i := range rules {
		r := rules[i] // a copy
		if r.Page == "" || len(r.Page) > MaxKey || strings.Contains(strings.TrimSuffix(r.Page, "*"), "*") {
			return fmt.Errorf("learn: rule %d: %q is no page, nor the beginning of one and a star", i, r.Page)
		}
		r.Assets, r.Never = slices.Clone(r.Assets), slices.Clone(r.Never)
		r.answer = &answer{key: r.Page, rule: &r, predictions: []Prediction{}}
		for j := range r.Assets {
			a := &r.Assets[j]
			if !a.Valid() {
				return fmt.Errorf("learn: rule %d (%s): %q cannot be sent", i, r.Page, a.Path)
			}
			r.answer.predictions = append(r.answer.predictions, Prediction{hash: m.hash(a.Path), Asset: a, Key: m.key(a.Path, ""), Probability: 1, Ruled: true})
		}
		if strings.HasSuffix(r.Page, "*") {
			book.prefixes = append(book.prefixes, &r)
		} else {
			book.exact[r.Page] = &r
		}
	}
	slices.SortStableFunc(book.prefixes, func(a, b *Rule) int { return cmp.Compare(len(b.Page), len(a.Page)) })
	m.rules.Store(book)
	m.eachPage(func(ps *pages, p *page) {
		if p.answer != nil {
			ps.publish(p)
			ps.account(p)
		}
	})
	return nil
}

// match returns the rule for a page, or for a kind: a kind is matched as the text of its key.
func (b *ruleBook) match(page string) *Rule {
	if r := b.exact[page]; r != nil {
		return r
	}
	for _, r := range b.prefixes {
		if strings.HasPrefix(page, r.Page[:len(r.Page)-1]) {
			return r
		}
	}
	return nil
}

// answer is for a page that has none of its own: that of its rule, and that of its kind when the kind is under the same rule.
func (b *ruleBook) answer(page string, kind *answer) *answer {
	r := b.match(page)
	if r == nil || kind != nil && kind.rule == r {
		return kind
	}
	return r.answer
}

// apply brings an answer under its rule.
func (b *ruleBook) apply(a *answer) {
	r := b.match(a.key)
	if r == nil {
		return
	}
	a.rule = r
	learned := a.predictions
	a.predictions = slices.Clone(r.answer.predictions)
	if r.Only {
		return
	}
	for _, p := range learned {
		if !r.forbids(p.Asset.Path) && !slices.ContainsFunc(r.Assets, func(x link.Asset) bool { return x.Path == p.Asset.Path }) {
			a.predictions = append(a.predictions, p)
		}
	}
}

func (r *Rule) forbids(path string) bool {
	for _, n := range r.Never {
		if begin, ok := strings.CutSuffix(n, "*"); n == path || ok && strings.HasPrefix(path, begin) {
			return true
		}
	}
	return false
}
