package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/devcert"
	"github.com/cache-aware/casper/server/internal/peer"
)

// think is how long the server takes for the page: for a program with a database, not much.
const think = 300 * time.Millisecond

// Of 20 visitors with Chromium who were never here, at least 18 fetch all that blocks the page while the
// server still thinks; of 10 with Firefox, 9. Beside each of them goes one to the same site without casper.
func TestCold(t *testing.T) {
	for _, c := range []struct {
		name  string
		n     int
		start func(t *testing.T) visiting
	}{
		{"chromium", 20, func(t *testing.T) visiting { return startChromium(t, devcert.SPKI(pair(t))) }},
		{"firefox-esr", 10, func(t *testing.T) visiting { return startFirefox(t, nil) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			peer.Find(t, c.name)
			b := c.start(t)
			o := newOrigin(think)
			without := "https://" + distance(t, serveTLS(t, o), "") + "/"
			with := "https://" + distance(t, serveTLS(t, &server.Handler{Next: o}), "") + "/"
			compare(t, b, o, without, with, c.name, "h2", c.n)
		})
	}
}

// A visiting is a browser that visits a page as one who was never there.
type visiting interface {
	cold(t *testing.T, url string) load
}

// compare sends n visitors each to a site with casper and without, and prints what they saw. At least nine of ten use
// the hints, and as many fetch nothing twice.
func compare(t *testing.T, b visiting, o *origin, without, with, name, protocol string, n int) {
	t.Helper()
	// The first visitor of all teaches the handler what the page links, and that browsers may
	// keep it.
	b.cold(t, with)
	b.cold(t, without)
	o.take()

	used, meanwhile, twice := 0, 0, 0
	var ready [2][]float64
	for range n {
		plain := b.cold(t, without)
		if asked, _ := o.take(); plain.Hint != 0 || !slices.Equal(asked, blocking) {
			t.Fatalf("without casper, asked for %q: %v", asked, plain)
		}
		l := b.cold(t, with)
		asked, early := o.take()
		ahead := slices.Equal(slices.Compact(slices.Clone(early)), blocking)
		if ahead {
			meanwhile++
		}
		if ahead || slices.Equal(l.hinted(), blocking) { // Firefox does not say so of what it has fetched
			used++
		} else {
			t.Logf("not used, early %q: %v", early, l)
		}
		if !slices.Equal(slices.Compact(slices.Clone(asked)), blocking) {
			t.Errorf("asked for %q", asked)
		}
		if len(asked) > len(blocking) {
			twice++
			t.Logf("asked for %q, %q of them early: %v", asked, early, l)
		}
		if l.Title != "page, run" || l.Protocol != protocol || plain.Protocol != protocol {
			t.Errorf("the page is %v, and without casper %v", l, plain)
		}
		ready[0] = append(ready[0], plain.Ready)
		ready[1] = append(ready[1], l.Ready)
	}
	if 10*used < 9*n {
		t.Errorf("%d of %d cold visits used the hints, want nine of ten", used, n)
	}
	if 10*twice > n {
		t.Errorf("%d of %d visits fetched a file twice", twice, n)
	}
	t.Logf("%s, %s, cold, %v there and back, the server thinks %v, %d blocking files, median of %d visits:", name, protocol, roundTrip, think, len(blocking), n)
	t.Logf("  %-26s %14s %12s", "", "without casper", "with casper")
	t.Logf("  %-26s %14s %9d/%d", "hints used", "-", used, n)
	t.Logf("  %-26s %14s %9d/%d", "asked for before the page", "-", meanwhile, n)
	t.Logf("  %-26s %11.0f ms %9.0f ms", "DOMContentLoaded", median(ready[0]), median(ready[1]))
	if gain := median(ready[0]) - median(ready[1]); gain <= 0 && n >= 10 { // a busy machine blurs a few
		t.Errorf("the page is ready %.0f ms later with casper", -gain)
	}
}

