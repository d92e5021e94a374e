package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/server"
)

// Views of the control group differ from the others by the 103 alone: what is decided, the cookie and
// the answer are the same. About as many are drawn as the share says, of those that a 103 was decided
// on for, and each by itself.
func TestControl(t *testing.T) {
	const n = 2000
	seen := map[bool]int{}
	var last *server.Exchange
	h := &server.Handler{
		Next: site(), Sources: wants("/a.css", "/b.js"), Policy: server.Policy{NoPush: true}, Control: 0.25,
		Observe: func(x *server.Exchange) { c := *x; last = &c },
		Timing: func(_ *http.Request, control bool) string {
			if control {
				return "without"
			}
			return "with"
		},
	}
	turns := 0
	before := false
	for range n {
		s := ask(h, "/", browser...)
		control := last.Control
		seen[control]++
		if control != before {
			turns++
		}
		before = control
		if control != (len(s.early) == 0) || control != last.HintedAt.IsZero() || control == last.Hinted {
			t.Fatalf("control %v: %d hints, at %v", control, len(s.early), last.HintedAt)
		}
		if got := namedIn(last.Plan); !slices.Equal(got, []string{"/a.css", "/b.js"}) || last.Silence != server.NotSilent {
			t.Fatalf("control %v: %q, %v", control, got, last.Silence)
		}
		if value, ok := s.cookie(); !ok || value == "" {
			t.Fatalf("control %v: no cookie", control)
		}
		if last.Answered.Before(last.Arrived) || !control && last.HintedAt.After(last.Answered) {
			t.Fatalf("arrived %v, hinted %v, answered %v", last.Arrived, last.HintedAt, last.Answered)
		}
		if got, want := s.final.Get("Server-Timing"), map[bool]string{true: `casper;desc="without"`, false: `casper;desc="with"`}[control]; got != want {
			t.Fatalf("control %v: Server-Timing %q", control, got)
		}
	}
	// Five standard deviations: 19.4 views.
	if c := seen[true]; c < n/4-97 || c > n/4+97 {
		t.Errorf("%d of %d views are control, want about a quarter", c, n)
	}
	// Were it the visitor or the page that decides, all views would be of one group.
	if turns < n/4 {
		t.Errorf("the group changed %d times", turns)
	}
	if got := h.Stats().Controls.Load(); got != int64(seen[true]) {
		t.Errorf("%d are counted, of %d", got, seen[true])
	}
}

// Who would get no 103 in any case is in neither group, and no answer for a shared cache says which.
func TestControlOfNothing(t *testing.T) {
	for name, c := range map[string]struct {
		fields []string
		next   http.Handler
	}{
		"who holds all": {append(slices.Clone(browser), "Cookie: "+held("/a.css", "/b.js")), site()},
		"a program":     {nil, site()},
		"a reload":      {append(slices.Clone(browser), "Cache-Control: no-cache"), site()},
		"shared": {browser, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "public, s-maxage=600")
			w.Header().Set("Content-Type", "text/html")
		})},
	} {
		asked := 0
		var control bool
		h := &server.Handler{
			Next: c.next, Sources: wants("/a.css", "/b.js"), Policy: server.Policy{NoPush: true}, Control: 1,
			Observe: func(x *server.Exchange) { control = x.Control },
			Timing:  func(*http.Request, bool) string { asked++; return "x" },
		}
		s := ask(h, "/", c.fields...)
		if asked != 0 || strings.Contains(s.final.Get("Server-Timing"), "casper") || control != (name == "shared") {
			t.Errorf("%s: asked %d times, control %v, %v", name, asked, control, s.final)
		}
	}
}

func namedIn(plan []server.Verdict) (paths []string) {
	for _, v := range plan {
		if v.Means == server.ByHint {
			paths = append(paths, v.Asset.Path)
		}
	}
	return paths
}
