package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/cache-aware/casper/server/link"
	"github.com/cache-aware/casper/server/proxy"
)

// An application that says early what its page will need, and a proxy that listens.
func ExampleNew() {
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</app.css>; rel=preload; as=style")
		w.WriteHeader(http.StatusEarlyHints)
		io.WriteString(w, "page")
	}))
	defer application.Close()

	p, err := proxy.New(application.URL, proxy.Config{
		OnHints: func(r *http.Request, links []string) {
			for _, a := range link.Parse(links, r.URL.Path) {
				fmt.Println(r.URL.Path, "needs", a.Path)
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	front := httptest.NewServer(p)
	defer front.Close()

	res, err := http.Get(front.URL + "/shop")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	fmt.Println(res.StatusCode, string(body), err)
	// Output:
	// /shop needs /app.css
	// 200 page <nil>
}

func ExampleNew_mistake() {
	_, err := proxy.New("localhost:3000", proxy.Config{})
	fmt.Println(err)
	// Output:
	// proxy: not an upstream: "localhost:3000": want http://HOST[:PORT], https://HOST[:PORT], h2c://HOST[:PORT] or unix:PATH
}
