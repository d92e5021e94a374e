package server_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/link"
)

// cookiesSet are the values of Set-Cookie, without attributes but Max-Age=0, which deletes.
func cookiesSet(s *stage) (set []string) {
	for _, v := range s.final["Set-Cookie"] {
		pair, attributes, _ := strings.Cut(v, ";")
		if strings.Contains(attributes, "Max-Age=0") {
			pair += " deleted"
		}
		set = append(set, pair)
	}
	return set
}

// When the cookie is written, and when it is taken back.
func TestCookie(t *testing.T) {
	const digest = "Cache-Digest: AcA" // of no URL
	links := "</a.css>; rel=preload; as=style"
	fresh := casper.CookieName + "=" + casper.New(casper.Params{}, keysOf("/a.css")...).String()
	deleted := casper.CookieName + "= deleted"
	for _, tt := range []struct {
		name   string
		cookie server.Cookie
		policy server.Policy
		fields []string // of the request
		header string   // of the answer
		want   []string
	}{
		{"news", server.Cookie{}, server.Policy{}, nil, "", []string{fresh}},
		{"no news", server.Cookie{}, server.Policy{}, []string{"Cookie: " + fresh}, "", nil},
		{"for everybody", server.Cookie{}, server.Policy{}, nil, "Cache-Control: public", nil},
		{"a digest", server.Cookie{}, server.Policy{}, []string{digest}, "", nil},
		{"a digest and a cookie", server.Cookie{}, server.Policy{}, []string{digest, "Cookie: " + fresh}, "", []string{deleted}},
		{"a digest and a cookie, for everybody", server.Cookie{}, server.Policy{}, []string{digest, "Cookie: " + fresh}, "Cache-Control: public", nil},
		{"off", server.Cookie{Off: true}, server.Policy{}, []string{"Cookie: " + fresh}, "", nil},
		{"off, to be forgotten", server.Cookie{Off: true, Forget: true}, server.Policy{}, []string{"Cookie: " + fresh}, "", []string{deleted}},
		{"off, to be forgotten, a bad one", server.Cookie{Off: true, Forget: true}, server.Policy{}, []string{"Cookie: h2o_casper=!"}, "", []string{deleted}},
		{"off, to be forgotten, for everybody", server.Cookie{Off: true, Forget: true}, server.Policy{}, []string{"Cookie: " + fresh}, "Cache-Control: public", nil},
		{"off, and none there", server.Cookie{Off: true, Forget: true}, server.Policy{}, []string{"Cookie: h2o_casperx=gA"}, "", nil},
		{"off, and no cookies", server.Cookie{Off: true, Forget: true}, server.Policy{}, nil, "", nil},
		{"on, to be forgotten", server.Cookie{Forget: true}, server.Policy{}, []string{"Cookie: " + fresh}, "", nil},
		{"off by another name", server.Cookie{Name: "mine", Off: true, Forget: true}, server.Policy{}, []string{"Cookie: mine=gA"}, "", []string{"mine= deleted"}},
	} {
		h := &server.Handler{Cookie: tt.cookie, Policy: tt.policy}
		h.Next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if name, value, ok := strings.Cut(tt.header, ": "); ok {
				w.Header().Set(name, value)
			}
			w.Header().Set("Link", links)
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "page")
		})
		s := ask(h, "/", tt.fields...)
		if got := cookiesSet(s); !slices.Equal(got, tt.want) {
			t.Errorf("%s: set %q, want %q", tt.name, got, tt.want)
		}
		private := slices.Contains(s.final["Cache-Control"], "private")
		if private != (len(tt.want) > 0) {
			t.Errorf("%s: Cache-Control %q", tt.name, s.final["Cache-Control"])
		}
		written := int64(0)
		if len(tt.want) == 1 && tt.want[0] == fresh {
			written = 1
		}
		if got := h.Stats().Cookies.Load(); got != written {
			t.Errorf("%s: %d cookies are counted, want %d", tt.name, got, written)
		}
	}
}

// An answer that says that it is private, or not to be kept, is not told so again.
func TestPrivateOnce(t *testing.T) {
	for _, tt := range []struct{ says, want []string }{
		{nil, []string{"private"}},
		{[]string{"max-age=60"}, []string{"max-age=60", "private"}},
		{[]string{"no-cache, Private"}, []string{"no-cache, Private"}},
		{[]string{"no-store"}, []string{"no-store"}},
		{[]string{"max-age=60", "no-store"}, []string{"max-age=60", "no-store"}},
		{[]string{`private="x"`}, []string{`private="x"`, "private"}}, // of one field only
	} {
		says := append(make([]string, 0, 8), tt.says...) // which may be everybody's: it has room behind it
		h := &server.Handler{Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if len(says) > 0 {
				w.Header()["Cache-Control"] = says
			}
			answer(w, 200, "/a.css")
		})}
		s := ask(h, "/")
		if got := s.final["Cache-Control"]; !slices.Equal(got, tt.want) {
			t.Errorf("%q: Cache-Control %q, want %q", tt.says, got, tt.want)
		}
		if behind := says[:cap(says)][len(says)]; behind != "" {
			t.Errorf("%q: %q was written into the handler's own list", tt.says, behind)
		}
	}
}

