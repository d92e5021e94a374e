package gain

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/link"
)

// A world is a recorder with a clock of its own.
type world struct {
	*Recorder
	now time.Time
}

func newWorld(c Config) *world {
	w := &world{now: time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC)}
	c.Now = func() time.Time { return w.now }
	w.Recorder = New(c)
	return w
}

// A seen is one view, in ms since it began.
type seen struct {
	from     string
	page     string
	hints    []string
	held     []string
	control  bool
	answered int
	asks     []ask
	then     int // when the next view begins
}

type ask struct {
	path      string
	at, ended int
	referer   string
	status    int
}

// view plays one view: its assets are reported as they end, and the page where its answer ends.
func (w *world) view(s seen) {
	began := w.now
	at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	request := func(path, dest, mode, referer string) *http.Request {
		r := httptest.NewRequest("GET", "https://example.com"+path, nil)
		r.Header.Set("Sec-Fetch-Dest", dest)
		r.Header.Set("Sec-Fetch-Mode", mode)
		if referer != "" {
			r.Header.Set("Referer", "https://example.com"+referer)
		}
		return r
	}
	client := netip.MustParseAddr(s.from)
	told := false
	tell := func() {
		if told {
			return
		}
		told = true
		x := &server.Exchange{
			Request: request(s.page, "document", "navigate", ""), Client: client, Status: 200,
			Header:  http.Header{"Content-Type": {"text/html"}},
			Arrived: began, Answered: at(s.answered), Control: s.control,
		}
		for _, p := range s.hints {
			a := server.Asset{Asset: link.Guess(p, "")}
			x.Plan = append(x.Plan, server.Verdict{Asset: &a, Means: server.ByHint})
		}
		for _, p := range s.held {
			a := server.Asset{Asset: link.Guess(p, ""), Size: 1000}
			x.Plan = append(x.Plan, server.Verdict{Asset: &a, Reason: server.ReasonHeld})
		}
		if len(s.hints) > 0 && !s.control {
			x.HintedAt, x.Hinted = at(1), true
		}
		if len(s.hints) == 0 && len(s.held) == 0 {
			x.Silence = server.SilentUnknown
		}
		w.now = at(s.answered + 1)
		w.Observe(x)
	}
	for _, a := range s.asks {
		if a.ended > s.answered {
			tell()
		}
		dest := "style"
		switch {
		case strings.Contains(a.path, ".js"):
			dest = "script"
		case strings.Contains(a.path, ".woff2"):
			dest = "font"
		}
		referer := a.referer
		if referer == "" {
			referer = s.page
		}
		status := a.status
		if status == 0 {
			status = 200
		}
		w.now = at(a.ended)
		w.Observe(&server.Exchange{
			Request: request(a.path, dest, "no-cors", referer), Client: client, Status: status,
			Header: http.Header{}, Arrived: at(a.at), Answered: at(a.ended), Early: a.at < s.answered,
		})
	}
	tell()
	if s.then > 0 {
		w.now = at(s.then)
	}
}

// later lets all views be over.
func (w *world) later() { w.now = w.now.Add(10 * time.Second) }

