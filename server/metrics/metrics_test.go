package metrics_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/learned"
	"github.com/cache-aware/casper/server/link"
	"github.com/cache-aware/casper/server/metrics"
)

// newPair is a handler that has answered one page with one link, and a model that knows another.
func newPair(t *testing.T) (*server.Handler, *learn.Model) {
	t.Helper()
	m, err := learn.New(learn.Config{})
	if err != nil {
		t.Fatal(err)
	}
	h := &server.Handler{Sources: []server.Source{&learned.Source{Model: m}}, Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Link", "</linked.css>; rel=preload; as=style")
	})}
	r := httptest.NewRequest("GET", "https://example.com/linking", nil)
	r.RemoteAddr = "nobody" // of whom the model learns nothing
	h.ServeHTTP(httptest.NewRecorder(), r)
	m.Declare("/page", []link.Asset{{Path: "/learned.js", As: "script"}})
	return h, m
}

func ask(a http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	if method == "POST" && header == nil {
		header = []string{"Origin", "http://127.0.0.1:9090"}
	}
	return answerTo(a, asked(loopback4, method, target, "127.0.0.1:9090", header...))
}

// Every counter of Stats has its metric, and the linter of Prometheus' own registry finds
// nothing wrong with them.
func TestCollector(t *testing.T) {
	h, m := newPair(t)
	s := h.Stats()
	s.Pushed.Store(3)
	s.Refused.Store(1)
	s.Hinted.Store(4)
	s.Held.Store(5)
	s.HeldBytes.Store(5000)
	s.Cookies.Store(6)
	s.BadCookie.Store(7)
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(metrics.NewCollector(h, m))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, metric := range f.Metric {
			name := f.GetName()
			for _, l := range metric.Label {
				name += "," + l.GetValue()
			}
			got[name] = metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
		}
		if f.GetHelp() == "" {
			t.Errorf("%s says nothing of itself", f.GetName())
		}
	}
	for name, want := range map[string]float64{
		"casper_assets_total,push": 3, "casper_assets_total,hint": 4, "casper_pushes_refused_total": 1,
		"casper_assets_held_total": 5, "casper_assets_held_bytes_total": 5000, "casper_hint_lead_seconds": 0,
		"casper_cookies_unreadable_total": 7, "casper_learn_pages": 1, "casper_learn_views_total": 0,
	} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s is %v, want %v (there: %v)", name, v, want, ok)
		}
	}
	if n, err := testCount(metrics.NewCollector(h, nil)); err != nil || n != 9 {
		t.Errorf("without a model: %d families, %v", n, err)
	}
}

func testCount(c prometheus.Collector) (int, error) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	families, err := registry.Gather()
	return len(families), err
}

// The dashboard's own script and style are what its policy lets run, and what is on it comes as JSON, so
// that no name of a page is ever markup.
func TestDashboard(t *testing.T) {
	h, m := newPair(t)
	m.Declare("/<script>", []link.Asset{{Path: "/x.js", As: "script"}})
	a := metrics.NewAdmin(h, m)
	w := ask(a, "GET", "/")
	body, policy := w.Body.String(), w.Header().Get("Content-Security-Policy")
	for _, kind := range []string{"style", "script"} {
		_, text, _ := strings.Cut(body, "<"+kind+">")
		text, _, _ = strings.Cut(text, "</"+kind+">")
		sum := sha256.Sum256([]byte(text))
		if want := kind + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; text == "" || !strings.Contains(policy, want) {
			t.Errorf("the policy %s has no %s", policy, want)
		}
	}
	for _, no := range []string{"http://", "https://", " style=", " onclick=", "innerHTML", "eval("} {
		if strings.Contains(strings.ReplaceAll(body, "http://www.w3.org/2000/svg", ""), no) {
			t.Errorf("the dashboard has %q", no)
		}
	}
	board := ask(a, "GET", "/board").Body.String()
	for _, want := range []string{"/page", "/linking", `/\u003cscript\u003e`} {
		if !strings.Contains(board, `"page":"`+want) {
			t.Errorf("no %s on the board: %s", want, board)
		}
	}
	detail := ask(a, "GET", "/page?page=/linking").Body.String()
	if !strings.Contains(detail, "/linked.css") {
		t.Errorf("/linking: %s", detail)
	}
	if got := ask(a, "GET", "/page?page=/nowhere").Code; got != 404 {
		t.Errorf("/nowhere: %d", got)
	}
}

