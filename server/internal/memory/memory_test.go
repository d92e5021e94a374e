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
	for a := range p.Links() {
		list = append(list, a.Path)
	}
	return list
}

// What is remembered after one answer and then another: its links for everybody, whether
// something may go ahead of the next, and what is concluded for others.
func TestAnswers(t *testing.T) {
	public := func(status int, links ...string) Answer { return Answer{Status: status, Links: assets(links...)} }
	only := func(voter uint64, links ...string) Answer {
		return Answer{Status: 200, Links: assets(links...), Voter: voter}
	}
	for _, tt := range []struct {
		name    string
		answers []Answer
		known   bool
		links   []string
		failed  bool
		open    bool // nothing is concluded
	}{
		{name: "nothing linked, nothing wanted", answers: []Answer{public(200)}, open: true},
		{name: "an error of an unknown page", answers: []Answer{public(404)}, open: true},
		{name: "nothing linked, something wanted", answers: []Answer{{Status: 200, Wanted: true}}, known: true},
		{name: "a redirect of a wanted page", answers: []Answer{{Status: 302, Wanted: true}}, known: true, failed: true},
		{name: "links", answers: []Answer{public(200, "/a.css", "/b.js")}, known: true, links: []string{"/a.css", "/b.js"}},
		{name: "other links", answers: []Answer{public(200, "/a.css"), public(200, "/b.css")}, known: true, links: []string{"/b.css"}},
		{name: "none any more", answers: []Answer{public(200, "/a.css"), public(200)}, known: true},
		{name: "an error keeps them", answers: []Answer{public(200, "/a.css"), public(503, "/e.css")}, known: true, links: []string{"/a.css"}, failed: true},
		{name: "and all is well again", answers: []Answer{public(200, "/a.css"), public(503), public(200, "/a.css")}, known: true, links: []string{"/a.css"}},
		{name: "a 304 says nothing of them", answers: []Answer{public(200, "/a.css"), public(304)}, known: true, links: []string{"/a.css"}},
		{name: "nor does what could not be read", answers: []Answer{public(200, "/a.css"), {Status: 200, Unread: true}}, known: true, links: []string{"/a.css"}},
		{name: "for one visitor", answers: []Answer{only(1, "/a.css")}, known: true, open: true},
		{name: "for the same visitor again", answers: []Answer{only(1, "/a.css"), only(1, "/a.css")}, known: true, open: true},
		{name: "for two", answers: []Answer{only(1, "/a.css", "/mine.js"), only(2, "/a.css", "/yours.js")}, known: true, links: []string{"/a.css"}},
		{name: "for the first again", answers: []Answer{only(1, "/a.css"), only(2, "/a.css"), only(1, "/a.css")}, known: true, links: []string{"/a.css"}},
		{name: "for everybody, then for one", answers: []Answer{public(200, "/a.css"), only(1, "/a.css", "/mine.js")}, known: true, links: []string{"/a.css"}},
		{name: "for one, then for everybody", answers: []Answer{only(1, "/a.css"), public(200, "/a.css")}, known: true, links: []string{"/a.css"}},
	} {
		m, at := New(), Place{"example.com", "/"}
		var p *Page
		for i := range tt.answers {
			p = m.Remember(at, p, &tt.answers[i])
		}
		if (p != nil) != tt.known || m.Page(at) != p {
			t.Errorf("%s: remembered %v", tt.name, p)
		}
		if got := paths(p); !slices.Equal(got, tt.links) || p.Failed() != tt.failed {
			t.Errorf("%s: links %q, failed %t; want %q, %t", tt.name, got, p.Failed(), tt.links, tt.failed)
		}
		if got := p.Concluded(); (got == nil) != tt.open || len(got) != len(tt.links) {
			t.Errorf("%s: concluded %v", tt.name, got)
		}
	}
}

// What says the same again is the same page, with what the handler made of it.
func TestPreparedIsKept(t *testing.T) {
	m, at := New(), Place{"example.com", "/"}
	a := Answer{Status: 200, Links: assets("/a.css")}
	p := m.Keep(at, m.Remember(at, nil, &a), "prepared", 1000)
	if again := m.Remember(at, p, &a); again != p || again.Prepared != "prepared" {
		t.Errorf("the same answer: %+v", again)
	}
	a.Status = 404
	if after := m.Remember(at, p, &a); after.Prepared != nil || !slices.Equal(paths(after), []string{"/a.css"}) {
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
	p := m.Remember(Place{header[:11], header[12:13]}, nil, &Answer{Status: 200, Links: links})
	for a := range p.Links() {
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
	if n := len(paths(m.Remember(Place{"h", "/"}, nil, &Answer{Status: 200, Links: assets(many...)}))); n != MaxLinks {
		t.Errorf("%d links are remembered, want %d", n, MaxLinks)
	}
	for i := range 20_000 {
		at := Place{"h", fmt.Sprintf("/%d/%s", i, strings.Repeat("x", 500))}
		m.Remember(at, nil, &Answer{Status: 200, Links: assets("/a.css")})
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
	if m.ForgetPage(Place{"h", "/"}) {
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
