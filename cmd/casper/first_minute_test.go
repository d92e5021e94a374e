//go:build !noserver

package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/cache-aware/casper/server/h2client"
)

// A plainSite is an application that has never heard of casper: it links nothing, and its pages
// name the files of its present version.
type plainSite struct {
	version  atomic.Int32
	visits   atomic.Int32
	private  bool   // as of a framework with sessions: each page sets or renews the session's cookie
	changing bool   // each page has a token of its own
	coding   string // the Content-Encoding of pages
	assets   string // their Cache-Control
}

func (a *plainSite) files() []string {
	return []string{fmt.Sprintf("/app.%d.css", a.version.Load()), "/site.js"}
}

func (a *plainSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		w.Header().Set("Content-Type", map[bool]string{true: "text/css", false: "text/javascript"}[strings.HasSuffix(r.URL.Path, ".css")])
		w.Header().Set("Cache-Control", a.assets)
		return
	}
	n := a.visits.Add(1)
	token := ""
	if a.changing {
		token = fmt.Sprintf(`<meta name="csrf-token" content="%d">`, n)
	}
	if a.private {
		w.Header().Set("Cache-Control", "private, no-cache")
		if c, err := r.Cookie("session"); err == nil {
			http.SetCookie(w, c)
		} else {
			http.SetCookie(w, &http.Cookie{Name: "session", Value: fmt.Sprint(n), HttpOnly: true})
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	page := `<!doctype html><html><head>` + token + `<title>x</title>`
	for _, file := range a.files() {
		if strings.HasSuffix(file, ".css") {
			page += `<link rel="stylesheet" href="` + file + `">`
		} else {
			page += `<script src="` + file + `"></script>`
		}
	}
	page += `</head><body>hello</body></html>`
	if a.coding == "" {
		io.WriteString(w, page)
		return
	}
	w.Header().Set("Content-Encoding", a.coding)
	w.Write(packed(page, a.coding))
}

func packed(text, coding string) []byte {
	var b bytes.Buffer
	var w io.WriteCloser
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "br":
		w = brotli.NewWriter(&b)
	case "zstd":
		w, _ = zstd.NewWriter(&b)
	}
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

// A coldBrowser visits with an empty cache each time. It keeps what cookies it got of the
// application, if it is the same person's, and gives casper's away with the cache.
type coldBrowser struct {
	*served
	same    bool
	session string
}

// visit asks for the page and then for its files, and returns what was hinted.
func (b *coldBrowser) visit(files ...string) (hinted []string) {
	b.t.Helper()
	c := connect(b.t, b.addr, h2client.Options{TLS: b.certConfig, Settings: []http2.Setting{{ID: http2.SettingEnablePush, Val: 0}}})
	defer c.Close()
	ask := func(path string, header ...hpack.HeaderField) *h2client.Exchange {
		r := h2client.Request{Path: path, Header: header}
		if b.session != "" {
			r.Cookies = []string{b.session}
		}
		x, err := c.Do(r)
		if err != nil {
			b.t.Fatal(err)
		}
		return x
	}
	x := ask("/", append(slices.Clone(navigation), hpack.HeaderField{Name: "accept-encoding", Value: "gzip, br, zstd"})...)
	for _, early := range x.Early {
		for _, l := range early.Values("link") {
			target, _, _ := strings.Cut(strings.TrimPrefix(l, "<"), ">")
			hinted = append(hinted, target)
		}
	}
	for _, set := range x.Header.Values("set-cookie") {
		if pair, _, _ := strings.Cut(set, ";"); b.same && strings.HasPrefix(pair, "session=") {
			b.session = pair
		}
	}
	for _, file := range files {
		dest := map[bool]string{true: "style", false: "script"}[strings.HasSuffix(file, ".css")]
		ask(file, hpack.HeaderField{Name: "sec-fetch-dest", Value: dest}, hpack.HeaderField{Name: "sec-fetch-mode", Value: "no-cors"},
			hpack.HeaderField{Name: "sec-fetch-site", Value: "same-origin"}, hpack.HeaderField{Name: "referer", Value: "https://" + b.addr + "/"})
	}
	slices.Sort(hinted)
	return hinted
}

// One person, one machine, an application that knows nothing of casper: eight visits, and hints on
// all of them but the first. After a deploy the right names go ahead from the second visit on, and
// something goes ahead of each.
func TestFirstMinute(t *testing.T) {
	for name, site := range map[string]*plainSite{
		"public":                    {},
		"public, gzip":              {coding: "gzip"},
		"public, br":                {coding: "br"},
		"public, zstd":              {coding: "zstd"},
		"public, changing":          {changing: true},
		"private":                   {private: true},
		"private, gzip":             {private: true, coding: "gzip"},
		"private, changing, zstd":   {private: true, changing: true, coding: "zstd"},
		"private, br, new profiles": {private: true, coding: "br"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site.assets = "public, max-age=600"
			app := httptest.NewServer(site)
			defer app.Close()
			b := coldBrowser{served: serve(t, "--proxy", app.URL), same: !strings.Contains(name, "new profiles")}
			for n := 1; n <= 8; n++ {
				want := site.files()
				if n == 1 {
					want = nil
				}
				if got := b.visit(site.files()...); !slices.Equal(got, want) {
					t.Errorf("visit %d: %q was hinted, want %q", n, got, want)
				}
			}
			for range 2 {
				site.version.Add(1)
				for n := 1; n <= 4; n++ {
					got := b.visit(site.files()...)
					if n == 1 && !slices.Contains(got, "/site.js") || n > 1 && !slices.Equal(got, site.files()) {
						t.Errorf("visit %d after a deploy: %q was hinted, want %q", n, got, site.files())
					}
				}
			}
		})
	}
}

