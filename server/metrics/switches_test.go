package metrics_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/link"
	"github.com/cache-aware/casper/server/metrics"
)

// taking is the writer of a browser that takes a 103.
type taking struct {
	*httptest.ResponseRecorder
	early []string
}

func (*taking) Informs() {}

func (w *taking) WriteHeader(code int) {
	if code == http.StatusEarlyHints {
		w.early = append(w.early, w.Header()["Link"]...)
		return
	}
	w.ResponseRecorder.WriteHeader(code)
}

// navigate returns what a browser is hinted that holds nothing.
func navigate(h http.Handler, path string) []string {
	r := httptest.NewRequest("GET", "https://example.com"+path, nil)
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/2.0", 2, 0
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	w := &taking{ResponseRecorder: httptest.NewRecorder()}
	h.ServeHTTP(w, r)
	return w.early
}

// switchable is a handler whose pages all want one style sheet.
func switchable(s *metrics.Switches) *server.Handler {
	return &server.Handler{
		Policy: server.Policy{NoPush: true},
		Sources: []server.Source{s, server.SourceFunc(func(*http.Request) []link.Asset {
			return []link.Asset{link.Guess("/a.css", "")}
		})},
		Allow: s.Allow,
		Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<p>")
		}),
	}
}

// A page that is off is sent nothing, and one that is pinned what it is pinned to; other pages are as they
// were. A file keeps it.
func TestSwitches(t *testing.T) {
	file := filepath.Join(t.TempDir(), "switches")
	s := &metrics.Switches{File: file}
	if err := s.Load(); err != nil {
		t.Fatal(err)
	}
	hints := func(s *metrics.Switches, page, want string) {
		t.Helper()
		if got := strings.Join(navigate(switchable(s), page), ", "); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s is hinted %q, want %q", page, got, want)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	hints(s, "/off", "/a.css")
	must(s.SetOff("/off", true))
	must(s.Pin("/pinned", []link.Asset{{Path: "/pin.woff2", As: "font", CrossOrigin: link.Anonymous}, link.Guess("/b.js", "")}))
	again := &metrics.Switches{File: file}
	must(again.Load())
	for _, s := range []*metrics.Switches{s, again} {
		hints(s, "/off", "")
		hints(s, "/pinned", "/pin.woff2>; rel=preload; as=font; crossorigin")
		hints(s, "/other", "/a.css")
		if got := s.All(); !slices.Equal(got, []string{"/off", "/pinned"}) {
			t.Errorf("%q are switched", got)
		}
	}
	must(again.SetOff("/off", false))
	must(again.Pin("/pinned", nil))
	hints(again, "/off", "/a.css")
	hints(again, "/pinned", "/a.css")
	last := &metrics.Switches{File: file}
	must(last.Load())
	if got := last.All(); len(got) != 0 {
		t.Errorf("%q stay switched", got)
	}
}

// Switches are bounded; what cannot be written is not done; what names a person is folded; and a file that
// is something else is left alone.
func TestSwitchesRefuse(t *testing.T) {
	s := new(metrics.Switches)
	for i := range metrics.MaxSwitches {
		if err := s.SetOff(fmt.Sprintf("/%d", i), true); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.SetOff("/more", true); err == nil || len(s.All()) != metrics.MaxSwitches {
		t.Errorf("one more: %v", err)
	}
	if err := s.SetOff("/7", false); err != nil {
		t.Error(err)
	}
	for _, page := range []string{"", "page", "/" + strings.Repeat("x", 600)} {
		if err := s.SetOff(page, true); err == nil {
			t.Errorf("%.20q is switched off", page)
		}
	}
	if err := s.SetOff("/invite/bob@example.com", true); err != nil || !slices.Contains(s.All(), "/invite/{}") {
		t.Errorf("%v, %q", err, s.All())
	}

	dir := t.TempDir()
	lost := &metrics.Switches{File: filepath.Join(dir, "no", "where")}
	if err := lost.SetOff("/", true); err == nil || len(lost.All()) != 0 {
		t.Errorf("what cannot be kept: %v, %q", err, lost.All())
	}
	for _, text := range []string{"{", "[1]", `{"/": {"pinned": ["nonsense"]}}`, `{"/": {"pinned": ["</a.css>; rel=stylesheet, </b.css>; rel=preload; as=style"]}}extra`} {
		file := filepath.Join(dir, "other")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s := &metrics.Switches{File: file}
		if err := s.Load(); err == nil {
			t.Errorf("%s is taken", text)
		}
		if now, _ := os.ReadFile(file); string(now) != text {
			t.Errorf("%s became %s", text, now)
		}
	}
}

// The routes switch what they are asked to, and pin what is wanted now.
func TestSwitchRoutes(t *testing.T) {
	h, m := newPair(t)
	a := metrics.NewAdmin(h, m)
	for _, target := range []string{"/off?page=/page", "/pin?page=/page"} {
		if got := ask(a, "POST", target).Code; got != 404 {
			t.Errorf("%s without switches: %d", target, got)
		}
	}
	a = metrics.NewAdmin(h, m)
	a.Switches = new(metrics.Switches)
	for _, c := range []struct {
		target string
		code   int
		off    bool
		pinned int
	}{
		{"/off?page=/page", 204, true, 0}, {"/pin?page=/page", 204, true, 1}, {"/on?page=/page", 204, false, 1}, {"/unpin?page=/page", 204, false, 0},
		{"/pin?page=/nowhere", 409, false, 0}, {"/off?page=nowhere", 409, false, 0},
	} {
		if got := ask(a, "POST", c.target).Code; got != c.code {
			t.Errorf("%s: %d, want %d", c.target, got, c.code)
		}
		if off, pinned := a.Switches.Get("/page"); off != c.off || len(pinned) != c.pinned {
			t.Errorf("%s: off %v, %d pinned", c.target, off, len(pinned))
		}
	}
	if got := ask(a, "POST", "/pin?page=/linking").Code; got != 204 {
		t.Errorf("what answers link: %d", got)
	}
}