// What becomes of hints: those that are asked for early or late, in vain or twice; of whom, and of which
// page.
func TestCounts(t *testing.T) {
	for name, c := range map[string]struct {
		views []seen
		want  Counts
		lead  float64
	}{
		"early, late and not at all": {[]seen{{
			from: "192.0.2.1", page: "/", hints: []string{"/a.css", "/b.js", "/c.js"}, answered: 300,
			asks: []ask{{path: "/a.css", at: 100, ended: 110}, {path: "/b.js", at: 310, ended: 320}},
		}}, Counts{Views: 1, Hinted: 1, Hints: 3, Used: 2, Early: 1, Unused: 1}, 200},
		"the mean of the leads": {[]seen{{
			from: "192.0.2.1", page: "/", hints: []string{"/a.css", "/b.js"}, answered: 300,
			asks: []ask{{path: "/a.css", at: 100, ended: 110}, {path: "/b.js", at: 200, ended: 210}},
		}}, Counts{Views: 1, Hinted: 1, Hints: 2, Used: 2, Early: 2}, 150},
		"twice": {[]seen{{
			from: "192.0.2.1", page: "/", hints: []string{"/a.css"}, answered: 300,
			asks: []ask{{path: "/a.css", at: 100, ended: 110}, {path: "/a.css", at: 350, ended: 360}},
		}}, Counts{Views: 1, Hinted: 1, Hints: 1, Used: 1, Early: 1, Twice: 1}, 200},
		"asked again, and not sent again": {[]seen{{
			from: "192.0.2.1", page: "/", hints: []string{"/a.css"}, answered: 300,
			asks: []ask{{path: "/a.css", at: 100, ended: 110}, {path: "/a.css", at: 350, ended: 360, status: 304}},
		}}, Counts{Views: 1, Hinted: 1, Hints: 1, Used: 1, Early: 1}, 200},
		"too late to be of this view": {[]seen{{
			from: "192.0.2.1", page: "/", hints: []string{"/a.css"}, answered: 300,
			asks: []ask{{path: "/a.css", at: 4400, ended: 4410}},
		}}, Counts{Views: 1, Hinted: 1, Hints: 1, Unused: 1}, 0},
		"another visitor": {[]seen{
			{from: "192.0.2.1", page: "/", hints: []string{"/a.css"}, answered: 300},
			{from: "192.0.2.2", page: "/", answered: 300, asks: []ask{{path: "/a.css", at: 310, ended: 320}}},
		}, Counts{Views: 2, Hinted: 1, Hints: 1, Unused: 1}, 0},
		"again, at once": {[]seen{
			{from: "192.0.2.1", page: "/", hints: []string{"/a.css"}, answered: 300, asks: []ask{{path: "/a.css", at: 100, ended: 110}}, then: 1000},
			{from: "192.0.2.1", page: "/", hints: []string{"/a.css"}, answered: 300, asks: []ask{{path: "/a.css", at: 100, ended: 110}}},
		}, Counts{Views: 2, Hinted: 2, Hints: 2, Used: 2, Early: 2}, 200},
		"another page": {[]seen{
			{from: "192.0.2.1", page: "/", hints: []string{"/a.css"}, answered: 300},
			{from: "192.0.2.1", page: "/other", answered: 300, asks: []ask{{path: "/a.css", at: 310, ended: 320}}},
		}, Counts{Views: 2, Hinted: 1, Hints: 1, Unused: 1}, 0},
		"two at a time behind one address": {[]seen{
			{from: "192.0.2.1", page: "/", hints: []string{"/a.css"}, answered: 300, asks: []ask{{path: "/a.css", at: 100, ended: 110}}},
			{from: "192.0.2.1", page: "/", hints: []string{"/a.css"}, answered: 300, asks: []ask{{path: "/a.css", at: 100, ended: 110}}},
		}, Counts{Views: 2, Hinted: 2}, 0},
		"control": {[]seen{{
			from: "192.0.2.1", page: "/", hints: []string{"/a.css"}, control: true, answered: 300, asks: []ask{{path: "/a.css", at: 310, ended: 320}},
		}}, Counts{Views: 1, Control: 1}, 0},
		"held": {[]seen{{
			from: "192.0.2.1", page: "/", held: []string{"/a.css", "/b.js"}, answered: 300,
		}}, Counts{Views: 1, Held: 2, HeldBytes: 2000}, 0},
		"a font of a style sheet": {[]seen{{
			from: "192.0.2.1", page: "/", hints: []string{"/a.css", "/f.woff2"}, answered: 300,
			asks: []ask{{path: "/a.css", at: 100, ended: 110}, {path: "/f.woff2", referer: "/a.css", at: 400, ended: 410}},
		}}, Counts{Views: 1, Hinted: 1, Hints: 2, Used: 2, Early: 1}, 200},
		"with a query": {[]seen{{
			from: "192.0.2.1", page: "/?x=1", hints: []string{"/a.css?v=2"}, answered: 300,
			asks: []ask{{path: "/a.css?v=2", at: 100, ended: 110}},
		}}, Counts{Views: 1, Hinted: 1, Hints: 1, Used: 1, Early: 1}, 200},
	} {
		w := newWorld(Config{})
		for _, v := range c.views {
			w.view(v)
		}
		w.later()
		r := w.Report()
		got := r.Counts
		got.silent = [silences]int64{}
		if got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, c.want)
		}
		if c.lead > 0 != (r.Sooner.By == ByLead) || math.Abs(r.Sooner.Ms-c.lead) > 0.001 {
			t.Errorf("%s: %+v, want a lead of %v", name, r.Sooner, c.lead)
		}
		var sum Counts
		for _, p := range r.Pages {
			sum.add(&p.Counts)
		}
		var hour Counts
		for _, s := range r.Hour {
			hour.add(&s.Counts)
		}
		if sum != r.Counts || hour != r.Counts {
			t.Errorf("%s: pages %+v and hour %+v are not the sum", name, sum, hour)
		}
	}
}

