package link

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/cache-aware/casper/server/internal/testkit"
)

func roundTrip(t testing.TB, a Asset) {
	t.Helper()
	s := a.String()
	if got := Parse([]string{s}, ""); len(got) != 1 || got[0] != a {
		t.Fatalf("%+v is written %q and read as %+v", a, s, got)
	}
}

func TestAppend(t *testing.T) {
	tests := []struct {
		asset       Asset
		hint, final string
	}{
		{Asset{Path: "/a.css", As: "style"}, "</a.css>; rel=preload; as=style", ""},
		{Asset{Path: "/f.woff2", As: "font", Type: "font/woff2", CrossOrigin: Anonymous}, `</f.woff2>; rel=preload; as=font; crossorigin; type="font/woff2"`, ""},
		{Asset{Path: "/d", As: "fetch", CrossOrigin: UseCredentials}, "</d>; rel=preload; as=fetch; crossorigin=use-credentials", ""},
		{Asset{Path: "/a.js", As: "script", FetchPriority: "high", Integrity: "sha256-AA="}, `</a.js>; rel=preload; as=script; fetchpriority=high; integrity="sha256-AA="`, ""},
		{Asset{Path: "/m.js", Rel: ModulePreload}, "</m.js>; rel=modulepreload", ""},
		{Asset{Path: "https://b.test:8443", Rel: Preconnect}, "<https://b.test:8443>; rel=preconnect", ""},
		// Chromium drops the whole hint for one parameter that it does not know.
		{Asset{Path: "/a.css", As: "style", NoPush: true}, "</a.css>; rel=preload; as=style", "</a.css>; rel=preload; as=style; nopush"},
		{Asset{Path: "/a.css", PushOnly: true}, "</a.css>; rel=preload", "</a.css>; rel=preload; x-http2-push-only"},
		{Asset{}, "", ""},
		{Asset{Path: "/a,b"}, "", ""},
	}
	for _, tt := range tests {
		if tt.final == "" {
			tt.final = tt.hint
		}
		if got := string(tt.asset.Append([]byte("x: "))); got != "x: "+tt.hint {
			t.Errorf("Append(%+v) = %q, want %q", tt.asset, got, tt.hint)
		}
		if got := tt.asset.String(); got != tt.final {
			t.Errorf("String(%+v) = %q, want %q", tt.asset, got, tt.final)
		}
	}
}

// TestLinkInjection is threat T10: no text can end the link and begin another, leave the
// origin, or split the header.
func TestLinkInjection(t *testing.T) {
	good := Asset{Path: "/a.css", As: "style", Type: "text/css", FetchPriority: "low", Integrity: "sha256-AA="}
	if !good.Valid() {
		t.Fatal("the asset to spoil is not valid")
	}
	hostile := []string{
		"", " ", "a.css", "//evil", "///evil", `/\evil`, "/%0d%0a", "/%0D%0ASet-Cookie: a=b", "/a>,<", "/a>, <https://evil.example/>; rel=preconnect", "/a\r\nSet-Cookie: a=b",
		"/a;b", "/a,b", `/a"b`, "/a b", "/a\tb", "/a\x00b", "/a\x7fb", "/\u00e9", "/\xff", "/a#b", "/a`b", "/{a}", "/%", "/%1", "/%1g", "/%00", "/%1f", "/%7F",
		"/.", "/..", "/./a", "/a/../b", "/%2e/a", "/a/%2E%2e", "https://evil.example/", "javascript:alert(1)", strings.Repeat("/a", MaxPath),
	}
	for _, s := range hostile {
		for field, a := range map[string]Asset{
			"path":          {Path: s, As: "style"},
			"as":            {Path: "/a", As: s + ";"},
			"type":          {Path: "/a", Type: s + `"`},
			"integrity":     {Path: "/a", Integrity: s + `"`},
			"fetchpriority": {Path: "/a", FetchPriority: s + ";"},
			"origin":        {Path: "https://" + s + "/", Rel: Preconnect},
			"other origin":  {Origin: "https://" + s + "/", Path: "/a", As: "style"},
			"origin twice":  {Origin: "https://a.example", Path: "https://b.example", Rel: Preconnect},
			"relation":      {Path: "/a", Rel: Preconnect + 1},
			"crossorigin":   {Path: "/a", CrossOrigin: UseCredentials + 1},
		} {
			if a.Valid() || a.Hintable() || a.String() != "" || len(a.Append(nil)) > 0 {
				t.Errorf("%s: %q was taken: %q", field, s, a)
			}
		}
	}
}

