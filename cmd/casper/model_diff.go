//go:build !noserver

package main

import (
	"cmp"
	"math"
	"slices"

	"github.com/cache-aware/casper/server/learn/evidence"
)

// A change is how two models differ about one asset of a page.
type change struct {
	Page        string  `json:"page"`
	Asset       string  `json:"asset,omitempty"` // empty for the whole page, where only one of the models knows it
	Before      bool    `json:"before"`          // whether it is wanted
	After       bool    `json:"after"`
	BeforeShare float64 `json:"before_share"` // of the views that use it
	AfterShare  float64 `json:"after_share"`
}

// diffModels tells what changed from one model to another: pages known to one only, assets wanted
// by one only, and assets whose share of views differs by at least tolerance. The changes are in
// the order of their pages and assets.
func diffModels(before, after []evidence.Delta, tolerance float64) []change {
	var out []change
	old, new := evidence.Combine(before...), evidence.Combine(after...)
	for len(old) > 0 || len(new) > 0 {
		switch {
		case len(new) == 0 || len(old) > 0 && old[0].Page < new[0].Page:
			out = append(out, change{Page: old[0].Page, Before: true})
			old = old[1:]
		case len(old) == 0 || new[0].Page < old[0].Page:
			out = append(out, change{Page: new[0].Page, After: true})
			new = new[1:]
		default:
			out = appendChanges(out, old[0], new[0], tolerance)
			old, new = old[1:], new[1:]
		}
	}
	return out
}

func appendChanges(out []change, old, new evidence.Delta, tolerance float64) []change {
	changes := make(map[string]*change)
	for _, v := range old.Assets {
		changes[v.Asset.Path] = &change{
			Page: new.Page, Asset: v.Asset.Path,
			Before: v.Wanted, BeforeShare: evidence.Share(v.Used, v.Views, v.Held),
		}
	}
	for _, v := range new.Assets {
		c := changes[v.Asset.Path]
		if c == nil {
			c = &change{Page: new.Page, Asset: v.Asset.Path}
			changes[v.Asset.Path] = c
		}
		c.After, c.AfterShare = v.Wanted, evidence.Share(v.Used, v.Views, v.Held)
	}
	from := len(out)
	for _, c := range changes {
		if c.Before != c.After || math.Abs(c.BeforeShare-c.AfterShare) >= tolerance {
			out = append(out, *c)
		}
	}
	slices.SortFunc(out[from:], func(a, b change) int { return cmp.Compare(a.Asset, b.Asset) })
	return out
}
