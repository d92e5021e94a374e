//go:build !noserver

package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The log of requests holds no query, where sessions and addresses stand, unless it is asked to; and it can be
// turned off.
func TestR10LogsHoldNoQueries(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gone" {
			panic(http.ErrAbortHandler)
		}
	}))
	defer app.Close()
	for _, tt := range []struct {
		args        []string
		path, query bool
	}{
		{nil, true, false},
		{[]string{"--log-requests", "path"}, true, false},
		{[]string{"--log-requests", "query"}, true, true},
		{[]string{"--log-requests", "off"}, false, false},
		{[]string{"--log-requests", "off", "--log-format", "json"}, false, false},
		{[]string{"--log-format", "json"}, true, false},
	} {
		s := serve(t, append([]string{"--proxy", app.URL}, tt.args...)...)
		v := visitor{served: s}
		v.visit("/plain?session=SECRET&email=bob@example.com")
		v.visit("/gone?session=SECRET")
		s.stop()
		text := s.log.String()
		if got := strings.Contains(text, "/plain"); got != tt.path {
			t.Errorf("%v: a request is logged: %t\n%s", tt.args, got, text)
		}
		if got := strings.Contains(text, "SECRET"); got != tt.query {
			t.Errorf("%v: its query is logged: %t\n%s", tt.args, got, text)
		}
	}
}