// What lies on another origin is read where it is asked for, in one spelling, and read back.
func TestForeign(t *testing.T) {
	page := Base{Scheme: "https", Authority: "example.com", Path: "/dir/page", Foreign: true}
	for target, want := range map[string]string{
		"https://cdn.example/a.css":       "https://cdn.example/a.css",
		"HTTPS://CDN.Example:443/A.css?v": "https://cdn.example/A.css?v",
		"//cdn.example/b/../a.css#x":      "https://cdn.example/a.css",
		"http://example.com/a.css":        "http://example.com/a.css",
		"https://cdn.example":             "https://cdn.example/",
		"https://cdn.example?v":           "https://cdn.example/?v",
		"https://example.com/a.css":       "/a.css",
		"a.css":                           "/dir/a.css",
		"data:text/css,":                  "",
		"ftp://cdn.example/a":             "",
		"https://cdn.example/a,b":         "",
		"https://u:p@cdn.example/a":       "",
		"https://cdn.example/%00":         "",
	} {
		var got Asset
		for l := range Links([]string{"<" + target + ">; rel=preload; as=style; nopush"}, page) {
			got = l.Asset
		}
		if got.Origin+got.Path != want || got.Valid() != (want != "") || (got.Origin != "") != strings.Contains(want, "://") {
			t.Errorf("%s: %+v, valid %t; want %q", target, got, got.Valid(), want)
		}
		if want == "" {
			continue
		}
		for l := range Links([]string{got.String()}, page) {
			if l.Asset != got {
				t.Errorf("%s is read back as %+v", got, l.Asset)
			}
		}
		if own := Parse([]string{got.String()}, "https://example.com/dir/page"); (got.Origin != "") != (len(own) == 0) {
			t.Errorf("%s: %v without Base.Foreign", got, own)
		}
	}
}

// What a 103 may have of a link: all that a browser knows, and nothing that is for servers.
func TestEarly(t *testing.T) {
	for value, want := range map[string]string{
		"</a.css>; rel=preload; as=style; nopush":                               "</a.css>; rel=preload; as=style",
		`</a.css>; rel="preload"; as=style; x-y=1`:                              "</a.css>; rel=preload; as=style",
		"<https://cdn.example>; rel=dns-prefetch":                               "<https://cdn.example>; rel=dns-prefetch",
		"</a,b.css>; rel=preload; as=style; nopush":                             "</a,b.css>; rel=preload; as=style",
		`</h.png>; rel=preload; NoPush ; as=image; imagesrcset="a 1x; b, push"`: `</h.png>; rel=preload; as=image; imagesrcset="a 1x; b, push"`,
		"</p>; rel=push; x-http2-push-only=1":                                   "</p>; rel=push",
		"<https://cdn.example/a.css>; rel=preload; as=style":                    "<https://cdn.example/a.css>; rel=preload; as=style",
		"no link": "",
	} {
		for l := range Links([]string{value}, Base{}) {
			if got := l.Early(value); got != want {
				t.Errorf("%s: %q, want %q", value, got, want)
			}
		}
	}
}

// TestAssetRoundTrip is the other half of T10: of a million assets, drawn mostly from the characters that matter, every valid one is read
// back as itself and nothing else, and its text is a field value that net/http sends untouched.
func TestAssetRoundTrip(t *testing.T) {
	n := 1_000_000
	if testing.Short() || testkit.Race {
		n = 50_000
	}
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 1))
	valid := 0
	for range n {
		a := randomAsset(rnd)
		if !a.Valid() {
			if a.String() != "" {
				t.Fatalf("seed %d: invalid asset written: %+v", seed, a)
			}
			continue
		}
		valid++
		roundTrip(t, a)
		hint := Parse([]string{string(a.Append(nil))}, "")
		a.NoPush, a.PushOnly = false, false
		if len(hint) != 1 || hint[0] != a {
			t.Fatalf("seed %d: the hint of %+v is read as %+v", seed, a, hint)
		}
	}
	if valid < n/4 || valid > n*9/10 {
		t.Errorf("seed %d: %d of %d assets were valid: the generator has lost its edge", seed, valid, n)
	}
}

