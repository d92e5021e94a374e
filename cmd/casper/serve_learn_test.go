//go:build !noserver

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/keep"
	"github.com/cache-aware/casper/server/link"
)

// What was learned outlives the process; a broken file is put aside and costs one line.
func TestServeState(t *testing.T) {
	file := filepath.Join(t.TempDir(), "learned")
	m, err := learn.New(learn.Config{})
	if err != nil {
		t.Fatal(err)
	}
	m.Declare("/", []link.Asset{{Path: "/learned.css", As: "style"}})
	if err := keep.WriteFile(file, m.All()); err != nil {
		t.Fatal(err)
	}
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
	}))
	defer app.Close()
	args := []string{"--proxy", app.URL, "--state", file, "--admin", "127.0.0.1:0", "--trust-proxy", "127.0.0.0/8"}
	s := serve(t, args...)
	// One visitor in twenty is held out to measure by; not all of these.
	helped := 0
	for i := range 8 {
		v := visitor{served: s, browser: true, from: fmt.Sprintf("198.51.%d.1", i)}
		if got, _ := v.visit("/"); slices.Equal(got, []string{"/learned.css"}) {
			helped++
		}
	}
	if helped == 0 {
		t.Error("nothing was known of the page")
	}
	// A change is saved at the end.
	forget, err := http.NewRequest("POST", s.admin+"/forget?page=/", nil)
	if err != nil {
		t.Fatal(err)
	}
	forget.Header.Set("Origin", s.admin)
	resp, err := http.DefaultClient.Do(forget)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		t.Errorf("forgetting: %s", resp.Status)
	}
	s.stop()
	known, err := learn.New(learn.Config{})
	if err == nil {
		err = keep.LoadFile(file, known)
	}
	if err != nil || len(known.Wanted("/")) != 0 {
		t.Errorf("after forgetting and SIGTERM: %v, / wants %v", err, known.Wanted("/"))
	}

	if err := os.WriteFile(file, []byte(`{"casper":"learned model","version":9}`), 0o666); err != nil {
		t.Fatal(err)
	}
	s = serve(t, args...)
	s.stop()
	if got, err := os.ReadFile(file + ".broken"); err != nil || string(got) != `{"casper":"learned model","version":9}` {
		t.Errorf("the broken file: %q, %v", got, err)
	}
	if n := strings.Count(s.log.String(), "level=ERROR"); n != 1 {
		t.Errorf("%d lines about it: %s", n, s.log)
	}
}

// Networks are parted by commas, and a lone address is a network of one.
func TestNetworks(t *testing.T) {
	var trusted networks
	for _, word := range []string{"10.0.0.0/8,::1", "192.0.2.7"} {
		if err := trusted.Set(word); err != nil {
			t.Fatal(err)
		}
	}
	if got := trusted.String(); got != "10.0.0.0/8,::1/128,192.0.2.7/32" {
		t.Error(got)
	}
	for _, word := range []string{"", "ten", "10.0.0.0/33", "10.0.0.0/8;::1"} {
		if err := trusted.Set(word); err == nil {
			t.Errorf("%q is taken for a network", word)
		}
	}
}

func TestByteSize(t *testing.T) {
	for text, want := range map[string]byteSize{
		"262144": 262144, "256KiB": 262144, "1 MiB": 1 << 20, "1MB": 1e6, "2kB": 2000, "3GiB": 3 << 30, "7B": 7,
	} {
		var b byteSize
		if err := b.Set(text); err != nil || b != want {
			t.Errorf("%q: %d, %v", text, b, err)
		}
		var again byteSize
		if err := again.Set(b.String()); err != nil || again != b {
			t.Errorf("%q is written %q and read back as %d, %v", text, b.String(), again, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "x", "1.5MB", "KiB", "9223372036854775807KiB", "99999999999999999999", "256 Kib"} {
		var b byteSize
		if err := b.Set(text); err == nil {
			t.Errorf("%q is taken for %d", text, b)
		}
	}
}