// Who tries it alone is told by explain-page why a page is hinted less than it asks for.
func TestFirstMinuteExplained(t *testing.T) {
	for name, tt := range map[string]struct {
		site *plainSite
		args []string
		want []string
	}{
		"what each visit asks for may not be kept": {
			site: &plainSite{assets: "public, max-age=0"}, // as Express does unless told otherwise
			want: []string{"no    /app.0.css", "max-age=0 says that it may not be kept"},
		},
		"what nothing says may be kept": {
			site: &plainSite{}, // as many servers do, Python's and Go's among them
			want: []string{"no    /app.0.css", "nothing says how long it may be kept"},
		},
		"what only one network asks for": {
			site: &plainSite{assets: "max-age=600"},
			args: []string{"--no-html"},
			want: []string{"no    /site.js", "seen by 1 network today; believed from 5 on; --learn-from 1 to try it alone"},
		},
		"what one person asks for is enough": {
			site: &plainSite{assets: "max-age=600"},
			args: []string{"--no-html", "--learn-from", "1", "--hold-out", "0"},
			want: []string{"send  /app.0.css", "send  /site.js"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := httptest.NewServer(tt.site)
			defer app.Close()
			s := serve(t, append([]string{"--proxy", app.URL, "--admin", "127.0.0.1:0"}, tt.args...)...)
			b := coldBrowser{served: s}
			var stdout string
			told := func() bool {
				b.visit(tt.site.files()...)
				var stderr string
				stdout, stderr, _ = printed(t, "", "explain-page", "/", "--admin", s.admin)
				if stderr != "" && !strings.Contains(stderr, "no view of it was seen") {
					t.Fatal(stderr)
				}
				return !slices.ContainsFunc(tt.want, func(line string) bool { return !strings.Contains(stdout, line) })
			}
			// A view counts some seconds later, when its window has closed.
			for deadline := time.Now().Add(time.Minute); !told(); time.Sleep(300 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("after a minute of views explain-page says %q, want %q in it", stdout, tt.want)
				}
			}
		})
	}
}
