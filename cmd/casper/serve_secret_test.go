//go:build !noserver

package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// A fleet's secret may lie in the folder that is served, and is not served. Without one, one line of the log
// says what that means.
func TestServeSecret(t *testing.T) {
	dir := publish(t, map[string]string{"secret": "correct-horse-battery-staple\n", "index.html": "page"})
	for _, flags := range [][]string{nil, {"--secret", filepath.Join(dir, "secret")}} {
		s := serve(t, append([]string{dir, "--state", "redis://127.0.0.1:1"}, flags...)...)
		want := map[string]int{"/": 200, "/secret": 404}
		if flags == nil {
			want["/secret"] = 200 // nothing says that it is one
		}
		for path, want := range want {
			v := visitor{served: s, browser: true}
			if _, x := v.visit(path); x.Status() != want {
				t.Errorf("%q: %s: %d, want %d", flags, path, x.Status(), want)
			}
		}
		s.stop()
		if n := strings.Count(s.log.String(), "without --secret"); n == 0 != (flags != nil) || n > 1 {
			t.Errorf("%q: %d lines of the log say that there is no secret", flags, n)
		}
		if strings.Contains(s.log.String(), "correct-horse") {
			t.Errorf("%q: the log tells the secret", flags)
		}
	}
}
