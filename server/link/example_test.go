package link_test

import (
	"fmt"

	"github.com/cache-aware/casper/server/link"
)

func ExampleParse() {
	values := []string{
		`</app.css>; rel=preload; as=style, <fonts/a.woff2>; rel="preload"; as=font; crossorigin`,
		`<https://elsewhere.example/b.js>; rel=preload; as=script, </next>; rel=prefetch`,
	}
	for _, a := range link.Parse(values, "https://example.com/shop/") {
		fmt.Println(a.As, a.Path)
	}
	// Output:
	// style /app.css
	// font /shop/fonts/a.woff2
}

func ExampleLinks() {
	values := []string{`</app.css>; rel=preload; as=style, rubbish, <//cdn.example/b.js>; rel=preload`}
	for l := range link.Links(values, link.ParseBase("https://example.com/")) {
		fmt.Printf("[%d,%d) %q: %v\n", l.Start, l.End, l.Target, l.Err)
	}
	// Output:
	// [0,33) "/app.css": <nil>
	// [35,42) "": link: not a link value of RFC 8288
	// [44,77) "//cdn.example/b.js": link: target on another origin
}

// H2O's x-http2-push-only links are pushed, and taken off the response; the others stay as they were.
func ExampleFilter() {
	values := []string{`</a.css>;rel=preload, </b.js>; rel=preload; x-http2-push-only , <c.png>; rel=preload; as=image`}
	rest := link.Filter(values, link.ParseBase("https://example.com/"), func(l link.Link) bool { return !l.Asset.PushOnly })
	fmt.Printf("%q\n", rest)
	// Output:
	// ["</a.css>;rel=preload, <c.png>; rel=preload; as=image"]
}

func ExampleAsset_Append() {
	assets := []link.Asset{
		{Path: "/app.css", As: "style", NoPush: true},
		link.Guess("/a.woff2", ""),
	}
	var hint []byte
	for i, a := range assets {
		if i > 0 {
			hint = append(hint, ", "...)
		}
		hint = a.Append(hint)
	}
	fmt.Printf("103: Link: %s\n", hint)
	fmt.Printf("200: Link: %s\n", assets[0])
	// Output:
	// 103: Link: </app.css>; rel=preload; as=style, </a.woff2>; rel=preload; as=font; crossorigin; type="font/woff2"
	// 200: Link: </app.css>; rel=preload; as=style; nopush
}

func ExampleGuess() {
	fmt.Println(link.Guess("/hero", "image/avif"))
	fmt.Println(link.Guess("/app.mjs?v=2", ""))
	// Output:
	// </hero>; rel=preload; as=image; type="image/avif"
	// </app.mjs?v=2>; rel=modulepreload; type="text/javascript"
}
