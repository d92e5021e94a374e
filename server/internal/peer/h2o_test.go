package peer

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/server/h2client"
)

const preload = "; rel=preload"

// casperCookie is the worked example of H2O's own cookie: the page and its two
// styles at 8 capacity bits, two of which collide.
const casperCookie = "h2o_casper=qF0; Path=/; Expires=Tue, 01 Jan 2030 00:00:00 GMT; Secure"

func exampleSite(hosts ...Host) Config {
	return Config{
		Hosts: hosts,
		Files: []File{
			{Path: "/index.html", Body: "<p>page</p>", Links: []string{"</css/0.css>" + preload, "</css/1.css>" + preload}},
			{Path: "/css/0.css", Body: "p{}"},
			{Path: "/css/1.css", Body: "a{}"},
			{Path: "/quoted.html", Links: []string{`</css/0.css>; rel=preload; title='#{exit}\'`}},
			{Path: "/module.mjs", Type: "text/javascript", Body: "0"},
		},
	}
}

func TestH2O(t *testing.T) {
	s := StartH2O(t, exampleSite(
		Host{Name: "eight.test", CapacityBits: 8, Tracking: All},
		Host{Name: "on.test", CapacityBits: CasperOn},
		Host{Name: "off.test"},
	))
	eight := s.Authority("eight.test")

	t.Run("pushes", func(t *testing.T) {
		c := Dial(t, s.Addr, h2client.Options{TLS: s.ClientTLS()})
		e, err := c.Get(eight, "/index.html")
		if err != nil {
			t.Fatal(err)
		}
		if string(e.Body) != "<p>page</p>" || e.Header.Get("content-type") != "text/html" || len(e.Header.Values("link")) != 2 {
			t.Errorf("body %q, header %v", e.Body, e.Header)
		}
		if got := e.Pushed(); !slices.Equal(got, []string{"/css/0.css"}) || string(e.Pushes[0].Body) != "p{}" {
			t.Errorf("pushed %q", got)
		}
		if got := e.Header.Get("set-cookie"); got != casperCookie {
			t.Errorf("set-cookie %q", got)
		}
	})
	t.Run("nghttp", func(t *testing.T) {
		e := Nghttp(t, "https://"+s.Addr+"/index.html", "-H:authority: "+eight)[0]
		if !slices.Equal(e.Pushed(), []string{"/css/0.css"}) || e.Header.Get("set-cookie") != casperCookie {
			t.Errorf("pushed %q, set-cookie %q", e.Pushed(), e.Header.Get("set-cookie"))
		}
	})
	t.Run("defaults, and off", func(t *testing.T) {
		for host, want := range map[string]string{
			"on.test":  "h2o_casper=A5AAAAAAAAAAAAAAAAAAD-A; Path=/; Expires=Tue, 01 Jan 2030 00:00:00 GMT; Secure",
			"off.test": "",
		} {
			c := Dial(t, s.Addr, h2client.Options{TLS: s.ClientTLS()})
			e, err := c.Get(s.Authority(host), "/index.html")
			if err != nil {
				t.Fatal(err)
			}
			got := e.Header.Get("set-cookie")
			if len(e.Pushed()) != 2 || got != want {
				t.Errorf("%s: pushed %q, set-cookie %q", host, e.Pushed(), got)
			}
		}
	})
	t.Run("quoting and types", func(t *testing.T) {
		c := Dial(t, s.Addr, h2client.Options{TLS: s.ClientTLS()})
		e, err := c.Get(eight, "/quoted.html")
		if err != nil {
			t.Fatal(err)
		}
		if got, want := e.Header.Get("link"), `</css/0.css>; rel=preload; title='#{exit}\'`; got != want {
			t.Errorf("link %q, want %q", got, want)
		}
		if e, err = c.Get(eight, "/module.mjs"); err != nil || e.Header.Get("content-type") != "text/javascript" {
			t.Errorf("module: %v, %v", e, err)
		}
	})
	s.Stop(t)
	log := s.AccessLog(t)
	count := make(map[Access]int)
	for _, a := range log {
		count[a]++
	}
	for a, want := range map[Access]int{
		{Host: "eight.test", Path: "/index.html", Status: 200}:                   2,
		{Host: "eight.test", Path: "/css/0.css", Status: 200, Push: "pushed"}:    3,
		{Host: "eight.test", Path: "/css/1.css", Status: 200, Push: "cancelled"}: 2,
		{Host: "off.test", Path: "/css/1.css", Status: 200, Push: "pushed"}:      1,
		{Host: "eight.test", Path: "/module.mjs", Status: 200}:                   1,
	} {
		if count[a] != want {
			t.Errorf("access log has %+v %d times, want %d", a, count[a], want)
		}
	}
}

