//go:build unix && !noserver

package main

import (
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What the command line names is the operator's: a folder that holds it does not give it away, neither by its
// name, nor through links, nor what is written beside it, nor when it is written anew.
func TestR4WhatTheCommandLineNamesIsNotServed(t *testing.T) {
	dir := publish(t, map[string]string{
		"index.html": "page", "app.css": "a{}", "sub/other.pem": "other",
		"manifest.json": `{"pages":{"/":["/app.css"]}}`, "token": "correct-horse-battery-staple\n",
		"learned.casper.new": "half a model", "learned.casper.broken": "broken", "linked.casper.broken": "broken",
		"rules": "/\n  Link: </app.css>; rel=preload; as=style\n",
	})
	at := func(name string) string { return filepath.Join(dir, name) }
	writePair(t, at("cert.pem"), at("key.pem"))
	for link, target := range map[string]string{"key-link.pem": "key.pem", "sub/up.pem": "../key.pem", "state": "linked.casper"} {
		if err := os.Symlink(target, at(link)); err != nil {
			t.Skip(err)
		}
	}
	if err := os.Link(at("key.pem"), at("key-hard.pem")); err != nil {
		t.Skip(err)
	}
	known := []string{
		"cert.pem", "key.pem", "key-link.pem", "sub/up.pem", "key-hard.pem", "k%65y.pem", "token", "rules",
		"learned.casper", "learned.casper.new", "learned.casper.broken",
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	ask := func(s *served, path string) (status int) {
		t.Helper()
		for _, method := range []string{"GET", "HEAD"} {
			r, err := http.NewRequest(method, "https://"+s.addr+"/"+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			status = resp.StatusCode
		}
		return status
	}
	for _, state := range []string{"learned.casper", "state"} {
		s := serve(t, dir, "--state", at(state), "--cert", at("cert.pem"), "--key", at("key.pem"),
			"--manifest", at("rules"), "--admin", "127.0.0.1:0", "--admin-token", at("token"))
		if state == "state" {
			known = append(known[:7:7], "state", "linked.casper", "linked.casper.new", "linked.casper.broken")
		}
		for _, name := range []string{"", "app.css", "sub/other.pem", "manifest.json"} {
			if got := ask(s, name); got != 200 {
				t.Errorf("/%s: %d", name, got)
			}
		}
		for _, name := range known {
			if got := ask(s, name); got != 404 {
				t.Errorf("--state %s: /%s: %d", state, name, got)
			}
		}
		// Everything is replaced by files of the same names.
		for _, name := range []string{"key.pem", "linked.casper", "learned.casper"} {
			if err := os.WriteFile(at(name+".next"), []byte(strings.Repeat("new", 10)), 0o600); err != nil {
				t.Fatal(err)
			}
			if ask(s, name+".next") != 200 {
				t.Errorf("%s.next is hidden", name)
			}
			if err := os.Rename(at(name+".next"), at(name)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(1100 * time.Millisecond) // links are looked up once a second
		for _, name := range known {
			if name != "key-hard.pem" && ask(s, name) != 404 { // that is the key before
				t.Errorf("--state %s: /%s after it was replaced", state, name)
			}
		}
		s.stop()
		os.Remove(at("key-hard.pem"))
		known = append(known[:4:4], known[5:]...)
		writePair(t, at("cert.pem"), at("key.pem"))
		os.Remove(at("linked.casper"))
		os.Remove(at("learned.casper"))
	}
}
