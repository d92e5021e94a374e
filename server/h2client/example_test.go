package h2client_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/cache-aware/casper/server/h2client"
)

// A page that foretells one file and pushes another, as a client sees it.
func Example() {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			w.Header().Set("Link", "</app.js>; rel=preload; as=script")
			w.WriteHeader(http.StatusEarlyHints)
			w.(http.Pusher).Push("/app.css", nil)
		}
		io.WriteString(w, "content of "+r.URL.Path)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()

	trust := server.Client().Transport.(*http.Transport).TLSClientConfig
	client, err := h2client.Dial(server.Listener.Addr().String(), h2client.Options{TLS: trust})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	x, err := client.Get("", "/")
	if err != nil {
		log.Fatal(err)
	}
	for _, hint := range x.Early {
		fmt.Println(hint.Get(":status"), hint.Get("link"))
	}
	for _, p := range x.Pushes {
		fmt.Printf("pushed %s: %s\n", p.Path(), p.Body)
	}
	fmt.Printf("%d: %s\n", x.Status(), x.Body)
	// Output:
	// 103 </app.js>; rel=preload; as=script
	// pushed /app.css: content of /app.css
	// 200: content of /
}
