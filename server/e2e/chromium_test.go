package e2e

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/chromedp/chromedp"
)

// patience is how long one step of a browser may take: much more than it needs, since the
// machine may be busy.
const patience = 45 * time.Second

// A browser is a running Chromium.
type browser struct{ ctx context.Context }

// startChromium starts Debian's Chromium with a profile of its own, trusting the certificates
// with the given hashes.
func startChromium(t testing.TB, spki ...string) *browser {
	t.Helper()
	return startChromiumWith(t, nil, spki...)
}

// startChromiumWith starts it with more options.
func startChromiumWith(t testing.TB, more []chromedp.ExecAllocatorOption, spki ...string) *browser {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(peer.Find(t, "chromium")),
		chromedp.Headless, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.DisableGPU,
		chromedp.Flag("ignore-certificate-errors-spki-list", strings.Join(spki, ",")),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.WSURLReadTimeout(patience),
	}
	options = append(options, more...)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium's sandbox refuses root
	}
	ctx, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(ctx)
	t.Cleanup(func() {
		stop()
		end() // waits until the browser has ended
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("chromium: %v", err)
	}
	return &browser{ctx}
}

// A visitor is somebody with an empty cache, no cookies and no connections, at first.
type visitor struct {
	t     testing.TB
	ctx   context.Context
	leave func()
}

// visitor returns a new one. It is to leave, or leaves with the test.
func (b *browser) visitor(t testing.TB) *visitor {
	ctx, leave := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(leave)
	return &visitor{t, ctx, leave}
}

// A load is what Chromium itself says of a page and of what it fetched for it.
type load struct {
	Title    string
	Protocol string
	Hint     float64 // when the 103 came, in ms; 0 for none
	Answer   float64 // when the header of the page came
	Ready    float64 // DOMContentLoaded
	Files    []loadedFile
}

type loadedFile struct {
	Path  string
	By    string  // initiatorType: early-hints, link, script...
	Size  int     // octets that came over the network; 0 is from the cache
	Start float64 // in ms
}

const measure = `(() => {
	const page = performance.getEntriesByType("navigation")[0];
	const answer = page.finalResponseHeadersStart || page.responseStart;
	const hint = page.firstInterimResponseStart;
	return {
		Title: document.title,
		Protocol: page.nextHopProtocol,
		Hint: hint < answer ? hint : 0,
		Answer: answer,
		Ready: page.domContentLoadedEventEnd,
		Files: performance.getEntriesByType("resource").map((e) => ({
			Path: new URL(e.name).pathname, By: e.initiatorType, Size: e.transferSize, Start: e.startTime,
		})),
	};
})()`

// open starts the visitor's own tab, so that the time this takes is not the first page's.
func (v *visitor) open() {
	v.t.Helper()
	if err := chromedp.Do(v.ctx); err != nil {
		v.t.Fatalf("chromium: %v", err)
	}
}

// visit goes to a page, as by typing its address, and returns when everything is there.
func (v *visitor) visit(url string) load {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	// The same address twice would be a reload.
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank"), chromedp.Navigate(url)); err != nil {
		v.t.Fatalf("chromium, visiting %s: %v", url, err)
	}
	return v.measure(ctx)
}

// press presses a button that leads to a page, and returns when everything is there.
func (v *visitor) press(button string) load {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(button))); err != nil {
		v.t.Fatalf("chromium, pressing %s: %v", button, err)
	}
	return v.measure(ctx)
}

func (v *visitor) measure(ctx context.Context) load {
	v.t.Helper()
	l, err := chromedp.Run(ctx, chromedp.Evaluate[load](measure))
	if err != nil {
		v.t.Fatalf("chromium, measuring: %v", err)
	}
	return l
}

// hinted are the files that were fetched because a 103 named them, whether or not they came
// from the cache then.
func (l load) hinted() []string {
	return l.paths(func(f loadedFile) bool { return f.By == "early-hints" })
}

// fetched are the files that came over the network.
func (l load) fetched() []string { return l.paths(func(f loadedFile) bool { return f.Size > 0 }) }

func (l load) paths(which func(loadedFile) bool) (paths []string) {
	for _, f := range l.Files {
		if which(f) {
			paths = append(paths, f.Path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

func (l load) String() string {
	s := fmt.Sprintf("%q %s, 103 at %.0f, answer at %.0f, ready at %.0f ms", l.Title, l.Protocol, l.Hint, l.Answer, l.Ready)
	for _, f := range l.Files {
		s += fmt.Sprintf("\n\t%s by %s at %.0f ms, %d octets", f.Path, f.By, f.Start, f.Size)
	}
	return s
}
