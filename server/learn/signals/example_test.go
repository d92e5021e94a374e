package signals_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/cache-aware/casper/server/learn/signals"
	"github.com/cache-aware/casper/server/link"
)

func ExampleReader() {
	r := httptest.NewRequest("GET", "https://example.com/app.css?v=3", nil)
	r.Header.Set("Referer", "https://example.com/shop?session=7")
	r.Header.Set("Sec-Fetch-Dest", "style")
	r.Header.Set("Priority", "u=0")
	answer := http.Header{"Cache-Control": {"max-age=3600"}, "Content-Type": {"text/css"}}

	var rd signals.Reader
	f, ok := rd.Fetch(r, 200, answer)
	fmt.Println(ok, f.Path, f.Asset, f.Urgency)
	// Output: true /shop </app.css?v=3>; rel=preload; as=style; type="text/css" 0
}

func ExampleScanHTML() {
	page := `<!doctype html><link rel=stylesheet href=/main.css><script type=module src=app.mjs></script>`
	assets, err := signals.ScanHTML(strings.NewReader(page), link.Base{Path: "/shop/"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range assets {
		fmt.Println(a)
	}
	// Output:
	// </main.css>; rel=preload; as=style
	// </shop/app.mjs>; rel=modulepreload
}
