package memory

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/cache-aware/casper/server/internal/httpfacts"
	"github.com/cache-aware/casper/server/link"
)

func assets(paths ...string) []link.Asset {
	list := make([]link.Asset, 0, len(paths))
	for _, p := range paths {
		list = append(list, link.Guess(p, ""))
	}
	return list
}

func paths(p *Page) (list []string) {
	for _, a := range p.Links() {
		list = append(list, a.Path)
	}
	return list
}

// What is remembered after some answers: what the page links for everybody, whether something
// may go ahead of the next for a stranger and for each network that was answered, and whether
// anything is concluded.
func TestAnswers(t *testing.T) {
	from := func(network uint64, status int, links ...string) Answer {
		return Answer{Status: status, Links: assets(links...), Network: network}
	}
	personal := func(network uint64, links ...string) Answer {
		return Answer{Status: 200, Links: assets(links...), Network: network, Personal: true}
	}
	wanted := func(network uint64, status int) Answer {
		return Answer{Status: status, Wanted: true, Network: network}
	}
	for _, tt := range []struct {
		name    string
		answers []Answer
		known   bool
		links   []string
		failed  []uint64 // for whom
		open    bool     // nothing is concluded
	}{
		{name: "nothing linked, nothing wanted", answers: []Answer{from(1, 200)}, open: true},
		{name: "an error of an unknown page", answers: []Answer{from(1, 404)}, open: true},
		{name: "nothing linked, something wanted", answers: []Answer{wanted(1, 200)}, known: true},
		{name: "a redirect of a wanted page", answers: []Answer{wanted(1, 302)}, known: true, failed: []uint64{1, 9}},
		{name: "links", answers: []Answer{from(1, 200, "/a.css", "/b.js")}, known: true, links: []string{"/a.css", "/b.js"}},
		{name: "a deploy, seen by its owner alone", answers: []Answer{from(1, 200, "/a.css"), from(1, 200, "/b.css")}, known: true, links: []string{"/b.css"}},
		{name: "none any more", answers: []Answer{from(1, 200, "/a.css"), from(1, 200)}, known: true},
		{name: "an error keeps them", answers: []Answer{from(1, 200, "/a.css"), from(1, 503, "/e.css")}, known: true, links: []string{"/a.css"}, failed: []uint64{1}},
		{name: "and all is well again", answers: []Answer{from(1, 200, "/a.css"), from(1, 503), from(1, 200, "/a.css")}, known: true, links: []string{"/a.css"}},
		{name: "what could not be read says nothing", answers: []Answer{from(1, 200, "/a.css"), {Status: 200, Unread: true, Network: 1}}, known: true, links: []string{"/a.css"}},

		{name: "an error of one network is its own", answers: []Answer{from(1, 200, "/a.css"), from(2, 404)}, known: true, links: []string{"/a.css"}, failed: []uint64{2}},
		{name: "an error of two is theirs", answers: []Answer{from(1, 200, "/a.css"), from(2, 404), from(3, 404), from(2, 404)}, known: true, links: []string{"/a.css"}, failed: []uint64{2, 3}},
		{name: "an error of three in a row is everybody's", answers: []Answer{from(1, 200, "/a.css"), from(2, 404), from(3, 404), from(4, 503)}, known: true, links: []string{"/a.css"}, failed: []uint64{1, 2, 3, 4, 9}},
		{name: "until one is well again", answers: []Answer{from(1, 200, "/a.css"), from(2, 404), from(3, 404), from(4, 503), from(4, 200, "/a.css")}, known: true, links: []string{"/a.css"}, failed: []uint64{2, 3}},
		{name: "strangers' errors between visitors", answers: []Answer{from(1, 200, "/a.css"), from(2, 404), from(3, 200, "/a.css"), from(4, 404), from(5, 200, "/a.css"), from(6, 404)}, known: true, links: []string{"/a.css"}, failed: []uint64{2, 4, 6}},
		{name: "strangers between visitors", answers: []Answer{from(1, 200, "/a.css"), from(2, 200, "/x.css"), from(3, 200, "/a.css"), from(4, 200, "/x.css"), from(5, 200, "/a.css"), from(6, 200, "/x.css")}, known: true, links: []string{"/a.css"}},
		{name: "one stranger among three", answers: []Answer{from(1, 200, "/a.css"), from(2, 200, "/x.css"), from(3, 200, "/a.css")}, known: true, links: []string{"/a.css"}},
		{name: "one stranger again and again", answers: []Answer{from(1, 200, "/a.css"), from(2, 200, "/x.css"), from(3, 200, "/a.css"), from(2, 200, "/x.css"), from(4, 200, "/a.css"), from(2, 200, "/x.css")}, known: true, links: []string{"/a.css"}},
		{name: "two that agree on one file", answers: []Answer{from(1, 200, "/a.css", "/1.js"), from(2, 200, "/2.js", "/a.css")}, known: true, links: []string{"/a.css", "/1.js"}},
		{name: "two that agree on nothing", answers: []Answer{from(1, 200, "/1.js"), from(2, 200, "/2.js")}, known: true, links: []string{"/1.js"}},
		{name: "a deploy, seen by one of many", answers: []Answer{from(1, 200, "/a.css", "/v1.js"), from(2, 200, "/a.css", "/v2.js")}, known: true, links: []string{"/a.css", "/v1.js"}},
		{name: "a deploy, seen by two", answers: []Answer{from(1, 200, "/a.css", "/v1.js"), from(2, 200, "/a.css", "/v2.js"), from(3, 200, "/a.css", "/v2.js")}, known: true, links: []string{"/a.css", "/v2.js"}},

		{name: "for one visitor", answers: []Answer{personal(1, "/a.css")}, known: true, open: true},
		{name: "for the same visitor again", answers: []Answer{personal(1, "/a.css"), personal(1, "/a.css")}, known: true, open: true},
		{name: "for two", answers: []Answer{personal(1, "/a.css", "/mine.js"), personal(2, "/a.css", "/yours.js")}, known: true, links: []string{"/a.css"}},
		{name: "for the first again", answers: []Answer{personal(1, "/a.css"), personal(2, "/a.css"), personal(1, "/a.css")}, known: true, links: []string{"/a.css"}},
		{name: "for everybody, then for one", answers: []Answer{from(1, 200, "/a.css"), personal(2, "/a.css", "/mine.js")}, known: true, links: []string{"/a.css"}},
		{name: "for one, then for everybody", answers: []Answer{personal(1, "/a.css"), from(1, 200, "/a.css")}, known: true, links: []string{"/a.css"}},
	} {
		m, at := New(), Place{"example.com", "/"}
		var p *Page
		for i := range tt.answers {
			p = m.Remember(at, "", p, &tt.answers[i])
		}
		if (p != nil) != tt.known || m.Page(at, "") != p {
			t.Errorf("%s: remembered %v", tt.name, p)
		}
		if got := paths(p); !slices.Equal(got, tt.links) {
			t.Errorf("%s: links %q, want %q", tt.name, got, tt.links)
		}
		networks := []uint64{9}
		for _, a := range tt.answers {
			networks = append(networks, a.Network)
		}
		for _, network := range networks {
			if got := p.Failed(network); got != slices.Contains(tt.failed, network) {
				t.Errorf("%s: failed %t for network %d", tt.name, got, network)
			}
		}
		if got := p.Concluded(); (got == nil) != tt.open || len(got) != len(tt.links) {
			t.Errorf("%s: concluded %v", tt.name, got)
		}
	}
}

