//go:build !noserver

package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/link"
)

func TestDiffModels(t *testing.T) {
	used := func(page string, views float64, wanted ...string) evidence.Delta {
		d := evidence.Delta{Page: page, Views: views}
		for _, path := range wanted {
			d.Assets = append(d.Assets, evidence.Vote{Asset: link.Asset{Path: path, As: "script"}, Used: views, Views: views, Wanted: true})
		}
		return d
	}
	before := []evidence.Delta{used("/", 9, "/a.js", "/old.js"), used("/gone", 3, "/a.js")}
	after := []evidence.Delta{used("/", 9, "/a.js", "/new.js"), used("/came", 3, "/a.js")}
	want := []change{
		{Page: "/", Asset: "/new.js", After: true, AfterShare: .95},
		{Page: "/", Asset: "/old.js", Before: true, BeforeShare: .95},
		{Page: "/came", After: true},
		{Page: "/gone", Before: true},
	}
	if diff := cmp.Diff(want, diffModels(before, after, .1)); diff != "" {
		t.Error(diff)
	}
	if got := diffModels(before, before, 0.01); len(got) != 0 {
		t.Errorf("a model differs from itself: %v", got)
	}
}
