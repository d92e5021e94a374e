package main

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learned"
)

// nowhere is a client that takes everything and keeps nothing.
type nowhere struct{ header http.Header }

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n *nowhere) WriteHeader(int)             {}

// handlers measures what the handler adds to a program's own answers, in one process and without a network, learning
// and reading included.
func handlers(_ *place, o options) (string, error) {
	page := []byte(pageOf(leanPage))
	program := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if strings.HasSuffix(r.URL.Path, ".css") {
			h["Content-Type"] = []string{"text/css"}
			h["Cache-Control"] = []string{"max-age=3600"}
		} else {
			h["Content-Type"] = []string{"text/html; charset=utf-8"}
		}
		w.WriteHeader(http.StatusOK)
		w.Write(page)
	})
	model, err := learn.New(learn.Config{})
	if err != nil {
		return "", err
	}
	wrapped := &server.Handler{Next: program, Keys: server.KeyVersion, Sources: []server.Source{&learned.Source{Model: model}}}
	var b strings.Builder
	b.WriteString("\n## The handler around a program\n\n| | more processor time, µs | more allocations | goal |\n|---|--:|--:|---|\n")
	for _, row := range []struct {
		name, path string
		fields     []string
		us, allocs float64
	}{
		{"a page, its next view", "/page", navigation, 4, 6},
		{"no page: a program's request for data", "/data.css", []string{"accept: */*", "sec-fetch-dest: empty", "sec-fetch-mode: cors"}, 1, 2},
	} {
		r := httptest.NewRequest("GET", "https://example.com"+row.path, nil)
		r.Proto, r.ProtoMajor, r.ProtoMinor, r.TLS = "HTTP/2.0", 2, 0, new(tls.ConnectionState)
		for _, f := range row.fields {
			name, value, _ := strings.Cut(f, ": ")
			r.Header.Add(name, value)
		}
		for range 4 {
			w := httptest.NewRecorder()
			wrapped.ServeHTTP(w, r)
			for _, c := range w.Result().Cookies() {
				r.Header.Set("Cookie", c.Name+"="+c.Value)
			}
		}
		w := &nowhere{make(http.Header)}
		times, rounds := 20_000, 11
		if o.quick {
			times, rounds = 200, 1
		}
		ask := func(h http.Handler) func() {
			return func() {
				clear(w.header)
				h.ServeHTTP(w, r)
			}
		}
		var more []float64
		done := make(chan bool)
		for range rounds {
			took := func(once func()) float64 {
				return float64(timed(func() {
					for range times {
						go func() { once(); done <- true }() // as each request of HTTP/2 has a goroutine
						<-done
					}
				}).Nanoseconds()) / float64(times) / 1000
			}
			more = append(more, took(ask(wrapped))-took(ask(program)))
		}
		slices.Sort(more)
		us := more[len(more)/2]
		allocs := testing.AllocsPerRun(times, ask(wrapped)) - testing.AllocsPerRun(times, ask(program))
		fmt.Fprintf(&b, "| %s | %.1f | %.0f | at most %.0f µs %s; %.0f allocations %s |\n", row.name, us, allocs, row.us, verdict(us <= row.us), row.allocs, verdict(allocs <= row.allocs))
	}
	return b.String(), nil
}