// Another query is another answer, which counts for a page only where that is unknown.
func TestQueries(t *testing.T) {
	m, at := New(), Place{"example.com", "/"}
	answer := func(q Query, network uint64, links ...string) {
		m.Remember(at, q, m.Page(at, q), &Answer{Status: 200, Links: assets(links...), Network: network})
	}
	look := func(step string, q Query, want ...string) {
		t.Helper()
		if got := paths(m.Page(at, q)); !slices.Equal(got, want) {
			t.Errorf("%s: of %q is known %q, want %q", step, q, got, want)
		}
	}
	answer("?p=1", 1, "/a.css", "/1.js")
	look("one query", "?p=1", "/a.css", "/1.js")
	look("one query", "?p=2", "/a.css", "/1.js")
	look("one query", "", "/a.css", "/1.js")
	answer("?p=2", 2, "/a.css", "/2.js")
	look("two queries", "?p=1", "/a.css", "/1.js")
	look("two queries", "?p=2", "/a.css", "/2.js")
	look("two queries", "?p=3", "/a.css", "/1.js") // a tie leaves what was there
	look("two queries", "", "/a.css", "/1.js")
	answer("", 3, "/home.css")
	look("the page itself", "", "/home.css")
	look("the page itself", "?p=1", "/a.css", "/1.js")
	look("the page itself", "?utm=x", "/home.css")
	answer("?tpl=print", 4, "/print.css")
	look("a stranger", "", "/home.css")
	look("a stranger", "?utm=x", "/home.css")
	m.Remember(at, "?bad", m.Page(at, "?bad"), &Answer{Status: 404, Network: 4, Wanted: true})
	if m.Page(at, "").Failed(9) || !m.Page(at, "?bad").Failed(9) {
		t.Error("an error of one query is that of another")
	}
	if !m.ForgetPages("", "/") || m.Page(at, "?p=1") != nil || m.ForgetPages("", "/") {
		t.Error("something is remembered")
	}
}

