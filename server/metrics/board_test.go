package metrics_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/link"
	"github.com/cache-aware/casper/server/metrics"
	"github.com/cache-aware/casper/server/metrics/gain"
)

// A told is a view that a recorder is told of: hinted or control, with one file that is asked for some ms
// after the page's request, and was through when the view was ready. 0 asks for nothing.
type told struct {
	n       int
	control bool
	hinted  bool
	asked   int
	ready   int // and one ms more or less, by turns
	silence server.Silence
	sent    int // times that the file is sent
}

// tell makes a recorder that was told of these views.
func tell(views ...told) *gain.Recorder {
	now := time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC)
	rec := gain.New(gain.Config{Now: func() time.Time { return now }})
	file := server.Asset{Asset: link.Guess("/a.css", "")}
	from := netip.MustParseAddr("10.0.0.1")
	for _, v := range views {
		for i := range v.n {
			from = from.Next()
			began := now
			at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
			request := func(path, dest, mode string) *http.Request {
				r := httptest.NewRequest("GET", "https://example.com"+path, nil)
				r.Header.Set("Sec-Fetch-Dest", dest)
				r.Header.Set("Sec-Fetch-Mode", mode)
				r.Header.Set("Referer", "https://example.com/")
				return r
			}
			x := &server.Exchange{
				Request: request("/", "document", "navigate"), Client: from, Status: 200, Arrived: began, Answered: at(300),
				Header: http.Header{"Content-Type": {"text/html"}}, Control: v.control, Silence: v.silence,
			}
			if v.hinted || v.control {
				x.Plan = []server.Verdict{{Asset: &file, Means: server.ByHint}}
			}
			if v.hinted {
				x.HintedAt = at(1)
			}
			rec.Observe(x)
			for range max(v.sent, min(v.asked, 1)) {
				now = at(v.ready + i%2)
				rec.Observe(&server.Exchange{
					Request: request("/a.css", "style", "no-cors"), Client: from, Status: 200, Arrived: at(v.asked), Answered: now, Header: http.Header{},
				})
			}
			now = now.Add(10 * time.Second)
		}
	}
	return rec
}

type boardAnswers struct {
	Answers struct {
		Works, Gain struct {
			State, Text string
			More        []string
		}
		Wrong []string
	}
	Pages []struct{ Page, Why string }
}

func boardOf(t *testing.T, a http.Handler) (b boardAnswers) {
	t.Helper()
	if err := json.Unmarshal(ask(a, "GET", "/board").Body.Bytes(), &b); err != nil {
		t.Fatal(err)
	}
	return b
}

// The three questions in the situations that operators get into.
func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		views             []told
		control           float64
		works, gain, text string // states, and what is said of the gain
		wrong             string // some of what is said to be wrong; empty for nothing
	}{
		"nobody came":       {nil, 0, "wait", "wait", "Nothing is known yet", ""},
		"hints are used":    {[]told{{n: 20, hinted: true, asked: 100, ready: 110}}, 0, "yes", "partly", "Files were asked for 200 ms ahead of their page's answer, on 20 views (95 %: 200 to 200)", ""},
		"hints are not":     {[]told{{n: 20, hinted: true}}, 0, "partly", "wait", "Nothing is known yet", "20 of 20 hinted files were not asked for"},
		"sent twice":        {[]told{{n: 20, hinted: true, asked: 100, ready: 110, sent: 2}}, 0, "yes", "partly", "Files were asked for", "20 of 20 hinted files were sent twice"},
		"sooner":            {[]told{{n: 20, hinted: true, asked: 100, ready: 400}, {n: 10, control: true, asked: 310, ready: 600}}, .3, "yes", "yes", "out 200 ms sooner (95 %: 200 to 200), on 20 views beside 10 without hints, by the server's clock", ""},
		"later":             {[]told{{n: 20, hinted: true, asked: 100, ready: 600}, {n: 10, control: true, asked: 310, ready: 400}}, .3, "yes", "no", "out 200 ms later (95 %: 200 to 200)", "Pages with hints are ready later"},
		"the same":          {[]told{{n: 20, hinted: true, asked: 310, ready: 600}, {n: 10, control: true, asked: 310, ready: 600}}, .3, "yes", "partly", "No difference can be told from chance yet: 0 ms, give or take 0", ""},
		"few controls":      {[]told{{n: 20, hinted: true, asked: 100, ready: 400}, {n: 3, control: true, asked: 310, ready: 600}}, .3, "yes", "partly", "at most so much sooner", ""},
		"HTTP/1":            {[]told{{n: 20, silence: server.SilentProtocol}}, 0, "no", "wait", "Nothing is known yet", "20 of 20 views came by HTTP/1"},
		"middleware":        {[]told{{n: 1, silence: server.SilentWriter}}, 0, "no", "wait", "Nothing is known yet", "A middleware hides the server's writer, so that 1 view could"},
		"each is personal":  {[]told{{n: 9, silence: server.SilentPersonal}}, 0, "no", "wait", "Nothing is known yet", "/: private, and no two networks' answers agree yet, on each of 9 views."},
		"redirects, errors": {[]told{{n: 9, silence: server.SilentTrouble}}, 0, "no", "wait", "Nothing is known yet", "redirects or errors"},
	} {
		h := &server.Handler{Next: http.NotFoundHandler(), Control: c.control}
		a := metrics.NewAdmin(h, nil)
		a.Gain = tell(c.views...)
		b := boardOf(t, a).Answers
		if b.Works.State != c.works || b.Gain.State != c.gain || !strings.Contains(b.Gain.Text, c.text) {
			t.Errorf("%s: %+v", name, b)
		}
		if wrong := strings.Join(b.Wrong, " "); (c.wrong == "") != (wrong == "") || !strings.Contains(wrong, c.wrong) {
			t.Errorf("%s: wrong is %q", name, wrong)
		}
	}
}