var (
	pathPieces = []string{"/", "a", "b.css", "/x/", "?v=1", "&", "%41", "%2e", "%0a", ".", "..", "/../", ",", ";", ">", "<", `"`, `\`, " ", "#", ":", "//", "é", "%", "~", "[", "\x00", "@"}
	someAs     = []string{"", "style", "script", "font", "image", "fetch", "worker", "x-y", "", "St", "a b", `a"`, "a,b"}
	someTypes  = []string{"", "text/css", "font/woff2", "image/svg+xml", "", "text", "a/b/c", `a/"`, "Text/css", "a/b;c"}
	someHashes = []string{"", "", "sha256-AA=", "sha256-AA= sha512-__--", " sha256", "a  b", "a?b", `a"`}
	priorities = []string{"", "", "high", "low", "auto", "urgent"}
	origins    = []string{"https://a.test", "http://a.test:8080", "https://[::1]:9", "https://A.test", "ftp://a", "https://a.test:443", "https://a/", "https://", "https://a,b"}
)

func randomAsset(r *rand.Rand) Asset {
	pick := func(of []string) string { return of[r.IntN(len(of))] }
	a := Asset{Rel: Rel(r.IntN(8) / 3), CrossOrigin: CrossOrigin(r.IntN(3)), NoPush: r.IntN(4) == 0, PushOnly: r.IntN(4) == 0}
	if a.Rel == Preconnect {
		a.Path = pick(origins)
		return a
	}
	a.As, a.Type, a.Integrity, a.FetchPriority = "style", "text/css", "", ""
	switch r.IntN(8) { // one field at a time is hostile, so that a good share stays valid
	case 0:
		a.As = pick(someAs)
	case 1:
		a.Type = pick(someTypes)
	case 2:
		a.Integrity = pick(someHashes)
	case 3:
		a.FetchPriority = pick(priorities)
	}
	a.Path = "/" + pick([]string{"a", "p", "x-"})
	good := r.IntN(10) > 0
	for range r.IntN(5) {
		pieces := pathPieces
		if good {
			pieces = pathPieces[1:7]
		}
		a.Path += pick(pieces)
	}
	return a
}

func FuzzAsset(f *testing.F) {
	f.Add("/a.css", "style", "text/css", "sha256-AA=", "high", uint8(0))
	f.Add("/a>, <https://evil.example/>; rel=preconnect", "", "", "", "", uint8(1))     // list injection (F5)
	f.Add("/a\r\nSet-Cookie: x=y", "script", `a/b"; rel="x`, `"`, "low", uint8(7))      // header injection
	f.Add("https://b.test", "", "", "", "", uint8(2|1<<4))                              // an origin
	f.Add("/%2e%2e//evil", "font", "font/woff2", "sha256-A sha384-B", "auto", uint8(5)) // dots that hide an authority
	f.Fuzz(func(t *testing.T, path, as, mediaType, integrity, priority string, bits uint8) {
		a := Asset{Path: path, As: as, Type: mediaType, Integrity: integrity, FetchPriority: priority,
			Rel: Rel(bits & 3), CrossOrigin: CrossOrigin(bits >> 2 & 3), NoPush: bits&16 != 0, PushOnly: bits&32 != 0}
		s := a.String()
		if !a.Valid() {
			if s != "" || a.Hintable() {
				t.Fatalf("not valid, yet written %q", s)
			}
			return
		}
		roundTrip(t, a)
		for i := range len(s) {
			if s[i] < ' ' || s[i] > '~' {
				t.Fatalf("%q is not a plain field value", s)
			}
		}
		if a.Rel != Preconnect {
			if _, err := http.NewRequest("GET", "https://example.com"+a.Path, nil); err != nil {
				t.Fatalf("net/http cannot push it: %v", err)
			}
		}
	})
}

func TestHintable(t *testing.T) {
	for a, want := range map[Asset]bool{
		{Path: "/a.css", As: "style"}:                          true,
		{Path: "/a.js", As: "script"}:                          true,
		{Path: "/a.png", As: "image"}:                          true,
		{Path: "/a.json", As: "fetch"}:                         true,
		{Path: "/a.woff2", As: "font", CrossOrigin: Anonymous}: true,
		{Path: "/a.woff2", As: "font"}:                         false,
		{Path: "/a.js", Rel: ModulePreload}:                    true,
		{Path: "https://b.test", Rel: Preconnect}:              true,
		{Path: "/a.css", As: "style", NoPush: true}:            true,
		{Path: "/a.css", As: "style", PushOnly: true}:          false,
		{Path: "/a.css"}:                                       false,
		{Path: "/a.js", As: "worker"}:                          false,
		{Path: "/a,b.css", As: "style"}:                        false,
	} {
		if got := a.Hintable(); got != want {
			t.Errorf("%+v: %v, want %v", a, got, want)
		}
	}
}

func TestGuess(t *testing.T) {
	tests := []struct {
		target, mediaType string
		want              Asset
	}{
		{"/a.css", "", Asset{As: "style", Type: "text/css"}},
		{"/a.CSS?v=1.js", "", Asset{As: "style", Type: "text/css"}},
		{"/a.js", "application/javascript; charset=utf-8", Asset{As: "script", Type: "text/javascript"}},
		{"/a.mjs", "text/javascript", Asset{Type: "text/javascript", Rel: ModulePreload}},
		{"/f.woff2", "", Asset{As: "font", Type: "font/woff2", CrossOrigin: Anonymous}},
		{"/f", "font/woff2", Asset{As: "font", Type: "font/woff2", CrossOrigin: Anonymous}},
		{"/i.png", "image/webp", Asset{As: "image", Type: "image/webp"}}, // what a converting server sends
		{"/style", "Text/CSS", Asset{As: "style", Type: "text/css"}},
		{"/app", "application/x-javascript", Asset{As: "script", Type: "application/x-javascript"}},
		{"/api", "application/ld+json", Asset{As: "fetch", Type: "application/ld+json", CrossOrigin: Anonymous}},
		{"/t.vtt", "", Asset{As: "track", Type: "text/vtt"}},
		{"/a.css", "text/html", Asset{Type: "text/html"}}, // an error page under the name of a style sheet
		{"/a.css", "nonsense", Asset{As: "style", Type: "text/css"}},
		{"/page", "", Asset{}},
		{"/", "text/html", Asset{Type: "text/html"}},
	}
	for _, tt := range tests {
		tt.want.Path = tt.target
		if got := Guess(tt.target, tt.mediaType); got != tt.want {
			t.Errorf("Guess(%q, %q) = %+v, want %+v", tt.target, tt.mediaType, got, tt.want)
		}
	}
}

func TestBlocking(t *testing.T) {
	for mediaType, want := range map[string]bool{
		"text/css": true, "Text/CSS; charset=utf-8": true, "application/javascript": true, "text/javascript": true, "application/x-javascript": true,
		"text/ecmascript": true, "application/ecmascript": true, "text/html": false, "application/json": false, "image/png": false, "font/woff2": false, "": false, "text/css2": false,
	} {
		if got := Blocking(mediaType); got != want {
			t.Errorf("Blocking(%q) = %v", mediaType, got)
		}
	}
}

func TestNoAllocs(t *testing.T) {
	a := Asset{Path: "/assets/app-3f2a9c1b.css", As: "style", Type: "text/css", CrossOrigin: Anonymous, Integrity: "sha256-AA="}
	dst := make([]byte, 0, 512)
	values := []string{a.String() + ", " + a.String()}
	base := ParseBase(page)
	for name, f := range map[string]func(){
		"Append":   func() { dst = a.Append(dst[:0]) },
		"Valid":    func() { a.Valid() },
		"Blocking": func() { Blocking("text/css") },
		"Guess":    func() { Guess(a.Path, "text/css") },
		"Links": func() {
			for range Links(values, base) {
			}
		},
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	a := Asset{Path: "/assets/app-3f2a9c1b.css", As: "style", Type: "text/css", CrossOrigin: Anonymous}
	dst := make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		dst = a.Append(dst[:0])
	}
}
