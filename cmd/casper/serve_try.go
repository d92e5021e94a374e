//go:build !noserver

package main

import (
	"fmt"
	"strings"

	"github.com/cache-aware/casper/gcs/casper"
)

// announce says where the server is, and what to try there.
func (t *tool) announce(s *serving, servers []*serverOf) {
	public := servers[0].entrance
	w := t.stdout
	fmt.Fprintf(w, "listening on %s\n", public.url())
	if len(servers) > 1 {
		fmt.Fprintf(w, "admin on %s\n", servers[1].url())
	}
	fmt.Fprintf(w, "\n%s\n", s.what())
	url := public.local() + "/"
	insecure := ""
	if public.spki != "" {
		insecure = "k"
		fmt.Fprintln(w, "The certificate is for development: a browser warns of it, and lets you go on.")
	}
	fmt.Fprintln(w, "\nTry next:")
	fmt.Fprintf(w, "  # a client that takes pushes: what was pushed is marked with an asterisk\n  nghttp -ans %s\n", url)
	fmt.Fprintf(w, "  # the 103 that a browser gets\n  curl -%ssvo /dev/null %s -H 'Sec-Fetch-Mode: navigate' -H 'Sec-Fetch-Dest: document' %s\n", insecure, s.curlVersion(), url)
	if public.spki != "" {
		fmt.Fprintf(w, "  # a browser that trusts this certificate until it ends\n  chromium --user-data-dir=\"$(mktemp -d)\" --ignore-certificate-errors-spki-list=%s %s\n", public.spki, url)
	}
	if len(servers) > 1 && s.learn != "off" {
		token := ""
		if s.adminToken != "" {
			token = " --admin-token " + "'" + strings.ReplaceAll(s.adminToken, "'", `'\''`) + "'"
		}
		fmt.Fprintf(w, "  # why a page is hinted what it is\n  casper explain-page / --admin %s%s\n", servers[1].local(), token)
	}
	fmt.Fprintf(w, "  # what a cookie holds\n  casper decode%s %s=VALUE\n", s.decodeFlags(), s.cookie.Name)
	t.stdout.Flush()
}

func (s *serving) what() string {
	switch {
	case s.upstream != "":
		return "Serving the application at " + s.upstream + "."
	case s.dir != "":
		return "Serving the files of " + s.dir + "."
	}
	return "Serving the demo. Its page says what was sent how; visit it twice."
}

// curlVersion makes curl speak HTTP/2, over cleartext without asking first.
func (s *serving) curlVersion() string {
	if s.h2c {
		return "--http2-prior-knowledge"
	}
	return "--http2"
}

// decodeFlags are what decode has to be told of this server's cookie.
func (s *serving) decodeFlags() (flags string) {
	if s.cookieFormat != "h2o" || s.cookie.Name != casper.CookieName {
		flags += " --format " + s.cookieFormat
	}
	if s.capacityBits != 13 {
		flags += fmt.Sprintf(" --capacity-bits %d", s.capacityBits)
	}
	return flags
}
