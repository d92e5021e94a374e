package main

import (
	"slices"
	"testing"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/link"
)

// The model must be told of pushes: no request will come for what was pushed.
func TestSent(t *testing.T) {
	style, script := link.Guess("/a.css", ""), link.Guess("/b.js", "")
	verdict := func(a link.Asset, m server.Means) server.Verdict {
		return server.Verdict{Asset: server.Prepare(a, casper.Params{}), Means: m}
	}
	for name, c := range map[string]struct {
		plan   []server.Verdict
		chosen chosen
		assets []link.Asset
		byPush bool
	}{
		"nothing":                    {},
		"held":                       {plan: []server.Verdict{verdict(style, server.None)}},
		"hinted":                     {plan: []server.Verdict{verdict(style, server.ByHint)}, assets: []link.Asset{style}},
		"pushed":                     {plan: []server.Verdict{verdict(style, server.ByPush)}, assets: []link.Asset{style}, byPush: true},
		"pushed as the model chose":  {plan: []server.Verdict{verdict(style, server.ByPush)}, chosen: chosen{learn.Prediction{Asset: &style}}, byPush: true},
		"one pushed, another hinted": {plan: []server.Verdict{verdict(style, server.ByPush), verdict(script, server.ByHint)}, assets: []link.Asset{style, script}, byPush: true},
	} {
		assets, byPush := sent(c.plan, c.chosen)
		if !slices.Equal(assets, c.assets) || byPush != c.byPush {
			t.Errorf("%s: %v, by push %t", name, assets, byPush)
		}
	}
}
