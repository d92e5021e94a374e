package signals

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/cache-aware/casper/server/link"
)

func TestScanHTML(t *testing.T) {
	for _, c := range []struct {
		name, html, base string
		want             []string
	}{
		{"a page", `<!doctype html><html><head><title><script src="/not.js"></title>
			<link rel="stylesheet" href="/main.css"><link rel=STYLESHEET href=print.css media=print>
			<link rel="preload" href="/t.woff2" as="font" type="font/woff2" crossorigin>
			<link rel="modulepreload" href="/m.mjs"><link rel="icon" href="/i.png"><link rel="alternate stylesheet" href="/dark.css">
			<script src="/head.js"></script><script type="module" src="/app.mjs"></script><script nomodule src="/old.js"></script>
			<script async src="/async.js"></script></head><body><img src="/hero.avif" fetchpriority="high"><img src="/small.png">
			<script type="application/json" src="/data.json"></script><script>var s = '<link rel="stylesheet" href="/no.css">'</script>
			<!-- <link rel="stylesheet" href="/no.css"> --><noscript><link rel="stylesheet" href="/noscript.css"></noscript>
			<template><script src="/template.js"></script></template><script src="/end.js"></script></body></html>`,
			"/shop/", []string{
				`</main.css>; rel=preload; as=style`,
				`</t.woff2>; rel=preload; as=font; crossorigin; type="font/woff2"`,
				`</m.mjs>; rel=modulepreload`,
				`</head.js>; rel=preload; as=script`,
				`</app.mjs>; rel=modulepreload`,
				`</async.js>; rel=preload; as=script; fetchpriority=low`,
				`</hero.avif>; rel=preload; as=image; fetchpriority=high`,
				`</end.js>; rel=preload; as=script`,
			}},
		{"relative", `<script src=a.js></script><script src=../b.js></script><script src="?c"></script>`, "/x/y", []string{
			`</x/a.js>; rel=preload; as=script`, `</b.js>; rel=preload; as=script`, `</x/y?c>; rel=preload; as=script`}},
		{"absolute", `<script src="https://example.com/a.js"></script><script src="//example.com/b.js"></script><script src="https://cdn.example/c.js"></script>`,
			"https://example.com/", []string{`</a.js>; rel=preload; as=script`, `</b.js>; rel=preload; as=script`}},
		{"absolute, origin not known", `<script src="https://example.com/a.js"></script>`, "/", nil},
		{"base", `<base href="/dir/"><base href="/second/"><script src="a.js"></script>`, "/x/", []string{`</dir/a.js>; rel=preload; as=script`}},
		{"base elsewhere", `<base href="https://cdn.example/"><script src="a.js"></script><script src="/b.js"></script><script src="https://example.com/c.js"></script>`,
			"https://example.com/", []string{`</c.js>; rel=preload; as=script`}},
		{"integrity", `<script src=/a.js integrity=" sha384-abc  sha512-def " crossorigin=use-credentials></script>`, "/",
			[]string{`</a.js>; rel=preload; as=script; crossorigin=use-credentials; integrity="sha384-abc sha512-def"`}},
		{"bad integrity", `<script src=/a.js integrity="x&quot;>, </evil>"></script>`, "/", []string{`</a.js>; rel=preload; as=script`}},
		{"names of tags", "<LINK rel=stylesheet href=/a.css><Script\nsrc=/b.js></sCRIPT\t><link/rel=stylesheet/href=/c.css><linkx rel=stylesheet href=/no.css>" +
			"<lin rel=stylesheet href=/no.css><link\x00 rel=stylesheet href=/no.css><a-very-long-name><NOSCRIPT><script src=/no.js></script></NoScript ><base/>", "/",
			[]string{`</a.css>; rel=preload; as=style`, `</b.js>; rel=preload; as=script`}},
		{"twice", `<script src=/a.js></script><script src=/a.js></script>`, "/", []string{`</a.js>; rel=preload; as=script`}},
		{"first attribute counts", `<script src=/a.js src=/b.js></script>`, "/", []string{`</a.js>; rel=preload; as=script`}},
		{"entities and spaces", `<link rel="preload stylesheet" href=" /a.css?b=1&amp;c=2 ">`, "/", []string{`</a.css?b=1&c=2>; rel=preload; as=style`}},
		{"injection", `<script src="/a>; rel=preconnect, <https://evil.example/"></script><script src="javascript:x"></script><script src="data:,x"></script>`, "/", nil},
		{"nothing to load", `<link rel=stylesheet><script></script><img fetchpriority=high><base><link href=/a.css>`, "/", nil},
		{"disabled", `<link rel=stylesheet href=/a.css disabled><link rel=stylesheet media="(min-width: 1px)" href=/b.css><link rel=stylesheet media=" ALL " href=/c.css>`, "/",
			[]string{`</c.css>; rel=preload; as=style`}},
		{"broken", `<link rel=stylesheet href=/a.css<script src=/b.js`, "/", nil},
		{"torn", `<script src=/a.js></script><link rel=stylesheet href="/b`, "/", []string{`</a.js>; rel=preload; as=script`}},
		{"preload of nothing known", `<link rel=preload href=/a>`, "/", nil},
		{"empty", ``, "/", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, r := range map[string]io.Reader{"": strings.NewReader(c.html), "byte by byte: ": iotest.OneByteReader(strings.NewReader(c.html))} {
				list, err := ScanHTML(r, link.ParseBase(c.base))
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, a := range list {
					got = append(got, a.String())
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Error(name, diff)
				}
			}
		})
	}
}

