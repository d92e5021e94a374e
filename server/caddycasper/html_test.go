package caddycasper

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2/hpack"

	"github.com/cache-aware/casper/server/internal/peer"
)

// From the second visit on a newcomer is hinted what the HTML of a page names: that of a folder, that
// of an application which sends it in pieces, compressed by Caddy or by the application.
func TestHTML(t *testing.T) {
	// Caddy packs nothing that begins with a short piece.
	body := "<!doctype html><title>the page</title><!--" + strings.Repeat(" ", 2000) + "-->" +
		"<link rel=stylesheet href=/app.css><script src=/app.js></script>" + strings.Repeat("<p>text", 2000)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		out := io.Writer(w)
		if r.URL.Path == "/packed" {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			defer z.Close()
			out = z
		}
		for _, part := range []string{body[:1000], body[1000:2100], body[2100:]} {
			io.WriteString(out, part)
			w.(http.Flusher).Flush()
		}
	}))
	defer app.Close()
	at := strings.TrimPrefix(app.URL, "http://")
	for name, c := range map[string]struct {
		directives, path, coding string
	}{
		"folder":                 {"casper\nroot %s/site\nfile_server", "/page.html", ""},
		"folder, gzip":           {"casper\nroot %s/site\nencode gzip\nfile_server", "/page.html", "gzip"},
		"folder, zstd":           {"casper\nroot %s/site\nencode zstd\nfile_server", "/page.html", "zstd"},
		"application":            {"casper\nreverse_proxy " + at, "/", ""},
		"application, gzip":      {"casper\nencode gzip\nreverse_proxy " + at, "/", "gzip"},
		"application, zstd":      {"casper\nencode zstd\nreverse_proxy " + at, "/", "zstd"},
		"application that packs": {"casper\nreverse_proxy " + at, "/packed", "gzip"},
		"nothing learned":        {"casper {\n learn off\n}\nreverse_proxy " + at, "/", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, "respond ready")
			s.write("site/page.html", body)
			s.load(c.directives)
			for visit := range 8 {
				b := s.browser(1) // one person, alone
				x := b.navigate(c.path, hpack.HeaderField{Name: "accept-encoding", Value: c.coding})
				if x.Status() != 200 || x.Header.Get("content-encoding") != c.coding {
					t.Fatalf("%d, %v", x.Status(), x.Header)
				}
				if got := hinted(t, x); visit > 0 && !slices.Equal(got, both) || visit == 0 && got != nil {
					t.Errorf("visit %d was hinted %q", visit+1, got)
				}
			}
		})
	}
	s := start(t, "casper {\n html off\n}\nreverse_proxy "+at)
	s.browser(1).navigate("/")
	if got := hinted(t, s.browser(1).navigate("/")); got != nil {
		t.Errorf("html off: hinted %q", got)
	}
}

// Applications that know nothing of casper, behind Caddy: of eight visitors all but the first are
// hinted what the HTML names; where each answer is for one visitor, all but the first two.
func TestApplications(t *testing.T) {
	for _, app := range peer.Applications {
		t.Run(app.Name, func(t *testing.T) {
			s := start(t, "casper\nencode zstd gzip\nreverse_proxy "+app.Start(t))
			for visit := 1; visit <= 8; visit++ {
				network, knows := 1, visit > 1
				if app.Private {
					network, knows = visit, visit > 2
				}
				b := s.browser(network)
				x := b.navigate("/", hpack.HeaderField{Name: "accept-encoding", Value: "gzip, deflate, br, zstd"})
				if got := hinted(t, x); knows && !slices.Equal(got, []string{"/app.js", "/style.css"}) || visit == 1 && got != nil {
					t.Errorf("visit %d was hinted %q", visit, got)
				}
				referer := hpack.HeaderField{Name: "referer", Value: "https://" + host + "/"}
				b.get("/style.css", "style", referer)
				b.get("/app.js", "script", referer)
			}
		})
	}
}
