package metrics_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/metrics"
)

// asked is a request as it comes in at an address of this machine.
func asked(at net.Addr, method, target, host string, header ...string) *http.Request {
	r := httptest.NewRequest(method, "http://"+host+target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, at))
}

func answerTo(a http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w
}

// routes are all that an Admin answers.
var routes = []struct{ method, target string }{
	{"GET", "/"}, {"GET", "/metrics"}, {"GET", "/model"}, {"GET", "/explain?page=/page"}, {"GET", "/healthz"},
	{"GET", "/board"}, {"GET", "/events"}, {"GET", "/page?page=/page"}, {"GET", "/cookie"},
	{"POST", "/forget?page=/page"}, {"POST", "/renew?page=/page"}, {"POST", "/clear"},
	{"POST", "/off?page=/page"}, {"POST", "/on?page=/page"}, {"POST", "/pin?page=/page"}, {"POST", "/unpin?page=/page"},
}

// adminOf is one whose streams end at once.
func adminOf(h *server.Handler, m *learn.Model) *metrics.Admin {
	a := metrics.NewAdmin(h, m)
	a.Switches = new(metrics.Switches)
	a.Close()
	return a
}

var (
	loopback4 = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9090}
	loopback6 = &net.TCPAddr{IP: net.IPv6loopback, Port: 9090}
	elsewhere = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 9090}
	socket    = &net.UnixAddr{Name: "/run/casper.sock", Net: "unix"}
)

// A page whose name was made to lead to this machine after it was loaded (DNS rebinding) is of the same
// origin for its browser. It gets nothing from any route, and changes nothing.
func TestR2AdminAnswersOnlyItsOwnNames(t *testing.T) {
	for _, at := range []net.Addr{loopback4, loopback6, socket} {
		for _, host := range []string{
			"evil.test", "evil.test:9090", "127.0.0.1.evil.test:9090", "localhost.evil.test", "evil.localhost:9090", "127.1:9090", "2130706433", "",
		} {
			for _, route := range routes {
				h, m := newPair(t)
				r := asked(at, route.method, route.target, "x", "Origin", "http://"+host, "Sec-Fetch-Site", "same-origin")
				r.Host = host
				w := answerTo(adminOf(h, m), r)
				if w.Code != http.StatusMisdirectedRequest || strings.Contains(w.Body.String(), "/page") {
					t.Errorf("%s %s of %q at %v: %d %s", route.method, route.target, host, at, w.Code, w.Body)
				}
				if len(m.Wanted("/page")) != 1 {
					t.Errorf("%s %s of %q at %v: the model was changed", route.method, route.target, host, at)
				}
			}
		}
		for _, host := range []string{"127.0.0.1:9090", "localhost:9090", "LOCALHOST:9090", "localhost.", "localhost", "[::1]:9090", "[::1]", "127.0.0.9:8080"} {
			for _, route := range routes {
				h, m := newPair(t)
				r := asked(at, route.method, route.target, host, "Origin", "http://"+host)
				if w := answerTo(adminOf(h, m), r); w.Code/100 != 2 {
					t.Errorf("%s %s of %q at %v: %d %s", route.method, route.target, host, at, w.Code, w.Body)
				}
			}
		}
	}
}

// What other machines can reach, and what says nothing of where it listens, shows nothing and changes
// nothing without a token, by whichever name it is asked.
func TestR2AdminElsewhereNeedsAToken(t *testing.T) {
	for _, host := range []string{"192.0.2.7:9090", "127.0.0.1:9090", "localhost", "casper.example"} {
		for _, route := range routes {
			h, m := newPair(t)
			for _, r := range []*http.Request{
				asked(elsewhere, route.method, route.target, host, "Origin", "http://"+host),
				httptest.NewRequest(route.method, "http://"+host+route.target, nil),
			} {
				if w := answerTo(adminOf(h, m), r); w.Code != http.StatusForbidden || len(m.Wanted("/page")) != 1 {
					t.Errorf("%s %s of %q: %d %s", route.method, route.target, host, w.Code, w.Body)
				}
			}
		}
	}
}