// What is read and what is returned have their bounds, and a document that is all one tag
// costs no more than another.
func TestScanHTMLBounds(t *testing.T) {
	many := strings.Repeat("<script src=/a.js></script>", 100) + strings.Repeat(" ", maxHTML) + "<script src=/late.js></script>"
	if got, err := ScanHTML(strings.NewReader(many), link.Base{}); err != nil || len(got) != 1 {
		t.Errorf("%d assets, %v", len(got), err)
	}
	var b strings.Builder
	for i := range 2000 {
		b.WriteString("<script src=/" + strings.Repeat("a", i%90) + string(rune('a'+i%26)) + "></script>")
	}
	if got, _ := ScanHTML(strings.NewReader(b.String()), link.Base{}); len(got) > maxHTMLAssets {
		t.Errorf("%d assets", len(got))
	}
	huge := "<script src=/a.js></script><div title=\"" + strings.Repeat("x", 2*maxHTMLTag) + "\"><script src=/b.js></script>"
	if got, err := ScanHTML(strings.NewReader(huge), link.Base{}); err != nil || len(got) != 1 {
		t.Errorf("%d assets, %v", len(got), err)
	}
	if got, err := ScanHTML(io.MultiReader(strings.NewReader("<script src=/a.js></script>"), iotest.ErrReader(os.ErrClosed)), link.Base{}); !errors.Is(err, os.ErrClosed) || len(got) != 1 {
		t.Errorf("%d assets, %v", len(got), err)
	}
}

// scanned returns what a document names, as Link values.
func scanned(t *testing.T, document, base string) (links []string) {
	t.Helper()
	list, err := ScanHTML(strings.NewReader(document), link.ParseBase(base))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		links = append(links, a.String())
	}
	return links
}