// What the model dump says, a model reads.
func TestDump(t *testing.T) {
	h, m := newPair(t)
	w := ask(metrics.NewAdmin(h, m), "GET", "/model")
	deltas, err := evidence.Decode(bytes.NewReader(w.Body.Bytes()))
	if err != nil || len(deltas) != 1 || deltas[0].Page != "/page" {
		t.Errorf("%v, %v", deltas, err)
	}
}

func TestExplain(t *testing.T) {
	h, m := newPair(t)
	w := ask(metrics.NewAdmin(h, m), "GET", "/explain?page=/page")
	var x struct {
		Page   string
		Assets []struct{ Path string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &x); err != nil || x.Page != "/page" || len(x.Assets) != 1 || x.Assets[0].Path != "/learned.js" {
		t.Errorf("%s: %v", w.Body, err)
	}
}

// TestJettyShowRenewClear: what Jetty's filter offers over JMX.
func TestJettyShowRenewClear(t *testing.T) {
	h, m := newPair(t)
	a := metrics.NewAdmin(h, m)
	for _, c := range []struct {
		target string
		want   int
	}{
		{"/renew?page=/page", 204}, {"/renew?page=/nowhere", 404},
		{"/forget?page=/page", 204}, {"/forget?page=/page", 404},
		{"/forget?page=/linking", 204}, {"/forget?page=/linking", 404},
		{"/clear", 204},
	} {
		if got := ask(a, "POST", c.target).Code; got != c.want {
			t.Errorf("POST %s: %d, want %d", c.target, got, c.want)
		}
	}
	for range h.Pages() {
		t.Error("the handler remembers a page")
	}
	for range m.All() {
		t.Error("the model remembers a page")
	}
}

// Another site cannot make an operator's browser change anything, and no GET does.
func TestCrossSite(t *testing.T) {
	h, m := newPair(t)
	a := metrics.NewAdmin(h, m)
	for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
		if got := ask(a, "POST", "/clear", header...).Code; got != http.StatusForbidden {
			t.Errorf("%v: %d", header, got)
		}
	}
	if got := ask(a, "GET", "/clear").Code; got != http.StatusMethodNotAllowed {
		t.Errorf("GET /clear: %d", got)
	}
	if len(m.Wanted("/page")) != 1 {
		t.Error("the model was changed")
	}
}

func TestWithoutModel(t *testing.T) {
	h, _ := newPair(t)
	a := metrics.NewAdmin(h, nil)
	for target, want := range map[string]int{"/": 200, "/board": 200, "/page?page=/linking": 200, "/cookie": 200, "/metrics": 200, "/healthz": 200, "/model": 404, "/explain?page=/": 404, "/nowhere": 404} {
		if got := ask(a, "GET", target).Code; got != want {
			t.Errorf("GET %s: %d, want %d", target, got, want)
		}
	}
	if got := ask(a, "POST", "/clear").Code; got != 204 {
		t.Errorf("POST /clear: %d", got)
	}
}

func Example() {
	h := &server.Handler{Next: http.NotFoundHandler()}
	m, err := learn.New(learn.Config{})
	if err != nil {
		panic(err)
	}
	admin := httptest.NewServer(metrics.NewAdmin(h, m)) // on an address of its own
	defer admin.Close()
	resp, err := http.Get(admin.URL + "/healthz")
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Print(string(body))
	// Output: ok
}