// play is many views of a page that is ready at 500 ms with hints and at 700 without, give or take.
func play(w *world, n int, control float64, report bool) {
	random := rand.New(rand.NewPCG(1, 2))
	h := w.Wrap(http.NotFoundHandler())
	for i := range n {
		c := random.Float64() < control
		ready := 500
		if c {
			ready = 700
		}
		ready += int(random.NormFloat64() * 50)
		from := fmt.Sprintf("10.%d.%d.1", i/250, i%250)
		r := httptest.NewRequest("GET", "https://example.com/", nil)
		r.RemoteAddr = from + ":1"
		ticket := w.Timing(r, c)
		w.view(seen{from: from, page: "/", hints: []string{"/a.css"}, control: c, answered: 300, asks: []ask{{path: "/a.css", at: 310, ended: ready}}})
		if report && ticket != "" {
			send(h, fmt.Sprint(ticket, " ", ready+1000), "Sec-Fetch-Site", "same-origin")
		}
		w.now = w.now.Add(time.Second)
	}
	w.later()
}

func send(h http.Handler, body string, header ...string) int {
	r := httptest.NewRequest("POST", "https://example.com/t", strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	a := httptest.NewRecorder()
	h.ServeHTTP(a, r)
	return a.Code
}

// With a control group, the difference is that of the groups, and the interval holds it: from the browser where
// pages report, else from the server.
func TestSooner(t *testing.T) {
	for _, by := range []By{ByBrowser, ByServer} {
		w := newWorld(Config{Beacon: "/t"})
		play(w, 2000, 0.1, by == ByBrowser)
		s := w.Report().Sooner
		if s.By != by || s.Low > 200 || s.High < 200 || s.High-s.Low > 30 || s.With+s.Without != 2000 {
			t.Errorf("%s: %+v", by, s)
		}
		if off := 1000.0; by == ByBrowser && (s.WithMedian < off+400 || s.WithoutMedian < s.WithMedian) {
			t.Errorf("medians %v and %v", s.WithMedian, s.WithoutMedian)
		}
		if p, ok := w.Page("/"); !ok || p.Sooner != s || p.With == nil || p.Without == nil || !p.Without.Control || len(p.With.Assets) != 1 || !p.With.Assets[0].Hinted {
			t.Errorf("the page: %+v", p)
		}
	}
}

// Of 400 comparisons of groups that do not differ, about 95 of 100 have an interval with 0 in it.
func TestInterval(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	missed := 0
	for range 400 {
		var with, without Sample
		for range 100 {
			with.Add(500 + 100*random.NormFloat64())
		}
		for range 10 {
			without.Add(500 + 150*random.NormFloat64())
		}
		if s, ok := compare(ByServer, &with, &without); !ok || s.Low > 0 || s.High < 0 {
			missed++
		}
	}
	if missed < 6 || missed > 36 { // 20, give or take 3.7 deviations
		t.Errorf("%d of 400 intervals miss, want about 20", missed)
	}
}

// Quantiles of Student's t, from a table.
func TestStudent(t *testing.T) {
	for df, want := range map[float64]float64{1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 10: 2.228, 30: 2.042, 1e9: 1.960} {
		if got := student(df); math.Abs(got-want) > 0.03*want {
			t.Errorf("%v degrees: %.3f, want %.3f", df, got, want)
		}
	}
}

// Two samples together are one sample of all.
func TestMerge(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	var all, a, b Sample
	for i := range 1000 {
		ms := math.Exp(6 + random.NormFloat64())
		all.Add(ms)
		if i%3 == 0 {
			a.Add(ms)
		} else {
			b.Add(ms)
		}
	}
	a.merge(&b)
	if math.Abs(a.mean-all.mean) > 1e-6 || math.Abs(a.m2-all.m2) > 1e-3 || a.n != all.n || a.buckets != all.buckets {
		t.Errorf("%v and %v, %v and %v", a.mean, all.mean, a.m2, all.m2)
	}
	if m := all.Median(); m < 403*.8 || m > 403*1.25 {
		t.Errorf("the median of numbers around 403 is %v", m)
	}
}

// What may be reported: once for each ticket, in time, by pages of this site.
func TestReports(t *testing.T) {
	page := httptest.NewRequest("GET", "https://example.com/", nil)
	same := []string{"Sec-Fetch-Site", "same-origin"}
	for name, c := range map[string]struct {
		body   func(ticket string) string
		header []string
		wait   time.Duration
		want   int
	}{
		"a report":           {func(t string) string { return t + " 512" }, same, time.Second, 204},
		"by Origin":          {func(t string) string { return t + " 512" }, []string{"Origin", "https://example.com"}, time.Second, 204},
		"another site":       {func(t string) string { return t + " 512" }, []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://example.com"}, 0, 403},
		"a sister site":      {func(t string) string { return t + " 512" }, []string{"Sec-Fetch-Site", "same-site"}, 0, 403},
		"another origin":     {func(t string) string { return t + " 512" }, []string{"Origin", "https://evil.test"}, 0, 403},
		"of nobody":          {func(t string) string { return t + " 512" }, nil, 0, 403},
		"a made-up ticket":   {func(t string) string { return "zzz 512" }, same, 0, 400},
		"no ticket":          {func(t string) string { return " 512" }, same, 0, 400},
		"nothing":            {func(t string) string { return "" }, same, 0, 400},
		"not a number":       {func(t string) string { return t + " NaN" }, same, 0, 400},
		"infinite":           {func(t string) string { return t + " Inf" }, same, 0, 400},
		"negative":           {func(t string) string { return t + " -1" }, same, 0, 400},
		"longer than it was": {func(t string) string { return t + " 25000" }, same, time.Second, 400},
		"too late":           {func(t string) string { return t + " 512" }, same, 3 * time.Minute, 400},
		"too much":           {func(t string) string { return t + " 512" + strings.Repeat(" ", 200) }, same, 0, 400},
	} {
		w := newWorld(Config{Beacon: "/t"})
		ticket := w.Timing(page, false)
		w.now = w.now.Add(c.wait)
		h := w.Wrap(http.NotFoundHandler())
		if got := send(h, c.body(ticket), c.header...); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
		if n := w.Report().Groups.Browser[0]; (n == 1) != (c.want == 204) {
			t.Errorf("%s: %d reports count", name, n)
		}
		if c.want == 204 {
			if got := send(h, c.body(ticket), c.header...); got != 400 {
				t.Errorf("%s, again: %d", name, got)
			}
		}
	}
}

// One network that loads pages and forges reports has 60 an hour, whatever it does, and the ticket's own group:
// it moves the difference of 2,000 views that are 200 ms apart by less than a second, and not what is
// counted of hints. Then its part is over.
func TestForgedReports(t *testing.T) {
	w := newWorld(Config{Beacon: "/t"})
	play(w, 2000, 0.1, true)
	before := w.Report()
	h := w.Wrap(http.NotFoundHandler())
	taken := 0
	for i := range 10_000 {
		r := httptest.NewRequest("GET", fmt.Sprintf("https://example.com/forged/%d", i), nil)
		r.RemoteAddr = fmt.Sprintf("203.0.113.%d:1", i%256)
		ticket := w.Timing(r, i%10 == 0)
		if send(h, ticket+" 9999", "Sec-Fetch-Site", "same-origin") == 204 {
			taken++
		}
	}
	after := w.Report()
	if taken != perNetwork {
		t.Errorf("%d forged reports of one network are taken, want %d", taken, perNetwork)
	}
	if before.Counts != after.Counts {
		t.Errorf("%+v became %+v", before.Counts, after.Counts)
	}
	if moved := after.Sooner.Ms - before.Sooner.Ms; math.Abs(moved) > 1000 {
		t.Errorf("moved by %v ms", moved)
	}
	if len(after.Pages) > MaxPages+1 {
		t.Errorf("%d pages", len(after.Pages))
	}
}

// Whatever strangers ask for, what is kept is bounded, and is gone when its time is over.
func TestBounds(t *testing.T) {
	w := newWorld(Config{Beacon: "/t"})
	for i := range 20_000 {
		from := fmt.Sprintf("2001:db8:%x::1", i%60000)
		v := seen{from: from, page: fmt.Sprintf("/p%d", i), answered: 1}
		if i%2 == 0 {
			v.page = "/" + strings.Repeat("x", 3000)
		}
		for j := range 4 {
			v.asks = append(v.asks, ask{path: fmt.Sprintf("/a%d-%d.css", i, j), at: 1, ended: 1, referer: fmt.Sprintf("/nobody%d", i)})
		}
		w.view(v)
		r := httptest.NewRequest("GET", "https://example.com/", nil)
		r.RemoteAddr = "[" + from + "]:1"
		w.Timing(r, false)
	}
	if n := len(w.visits); n > (maxFetches+1)*2*maxVisits {
		t.Errorf("%d visits are open", n)
	}
	if len(w.waiting) > maxVisits || len(w.closing) > maxVisits || len(w.pages) > MaxPages || len(w.tickets.out) > maxTickets || len(w.tickets.given) > networks {
		t.Errorf("%d, %d, %d, %d, %d", len(w.waiting), len(w.closing), len(w.pages), len(w.tickets.out), len(w.tickets.given))
	}
	w.now = w.now.Add(2 * time.Minute)
	r := w.Report()
	if len(w.visits)+len(w.waiting)+len(w.closing) != 0 {
		t.Errorf("%d visits stay", len(w.visits))
	}
	var sum Counts
	for _, p := range r.Pages {
		sum.add(&p.Counts)
		if len(p.Page) > maxName {
			t.Errorf("a page's name has %d octets", len(p.Page))
		}
	}
	if sum != r.Counts || r.Pages[len(r.Pages)-1].Page != Others {
		t.Errorf("pages come to %d views of %d", sum.Views, r.Views)
	}
}

// Of a page that asks for many files, the hinted one that comes last was used all the same.
func TestManyFetches(t *testing.T) {
	for _, early := range []bool{false, true} { // they end before the page is answered
		w := newWorld(Config{})
		v := seen{from: "192.0.2.1", page: "/", answered: 5, hints: []string{"/app.js"}}
		for i := range 3 * maxFetches {
			end := 10
			if early {
				end = 2
			}
			v.asks = append(v.asks, ask{path: fmt.Sprintf("/%d.css", i), at: 1, ended: end})
		}
		v.asks = append(v.asks, ask{path: "/app.js", at: 1, ended: 20})
		w.view(v)
		w.later()
		r := w.Report()
		if early && r.Hints == 0 { // what is hinted was not known yet: the view is not judged
			continue
		}
		if r.Unused != 0 || r.Used != 1 {
			t.Errorf("early %t: %d used, %d unused", early, r.Used, r.Unused)
		}
	}
}

// Of a site whose pages are in no Referer nothing is known of what is ready when: that is no gain of 0 ms.
func TestNoReferer(t *testing.T) {
	w := newWorld(Config{})
	for i := range 40 {
		w.view(seen{from: "192.0.2.1", page: "/", answered: 5, hints: []string{"/app.js"}, control: i%2 == 0})
		w.later()
	}
	if r := w.Report(); r.Sooner.By != ByNothing {
		t.Errorf("%+v", r.Sooner)
	}
}

// A flood of views that ask for much takes no more memory than the recorder says, and a view of which not all
// could be kept is not judged by what seems to be lacking.
func TestFloodOfFetches(t *testing.T) {
	heap := func() float64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc) / (1 << 20)
	}
	before := heap()
	w := newWorld(Config{})
	long := strings.Repeat("x", maxPathKept-30)
	flood := func() {
		for i := range 2 * maxVisits {
			from := fmt.Sprintf("2001:db8:%x::1", i)
			v := seen{from: from, page: fmt.Sprintf("/p%d", i), answered: 1, hints: []string{"/last.css"}}
			for j := range maxFetches - 1 {
				v.asks = append(v.asks, ask{path: fmt.Sprintf("/%s%d-%d.css", long, i, j), at: 2, ended: 3})
			}
			v.asks = append(v.asks, ask{path: "/last.css", at: 2, ended: 3})
			w.view(v)
		}
	}
	flood()
	if grown := heap() - before; grown > 12 {
		t.Errorf("%.1f MiB are taken", grown)
	}
	w.now = w.now.Add(time.Minute)
	if r := w.Report(); r.Unused != 0 || r.Used == 0 || r.Used != r.Hints {
		t.Errorf("%d hints: %d used, %d unused", r.Hints, r.Used, r.Unused)
	}
	// When it is over, views are judged as before.
	w.view(seen{from: "192.0.2.1", page: "/", answered: 1, hints: []string{"/never.css"}})
	w.now = w.now.Add(time.Minute)
	if r := w.Report(); r.Unused != 1 {
		t.Errorf("%d unused", r.Unused)
	}
}

