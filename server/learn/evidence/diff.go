package evidence

import (
	"cmp"
	"math"
	"slices"
)

// Change is how two models differ about one asset of a page.
type Change struct {
	Page  string
	Asset string // empty for the whole page, where only one of the models knows it

	Before, After           bool    // whether it is wanted
	BeforeShare, AfterShare float64 // of the views that use it
}

// Diff tells what changed from one model to another: pages known to one only, assets wanted by
// one only, and assets whose share of views differs by at least tolerance. The changes are in
// the order of their pages and assets.
func Diff(before, after []Delta, tolerance float64) []Change {
	var out []Change
	old, new := Combine(before...), Combine(after...)
	for len(old) > 0 || len(new) > 0 {
		switch {
		case len(new) == 0 || len(old) > 0 && old[0].Page < new[0].Page:
			out = append(out, Change{Page: old[0].Page, Before: true})
			old = old[1:]
		case len(old) == 0 || new[0].Page < old[0].Page:
			out = append(out, Change{Page: new[0].Page, After: true})
			new = new[1:]
		default:
			out = appendChanges(out, old[0], new[0], tolerance)
			old, new = old[1:], new[1:]
		}
	}
	return out
}

func appendChanges(out []Change, old, new Delta, tolerance float64) []Change {
	changes := make(map[string]*Change)
	for _, v := range old.Assets {
		changes[v.Asset.Path] = &Change{
			Page: new.Page, Asset: v.Asset.Path,
			Before: v.Wanted, BeforeShare: Share(v.Used, v.Views, v.Held),
		}
	}
	for _, v := range new.Assets {
		c := changes[v.Asset.Path]
		if c == nil {
			c = &Change{Page: new.Page, Asset: v.Asset.Path}
			changes[v.Asset.Path] = c
		}
		c.After, c.AfterShare = v.Wanted, Share(v.Used, v.Views, v.Held)
	}
	from := len(out)
	for _, c := range changes {
		if c.Before != c.After || math.Abs(c.BeforeShare-c.AfterShare) >= tolerance {
			out = append(out, *c)
		}
	}
	slices.SortFunc(out[from:], func(a, b Change) int { return cmp.Compare(a.Asset, b.Asset) })
	return out
}