// TestF6ResponsiveImages: which file of a responsive image is asked for depends on the screen, on
// the formats that the browser reads, or on where the reader has scrolled to. Early, none is right.
func TestF6ResponsiveImages(t *testing.T) {
	const hint = `</hero.png>; rel=preload; as=image; fetchpriority=high`
	for _, c := range []struct {
		html string
		want []string
	}{
		{`<img fetchpriority=high src=/hero.png>`, []string{hint}},
		{`<img fetchpriority=high src=/hero.png srcset="/hero-400.png 400w, /hero-800.png 800w" sizes=100vw>`, nil},
		{`<img fetchpriority=high src=/hero.png srcset="/hero-2x.png 2x">`, nil},
		{`<img fetchpriority=high src=/hero.png srcset=" " sizes=100vw>`, []string{hint}}, // no candidates but src
		{`<img fetchpriority=high src=/hero.png loading=LAZY>`, nil},
		{`<img fetchpriority=high src=/hero.png loading=eager>`, []string{hint}},
		{`<picture><source type=image/avif srcset=/hero.avif><img fetchpriority=high src=/hero.png></picture>`, nil},
		{`<picture><source media="(min-width: 40em)" srcset=/wide.png><img fetchpriority=high src=/hero.png></picture>`, nil},
		{`<picture><source srcset=/hero.avif></picture><img fetchpriority=high src=/hero.png>`, []string{hint}},
		{`<picture><img fetchpriority=high src=/hero.png><source srcset=/late.avif></picture>`, []string{hint}}, // a source counts before the image
		{`<picture><source type=image/avif><img fetchpriority=high src=/hero.png></picture>`, []string{hint}},   // it offers nothing
		{`<video><source srcset=/hero.avif></video><img fetchpriority=high src=/hero.png>`, []string{hint}},
		{`<noscript><picture><source srcset=/hero.avif></noscript><img fetchpriority=high src=/hero.png>`, []string{hint}},

		{`<link rel=preload as=image href=/hero.png fetchpriority=high>`, []string{hint}},
		{`<link rel=preload as=image href=/hero.png imagesrcset="/hero-400.png 400w" imagesizes=50vw>`, nil},
		{`<link rel=preload as=image href=/hero.png fetchpriority=high imagesrcset="">`, []string{hint}},
		{`<link rel=preload as=image href=/hero.png media="(max-width: 40em)">`, nil},
		{`<link rel=preload as=image href=/hero.png media=screen fetchpriority=high>`, []string{hint}},
	} {
		if diff := cmp.Diff(c.want, scanned(t, c.html, "/")); diff != "" {
			t.Error(c.html, diff)
		}
	}
}

// TestF6StyleSheetType: what is no CSS is not fetched as a style sheet.
func TestF6StyleSheetType(t *testing.T) {
	for _, c := range []struct {
		html string
		want []string
	}{
		{`<link rel=stylesheet type=text/less href=/a.less>`, nil},
		{`<link rel="stylesheet/less" type=text/css href=/a.less>`, nil},
		{`<link rel=stylesheet type="text/x-scss; charset=utf-8" href=/a.scss>`, nil},
		{`<link rel=stylesheet type="Text/CSS; charset=utf-8" href=/a.css>`, []string{`</a.css>; rel=preload; as=style`}},
		{`<link rel=stylesheet type="" href=/a.css>`, []string{`</a.css>; rel=preload; as=style`}},
	} {
		if diff := cmp.Diff(c.want, scanned(t, c.html, "/")); diff != "" {
			t.Error(c.html, diff)
		}
	}
}

