package learned

import (
	"fmt"
	"net/http/httptest"
	"net/netip"
	"slices"
	"testing"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/signals"
	"github.com/cache-aware/casper/server/link"
)

// Which host is the site's, as more and more networks ask.
func TestHosts(t *testing.T) {
	const site, other = true, false
	type request struct {
		host    string
		network int
		is      bool
	}
	many := func(n int, r func(i int) request) (list []request) {
		for i := range n {
			list = append(list, r(i))
		}
		return list
	}
	for _, tt := range []struct {
		name     string
		hosts    []string
		requests []request
	}{
		{"the first, alone", nil, []request{{"a.example", 1, site}, {"a.example", 1, site}, {"b.example", 1, other}, {"a.example", 1, site}}},
		{"one way to write it", nil, []request{{"a.example", 1, site}, {"A.Example", 1, site}, {"a.example:443", 1, site}, {"a.example:8443", 1, other}, {"a.example:80", 1, other}}},
		{"of equals the first", nil, []request{{"a.example", 1, site}, {"b.example", 2, other}, {"a.example", 3, site}, {"b.example", 4, other}}},
		{"the one of most networks", nil, []request{{"a.example", 1, site}, {"b.example", 2, other}, {"b.example", 2, other}, {"b.example", 3, site}, {"a.example", 1, other}}},
		{"settled by three", nil, slices.Concat(
			many(3, func(i int) request { return request{"a.example", i, site} }),
			many(9, func(i int) request { return request{"b.example", 10 + i, other} }),
			[]request{{"a.example", 1, site}})},
		{"among many that are made up", nil, slices.Concat(
			many(100, func(i int) request { return request{fmt.Sprint(i, ".example"), 1, i == 0} }),
			[]request{{"a.example", 2, other}, {"a.example", 3, site}, {"a.example", 4, site}, {"0.example", 1, other}})},
		{"named", []string{"a.example", "B.example:8443"}, []request{{"a.example", 1, site}, {"b.example:8443", 2, site}, {"b.example", 3, other}, {"c.example", 4, other}, {"c.example", 5, other}}},
		{"any", []string{AnyHost}, []request{{"a.example", 1, site}, {"b.example", 1, site}, {"", 1, site}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &Source{Model: newModel(t, learn.Config{}), Hosts: tt.hosts}
			for i, ask := range tt.requests {
				r := httptest.NewRequest("GET", "https://example.com/", nil)
				r.Host, r.RemoteAddr = ask.host, fmt.Sprintf("10.0.%d.1:5", ask.network)
				if got := s.Begin(r) != nil; got != ask.is {
					t.Errorf("request %d, %s of network %d: %v", i, ask.host, ask.network, got)
				}
			}
		})
	}
}

// What was learned of a host that turns out not to be the site's is forgotten, and the rest is not.
func TestHostTurnsOut(t *testing.T) {
	s := &Source{Model: newModel(t, learn.Config{})}
	s.Model.ObserveView(&learn.View{Page: "/kept", Path: "/kept", Status: 200, Client: 99, Links: []link.Asset{link.Guess("/a.css", "")}})
	view := func(host string, network int, path string) {
		r := httptest.NewRequest("GET", "https://"+host+path, nil)
		r.RemoteAddr = fmt.Sprintf("10.0.%d.1:5", network)
		s.Begin(r)
		s.Model.ObserveView(&learn.View{Page: path, Path: path, Status: 200, Client: s.client(r), Links: []link.Asset{link.Guess("/b.css", "")}})
	}
	view("scan.example", 1, "/")
	if len(s.Model.Wanted("/")) == 0 {
		t.Error("nothing is known of the only host so far")
	}
	view("a.example", 2, "/")
	view("a.example", 3, "/about")
	for page, want := range map[string]int{"/kept": 1, "/": 0, "/about": 1} {
		if got := s.Model.Wanted(page); len(got) != want {
			t.Errorf("%s: %v", page, got)
		}
	}
}

// Behind a proxy that is trusted, the host is what the proxy says.
func TestHostBehindProxy(t *testing.T) {
	s := &Source{
		Model: newModel(t, learn.Config{}), Hosts: []string{"shop.example"},
		Reader: signals.Reader{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
	}
	for _, tt := range []struct {
		from, host, said string
		is               bool
	}{
		{"10.0.0.1:5", "inner:8080", "shop.example", true},
		{"10.0.0.1:5", "shop.example", "other.example", false},
		{"192.0.2.1:5", "inner:8080", "shop.example", false},
		{"192.0.2.1:5", "shop.example", "other.example", true},
	} {
		r := httptest.NewRequest("GET", "https://example.com/", nil)
		r.Host, r.RemoteAddr = tt.host, tt.from
		r.Header.Set("X-Forwarded-Host", tt.said)
		if got := s.Begin(r) != nil; got != tt.is {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}
