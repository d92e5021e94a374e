package server_test

import (
	"slices"
	"testing"

	"github.com/cache-aware/casper/server"
)

// A policy that allows the assets by name must not keep a browser from fetching them early.
func TestHintPolicyWithoutDefaultNone(t *testing.T) {
	for policy, want := range map[string][]string{
		"":                   nil,
		"default-src 'self'": {"default-src 'self'"},
		"default-src 'none'": nil,
		"default-src 'none'; style-src 'self'; script-src 'self'": {"style-src 'self'; script-src 'self'"},
		"style-src 'none';; DEFAULT-SRC 'None';":                  {"style-src 'none'"},
		"default-src 'none' https:":                               {"default-src 'none' https:"},
	} {
		h := &server.Handler{Next: site(), Sources: wants("/a.css"), Policy: server.Policy{NoPush: true}}
		s := newStage()
		if policy != "" {
			s.header.Set("Content-Security-Policy", policy)
		}
		h.ServeHTTP(s, request("/", browser...))
		if len(s.early) != 1 || !slices.Equal(s.early[0]["Content-Security-Policy"], want) {
			t.Errorf("%q: the 103s carry %v, want the policy %q", policy, s.early, want)
		}
		if got := s.final.Get("Content-Security-Policy"); got != policy {
			t.Errorf("%q: the final answer carries %q", policy, got)
		}
	}
}
