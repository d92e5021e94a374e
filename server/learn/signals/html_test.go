package signals

import (
	"errors"
	"io"
	"os"
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
		{"twice", `<script src=/a.js></script><script src=/a.js></script>`, "/", []string{`</a.js>; rel=preload; as=script`}},
		{"first attribute counts", `<script src=/a.js src=/b.js></script>`, "/", []string{`</a.js>; rel=preload; as=script`}},
		{"entities and spaces", `<link rel="preload stylesheet" href=" /a.css?b=1&amp;c=2 ">`, "/", []string{`</a.css?b=1&c=2>; rel=preload; as=style`}},
		{"injection", `<script src="/a>; rel=preconnect, <https://evil.example/"></script><script src="/a&#10;b.js"></script><script src="javascript:x"></script><script src="data:,x"></script>`, "/", nil},
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
				list, err := ScanHTML(r, c.base)
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
	many := strings.Repeat("<script src=/a.js></script>", 100) + strings.Repeat(" ", MaxHTML) + "<script src=/late.js></script>"
	if got, err := ScanHTML(strings.NewReader(many), "/"); err != nil || len(got) != 1 {
		t.Errorf("%d assets, %v", len(got), err)
	}
	var b strings.Builder
	for i := range 2000 {
		b.WriteString("<script src=/" + strings.Repeat("a", i%90) + string(rune('a'+i%26)) + "></script>")
	}
	if got, _ := ScanHTML(strings.NewReader(b.String()), "/"); len(got) > maxHTMLAssets {
		t.Errorf("%d assets", len(got))
	}
	huge := "<script src=/a.js></script><div title=\"" + strings.Repeat("x", 2*maxHTMLTag) + "\"><script src=/b.js></script>"
	if got, err := ScanHTML(strings.NewReader(huge), "/"); err != nil || len(got) != 1 {
		t.Errorf("%d assets, %v", len(got), err)
	}
	if got, err := ScanHTML(io.MultiReader(strings.NewReader("<script src=/a.js></script>"), iotest.ErrReader(os.ErrClosed)), "/"); !errors.Is(err, os.ErrClosed) || len(got) != 1 {
		t.Errorf("%d assets, %v", len(got), err)
	}
}

func FuzzScanHTML(f *testing.F) {
	f.Add(`<link rel=stylesheet href=/a.css><script src="b.js" type=module></script>`, "https://example.com/d/") // ordinary
	f.Add(`<base href="//evil"><noscript><script src=x>`, "/")                                                   // unclosed
	f.Add("<script src=\"/a>,<b\x00\">", "")                                                                     // injection
	f.Fuzz(func(t *testing.T, text, base string) {
		list, err := ScanHTML(strings.NewReader(text), base)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range list {
			if got := link.Parse([]string{a.String()}, ""); !a.Valid() || len(got) != 1 || got[0] != a {
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
		if list, _ := ScanHTML(strings.NewReader(page), "/"); len(list) != 2 {
			b.Fatal(len(list))
		}
	}
}