// What stands behind 256 KiB of cookies is not read, in one line or in several; nor is what
// stands behind 256 mentions of the name.
func TestCookieLineLimit(t *testing.T) {
	h := &server.Handler{Next: site("</a.css>; rel=preload; as=style")}
	mine := held("/a.css")
	noise := func(n int) string { return "x=" + strings.Repeat("n", n-4) + "; " }
	const most = 256 << 10
	mention := "h2o_casperx=1; "
	for _, tt := range []struct {
		name  string
		lines []string
		held  bool
	}{
		{"one line", []string{noise(most-len(mine)) + mine}, true},
		{"a longer one", []string{noise(most) + mine}, false},
		{"cut within the value", []string{noise(most-len(mine)+1) + mine}, false},
		{"two lines", []string{noise(most / 2), noise(most/2-len(mine)) + mine}, true},
		{"two longer ones", []string{noise(most / 2), noise(most/2) + mine}, false},
		{"a second line", []string{noise(most), mine}, false},
		{"255 mentions in front", []string{strings.Repeat(mention, 255) + mine}, true},
		{"256 mentions in front", []string{strings.Repeat(mention, 256) + mine}, false},
		{"256 mentions, in two lines", []string{strings.Repeat(mention, 128), strings.Repeat(mention, 128) + mine}, false},
	} {
		var fields []string
		for _, l := range tt.lines {
			fields = append(fields, "Cookie: "+l)
		}
		if s := ask(h, "/", fields...); (len(s.pushed) == 0) != tt.held {
			t.Errorf("%s: pushed %q", tt.name, s.pushed)
		}
	}
}

// Push without a Handler writes its cookie at once, and a second call writes one in its place. What
// else is set stays.
func TestPushAloneKeepsCookies(t *testing.T) {
	s := newStage()
	r := request("/")
	s.Header().Add("Set-Cookie", "session=1; Path=/")
	for i := range 2 {
		if _, err := server.Push(s, r, link.Guess(fmt.Sprintf("/%d.css", i), "")); err != nil {
			t.Fatal(err)
		}
		s.Header().Add("Set-Cookie", fmt.Sprintf("after=%d", i))
	}
	s.WriteHeader(http.StatusOK)
	want := []string{"session=1", "after=0", casper.CookieName + "=" + casper.New(casper.Params{}, keysOf("/0.css", "/1.css")...).String(), "after=1"}
	if got := cookiesSet(s); !slices.Equal(got, want) {
		t.Errorf("set %q, want %q", got, want)
	}
	s, r = newStage(), request("/") // on another connection
	for i := range 2 {
		if _, err := server.Push(s, r, link.Guess(fmt.Sprintf("/%d.css", i), "")); err != nil {
			t.Fatal(err)
		}
	}
	s.WriteHeader(http.StatusOK)
	if got := cookiesSet(s); len(got) != 1 {
		t.Errorf("two calls set %q", got)
	}
}

// What enters the fingerprint.
func TestTrack(t *testing.T) {
	links := "</a.css>; rel=preload; as=style, </m.js>; rel=modulepreload, </i.png>; rel=preload; as=image, <https://cdn.example>; rel=preconnect"
	for track, want := range map[server.Track][]string{
		server.TrackBlocking: {"/a.css", "/m.js"},
		server.TrackAll:      {"/a.css", "/i.png", "/m.js"},
	} {
		h := &server.Handler{Next: site(links), Track: track}
		ask(h, "/", browser...)
		s := ask(h, "/", browser...)
		value, ok := s.cookie()
		f, err := casper.Parse(value, casper.Params{})
		if err != nil || ok != (want != nil) {
			t.Fatalf("Track %d: cookie %q, %t, %v", track, value, ok, err)
		}
		if f.Len() != len(want) {
			t.Errorf("Track %d: %d keys, want %q", track, f.Len(), want)
		}
		for _, k := range keysOf(want...) {
			if !f.Has(k) {
				t.Errorf("Track %d: %v has not all of %q", track, f, want)
			}
		}
	}
}

// Observers see what a page's client holds, be there anything to decide on or not; what an
// asset's client holds nobody reads.
func TestObserveHeld(t *testing.T) {
	var got *casper.Fingerprint
	h := &server.Handler{Next: site(), Observe: func(x *server.Exchange) { got = &x.Held }}
	for _, tt := range []struct {
		path, dest string
		want       int
	}{{"/", "document", 1}, {"/a.css", "style", 0}} {
		ask(h, tt.path, "Cookie: "+held("/b.css"), "Sec-Fetch-Dest: "+tt.dest)
		if got.Len() != tt.want {
			t.Errorf("%s: %d keys, want %d", tt.path, got.Len(), tt.want)
		}
	}
}
