package signals

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// Segments that name a person or open something to its holder are no part of a page's name.
func TestPersonalSegments(t *testing.T) {
	rd := Reader{Query: []string{"for"}}
	for target, want := range map[string]string{
		"/plain/bob@example.com/invite":                                "/plain/{}/invite",
		"/plain/bob%40example.com/":                                    "/plain/{}/",
		"/@bob":                                                        "/{}",
		"/reset/0b0f8e9d2c6a4b7ea1f35c7d9e8b6a42":                      "/reset/{}",
		"/reset/0B0F8E9D2C6A4B7EA1F35C7D9E8B6A42/form.html":            "/reset/{}/form.html",
		"/order/3f2504e0-4f89-11d3-9a0c-0305e82c3301":                  "/order/{}",
		"/order/no-3f2504e0-4f89-11d3-9a0c-0305e82c3301.html":          "/order/{}",
		"/invite/dQw4w9WgXcQ3kZb7TnP2":                                 "/invite/{}",
		"/invite/k3j9x2m8q7w1z5v0b4n6":                                 "/invite/{}",
		"/a;jsessionid=1A530637289A03B07199A44E8D531427":               "/{}",
		"/t/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.x/i":      "/t/{}/i",
		"/card/4111111111111111":                                       "/card/{}",
		"/two/a@b/bob@example.com":                                     "/two/{}/{}",
		"/?for=bob@example.com":                                        "/?for={}",
		"/?for=0b0f8e9d2c6a4b7ea1f35c7d9e8b6a42":                       "/?for={}",
		"/":                                                            "/",
		"/shop/blue-bear":                                              "/shop/blue-bear",
		"/blog/2024/11/02/what-we-learned-from-100000-visits.html":     "/blog/2024/11/02/what-we-learned-from-100000-visits.html",
		"/wiki/HomePageOfTheBigShop2":                                  "/wiki/HomePageOfTheBigShop2",
		"/iPhone-15-Pro-Max-vs-Galaxy-S24-Ultra":                       "/iPhone-15-Pro-Max-vs-Galaxy-S24-Ultra",
		"/windows11update2024":                                         "/windows11update2024",
		"/dp/B0C1H26C46":                                               "/dp/B0C1H26C46",
		"/item/1234567890":                                             "/item/1234567890",
		"/2024-11-02T08:00:00Z":                                        "/2024-11-02T08:00:00Z",
		"/internationalization":                                        "/internationalization",
		"/Donaudampfschifffahrtsgesellschaft":                          "/Donaudampfschifffahrtsgesellschaft",
		"/docs/v1.26.8/x86_64-unknown-linux-gnu/":                      "/docs/v1.26.8/x86_64-unknown-linux-gnu/",
		"/assets/app.3f2a9c1b.html":                                    "/assets/app.3f2a9c1b.html",
		"/" + "%E6%97%A5%E6%9C%AC%E8%AA%9E%E3%81%AE%E3%83%9A%E3%83%BC": "/日本語のペー",
		"/?for=de": "/?for=de",
	} {
		r := httptest.NewRequest("GET", target, nil)
		if got := rd.Page(r); got != want {
			t.Errorf("%s is the page %s, want %s", target, got, want)
		}
		v, ok := rd.View(r, 200, map[string][]string{"Content-Type": {"text/html"}})
		if !ok || v.Page != want {
			t.Errorf("%s is a view of %s, want %s", target, v.Page, want)
		}
		if want == "/plain/{}/" && !strings.Contains(v.Path, "@") {
			t.Errorf("%s: its files are looked for behind %s", target, v.Path)
		}
	}
}
