package server_test

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/cache-aware/casper/server"
)

// Each page that nothing went ahead of says why.
func TestSilence(t *testing.T) {
	const reload, private, program = "Cache-Control: no-cache", "Cache-Control: private", "Accept: text/html"
	has := "Cookie: " + held("/a.css")
	type view struct {
		fields []string
		answer string // fields
		links  []string
		code   int
		want   server.Silence
	}
	known := view{browser, "", []string{"/a.css"}, 200, server.SilentUnknown} // the first of a page
	for _, tt := range []struct {
		name   string
		policy server.Policy
		wants  []string
		change func(*http.Request)
		views  []view
	}{
		{name: "known from the second view on", views: []view{known, {browser, "", []string{"/a.css"}, 200, server.NotSilent}}},
		{name: "hints are off, too", policy: server.Policy{NoHints: true}, views: []view{{browser, "", []string{"/a.css"}, 200, server.SilentByPolicy}}},
		{name: "HTTP/1", change: func(r *http.Request) { r.ProtoMajor = 1 }, views: []view{{browser, "", []string{"/a.css"}, 200, server.SilentProtocol}}},
		{name: "a program", views: []view{known, {[]string{program}, "", []string{"/a.css"}, 200, server.SilentProgram}}},
		{name: "a program that may", policy: server.Policy{HintPrograms: true}, views: []view{known, {[]string{program}, "", []string{"/a.css"}, 200, server.NotSilent}}},
		{name: "a reload", views: []view{known, {append(browser, reload), "", []string{"/a.css"}, 200, server.SilentReload}}},
		{name: "an error before", views: []view{known, {browser, "", nil, 500, server.NotSilent}, {browser, "", []string{"/a.css"}, 200, server.SilentTrouble}}},
		{name: "no image's business", views: []view{{browser, "Content-Type: image/png", nil, 200, server.NotSilent}}},
		{name: "private, somebody else's", views: []view{{browser, private, []string{"/a.css"}, 200, server.SilentUnknown}, {append(browser, "Cookie: s=1"), private, []string{"/a.css"}, 200, server.SilentPersonal}}},
		{name: "it links nothing any more", views: []view{known, {browser, "", nil, 200, server.NotSilent}, {browser, "", nil, 200, server.SilentNothing}}},
		{name: "held", views: []view{known, {append(browser, has), "", []string{"/a.css"}, 200, server.SilentHeld}}},
		{name: "held, as far as who asks for changes says", views: []view{known, {append(browser, `If-None-Match: "x"`), "", []string{"/a.css"}, 200, server.SilentHeld}}},
		{name: "each was left out", wants: []string{"//evil.example/a.css"}, views: []view{{browser, "", nil, 200, server.SilentNothing}}},
		{name: "a source's", wants: []string{"/a.css"}, views: []view{{browser, "", nil, 200, server.NotSilent}}},
		{name: "a query that no hint may have", wants: []string{"/a.html"}, views: []view{{browser, "", nil, 200, server.SilentLeft}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var now view
			var got server.Silence
			h := &server.Handler{
				Policy: tt.policy,
				Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					addLines(w.Header(), now.answer)
					if w.Header().Get("Content-Type") == "" {
						w.Header().Set("Content-Type", "text/html")
					}
					for _, l := range now.links {
						w.Header().Add("Link", "<"+l+">; rel=preload; as=style")
					}
					w.WriteHeader(now.code)
					io.WriteString(w, "page")
				}),
				Observe: func(x *server.Exchange) { got = x.Silence },
			}
			if tt.wants != nil {
				h.Sources = wants(tt.wants...)
			}
			h.Policy.NoPush = true
			patient(h)
			for i, v := range tt.views {
				now = v
				r := request("/", v.fields...)
				if tt.change != nil {
					tt.change(r)
				}
				h.ServeHTTP(newStage(), r)
				if got != v.want {
					t.Errorf("view %d: %v, not %v", i, got, v.want)
				}
			}
		})
	}
	for s := server.NotSilent; s <= server.SilentLeft; s++ {
		if name := s.String(); name == "" || strings.HasPrefix(name, "Silence(") {
			t.Errorf("%d has no name", s)
		}
	}
	if got := server.Silence(99).String(); got != "Silence(99)" {
		t.Error(got)
	}
}

// FAQ.md explains each word that the log has for what was not sent, and why.
func TestFAQ(t *testing.T) {
	text, err := os.ReadFile("FAQ.md")
	if err != nil {
		t.Fatal(err)
	}
	for s := server.SilentByPolicy; s <= server.SilentLeft; s++ {
		if !strings.Contains(string(text), "\n| "+s.String()+" |") {
			t.Errorf("FAQ.md has no line for silent=%q", s)
		}
	}
	for r := server.ReasonWanted; r <= server.ReasonMissing; r++ {
		if word := r.String(); !strings.Contains(string(text), "\n| "+word+" |") && !strings.Contains(string(text), "`"+word+"`") {
			t.Errorf("FAQ.md does not say what %q is", r)
		}
	}
	if next := server.SilentLeft + 1; !strings.HasPrefix(next.String(), "Silence(") {
		t.Errorf("%q is behind SilentLeft: this test does not know it", next)
	}
	if next := server.ReasonMissing + 1; !strings.HasPrefix(next.String(), "Reason(") {
		t.Errorf("%q is behind ReasonMissing: this test does not know it", next)
	}
}