// What one person alone reads: why nothing that the page needs is believed yet, and what to do about it.
func TestAnswersAlone(t *testing.T) {
	m, err := learn.New(learn.Config{})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	c := m.Client(netip.MustParseAddr("127.0.0.1"), began)
	for i := range 3 {
		at := began.Add(time.Duration(i) * 20 * time.Second)
		m.ObserveView(&learn.View{Page: "/", Path: "/", Status: 200, Client: c, Time: at, Links: []link.Asset{}})
		m.ObserveFetch(&learn.Fetch{Path: "/", Client: c, Status: 200, Time: at.Add(time.Second), Asset: link.Guess("/late.css", ""), Reuse: learn.ReuseStated})
		m.Tick(at.Add(10 * time.Second))
	}
	a := metrics.NewAdmin(&server.Handler{Next: http.NotFoundHandler()}, m)
	a.Gain = tell(told{n: 3, silence: server.SilentNothing})
	b := boardOf(t, a)
	const want = "seen by 1 network today; believed from 5 on; --learn-from 1 to try it alone"
	if len(b.Pages) != 1 || b.Pages[0].Why != want || len(b.Answers.Wrong) != 1 || !strings.Contains(b.Answers.Wrong[0], want) {
		t.Errorf("%+v", b)
	}
}

// A dashboard is told of what changes, soon, and not of what does not; and is let go of at the end.
func TestEvents(t *testing.T) {
	h, m := newPair(t)
	a := metrics.NewAdmin(h, m)
	s := httptest.NewServer(a)
	defer s.Close()
	resp, err := http.Get(s.URL + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("Content-Type %s", got)
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		in := bufio.NewReader(resp.Body)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				lines <- data
			}
		}
	}()
	next := func() string {
		select {
		case line, ok := <-lines:
			if ok {
				return line
			}
			return "end"
		case <-time.After(10 * time.Second):
			return "nothing"
		}
	}
	if got := next(); !strings.Contains(got, `"/page"`) {
		t.Errorf("first: %s", got)
	}
	select {
	case line := <-lines:
		t.Errorf("nothing changed, and still: %s", line)
	case <-time.After(2500 * time.Millisecond):
	}
	h.Stats().Hinted.Store(4711)
	if got := next(); !strings.Contains(got, "4711") {
		t.Errorf("then: %s", got)
	}
	a.Close()
	if got := next(); got != "end" {
		t.Errorf("at the end: %s", got)
	}
}

// So many dashboards, and no more.
func TestEventsBound(t *testing.T) {
	h, m := newPair(t)
	a := metrics.NewAdmin(h, m)
	s := httptest.NewServer(a)
	defer s.Close()
	defer a.Close()
	for i := range 17 {
		resp, err := http.Get(s.URL + "/events")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if want := map[bool]int{true: 503, false: 200}[i == 16]; resp.StatusCode != want {
			t.Errorf("dashboard %d: %s", i, resp.Status)
		}
	}
}

// The figures of a recorder are as Prometheus wants them, also of pages with names that are no UTF-8.
func TestGainCollector(t *testing.T) {
	rec := tell(told{n: 20, hinted: true, asked: 100, ready: 400}, told{n: 10, control: true, asked: 310, ready: 600}, told{n: 2, silence: server.SilentProtocol})
	rec.Observe(&server.Exchange{
		Request: func() *http.Request {
			r := httptest.NewRequest("GET", "https://example.com/%ff", nil)
			r.Header.Set("Sec-Fetch-Dest", "document")
			r.Header.Set("Sec-Fetch-Mode", "navigate")
			return r
		}(),
		Status: 200, Client: netip.MustParseAddr("192.0.2.1"), Header: http.Header{"Content-Type": {"text/html"}},
	})
	h, m := newPair(t)
	a := metrics.NewAdmin(h, m)
	a.Gain = rec
	text := ask(a, "GET", "/metrics").Body.String()
	for _, want := range []string{
		`casper_views_total{ahead="hint"} 20`, `casper_views_total{ahead="control"} 10`, `casper_hints_total{fate="used"} 20`, `casper_hints_early_total 20`,
		`casper_views_silent_total{reason="HTTP/1 carries no hints"} 2`, `casper_ready_seconds_count{ahead="control",clock="server"} 10`,
		`casper_ready_sooner_seconds{by="server",of="mean"} 0.2`, `casper_page_hints_used_total{page="/"} 20`, `casper_page_ready_sooner_seconds{by="server",page="/"} 0.2`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(metrics.NewGainCollector(rec))
	if _, err := registry.Gather(); err != nil {
		t.Error(err)
	}
	if problems, err := promlint.New(strings.NewReader(text)).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}