// cold is the visit of somebody who was never here.
func (b *browser) cold(t *testing.T, url string) load {
	t.Helper()
	v := b.visitor(t)
	defer v.leave()
	v.open()
	return v.visit(url)
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}

// Who was here before gets no 103 and asks for nothing; after one file has changed, both are
// about that one file.
func TestWarm(t *testing.T) {
	for _, c := range []struct {
		name      string
		n, enough int
		start     func(t *testing.T) func() returning
	}{
		{"chromium", 5, 4, func(t *testing.T) func() returning {
			b := startChromium(t, devcert.SPKI(pair(t)))
			return func() returning { return openVisitor(t, b) }
		}},
		{"firefox-esr", 3, 2, func(t *testing.T) func() returning {
			f := startFirefox(t, nil)
			return func() returning { f.forget(); return f }
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			peer.Find(t, c.name)
			next := c.start(t)
			o := newOrigin(think)
			plans := make(chan []string, 8) // what each 103 for the page named
			h := &server.Handler{Next: o, Keys: server.KeyVersion, Validator: o.validator, Observe: func(x *server.Exchange) {
				if x.Request.URL.Path == "/" {
					plans <- hintedBy(x.Plan)
				}
			}}
			url := "https://" + distance(t, serveTLS(t, h), "") + "/"
			next().visit(url) // teaches the handler
			<-plans
			used := 0
			for i := range c.n {
				v := next()
				o.take()
				kept := time.Now() // nothing was fetched before, so nothing that is kept is older
				v.visit(url)
				asked, _ := o.take()
				if got := <-plans; !slices.Equal(got, blocking) || !slices.Equal(slices.Compact(asked), blocking) {
					t.Errorf("visitor %d: the first visit was hinted %q and asked for %q", i, got, asked)
				}

				l := v.visit(url)
				asked, _ = o.take()
				if got := <-plans; len(got) > 0 || l.Hint != 0 {
					t.Errorf("visitor %d: the second visit was hinted %q: %v", i, got, l)
				}
				if len(asked) > 0 && time.Since(kept) < shortly-time.Second { // Date and Age are whole seconds
					t.Errorf("visitor %d: the second visit asked for %q: %v", i, asked, l)
				}
				if l.Title != "page, run" {
					t.Errorf("visitor %d: the second visit is %v", i, l)
				}

				o.change("/theme.css", fmt.Sprintf("body { color: rgb(%d, 0, 0) }", 10*i+1))
				time.Sleep(shortly + time.Second) // browsers count whole seconds: now the old one may not be used
				l = v.visit(url)
				asked, early := o.take()
				if got := <-plans; !slices.Equal(got, []string{"/theme.css"}) || l.Hint == 0 {
					t.Errorf("visitor %d: after a change of /theme.css the third visit was hinted %q: %v", i, got, l)
				}
				if !slices.Equal(slices.Compact(asked), []string{"/theme.css"}) {
					t.Errorf("visitor %d: after a change of /theme.css the third visit asked for %q: %v", i, asked, l)
				}
				if slices.Equal(slices.Compact(slices.Clone(early)), []string{"/theme.css"}) {
					used++
				} else {
					t.Logf("visitor %d: not used, early %q: %v", i, early, l)
				}
				if v, ok := v.(*visitor); ok {
					v.leave()
				}
			}
			t.Logf("%d visitors: second visit no 103 and nothing fetched, third visit /theme.css alone, by the hint for %d", c.n, used)
			if used < c.enough {
				t.Errorf("%d of %d third visits used the hint, want %d", used, c.n, c.enough)
			}
		})
	}
}

// A returning is somebody who may have been there before.
type returning interface {
	visit(url string) load
}

func hintedBy(plan []server.Verdict) (paths []string) {
	for _, v := range plan {
		if v.Means == server.ByHint {
			paths = append(paths, v.Asset.Path)
		}
	}
	slices.Sort(paths)
	return paths
}
