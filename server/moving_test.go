package server_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/gcs/gocasper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/h2client"
	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/link"
	"golang.org/x/net/http2/hpack"
)

// What MOVING.md says of other servers.

// balance forwards each connection to the next of several servers, and returns its address.
func balance(t *testing.T, servers ...string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	var n atomic.Int64
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer client.Close()
				server, err := net.Dial("tcp", servers[int(n.Add(1))%len(servers)])
				if err != nil {
					return
				}
				defer server.Close()
				go func() { io.Copy(server, client); server.Close() }()
				io.Copy(client, server)
			}()
		}
	}()
	return l.Addr().String()
}

// fleetFiles are pages of a few files each, most of which are on several pages.
func fleetFiles() (files []peer.File, links map[string][]string) {
	types := map[string]string{".css": "style", ".js": "script", ".png": "image"}
	links = map[string][]string{}
	var assets []string
	for i := range 6 {
		for _, ext := range []string{".css", ".js", ".png"} {
			assets = append(assets, fmt.Sprintf("/%d%s", i, ext))
		}
	}
	for _, a := range assets {
		files = append(files, peer.File{Path: a, Body: a})
	}
	for i := range 9 {
		page := peer.File{Path: fmt.Sprintf("/page%d.html", i), Body: "page"}
		for j := range 6 {
			a := assets[(2*i+j)%len(assets)]
			links[page.Path] = append(links[page.Path], a)
			page.Links = append(page.Links, "<"+a+">; rel=preload; as="+types[path.Ext(a)])
		}
		files = append(files, page)
	}
	return files, links
}

// fleetSite serves the files as H2O does.
func fleetSite(files []peer.File) http.Handler {
	types := map[string]string{".css": "text/css", ".js": "application/javascript", ".png": "image/png", ".html": "text/html"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i := slices.IndexFunc(files, func(f peer.File) bool { return f.Path == r.URL.Path })
		if i < 0 {
			http.NotFound(w, r)
			return
		}
		w.Header()["Link"] = files[i].Links
		w.Header().Set("Content-Type", types[path.Ext(r.URL.Path)])
		io.WriteString(w, files[i].Body)
	})
}

// A visitor whose connections go to H2O and to casper by turns is sent each file once if the two agree on the
// cookie, and is sent files again if they do not. The table is that of MOVING.md.
func TestOneCookieBehindOneBalancer(t *testing.T) {
	peer.Find(t, "h2o")
	files, links := fleetFiles()
	const on = peer.CasperOn
	for _, tt := range []struct {
		name   string
		h2o    peer.Host
		casper *server.Handler
		images bool // count images, too
		agree  bool
	}{
		{name: "the defaults of both", h2o: peer.Host{CapacityBits: on}, casper: &server.Handler{Keys: server.KeyVersion}, agree: true},
		{name: "the defaults of package server", h2o: peer.Host{CapacityBits: on}, casper: &server.Handler{}, agree: true},
		{name: "10 bits in both", h2o: peer.Host{CapacityBits: 10}, casper: &server.Handler{Params: casper.Params{CapacityBits: 10}}, agree: true},
		{name: "all in both", h2o: peer.Host{CapacityBits: 13, Tracking: peer.All}, casper: &server.Handler{Track: server.TrackAll}, images: true, agree: true},
		{name: "10 bits in H2O alone", h2o: peer.Host{CapacityBits: 10}, casper: &server.Handler{}},
		{name: "10 bits in casper alone", h2o: peer.Host{CapacityBits: on}, casper: &server.Handler{Params: casper.Params{CapacityBits: 10}}},
		{name: "all in H2O alone", h2o: peer.Host{CapacityBits: 13, Tracking: peer.All}, casper: &server.Handler{}, images: true},
		{name: "all in casper alone", h2o: peer.Host{CapacityBits: on}, casper: &server.Handler{Track: server.TrackAll}, images: true},
		{name: "another cookie name", h2o: peer.Host{CapacityBits: on}, casper: &server.Handler{Cookie: server.Cookie{Name: "fingerprint"}}},
		{name: "the coding of H2O 2.0", h2o: peer.Host{CapacityBits: on}, casper: &server.Handler{Params: casper.Params{Generation: casper.H2O20}}},
		{name: "keys by validator", h2o: peer.Host{CapacityBits: on}, casper: &server.Handler{Keys: server.KeyValidator, Validator: func(string) string { return `"1"` }}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.h2o.Name = "site.test"
			h2o := peer.StartH2O(t, peer.Config{Hosts: []peer.Host{tt.h2o}, Files: files})
			tt.casper.Next = fleetSite(files)
			ours := serveTLS(t, tt.casper, h2o.Certificate.Pair)
			addr := balance(t, h2o.Addr, ours)
			cookies := map[string]string{}
			has := map[string]bool{} // what the visitor was sent
			again, held, sent := 0, 0, 0
			for view := range 3 * len(links) {
				page := fmt.Sprintf("/page%d.html", view/2%len(links)) // by each of the two, three times in all
				c, err := h2client.Dial(addr, h2client.Options{TLS: &tls.Config{RootCAs: h2o.Certificate.Pool, ServerName: "site.test"}})
				if err != nil {
					t.Fatal(err)
				}
				var fields []string
				for name, value := range cookies {
					fields = append(fields, name+"="+value)
				}
				x, err := c.Get(h2o.Authority("site.test"), page, fields...)
				if err != nil {
					t.Fatal(err)
				}
				c.Close()
				for _, f := range x.Header.Values("set-cookie") {
					pair, _, _ := strings.Cut(f, ";")
					name, value, _ := strings.Cut(pair, "=")
					cookies[name] = value
				}
				pushed := x.Pushed()
				for _, a := range links[page] {
					switch is := slices.Contains(pushed, a); {
					case !tt.images && strings.HasSuffix(a, ".png"): // neither remembers them
					case is && has[a]:
						again++
					case is:
						sent++
						has[a] = true
					case has[a]:
						held++
					default:
						t.Errorf("view %d: %s was not sent, and the visitor does not have it", view, a)
					}
				}
			}
			t.Logf("sent %d files, left out %d times, sent again %d times", sent, held, again)
			if sent < 10 || held == 0 || tt.agree != (again == 0) {
				t.Errorf("sent %d files, left out %d times, sent again %d times", sent, held, again)
			}
		})
	}
}