// TestF6References: a reference is what a browser makes of it (URL standard, section 4.4), so that
// the hint and the page ask for one and the same file.
func TestF6References(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{`/my file.js`, `/my%20file.js`},
		{`/größe/日本.js`, `/gr%C3%B6%C3%9Fe/%E6%97%A5%E6%9C%AC.js`},
		{`/gr&ouml;&szlig;e.js`, `/gr%C3%B6%C3%9Fe.js`},
		{"/a{b}`c`&lt;d&gt;&quot;e&quot;.js", `/a%7Bb%7D%60c%60%3Cd%3E%22e%22.js`},
		{`/a'b.js?c='d'`, `/a'b.js?c=%27d%27`},
		{`/a.js?q=ä ö`, `/a.js?q=%C3%A4%20%C3%B6`},
		{`/a.js?{b}`, ``}, // a brace stays as it is in a query, and may not stand in a Link
		{`/a%20b.js`, `/a%20b.js`},
		{`  /a.js
`, `/a.js`},
		{"/a\n\t/b.js", `/a/b.js`},
		{`/a\b.js`, `/a/b.js`},
		{`\\cdn.example\a.js`, ``},
		{`/\cdn.example/a.js`, ``},
		{`/a.js#b c`, `/a.js`},
		{`/100%.js`, ``},       // sent as it is, and no server agrees with another on it
		{"/latin\xe41.js", ``}, // a document of another encoding
		{`/a,b.js`, ``},
		{`/a;b.js`, ``},
		{`/a>; rel=preload, </evil.js`, ``},
		{`/a.js?u=https://cdn.example/`, `/a.js?u=https://cdn.example/`},
	} {
		got := ""
		for _, l := range scanned(t, `<script src="`+c.src+`"></script>`, "https://example.com/") {
			got, _, _ = strings.Cut(strings.TrimPrefix(l, "<"), ">")
		}
		if got != c.want {
			t.Errorf("%q: %q, want %q", c.src, got, c.want)
		}
	}
	if got := scanned(t, `<base href="https://cdn.example/"><script src="/a.js?u=https://example.com/"></script>`, "https://example.com/"); got != nil {
		t.Errorf("a file of another origin: %q", got)
	}
}

// What a page waits for on other origins is found where the base takes it, and an origin is the
// document's own whatever a base element says.
func TestScanForeign(t *testing.T) {
	base := link.Base{Scheme: "https", Authority: "example.com", Path: "/shop/", Foreign: true}
	for _, c := range []struct {
		html string
		want []string
	}{
		{`<link rel=stylesheet href=https://cdn.example/a.css><link rel=stylesheet href=//CDN.example:443/b.css crossorigin>`,
			[]string{`<https://cdn.example/a.css>; rel=preload; as=style`, `<https://cdn.example/b.css>; rel=preload; as=style; crossorigin`}},
		{`<link rel=preload as=font type=font/woff2 crossorigin href=https://fonts.example/x.woff2>`,
			[]string{`<https://fonts.example/x.woff2>; rel=preload; as=font; crossorigin; type="font/woff2"`}},
		{`<script src=//cdn.example/a.js></script><script defer src=//cdn.example/b.js></script><script type=module src=//cdn.example/c.js></script>`,
			[]string{`<https://cdn.example/a.js>; rel=preload; as=script`, `<https://cdn.example/b.js>; rel=preload; as=script; fetchpriority=low`, `<https://cdn.example/c.js>; rel=modulepreload`}},
		// Nothing waits for these, and most count visitors.
		{`<script async src=//count.example/a.js></script><script async type=module src=//count.example/b.js></script><script async src=/c.js></script>`,
			[]string{`</c.js>; rel=preload; as=script; fetchpriority=low`}},
		{`<script src=//a.example/x.js></script><script src=//b.example/x.js></script><script src=/x.js></script>`,
			[]string{`<https://a.example/x.js>; rel=preload; as=script`, `<https://b.example/x.js>; rel=preload; as=script`, `</x.js>; rel=preload; as=script`}},
		{`<base href=https://cdn.example/v2/><link rel=stylesheet href=a.css><link rel=stylesheet href=/b.css><link rel=stylesheet href=https://EXAMPLE.com/c.css>` +
			`<link rel=preconnect href=/><link rel=preconnect href=https://example.com>`,
			[]string{`<https://cdn.example/v2/a.css>; rel=preload; as=style`, `<https://cdn.example/b.css>; rel=preload; as=style`, `</c.css>; rel=preload; as=style`, `<https://cdn.example>; rel=preconnect`}},
		{`<base href=data:,x><link rel=stylesheet href=a.css><link rel=stylesheet href=//cdn.example/b.css>`, []string{`<https://cdn.example/b.css>; rel=preload; as=style`}},
		{`<link rel=stylesheet href=ftp://cdn.example/a.css><link rel=stylesheet href=https:a.css><link rel=stylesheet href="https://a b.example/a.css"><link rel=stylesheet href=https://u:p@cdn.example/a.css>`, nil},
	} {
		list, err := ScanHTML(strings.NewReader(c.html), base)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, a := range list {
			got = append(got, a.String())
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Error(c.html, diff)
		}
	}
	base.Scheme = "" // which origin is the document's own is not known
	if list, _ := ScanHTML(strings.NewReader(`<script src=https://example.com/a.js></script>`), base); list != nil {
		t.Errorf("found %v", list)
	}
}

