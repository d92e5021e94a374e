//go:build !noserver

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/h2client"
)

// TestServeFeedback: cookies that were sent to a running H2O cause the same pushes, and the
// same cookie in return, when casper stands in front of the same pages instead.
func TestServeFeedback(t *testing.T) {
	text, err := os.ReadFile("../../gcs/casper/testdata/h2o-2.2.5.json")
	if err != nil {
		t.Fatal(err)
	}
	var captured struct {
		Feedback []struct {
			Name              string
			CapacityBits      int      `json:"capacity_bits"`
			TrackingTypes     string   `json:"tracking_types"`
			CookiesIn         []string `json:"cookies_in"`
			Pushed, Cancelled []string
			Cookie            string
		}
	}
	if err := json.Unmarshal(text, &captured); err != nil || len(captured.Feedback) < 10 {
		t.Fatalf("%d cases, %v", len(captured.Feedback), err)
	}
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		types := map[string]string{".html": "text/html", ".css": "text/css", ".js": "application/javascript", ".png": "image/png"}
		w.Header().Set("Content-Type", types[path.Ext(r.URL.Path)])
		for _, target := range r.URL.Query()["link"] {
			as := map[string]string{".css": "style", ".js": "script", ".png": "image"}[path.Ext(target)]
			w.Header().Add("Link", fmt.Sprintf("<%s>; rel=preload; as=%s", target, as))
		}
		io.WriteString(w, r.URL.Path)
	}))
	defer app.Close()
	servers := map[string]*served{}
	for _, c := range captured.Feedback {
		setup := fmt.Sprint(c.CapacityBits, c.TrackingTypes)
		s := servers[setup]
		if s == nil {
			s = serve(t, "--proxy", app.URL, "--capacity-bits", fmt.Sprint(c.CapacityBits), "--track", c.TrackingTypes, "--learn=off")
			servers[setup] = s
		}
		page := "/index.html?"
		for _, target := range slices.Concat(c.Pushed, c.Cancelled) {
			page += "&link=" + target
		}
		client := connect(t, s.addr, h2client.Options{TLS: s.certConfig})
		x, err := client.Get("", page, c.CookiesIn...)
		if err != nil {
			t.Fatal(err)
		}
		client.Close()
		want := slices.Sorted(slices.Values(c.Pushed))
		if got := slices.Sorted(slices.Values(x.Pushed())); !slices.Equal(got, want) {
			t.Errorf("%s: %q was pushed, by H2O %q", c.Name, got, want)
		}
		value, _, _ := strings.Cut(x.Header.Get("set-cookie"), ";")
		if value == "" {
			continue // nothing new
		}
		p := casper.Params{CapacityBits: uint8(c.CapacityBits)}
		ours, err := casper.Parse(strings.TrimPrefix(value, casper.CookieName+"="), p)
		theirs, theirErr := casper.ParseLenient(c.Cookie, p)
		if err != nil || theirErr != nil {
			t.Fatalf("%s: %v, %v", c.Name, err, theirErr)
		}
		// H2O gives back keys above the capacity, which no asset has; here they are dropped.
		if want := theirs.Known(); ours.String() != want.String() {
			t.Errorf("%s: cookie %s, H2O's %s", c.Name, ours, want)
		}
	}
}
