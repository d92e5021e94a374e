package main

import (
	"bytes"
	"fmt"
	"log/slog"

	"github.com/cache-aware/casper/cmd/casper/demo"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/link"
	"github.com/cache-aware/casper/server/proxy"
	"github.com/cache-aware/casper/server/site"
)

// openContent sets what the handler wraps, and what goes with it.
func (s *serving) openContent(h *server.Handler, log *slog.Logger) (close func() error, err error) {
	switch {
	case s.upstream != "":
		p, err := proxy.New(s.upstream, proxy.Config{Trusted: s.trusted, Log: log})
		if err != nil {
			return nil, usageError{err}
		}
		h.Next = p
		return p.Close, nil
	case s.dir != "":
		files, err := site.Open(s.dir, site.Config{Log: log})
		if err != nil {
			return nil, err
		}
		h.Next = files
		h.Validator = files.Validator
		h.Scan = scanner(h.Track)
		return files.Close, nil
	}
	d := demo.New(demo.Config{Params: h.Params, Cookie: s.cookie, Track: h.Track})
	h.Next, h.Validator, h.Allow = d, d.Validator, demo.Allow
	return func() error { return nil }, nil
}

// scanner finds what the beginning of a page names.
func scanner(track server.Track) func([]byte, link.Base) []link.Asset {
	return func(head []byte, base link.Base) []link.Asset {
		list, _ := learn.ScanHTML(bytes.NewReader(head), fmt.Sprintf("%s://%s%s", base.Scheme, base.Authority, base.Path))
		for i := range list {
			list[i] = pushable(list[i], track)
		}
		return list
	}
}