// TestScanPreconnect: Safari acts on connections alone.
func TestScanPreconnect(t *testing.T) {
	for _, c := range []struct {
		html string
		want []string
	}{
		{`<link rel=preconnect href=https://fonts.googleapis.com><link rel=preconnect href=https://fonts.gstatic.com crossorigin>`,
			[]string{`<https://fonts.googleapis.com>; rel=preconnect`, `<https://fonts.gstatic.com>; rel=preconnect; crossorigin`}},
		{`<link rel="dns-prefetch preconnect" href="HTTPS://CDN.example:443/x/y?z" crossorigin=use-credentials>`,
			[]string{`<https://cdn.example>; rel=preconnect; crossorigin=use-credentials`}},
		{`<link rel=preconnect href=//cdn.example integrity=sha256-x fetchpriority=high type=a/b as=style>`, []string{`<https://cdn.example>; rel=preconnect`}},
		// Connections with and without credentials are two.
		{`<link rel=preconnect href=//a.example><link rel=preconnect href=//a.example crossorigin><link rel=preconnect href=https://a.example/ crossorigin>`,
			[]string{`<https://a.example>; rel=preconnect`, `<https://a.example>; rel=preconnect; crossorigin`}},
		{`<link rel=preconnect href=https://example.com/><link rel=preconnect href=//example.com:443 crossorigin><link rel=preconnect href=/>`, nil}, // open already
		{`<link rel=preconnect href=ftp://a.example><link rel=preconnect><link rel=preconnect href="https://a b.example"><link rel=dns-prefetch href=//a.example>`, nil},
		{`<link rel=preconnect media=print href=//a.example><noscript><link rel=preconnect href=//b.example></noscript>`, nil},
	} {
		if diff := cmp.Diff(c.want, scanned(t, c.html, "https://example.com/page")); diff != "" {
			t.Error(c.html, diff)
		}
	}
	if got := scanned(t, `<link rel=preconnect href=//a.example><link rel=preconnect href=https://b.example>`, "/"); !slices.Equal(got, []string{`<https://b.example>; rel=preconnect`}) {
		t.Errorf("a base without a scheme: %q", got)
	}
}

func FuzzScanHTML(f *testing.F) {
	f.Add(`<link rel=stylesheet href=/a.css><script src="b.js" type=module></script>`, "https://example.com/d/") // ordinary
	f.Add(`<base href="//evil"><noscript><script src=x>`, "/")                                                   // unclosed
	f.Add("<script src=\"/a>,<b\x00\">", "")                                                                     // injection
	f.Fuzz(func(t *testing.T, text, base string) {
		document := link.ParseBase(base)
		document.Foreign = len(text)%2 > 0
		list, err := ScanHTML(strings.NewReader(text), document)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range list {
			var got []link.Asset
			for l := range link.Links([]string{a.String()}, link.Base{Foreign: true}) {
				got = append(got, l.Asset)
			}
			if !a.Valid() || len(got) != 1 || got[0] != a {
				t.Errorf("%+v is read back as %+v", a, got)
			}
		}
	})
}

func BenchmarkScanHTML(b *testing.B) {
	page := "<!doctype html><head><link rel=stylesheet href=/a.css><script src=/a.js></script></head><body>" + strings.Repeat("<p class=x>text <a href=/>link</a></p>\n", 500)
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		if list, _ := ScanHTML(strings.NewReader(page), link.Base{}); len(list) != 2 {
			b.Fatal(len(list))
		}
	}
}