func TestH2OProxy(t *testing.T) {
	upstream := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/page": // the path behind the prefix
			w.Header().Set("Link", "</app/a.css>"+preload)
			w.Header().Set("Set-Cookie", "app=1")
		case "/a.css":
			w.Header().Set("Content-Type", "text/css")
		}
	})
	s := StartH2O(t, exampleSite(Host{
		Name: "app.test", CapacityBits: 8, Backends: map[string]http.Handler{"/app/": upstream},
	}))
	app := s.Authority("app.test")
	e, err := Dial(t, s.Addr, h2client.Options{TLS: s.ClientTLS()}).Get(app, "/app/page")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(e.Pushed(), []string{"/app/a.css"}) || e.Header.Get("set-cookie") != "app=1" {
		t.Fatalf("pushed %q, header %v", e.Pushed(), e.Header)
	}
	// The promise came first, so the cookie is on the push.
	cookie, _, _ := strings.Cut(e.Pushes[0].Header.Get("set-cookie"), ";")
	e, err = Dial(t, s.Addr, h2client.Options{TLS: s.ClientTLS()}).Get(app, "/app/page", cookie)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Pushed()) != 0 || !slices.Equal(e.Cancelled(), []string{"/app/a.css"}) {
		t.Errorf("with cookie %s: pushed %q, cancelled %q", cookie, e.Pushed(), e.Cancelled())
	}
}

// A second server in the same test, in the other of the two ways to speak HTTP/2.
func TestH2OCleartext(t *testing.T) {
	c := exampleSite(Host{Name: "eight.test", CapacityBits: 8, Tracking: All})
	other := StartH2O(t, c)
	c.Cleartext = true
	s := StartH2O(t, c)
	if _, err := Dial(t, other.Addr, h2client.Options{TLS: other.ClientTLS()}).Get(other.Authority("eight.test"), "/css/0.css"); err != nil {
		t.Error(err)
	}
	e, err := Dial(t, s.Addr, h2client.Options{TLS: s.ClientTLS()}).Get(s.Authority("eight.test"), "/index.html")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(e.Pushed(), []string{"/css/0.css"}) || e.Header.Get("set-cookie") != casperCookie {
		t.Errorf("pushed %q, set-cookie %q", e.Pushed(), e.Header.Get("set-cookie"))
	}
}

func TestH2OConfigErrors(t *testing.T) {
	Find(t, "h2o")
	host := Host{Name: "a.test"}
	tests := []struct {
		name string
		conf Config
		want string
	}{
		{"no hosts", Config{}, "no hosts"},
		{"relative file", Config{Hosts: []Host{host}, Files: []File{{Path: "a.css"}}}, `file "a.css": not an absolute, clean path`},
		{"file outside", Config{Hosts: []Host{host}, Files: []File{{Path: "/../a.css"}}}, `file "/../a.css": not an absolute, clean path`},
		{"type without extension", Config{Hosts: []Host{host}, Files: []File{{Path: "/a", Type: "x/y"}}}, `file "/a": a type, but no extension`},
		{"two types", Config{Hosts: []Host{host}, Files: []File{{Path: "/a.x", Type: "x/y"}, {Path: "/b.x", Type: "x/z"}}},
			`file "/b.x": extension .x has both types x/y and x/z`},
		{"defaults but tracking", Config{Hosts: []Host{{Name: "a.test", CapacityBits: CasperOn, Tracking: All}}}, `host a.test: tracking "all"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := judge(t, func(t testing.TB) { StartH2O(t, tt.conf) })
			if !v.failed || !strings.Contains(v.String(), "H2O configuration: "+tt.want) {
				t.Errorf("failed %t: %s", v.failed, v)
			}
		})
	}
	// What only H2O can refuse ends it, and its own words are shown.
	t.Run("refused by H2O", func(t *testing.T) {
		v := judge(t, func(t testing.TB) {
			s := StartH2O(t, Config{Hosts: []Host{{Name: "a.test", CapacityBits: 16}}})
			<-s.process.done
			if _, err := net.Dial("tcp", s.Addr); err == nil {
				t.Error("the port is still open")
			}
		})
		for _, want := range []string{"h2o ended by itself", "capacity-bits"} {
			if !v.failed || !strings.Contains(v.String(), want) {
				t.Errorf("failed %t, said %s, want %q in it", v.failed, v, want)
			}
		}
	})
}

// The server is gone, by its own process id, when its test is.
func TestH2OStops(t *testing.T) {
	Find(t, "h2o")
	var addr string
	v := judge(t, func(t testing.TB) {
		s := StartH2O(t, exampleSite(Host{Name: "a.test"}))
		addr = s.Addr
		if _, err := Dial(t, addr, h2client.Options{TLS: s.ClientTLS()}).Get("", "/css/0.css"); err != nil {
			t.Fatal(err)
		}
	})
	if v.failed {
		t.Fatal(v)
	}
	if _, err := net.Dial("tcp", addr); err == nil {
		t.Errorf("%s still answers", addr)
	}
}
