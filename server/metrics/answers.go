package metrics

import (
	"fmt"
	"math"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/metrics/gain"
)

// answers are those to the three questions that an operator has.
type answers struct {
	Works answer   `json:"works"`
	Gain  answer   `json:"gain"`
	Wrong []string `json:"wrong"` // empty: nothing that is seen from here
}

// An answer is one sentence or two, and how it stands.
type answer struct {
	State string   `json:"state"` // "yes", "partly", "no" or "wait"
	Text  string   `json:"text"`
	More  []string `json:"more,omitempty"`
}

func (b *board) answer() answers {
	a := answers{Works: b.works(), Gain: b.gained(), Wrong: b.wrong()}
	if a.Wrong == nil {
		a.Wrong = []string{}
	}
	return a
}

// works says whether assets go ahead of pages, and whether browsers take them.
func (b *board) works() answer {
	g := b.Gain
	if g == nil {
		switch s := b.stats; {
		case s.Hinted.Load()+s.Pushed.Load() > 0:
			return answer{State: "yes", Text: fmt.Sprintf("Yes: %s hinted and %d pushed, %s asked for ahead of their page's answer.",
				plural(s.Hinted.Load(), "asset"), s.Pushed.Load(), plural(s.Lead.Count(), "asset"))}
		case s.Pages.Load() == 0:
			return answer{State: "wait", Text: "No page was asked for yet for which anything is wanted."}
		}
		return answer{State: "no", Text: "Nothing went ahead of a page yet."}
	}
	helped := g.Hinted + g.Pushed
	switch {
	case g.Views == 0:
		return answer{State: "wait", Text: "Nobody has asked for a page yet, or less than five seconds ago. Open the site in a browser, twice."}
	case helped == 0 && g.Held > 0:
		return answer{State: "yes", Text: fmt.Sprintf("Yes: nothing had to go ahead of %s, since the cookies say that the visitors hold it all.", plural(g.Views, "view"))}
	case helped == 0:
		text := fmt.Sprintf("Not yet: nothing went ahead of %s.", plural(g.Views, "view"))
		if s, n := most(g.Silent); n > 0 {
			text = fmt.Sprintf("Not yet: nothing went ahead of %s. %s: %d of them.", plural(g.Views, "view"), capital(s), n)
		}
		return answer{State: "no", Text: text}
	case g.Hinted > 0 && g.Used == 0 && g.Hints >= 10:
		return answer{State: "partly", Text: fmt.Sprintf("A 103 went ahead of %d of %s, and none of the %d files that they named was asked for.", g.Hinted, plural(g.Views, "view"), g.Hints)}
	case g.Hinted == 0:
		return answer{State: "yes", Text: fmt.Sprintf("Yes: assets were pushed ahead of %d of %s.", g.Pushed, plural(g.Views, "view"))}
	}
	text := fmt.Sprintf("Yes: a 103 went ahead of %d of %s; %d of the %d files that they named were asked for, %d ahead of the page's answer.",
		g.Hinted, plural(g.Views, "view"), g.Used, g.Hints, g.Early)
	if g.Hints == 0 {
		text = fmt.Sprintf("Yes: a 103 went ahead of %d of %s.", g.Hinted, plural(g.Views, "view"))
	}
	return answer{State: "yes", Text: text}
}

// gained says what that came to, and from what that is known.
func (b *board) gained() answer {
	g := b.Gain
	if g == nil {
		if n := b.stats.Lead.Count(); n > 0 {
			return answer{State: "partly", Text: fmt.Sprintf("Half of %s were asked for at least %v ahead of the page's answer.", plural(n, "hinted file"), b.stats.Lead.Median())}
		}
		return answer{State: "wait", Text: "Nothing is measured yet."}
	}
	a := sooner(&g.Sooner)
	if g.Held > 0 {
		text := plural(g.Held, "file") + " did not have to be sent, since the cookie said that the visitor holds it"
		if g.HeldBytes > 0 {
			text += ": " + octets(g.HeldBytes) + " at least"
		}
		a.More = append(a.More, text+".")
	}
	switch {
	case b.Control == 0 && g.Hinted > 0:
		a.More = append(a.More, "There is no control group: --control 0.05 lets one view in twenty go without hints, to compare.")
	case g.Sooner.By == gain.ByServer && g.Beacon == "":
		a.More = append(a.More, "No browser was asked: --beacon /casper-timing lets pages report how long they took.")
	}
	if b.Control > 0 && g.Sooner.By == gain.ByLead {
		a.More = append(a.More, fmt.Sprintf("The control group is small still: %d of the 8 views from which on groups are compared.", g.Groups.Server[1]))
	}
	return a
}

