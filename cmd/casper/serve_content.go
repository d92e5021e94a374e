//go:build !noserver

package main

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cache-aware/casper/cmd/internal/demo"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learned"
	"github.com/cache-aware/casper/server/manifest"
	"github.com/cache-aware/casper/server/proxy"
	"github.com/cache-aware/casper/server/site"
)

// checkContent finds flags that say nothing about what is served.
func (s *serving) checkContent(cmd *cobra.Command) error {
	given := cmd.Flags().Changed
	if given("proxy") && s.upstream == "" {
		return usagef("--proxy needs a URL")
	}
	if isURL(s.dir) {
		return usagef("%q is no folder: an application is served by --proxy %s", s.dir, s.dir)
	}
	if given("proxy-ca") && !strings.HasPrefix(strings.ToLower(s.upstream), "https:") {
		return usagef("--proxy-ca is for an application that speaks TLS: it needs --proxy https://HOST")
	}
	for _, flag := range []string{"spa", "clean-urls", "max-age"} {
		if given(flag) && s.dir == "" {
			return usagef("--%s is about the files of a folder: it needs DIR", flag)
		}
	}
	if s.maxAge < 0 {
		return usagef("--max-age is at least 0s, not %v", s.maxAge)
	}
	return nil
}

// openContent sets what the handler wraps, and what goes with it.
func (s *serving) openContent(h *server.Handler, log *slog.Logger) (close func() error, err error) {
	h.Scan = learned.Scan
	switch {
	case s.upstream != "":
		authorities, err := s.authorities()
		if err != nil {
			return nil, err
		}
		p, err := proxy.New(s.upstream, proxy.Config{Trusted: s.trusted, TLS: authorities, Log: log})
		if err != nil {
			return nil, usageError{err}
		}
		h.Next = p
		return p.Close, nil
	case s.dir != "":
		files, err := s.openFolder(log)
		if err != nil {
			return nil, err
		}
		h.Next = files
		h.Validator = files.Validator
		h.Head, h.ReadAhead = files.Head, true
		return files.Close, nil
	}
	d := demo.New(demo.Config{Params: h.Params, Cookie: h.Cookie, Track: h.Track})
	h.Next, h.Validator, h.Allow = d, d.Validator, demo.Allow
	h.NoHTML = true // it names its files itself, in each of the ways there are
	return func() error { return nil }, nil
}

// openFolder opens what DIR names.
func (s *serving) openFolder(log *slog.Logger) (*site.Handler, error) {
	page := strings.TrimPrefix(s.spa, "/")
	files, err := site.Open(s.dir, site.Config{
		MaxAge:    cmp.Or(s.maxAge, -1),
		CleanURLs: s.cleanURLs,
		Fallback:  page,
		Private:   s.ownFiles(),
		Log:       log,
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.dir, withoutName(err))
	}
	if at := (url.URL{Path: "/" + page}); page != "" && files.Validator(at.EscapedPath()) == "" {
		files.Close()
		return nil, fmt.Errorf("--spa: %s has no page %s", s.dir, page)
	}
	return files, nil
}

// ownFiles are those that the command line names. They are the operator's, and not for the public.
func (s *serving) ownFiles() []string {
	own := []string{s.cert, s.key, s.upstreamCA, s.adminToken, s.secret, s.switches}
	if !isRedis(s.state) {
		own = append(own, s.state)
	}
	for _, text := range s.manifests {
		if file, _, err := manifest.ParseSetting(text); err == nil {
			own = append(own, file)
		}
	}
	return own
}

// authorities reads --proxy-ca. Without it, nil trusts what the system trusts.
func (s *serving) authorities() (*tls.Config, error) {
	if s.upstreamCA == "" {
		return nil, nil
	}
	text, err := os.ReadFile(s.upstreamCA)
	if err != nil {
		return nil, fmt.Errorf("--proxy-ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("--proxy-ca: %s holds no certificate in PEM", s.upstreamCA)
	}
	return &tls.Config{RootCAs: pool}, nil
}