// Behind a balancer that names the client in X-Forwarded-For, neither of the two pushes: the connection
// belongs to many clients. H2O then sets no cookie either.
func TestNoPushBehindForwarded(t *testing.T) {
	files, links := fleetFiles()
	h2o := peer.StartH2O(t, peer.Config{Hosts: []peer.Host{{Name: "site.test", CapacityBits: peer.CasperOn}}, Files: files})
	ours := serveTLS(t, &server.Handler{Next: fleetSite(files)}, h2o.Certificate.Pair)
	for name, addr := range map[string]string{"H2O": h2o.Addr, "casper": ours} {
		c := peer.Dial(t, addr, h2client.Options{TLS: &tls.Config{RootCAs: h2o.Certificate.Pool, ServerName: "site.test"}})
		for page := range links {
			x, err := c.Do(h2client.Request{Authority: h2o.Authority("site.test"), Path: page, Header: []hpack.HeaderField{{Name: "x-forwarded-for", Value: "192.0.2.1"}}})
			if err != nil {
				t.Fatal(err)
			}
			if x.Status() != 200 || len(x.Pushed()) > 0 {
				t.Errorf("%s: %s: status %d, pushed %q", name, page, x.Status(), x.Pushed())
			}
			if got := x.Header.Values("set-cookie"); name == "H2O" && len(got) > 0 {
				t.Errorf("H2O set %q", got)
			}
		}
	}
}

// withoutOld are the settings that MOVING.md gives to those who come from go-casper.
func withoutOld(mux http.Handler) *server.Handler {
	was := gocasper.Params{P: 1 << 6, N: 10} // what New was given: 1<<6, 10
	return &server.Handler{Next: mux, Allow: func(r *http.Request, a link.Asset) bool {
		c, err := r.Cookie(gocasper.CookieName)
		if err != nil {
			return true
		}
		held, err := gocasper.ParseLenient(c.Value, was)
		return err != nil || !held.Has(was.Key(a.Path))
	}}
}

// A visitor who still has go-casper's cookie is not sent again what it names.
func TestMovingFromGoCasper(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		server.Push(w, r, link.Guess("/static/example.js", ""), link.Guess("/static/new.css", ""))
	})
	for cookie, want := range map[string]string{
		"":                "/static/example.js /static/new.css",
		"x-go-casper=yQA": "/static/new.css", // go-casper's own cookie for /static/example.js
		"x-go-casper=!!!": "/static/example.js /static/new.css",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Cookie", cookie)
		w := httptest.NewRecorder()
		withoutOld(mux).ServeHTTP(w, r)
		var got []string
		for _, l := range w.Header()["Link"] {
			for l := range strings.SplitSeq(l, ", ") {
				target, _, _ := strings.Cut(strings.TrimPrefix(l, "<"), ">")
				got = append(got, target)
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("with the cookie %q: %q, not %q", cookie, s, want)
		}
	}
}
