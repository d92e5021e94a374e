package proxy_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"

	"github.com/cache-aware/casper/server/proxy"
)

// An application that says early what its page will need, and a client that listens.
func ExampleNew() {
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</app.css>; rel=preload; as=style")
		w.WriteHeader(http.StatusEarlyHints)
		io.WriteString(w, "page")
	}))
	defer application.Close()

	p, err := proxy.New(application.URL, proxy.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	front := httptest.NewServer(p)
	defer front.Close()

	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
			fmt.Println(code, header.Get("Link"))
			return nil
		},
	})
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, front.URL, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	fmt.Println(res.StatusCode, string(body), err)
	// Output:
	// 103 </app.css>; rel=preload; as=style
	// 200 page <nil>
}

func ExampleNew_mistake() {
	_, err := proxy.New("localhost:3000", proxy.Config{})
	fmt.Println(err)
	// Output:
	// proxy: not an upstream: "localhost:3000": want http://HOST[:PORT], https://HOST[:PORT], h2c://HOST[:PORT] or unix:PATH
}