// What changes something says by which page it was asked, and that page is the admin's own.
func TestR2ChangesNeedSameOrigin(t *testing.T) {
	for _, c := range []struct {
		header []string
		want   int
	}{
		{nil, 403},
		{[]string{"Origin", "null"}, 403},
		{[]string{"Origin", "http://127.0.0.1:9091"}, 403}, // another program of this machine
		{[]string{"Origin", "http://localhost:9090"}, 403},
		{[]string{"Origin", "http://evil.test"}, 403},
		{[]string{"Sec-Fetch-Site", "none"}, 403},
		{[]string{"Sec-Fetch-Site", "same-site"}, 403},
		{[]string{"Sec-Fetch-Site", "cross-site", "Origin", "http://127.0.0.1:9090"}, 403},
		{[]string{"Sec-Fetch-Site", "same-origin", "Origin", "http://evil.test"}, 403},
		{[]string{"Sec-Fetch-Site", "same-origin"}, 204},
		{[]string{"Origin", "http://127.0.0.1:9090"}, 204},
		{[]string{"Origin", "https://127.0.0.1:9090"}, 204}, // behind something that speaks TLS
	} {
		for _, route := range routes {
			if route.method == "GET" {
				continue
			}
			h, m := newPair(t)
			r := asked(loopback4, route.method, route.target, "127.0.0.1:9090", c.header...)
			if w := answerTo(adminOf(h, m), r); w.Code != c.want {
				t.Errorf("POST %s with %v: %d, want %d", route.target, c.header, w.Code, c.want)
			}
		}
	}
}

// With a token, each request needs it, wherever it comes in and by whatever name, and a browser is
// asked for it. A browser sends the password of itself, so a change still has to say which page asks.
func TestAdminToken(t *testing.T) {
	const token = "correct horse battery staple"
	basic := func(password string) string {
		r := httptest.NewRequest("GET", "/", nil)
		r.SetBasicAuth("anybody", password)
		return r.Header.Get("Authorization")
	}
	for _, c := range []struct {
		authorization string
		origin        string
		get, post     int
	}{
		{"", "http://casper.example", 401, 401},
		{"Bearer " + token + "r", "http://casper.example", 401, 401},
		{"Bearer ", "http://casper.example", 401, 401},
		{"Basic !", "http://casper.example", 401, 401},
		{token, "http://casper.example", 401, 401},
		{basic(""), "http://casper.example", 401, 401},
		{basic(token), "", 200, 403},
		{basic(token), "http://evil.test", 200, 403},
		{basic(token), "http://casper.example", 200, 204},
		{"Bearer " + token, "", 200, 204},
		{"bearer " + token, "", 200, 204},
	} {
		for _, at := range []net.Addr{loopback4, elsewhere, socket} {
			for _, route := range routes {
				h, m := newPair(t)
				a := adminOf(h, m)
				a.Token = token
				r := asked(at, route.method, route.target, "casper.example", "Authorization", c.authorization)
				if c.origin != "" && route.method == "POST" {
					r.Header.Set("Origin", c.origin)
				}
				want := c.get
				if route.method == "POST" {
					want = c.post
				}
				w := answerTo(a, r)
				if w.Code != want {
					t.Errorf("%s %s with %q from %q at %v: %d, want %d", route.method, route.target, c.authorization, c.origin, at, w.Code, want)
				}
				if (w.Code == 401) != (w.Header().Get("WWW-Authenticate") != "") {
					t.Errorf("%d asks for %q", w.Code, w.Header().Get("WWW-Authenticate"))
				}
			}
		}
	}
}

// More names may be the admin's own.
func TestAdminHosts(t *testing.T) {
	h, m := newPair(t)
	a := adminOf(h, m)
	a.Hosts = []string{"Casper.internal"}
	for host, want := range map[string]int{"casper.internal:9090": 200, "casper.internal.": 200, "x.casper.internal": 421} {
		if w := answerTo(a, asked(loopback4, "GET", "/", host)); w.Code != want {
			t.Errorf("%s: %d, want %d", host, w.Code, want)
		}
	}
}