// sooner says a comparison in words.
func sooner(s *gain.Sooner) answer {
	interval := fmt.Sprintf("95 %%: %.0f to %.0f", s.Low, s.High)
	on := fmt.Sprintf("on %s beside %d without hints", plural(s.With, "view"), s.Without)
	clock := map[gain.By]string{gain.ByBrowser: "by the browsers' own clocks", gain.ByServer: "by the server's clock"}[s.By]
	ready := map[gain.By]string{gain.ByBrowser: "Pages were ready", gain.ByServer: "Pages with all their style sheets and scripts were out"}[s.By]
	switch {
	case s.By == gain.ByNothing:
		return answer{State: "wait", Text: "Nothing is known yet: no hinted file was asked for ahead of its page's answer."}
	case s.By == gain.ByLead:
		text := fmt.Sprintf("Files were asked for %.0f ms ahead of their page's answer, on %s", s.Ms, plural(s.With, "view"))
		if s.With > 1 {
			text += " (" + interval + ")"
		}
		return answer{State: "partly", Text: text + ": pages were ready at most so much sooner."}
	case s.Low > 0:
		return answer{State: "yes", Text: fmt.Sprintf("%s %.0f ms sooner (%s), %s, %s.", ready, s.Ms, interval, on, clock)}
	case s.High < 0:
		return answer{State: "no", Text: fmt.Sprintf("%s %.0f ms later (95 %%: %.0f to %.0f), %s, %s.", ready, -s.Ms, -s.High, -s.Low, on, clock)}
	}
	return answer{State: "partly", Text: fmt.Sprintf("No difference can be told from chance yet: %.0f ms, give or take %.0f, %s, %s.", s.Ms, math.Abs(s.High-s.Low)/2, on, clock)}
}

// wrong is what an operator can do something about, the worst first.
func (b *board) wrong() (list []string) {
	say := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	s := b.stats
	if g := b.Gain; g != nil && g.Views > 0 {
		if g.Sooner.By != gain.ByLead && g.Sooner.High < 0 {
			say("Pages with hints are ready later than those without. See below which, and switch these off.")
		}
		share := func(why server.Silence) int64 { return g.Silent[why.String()] }
		if n := share(server.SilentWriter); n > 0 {
			say("A middleware hides the server's writer, so that %s could be sent no 103. Put casper outside of it.", plural(n, "view"))
		}
		if n := share(server.SilentProtocol); 5*n > g.Views {
			say("%d of %s came by HTTP/1, which carries no hints: let browsers, or the proxy in front, speak HTTP/2 or 3 to casper.", n, plural(g.Views, "view"))
		}
		if n := share(server.SilentTrouble); 5*n > g.Views {
			say("Nothing goes ahead of %d of %s, since the latest answers of these pages were redirects or errors.", n, plural(g.Views, "view"))
		}
		if g.Hints >= 20 && 2*g.Unused > g.Hints {
			say("%d of %d hinted files were not asked for: browsers that take no hints, or that hold the files while the cookie does not say so (--no-cookie?), or pages that need them no more.", g.Unused, g.Hints)
		}
		if g.Twice > 0 && 50*g.Twice > g.Hints {
			say("%d of %d hinted files were sent twice: their answers may not be reused, or the page asks for them in another mode (crossorigin).", g.Twice, g.Hints)
		}
		if n := g.Groups.Server[0] + g.Groups.Server[1]; g.Beacon != "" && n >= 20 && g.Groups.Browser[0]+g.Groups.Browser[1] == 0 {
			say(`No page has reported its timing, of %s: put <script src="%s" async></script> into them, and let connect-src of their policy allow it.`, plural(n, "view"), g.Beacon)
		}
	}
	if n := s.BadCookie.Load(); n > 10 && 20*n > s.Pages.Load() {
		say("%s had a cookie that could not be read: do all servers of this name use the same --capacity-bits and --cookie-format?", plural(n, "page"))
	}
	if l := b.learned; l != nil && l.Evicted > 0 && 10*l.Bytes > 9*l.Room {
		say("The memory for what is learned is full: %s were given up. --learn-memory makes it larger.", plural(int64(l.Evicted), "page"))
	}
	silent := map[string]int{}
	for i := range b.Pages {
		r := &b.Pages[i]
		if r.Why != "" && !r.Off && (r.Gain == nil || r.Gain.Views > 1) && r.Views > 1 {
			silent[r.Why]++
			if silent[r.Why] == 1 && len(list) < 8 {
				say("%s: %s.", r.Page, r.Why)
			}
		}
	}
	return list
}

// most is the most frequent reason, of equals the first by name.
func most(of map[string]int64) (reason string, n int64) {
	for s, m := range of {
		if m > n || m == n && s < reason {
			reason, n = s, m
		}
	}
	return reason, n
}

func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