// What says the same again is the same page, with what the handler made of it; who else is
// told the same makes no difference.
func TestPreparedIsKept(t *testing.T) {
	m, at := New(), Place{"example.com", "/"}
	a := Answer{Status: 200, Links: assets("/a.css"), Network: 1}
	p := m.Keep(at, "", m.Remember(at, "", nil, &a), "prepared", 1000)
	a.Network = 2
	if again := m.Remember(at, "", p, &a); again != p || m.Page(at, "") != p || again.Prepared != "prepared" {
		t.Errorf("the same answer: %+v", again)
	}
	a.Status, a.Links = 404, nil
	after := m.Remember(at, "", p, &a)
	if after == p || after.Prepared != "prepared" || !slices.Equal(paths(after), []string{"/a.css"}) {
		t.Errorf("an error: %+v", after)
	}
	a.Status, a.Links, a.Network = 200, assets("/b.css"), 1
	if after = m.Remember(at, "", after, &a); after.Prepared != nil {
		t.Errorf("another answer: %+v", after)
	}
}

// What is remembered shares no memory with headers, which may be long.
func TestStringsAreOwn(t *testing.T) {
	m := New()
	header := strings.Clone("example.com / </a.css>; rel=preload; as=style")
	within := func(s string) bool {
		at, begin := uintptr(unsafe.Pointer(unsafe.StringData(s))), uintptr(unsafe.Pointer(unsafe.StringData(header)))
		return begin <= at && at < begin+uintptr(len(header))
	}
	links := link.Parse([]string{header[14:]}, "/")
	if len(links) != 1 || !within(links[0].Path) {
		t.Fatalf("%+v is no part of the header: this proves nothing", links)
	}
	p := m.Remember(Place{header[:11], header[12:13]}, "", nil, &Answer{Status: 200, Links: links, Network: 1})
	for _, a := range p.Links() {
		if within(a.Path) || within(a.As) {
			t.Errorf("%+v is a part of the header", a)
		}
	}
	for at := range m.Pages() {
		if within(at.Host) || within(at.Path) {
			t.Errorf("%v is a part of the header", at)
		}
	}
}