// What names a person is in no figure.
func TestPersons(t *testing.T) {
	w := newWorld(Config{})
	w.view(seen{
		from: "192.0.2.1", page: "/invite/bob@example.com?token=secret", answered: 10,
		asks: []ask{{path: "/avatar/bob@example.com/x.css?token=secret", at: 20, ended: 30}},
	})
	w.later()
	r := w.Report()
	p, _ := w.Page(r.Pages[0].Page)
	if text := fmt.Sprintf("%+v %+v %+v", r, p, p.Without); strings.Contains(text, "bob") || strings.Contains(text, "secret") || strings.Contains(text, "192.0") {
		t.Errorf("%s", text)
	}
}

func TestForget(t *testing.T) {
	w := newWorld(Config{})
	w.view(seen{from: "192.0.2.1", page: "/", answered: 10})
	w.view(seen{from: "192.0.2.1", page: "/b", answered: 10})
	w.later()
	w.Report()
	if !w.Forget("/") || w.Forget("/") || len(w.Report().Pages) != 1 {
		t.Error("one page")
	}
	w.ForgetAll()
	if r := w.Report(); r.Views != 0 || len(r.Pages) != 0 || len(r.Hour) != 0 {
		t.Errorf("%+v", r)
	}
}

// The script is one that browsers may keep, and other paths are the site's own.
func TestScript(t *testing.T) {
	w := newWorld(Config{Beacon: "/t"})
	h := w.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	for _, c := range []struct {
		method, path string
		want         int
	}{{"GET", "/t", 200}, {"HEAD", "/t", 200}, {"PUT", "/t", 405}, {"GET", "/", 418}, {"POST", "/t/x", 418}} {
		a := httptest.NewRecorder()
		h.ServeHTTP(a, httptest.NewRequest(c.method, c.path, nil))
		if a.Code != c.want || c.path == "/t" && c.want == 200 && !strings.Contains(a.Header().Get("Content-Type"), "javascript") {
			t.Errorf("%s %s: %d %v", c.method, c.path, a.Code, a.Header())
		}
	}
	if newWorld(Config{}).Timing(httptest.NewRequest("GET", "/", nil), true) != "" {
		t.Error("a ticket without a beacon")
	}
}
