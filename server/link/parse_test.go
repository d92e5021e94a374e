package link

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cache-aware/casper/server/internal/testkit"
)

const page = "https://example.com/dir/page?q=1"

// seen is a Link without its place, for tables.
type seen struct {
	asset Asset
	err   error
}

func TestLinks(t *testing.T) {
	css := Asset{Path: "/a.css", As: "style"}
	tests := []struct {
		name   string
		values []string
		want   []seen
	}{
		{"none", nil, nil},
		{"empty value", []string{""}, nil},
		{"empty list elements", []string{" , ,</a.css>; rel=preload; as=style,, "}, []seen{{css, nil}}},
		{"one", []string{"</a.css>; rel=preload; as=style"}, []seen{{css, nil}}},
		{"no white space", []string{"</a.css>;rel=preload;as=style"}, []seen{{css, nil}}},
		{"white space everywhere", []string{"\t</a.css> \t;\trel = preload ; as\t=\tstyle\t"}, []seen{{css, nil}}},
		{"names and keywords without case", []string{"</a.css>; REL=PreLoad; As=STYLE"}, []seen{{css, nil}}},
		{"quoted", []string{`</a.css>; rel="preload"; as="style"`}, []seen{{css, nil}}},
		{"quoted pair", []string{`</a.css>; rel="pre\load"; as="\s\t\y\l\e"`}, []seen{{css, nil}}},
		{"two in a value", []string{"</a.css>; rel=preload; as=style, </b.js>; rel=preload; as=script"},
			[]seen{{css, nil}, {Asset{Path: "/b.js", As: "script"}, nil}}},
		{"two values", []string{"</a.css>; rel=preload; as=style", "</b.js>; rel=preload; as=script"},
			[]seen{{css, nil}, {Asset{Path: "/b.js", As: "script"}, nil}}},
		{"comma and semicolon in quotes", []string{`</a.css>; title="x, </evil>; rel=preload"; rel=preload; as=style`}, []seen{{css, nil}}},
		{"escaped quote in quotes", []string{`</a.css>; title="x\", </evil>; rel=preload"; rel=preload; as=style`}, []seen{{css, nil}}},
		{"comma in the target", []string{"</a,b.css>; rel=preload; as=style, </a.css>; rel=preload; as=style"}, []seen{{Asset{As: "style"}, ErrTarget}, {css, nil}}},
		{"relation list", []string{`</a.css>; rel="stylesheet preload"; as=style`}, []seen{{css, nil}}},
		{"relation list, tabs", []string{"</a.css>; rel=\"\tstylesheet\t\tpreload \"; as=style"}, []seen{{css, nil}}},
		{"relation that contains the word", []string{"</a.css>; rel=preloaded; as=style"}, []seen{{Asset{}, ErrRel}}},
		{"no relation", []string{"</a.css>; as=style"}, []seen{{Asset{}, ErrRel}}},
		{"prefetch is no early fetch", []string{"</a.css>; rel=prefetch; as=style"}, []seen{{Asset{}, ErrRel}}},
		{"first of repeated rel", []string{"</a.css>; rel=preload; rel=stylesheet; as=style"}, []seen{{css, nil}}},
		{"later rel does not count", []string{"</a.css>; rel=stylesheet; rel=preload; as=style"}, []seen{{Asset{}, ErrRel}}},
		{"first of repeated as", []string{"</a.css>; rel=preload; as=style; as=script"}, []seen{{css, nil}}},
		{"trailing semicolons", []string{"</a.css>; rel=preload; as=style;;"}, []seen{{css, nil}}},
		{"unknown parameters", []string{`</a.css>; rel=preload; as=style; nonce=r4nd0m; title*=UTF-8''x%2Cy; x="1"`}, []seen{{css, nil}}},
		{"empty value of a parameter", []string{"</a.css>; rel=preload; as=; type="}, []seen{{Asset{Path: "/a.css"}, nil}}},

		{"nopush", []string{"</a.css>; rel=preload; as=style; nopush"}, []seen{{Asset{Path: "/a.css", As: "style", NoPush: true}, nil}}},
		{"nopush in capitals, with value", []string{"</a.css>; NOPUSH=1; rel=preload; as=style"}, []seen{{Asset{Path: "/a.css", As: "style", NoPush: true}, nil}}},
		{"push only", []string{"</a.css>; rel=preload; x-http2-push-only"}, []seen{{Asset{Path: "/a.css", PushOnly: true}, nil}}},
		{"push only, foreign", []string{"<//b.test/a.css>; rel=preload; x-http2-push-only"}, []seen{{Asset{PushOnly: true}, ErrForeign}}},
		{"crossorigin bare", []string{"</f.woff2>; rel=preload; as=font; crossorigin"}, []seen{{Asset{Path: "/f.woff2", As: "font", CrossOrigin: Anonymous}, nil}}},
		{"crossorigin anonymous", []string{"</f.woff2>; rel=preload; as=font; crossorigin=Anonymous"}, []seen{{Asset{Path: "/f.woff2", As: "font", CrossOrigin: Anonymous}, nil}}},
		{"crossorigin empty", []string{`</f.woff2>; rel=preload; as=font; crossorigin=""`}, []seen{{Asset{Path: "/f.woff2", As: "font", CrossOrigin: Anonymous}, nil}}},
		{"crossorigin unknown", []string{"</f.woff2>; rel=preload; as=font; crossorigin=true"}, []seen{{Asset{Path: "/f.woff2", As: "font", CrossOrigin: Anonymous}, nil}}},
		{"crossorigin with credentials", []string{`</d.json>; rel=preload; as=fetch; crossorigin="use-credentials"`}, []seen{{Asset{Path: "/d.json", As: "fetch", CrossOrigin: UseCredentials}, nil}}},
		{"type bare", []string{"</f.woff2>; rel=preload; as=font; type=font/woff2; crossorigin"}, []seen{{Asset{Path: "/f.woff2", As: "font", Type: "font/woff2", CrossOrigin: Anonymous}, nil}}},
		{"type with parameter", []string{`</a.css>; rel=preload; as=style; type="Text/CSS; charset=utf-8"`}, []seen{{Asset{Path: "/a.css", As: "style", Type: "text/css"}, nil}}},
		{"type that is none", []string{"</a.css>; rel=preload; as=style; type=css"}, []seen{{Asset{As: "style", Type: "css"}, ErrParam}}},
		{"destination that is none", []string{`</a.css>; rel=preload; as="a b"`}, []seen{{Asset{As: "a b"}, ErrParam}}},
		{"fetchpriority", []string{"</a.css>; rel=preload; as=style; fetchpriority=HIGH"}, []seen{{Asset{Path: "/a.css", As: "style", FetchPriority: "high"}, nil}}},
		{"fetchpriority unknown", []string{"</a.css>; rel=preload; as=style; fetchpriority=urgent"}, []seen{{css, nil}}},
		{"integrity", []string{`</a.css>; rel=preload; as=style; integrity="sha256-AA+/= sha512-_-=="`}, []seen{{Asset{Path: "/a.css", As: "style", Integrity: "sha256-AA+/= sha512-_-=="}, nil}}},
		{"integrity with an option", []string{`</a.css>; rel=preload; as=style; integrity="sha256-AA?x"`}, []seen{{Asset{As: "style", Integrity: "sha256-AA?x"}, ErrParam}}},
		{"imagesrcset", []string{`</a.png>; rel=preload; as=image; imagesrcset="a.png 1x, b.png 2x"`}, []seen{{Asset{As: "image"}, ErrConditional}}},
		{"media", []string{`</a.css>; rel=preload; as=style; media="(max-width: 600px)"`}, []seen{{Asset{As: "style"}, ErrConditional}}},
		{"anchor", []string{`</a.css>; rel=preload; as=style; anchor="#x"`}, []seen{{Asset{As: "style"}, ErrConditional}}},
		{"modulepreload", []string{"</m.js>; rel=modulepreload"}, []seen{{Asset{Path: "/m.js", Rel: ModulePreload}, nil}}},
		{"preconnect", []string{"<https://Fonts.Example/x?y>; rel=preconnect; crossorigin"}, []seen{{Asset{Path: "https://fonts.example", Rel: Preconnect, CrossOrigin: Anonymous}, nil}}},
		{"preconnect, scheme of the page, own port", []string{"<//fonts.example:443>; rel=preconnect"}, []seen{{Asset{Path: "https://fonts.example", Rel: Preconnect}, nil}}},
		{"preconnect to an address", []string{"<http://[::1]:8080/>; rel=preconnect"}, []seen{{Asset{Path: "http://[::1]:8080", Rel: Preconnect}, nil}}},
		{"preconnect with a user", []string{"<https://a@b.test>; rel=preconnect"}, []seen{{Asset{Rel: Preconnect}, ErrTarget}}},
		{"preconnect to no host", []string{"<https:>; rel=preconnect", "</x>; rel=preconnect", "<ftp://x>; rel=preconnect"},
			[]seen{{Asset{Rel: Preconnect}, ErrTarget}, {Asset{Rel: Preconnect}, ErrTarget}, {Asset{Rel: Preconnect}, ErrTarget}}},

		{"garbage before", []string{"rubbish, </a.css>; rel=preload; as=style"}, []seen{{Asset{}, ErrSyntax}, {css, nil}}},
		{"garbage behind", []string{"</a.css>; rel=preload; as=style, =;rubbish"}, []seen{{css, nil}, {Asset{}, ErrSyntax}}},
		{"garbage between", []string{`</a.css>; rel=preload; as=style, "q, r" x, </a.css>; rel=preload; as=style`}, []seen{{css, nil}, {Asset{}, ErrSyntax}, {css, nil}}},
		{"text behind the target", []string{"</a.css> rel=preload, </a.css>; rel=preload; as=style"}, []seen{{Asset{}, ErrSyntax}, {css, nil}}},
		{"unquoted words", []string{"</a.css>; rel=preload stylesheet, </a.css>; rel=preload; as=style"}, []seen{{Asset{}, ErrSyntax}, {css, nil}}},
		{"quote inside a bare value", []string{`</a.css>; rel=pre"load", </a.css>; rel=preload; as=style`}, []seen{{Asset{}, ErrSyntax}, {css, nil}}},
		{"bracket never closed", []string{"</a.css; rel=preload", "</a.css>; rel=preload; as=style"}, []seen{{Asset{}, ErrSyntax}, {css, nil}}},
		{"quote never closed", []string{`</x>; title="oh, </a.css>; rel=preload`, "</a.css>; rel=preload; as=style"}, []seen{{Asset{}, ErrSyntax}, {css, nil}}},
		{"backslash at the end", []string{`</x>; title="oh\`, "</a.css>; rel=preload; as=style"}, []seen{{Asset{}, ErrSyntax}, {css, nil}}},
		{"control", []string{"</a.css>; rel=pre\x00load, </a.css>; rel=preload; as=style"}, []seen{{Asset{}, ErrSyntax}, {css, nil}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []seen
			var assets []Asset
			for l := range Links(tt.values, ParseBase(page)) {
				got = append(got, seen{l.Asset, l.Err})
				if l.Err == nil {
					assets = append(assets, l.Asset)
				}
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(seen{}), cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) })); diff != "" {
				t.Errorf("Links(%q) differs (-want +got):\n%s", tt.values, diff)
			}
			if diff := cmp.Diff(assets, Parse(tt.values, page)); diff != "" {
				t.Errorf("Parse does not agree with Links:\n%s", diff)
			}
		})
	}
}

// The addresses of RFC 3986's own examples (section 5.4) that stay on the origin, and those
// that an attacker would write.
// TestF6MediaOfLinks: what applies to every screen is wanted without a condition, as it is where
// a page's HTML says so.
func TestF6MediaOfLinks(t *testing.T) {
	for params, want := range map[string]error{
		`media=all`:                          nil,
		`media=screen`:                       nil,
		`media=" Screen "`:                   nil,
		`media=""`:                           nil,
		`media=all; media=print`:             nil, // the first counts
		`media=print; media=all`:             ErrConditional,
		`media="screen, print"`:              ErrConditional,
		`media="screen and (width > 600px)"`: ErrConditional,
		`media="not all"`:                    ErrConditional,
		`imagesrcset=""; imagesizes=50vw`:    nil,
		`imagesrcset="/b.png 2x"; media=all`: ErrConditional,
		`media=all; anchor="#x"`:             ErrConditional,
	} {
		for l := range Links([]string{"</a.png>; rel=preload; as=image; " + params, "<https://a.example>; rel=preconnect; " + params}, ParseBase(page)) {
			if l.Err != want {
				t.Errorf("%s; %s: %v, want %v", l.Asset.Rel, params, l.Err, want)
			}
		}
	}
}

func TestResolve(t *testing.T) {
	rfc := "http://a/b/c/d;p?q" // the base of the examples; its semicolon is why only replaced parts are tested
	tests := []struct {
		base, ref, want string
		err             error
	}{
		{rfc, "g", "/b/c/g", nil},
		{rfc, "./g", "/b/c/g", nil},
		{rfc, "g/", "/b/c/g/", nil},
		{rfc, "/g", "/g", nil},
		{rfc, "//g", "", ErrForeign},
		{rfc, "g?y", "/b/c/g?y", nil},
		{rfc, "g?y/./x", "/b/c/g?y/./x", nil},
		{rfc, "g?y/../x", "/b/c/g?y/../x", nil},
		{rfc, "g#s", "/b/c/g", nil},
		{rfc, "g#s/../x", "/b/c/g", nil},
		{rfc, ".", "/b/c/", nil},
		{rfc, "./", "/b/c/", nil},
		{rfc, "..", "/b/", nil},
		{rfc, "../", "/b/", nil},
		{rfc, "../g", "/b/g", nil},
		{rfc, "../..", "/", nil},
		{rfc, "../../", "/", nil},
		{rfc, "../../g", "/g", nil},
		{rfc, "../../../g", "/g", nil},
		{rfc, "../../../../g", "/g", nil},
		{rfc, "/./g", "/g", nil},
		{rfc, "/../g", "/g", nil},
		{rfc, "g.", "/b/c/g.", nil},
		{rfc, ".g", "/b/c/.g", nil},
		{rfc, "g..", "/b/c/g..", nil},
		{rfc, "..g", "/b/c/..g", nil},
		{rfc, "./../g", "/b/g", nil},
		{rfc, "./g/.", "/b/c/g/", nil},
		{rfc, "g/./h", "/b/c/g/h", nil},
		{rfc, "g/../h", "/b/c/h", nil},
		{rfc, "http:g", "", ErrForeign},
		{rfc, "g:h", "", ErrForeign},
		{rfc, "", "", ErrTarget},
		{rfc, "#s", "", ErrTarget},

		{page, "a.css", "/dir/a.css", nil},
		{page, "?v=2", "/dir/page?v=2", nil},
		{page, " \t/a.css ", "/a.css", nil},
		{page, "/a.css?v=1&w=2", "/a.css?v=1&w=2", nil},
		{page, "/sprite.svg#icon", "/sprite.svg", nil},
		{page, "https://example.com/a.css", "/a.css", nil},
		{page, "HTTPS://EXAMPLE.COM:443/a.css", "/a.css", nil},
		{page, "https://example.com", "/", nil},
		{page, "https://example.com?x", "/?x", nil},
		{page, "//example.com/a.css", "/a.css", nil},
		{page, "http://example.com/a.css", "", ErrForeign},
		{page, "https://example.com:8443/a.css", "", ErrForeign},
		{page, "https://example.com.evil.test/a.css", "", ErrForeign},
		{page, "https://user@example.com/a.css", "", ErrForeign},
		{page, "https:/example.com/a.css", "", ErrForeign},
		{page, "data:text/css,x", "", ErrForeign},
		{page, "javascript:alert(1)", "", ErrForeign},
		{page, "//evil", "", ErrForeign},
		{page, "///evil", "", ErrForeign},
		{page, `/\evil`, "", ErrTarget},
		{page, `\\evil`, "", ErrTarget},
		{page, "/.//evil", "", ErrTarget}, // dot removal must not make an authority
		{page, "/x/..//evil", "", ErrTarget},
		{page, "/%2e//evil", "", ErrTarget},
		{page, "/%2E%2e/a.css", "/a.css", nil}, // browsers take an encoded dot for a dot
		{page, "/%2e%2e%2e/a.css", "/%2e%2e%2e/a.css", nil},
		{page, "/%0d%0aSet-Cookie:x", "", ErrTarget},
		{page, "/%00", "", ErrTarget},
		{page, "/%7f", "", ErrTarget},
		{page, "/%zz", "", ErrTarget},
		{page, "/%4", "", ErrTarget},
		{page, "/a b", "", ErrTarget},
		{page, "/\u00e4.css", "", ErrTarget},
		{page, "/%C3%A4.css", "/%C3%A4.css", nil},
		{page, "/" + strings.Repeat("a", MaxPath-1), "/" + strings.Repeat("a", MaxPath-1), nil},
		{page, "/" + strings.Repeat("a", MaxPath), "", ErrTarget},

		{"/only/path", "a.css", "/only/a.css", nil},
		{"/only/path", "https://example.com/a.css", "", ErrForeign},
		{"/only/path", "//example.com/a.css", "", ErrForeign},
		{"", "a.css", "/a.css", nil},
		{"*", "a.css", "/a.css", nil}, // the target of OPTIONS *
		{"https://example.com", "a.css", "/a.css", nil},
		{"//x://y/z", "a.css", "", ErrTarget},
	}
	for _, tt := range tests {
		_, got, err := ParseBase(tt.base).Resolve(tt.ref)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("resolve(%q) on %q = %q, %v; want %q, %v", tt.ref, tt.base, got, err, tt.want, tt.err)
		}
	}
}

// A value of any length is used as far as it fits: frameworks write Link fields of 12 kB.
func TestLongValue(t *testing.T) {
	var list []string
	for i := range 300 {
		list = append(list, fmt.Sprintf("</_app/immutable/chunks/%04d.js>; rel=modulepreload", i))
	}
	value := strings.Join(list, ", ")
	read := Parse([]string{value}, "/")
	if len(read) != MaxValueBytes/(len(list[0])+2) {
		t.Errorf("%d links of %d octets are read", len(read), len(value))
	}
	for i, a := range read {
		if want := fmt.Sprintf("/_app/immutable/chunks/%04d.js", i); a.Path != want {
			t.Fatalf("link %d is %s", i, a.Path)
		}
	}
	if kept := Filter([]string{value}, Base{}, func(l Link) bool { return l.Err != nil }); len(kept) != 1 || !strings.HasPrefix(kept[0], list[len(read)]) {
		t.Errorf("what lies behind the bound does not stay: %.80q", kept)
	}
}

// TestHostileLinkBudget holds the reader to its bounds: what lies beyond them is neither read
// nor lost.
func TestHostileLinkBudget(t *testing.T) {
	long := "</a.css>; rel=preload; title=\"" + strings.Repeat("x", MaxValueBytes) + `"`
	many := make([]string, MaxValues+10)
	for i := range many {
		many[i] = fmt.Sprintf("</%d.css>; rel=preload", i)
	}
	for l := range Links([]string{long, many[0]}, Base{}) {
		if want := map[int]error{0: ErrTooLong}[l.Value]; !errors.Is(l.Err, want) {
			t.Errorf("value %d: %v, want %v", l.Value, l.Err, want)
		}
	}
	if got := len(Parse(many, "/")); got != MaxValues {
		t.Errorf("%d values read, want %d", got, MaxValues)
	}
	if got := len(Filter(many, Base{}, func(Link) bool { return false })); got != 10 {
		t.Errorf("%d values left behind the bound, want 10", got)
	}
	packed := strings.Repeat("</a>; rel=preload, ", MaxLinks+10)
	if got := len(Parse([]string{packed}, "/")); got != MaxLinks {
		t.Errorf("%d links read, want %d", got, MaxLinks)
	}
	// Escapes make the reader copy. However they are laid out, it must not copy more than was
	// sent.
	escapes := strings.Repeat(`</a>; title="\x", `, MaxValueBytes/18)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range Links([]string{escapes}, Base{}) {
	}
	runtime.ReadMemStats(&after)
	allocated := after.TotalAlloc - before.TotalAlloc
	if allocated > 4*MaxValueBytes {
		t.Errorf("%d bytes allocated for a value of %d", allocated, len(escapes))
	}
}

func TestFilter(t *testing.T) {
	pushOnly := func(l Link) bool { return !l.Asset.PushOnly }
	tests := []struct {
		name       string
		values     []string
		want       []string
		sameValues bool
	}{
		{"nothing to take", []string{"</a>;rel=preload , </b>;rel=preload"}, []string{"</a>;rel=preload , </b>;rel=preload"}, true},
		{"first", []string{"</a>; rel=preload; x-http2-push-only, </b>;rel=preload ,</c>"}, []string{"</b>;rel=preload ,</c>"}, false},
		{"middle", []string{"</b>;rel=preload ,</a>; rel=preload; x-http2-push-only,  </c>"}, []string{"</b>;rel=preload ,</c>"}, false},
		{"last", []string{"</b>;rel=preload ,</c>\t, </a>; rel=preload; x-http2-push-only "}, []string{"</b>;rel=preload ,</c>"}, false},
		{"two together", []string{"</b>, </a>; x-http2-push-only, </a>; x-http2-push-only, </c>"}, []string{"</b>, </c>"}, false},
		{"all", []string{"</a>; x-http2-push-only, </a>; x-http2-push-only"}, []string{}, false},
		{"one value of three", []string{"</b>", "</a>; x-http2-push-only", "</c>"}, []string{"</b>", "</c>"}, false},
		{"garbage stays", []string{`junk "a, b" , </a>; x-http2-push-only, more=junk`}, []string{`junk "a, b" , more=junk`}, false},
		{"empty values stay", []string{"", "</a>; x-http2-push-only"}, []string{""}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := append([]string(nil), tt.values...)
			got := Filter(tt.values, ParseBase(page), pushOnly)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if same := len(got) > 0 && &got[0] == &tt.values[0]; same != tt.sameValues {
				t.Errorf("same slice: %v, want %v", same, tt.sameValues)
			}
			if diff := cmp.Diff(before, tt.values); diff != "" {
				t.Errorf("the argument changed:\n%s", diff)
			}
		})
	}
}

func FuzzLinks(f *testing.F) {
	f.Add("</a.css>; rel=preload; as=style, </b.js>; rel=preload", "https://example.com/dir/page") // two in a value
	f.Add(`</a>; title="x\", </b>; rel=preload"; rel="a preload"`, "/")                            // an escaped quote hides a comma
	f.Add(`</a>; rel=pre"load, </b>; rel=preload`, "/x/y")                                         // a quote where none may be
	f.Add("<https://example.com/../..//x>; rel=preload", "https://example.com")                    // dots that would make an authority
	f.Add("<a>; rel=preload; x-http2-push-only,,, <?v>; rel=modulepreload;nopush", "/d/e?f")       // relative, with flags
	f.Add("<//h:443>; rel=preconnect; crossorigin=use-credentials", "https://h/")                  // an origin
	testkit.Corpus(f, "url", func(url []byte) { f.Add("<"+string(url)+">; rel=preload", "https://example.com/a/b") })
	f.Fuzz(func(t *testing.T, value, base string) {
		end := 0
		var links []Link
		for l := range Links([]string{value}, ParseBase(base)) {
			if l.Start < end || l.End <= l.Start || l.End > len(value) {
				t.Fatalf("place [%d, %d) behind %d in %d bytes", l.Start, l.End, end, len(value))
			}
			end = l.End
			links = append(links, l)
			if l.Err != nil {
				if l.Asset.Path != "" {
					t.Fatalf("refused (%v) with path %q", l.Err, l.Asset.Path)
				}
				continue
			}
			if !l.Asset.Valid() {
				t.Fatalf("delivered an asset that is not valid: %+v", l.Asset)
			}
			roundTrip(t, l.Asset)
		}
		// A link cut out by its place reads as it did among its neighbours.
		for _, l := range links {
			n := 0
			for alone := range Links([]string{value[l.Start:l.End]}, ParseBase(base)) {
				n++
				if alone.Asset != l.Asset || alone.Err != l.Err {
					t.Fatalf("%q alone: %+v, among others: %+v", value[l.Start:l.End], alone, l)
				}
			}
			if n != 1 {
				t.Fatalf("%q is %d links", value[l.Start:l.End], n)
			}
		}
		// Filter leaves exactly the links that it was told to keep.
		keep := func(l Link) bool { return l.Start%3 != 0 }
		var want []string
		for _, l := range links {
			if keep(l) {
				want = append(want, value[l.Start:l.End])
			}
		}
		var got []string
		left := Filter([]string{value}, ParseBase(base), keep)
		for l := range Links(left, ParseBase(base)) {
			got = append(got, left[l.Value][l.Start:l.End])
		}
		if len(value) <= MaxValueBytes && !cmp.Equal(want, got) {
			t.Fatalf("Filter(%q) = %q: %q left, want %q", value, left, got, want)
		}
	})
}

func BenchmarkLinks(b *testing.B) {
	ten := make([]string, 10)
	for i := range ten {
		ten[i] = fmt.Sprintf("</assets/app-%d.css>; rel=preload; as=style; crossorigin; type=\"text/css\"", i)
	}
	for _, bb := range []struct {
		name   string
		values []string
	}{
		{"ten", ten},
		{"joined", []string{strings.Join(ten, ", ")}},
		{"escapes", []string{strings.Repeat(`</a>; title="\x", `, MaxValueBytes/18)}},
		{"brackets", []string{strings.Repeat("<", MaxValueBytes)}},
		{"commas", []string{strings.Repeat(",", MaxValueBytes)}},
		{"dots", []string{"</" + strings.Repeat("../", 2700) + ">; rel=preload"}},
	} {
		size := 0
		for _, v := range bb.values {
			size += len(v)
		}
		base := ParseBase(page)
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				for range Links(bb.values, base) {
				}
			}
		})
	}
}