// Only so many links of a page, and so many bytes of all, are remembered.
func TestBounds(t *testing.T) {
	m := New()
	var many []string
	for i := range 2 * MaxLinks {
		many = append(many, fmt.Sprintf("/%d.css", i))
	}
	if n := len(paths(m.Remember(Place{"h", "/"}, "", nil, &Answer{Status: 200, Links: assets(many...)}))); n != MaxLinks {
		t.Errorf("%d links are remembered, want %d", n, MaxLinks)
	}
	for i := range 20_000 {
		at := Place{"h", fmt.Sprintf("/%d/%s", i, strings.Repeat("x", 500))}
		m.Remember(at, "", nil, &Answer{Status: 200, Links: assets("/a.css")})
		m.File(at, "https")
	}
	m.pages.CleanUp()
	m.files.CleanUp()
	if m.pages.WeightedSize() > pageBytes || m.files.WeightedSize() > fileBytes {
		t.Errorf("pages weigh %d, files %d", m.pages.WeightedSize(), m.files.WeightedSize())
	}
	m.ForgetAll()
	for at := range m.Pages() {
		t.Fatalf("%v is remembered", at)
	}
	if m.ForgetPages("h", "/") {
		t.Error("something was forgotten twice")
	}
}

// Versions of a file as its answers tell them: a file has one in each content coding, and who
// knows the file itself knows better.
func TestVersions(t *testing.T) {
	type step struct{ coding, etag, told, version string }
	for name, steps := range map[string][]step{
		"one version":             {{"", `"1"`, "", `"1"`}, {"", `"1"`, "", `"1"`}},
		"a newer one":             {{"", `"1"`, "", `"1"`}, {"", `"2"`, "", `"2"`}},
		"no validator":            {{"", "", "", ""}, {"", `"1"`, "", `"1"`}, {"", "", "", `"1"`}},
		"another coding":          {{"", `"1"`, "", `"1"`}, {"br", `"1b"`, "", `"1"`}, {"br", `"2b"`, "", `"2b"`}},
		"back and forth":          {{"gzip", `"a"`, "", `"a"`}, {"br", `"b"`, "", `"a"`}, {"gzip", `"a"`, "", `"a"`}, {"br", `"b"`, "", `"a"`}},
		"more codings than there": {{"a", `"a"`, "", `"a"`}, {"b", `"b"`, "", `"a"`}, {"c", `"c"`, "", `"a"`}, {"d", `"d"`, "", `"a"`}, {"e", `"e"`, "", `"a"`}},
		"told":                    {{"", `"1"`, "", `"1"`}, {"", "", `"f"`, `"f"`}, {"", `"2"`, "", `"f"`}, {"", "", `"g"`, `"g"`}},
	} {
		m := New()
		f := m.File(Place{"h", "/a.css"}, "https")
		for i, s := range steps {
			if s.told != "" {
				m.Told(f, s.told)
			} else {
				h := http.Header{}
				if s.coding != "" {
					h.Set("Content-Encoding", s.coding)
				}
				if s.etag != "" {
					h.Set("ETag", s.etag)
				}
				m.Answered(f, h, time.Time{})
			}
			if got := f.Facts().Version; got != s.version {
				t.Errorf("%s, step %d: version %s, want %s", name, i, got, s.version)
			}
		}
	}
}

// The generation moves on when something new is known, and only then.
func TestGeneration(t *testing.T) {
	m := New()
	if m.Used() || m.KnownFile(Place{"h", "/a"}) != nil || m.KnownFile(Place{"h", "/a"}).Facts().Seen {
		t.Error("an empty memory knows something")
	}
	f := m.File(Place{"h", "/a"}, "https")
	if f.URL != "https://h/a" || !m.Used() || m.File(Place{"h", "/a"}, "https") != f {
		t.Errorf("%+v", f)
	}
	h := http.Header{"Cache-Control": {"max-age=9"}, "Content-Length": {"12"}}
	for i, want := range []uint64{1, 1, 2} {
		if i == 2 {
			h["Content-Length"] = []string{"13"}
		}
		if m.Answered(f, h, time.Time{}); m.Generation() != want {
			t.Errorf("answer %d: generation %d, want %d", i, m.Generation(), want)
		}
	}
	if got := f.Facts(); got.Size != 13 || got.Freshness != httpfacts.Fresh || !got.Seen {
		t.Errorf("%+v", got)
	}
}
