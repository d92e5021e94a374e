package replay

import (
	"time"

	"github.com/cache-aware/casper/server"
)

// A view is a page in front of a visitor, with what would have been sent ahead of it, and what was
// asked for.
type view struct {
	browser *browser
	page    string
	path    string
	began   time.Time // when it was asked for
	opened  time.Time
	plan    []planned
	asked   []asked
	settled bool
}

// planned is what the handler decided on one wanted asset.
type planned struct {
	*asset
	server.Verdict
	had bool // the browser held it when the view began
}

// ahead reports whether it would have gone out before the page's answer, or with its header.
func (p *planned) ahead() bool { return p.Means == server.ByPush || p.Means == server.ByHint }

// asked is a request on behalf of a view. The files that the page names are its first wave, those
// that these name the next: each wave waits for the one before.
type asked struct {
	*asset
	size int64
	wave int
}

// maxWave bounds how deep assets may name each other.
const maxWave = 8

// waveOf returns the wave of a request with this Referer, 0 when it is not of this view.
func (v *view) waveOf(path, via string) int {
	if v.path == path {
		return 1
	}
	for i := range v.asked {
		if v.asked[i].path == via {
			return min(v.asked[i].wave+1, maxWave)
		}
	}
	return 0
}

// judge adds up what became of a view.
func (v *view) judge(push bool) Tally {
	t := Tally{Views: 1}
	wasAsked := func(a *asset) bool {
		for i := range v.asked {
			if v.asked[i].asset == a {
				return true
			}
		}
		return false
	}
	for i := range v.plan {
		p := &v.plan[i]
		used := wasAsked(p.asset)
		switch {
		case p.ahead():
			t.Sent++
			if !used && p.had && !push { // a browser does not follow a hint for what it has
				t.Idle++
				continue
			}
			t.SentBytes += p.size
			if !used {
				t.Unused++
				t.UnusedBytes += p.size
			}
		case p.Reason == server.ReasonHeld && !used:
			t.Spared++
			t.SparedBytes += p.size
		}
	}
	if t.Sent > 0 {
		t.Helped = 1
	}
	var waves, late [maxWave + 1]bool
	for _, a := range v.asked {
		t.Asked++
		t.AskedBytes += a.size
		waves[a.wave] = true
		if v.sent(a.asset) {
			t.Hits++
			t.HitBytes += a.size
		} else {
			late[a.wave] = true
		}
	}
	for w := range waves {
		if waves[w] {
			t.Trips++
			if !late[w] {
				t.Saved++
			}
		}
	}
	return t
}

func (v *view) sent(a *asset) bool {
	for i := range v.plan {
		p := &v.plan[i]
		if p.asset == a && p.ahead() {
			return true
		}
	}
	return false
}
