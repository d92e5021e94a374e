package site

import (
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/cache-aware/casper/server/internal/httpfacts"
)

// maxHead is how much of a page [Handler.Head] returns, in bytes: what server.Handler looks at.
const maxHead = 8 << 10

// maxHeads bounds what the beginnings of pages keep in memory, in bytes.
const maxHeads = 16 << 20

// A glimpse is the beginning of the page at a path, and when it was looked at last.
type glimpse struct {
	head []byte
	at   atomic.Int64 // since the handler was made, ns
}

func newHeads() *otter.Cache[string, *glimpse] {
	return otter.Must(&otter.Options[string, *glimpse]{
		MaximumWeight: maxHeads,
		Weigher: func(path string, g *glimpse) uint32 {
			return uint32(256 + len(path) + cap(g.head)) // it may be all that still keeps a whole file
		},
	})
}

// Head returns the beginning of the page that answers a request, at most 8 KiB, without content
// coding: what a page asks for can be read there even where the client is sent a compressed file.
// It is nil where the answer is no page of status 200, or cannot be read. The bytes are not to be
// changed.
//
// What it says of a path is used again for 10 ms, if the file has not changed lately.
func (h *Handler) Head(r *http.Request) []byte {
	now := time.Since(h.targets.began)
	g, known := h.heads.GetIfPresent(r.URL.Path)
	if known && now-time.Duration(g.at.Load()) < lookAgain {
		return g.head
	}
	name, info, varies, err := h.answer(r)
	if err != nil || !httpfacts.IsHTML(h.contentType(name)) {
		return nil
	}
	head := h.headOf(name, info)
	switch {
	case head == nil || varies || len(r.URL.Path) > maxTarget || !versionOf(name, info).settled(time.Now()):
	case known && len(g.head) == len(head) && &g.head[0] == &head[0]: // the very same, and no lock is needed to say so
		g.at.Store(int64(now))
	default:
		g = &glimpse{head: head}
		g.at.Store(int64(now))
		h.heads.Set(strings.Clone(r.URL.Path), g)
	}
	return head
}

// headOf returns the beginning of a file, nil if it is empty or cannot be read.
func (h *Handler) headOf(name string, info fs.FileInfo) []byte {
	if info.Size() <= maxBody {
		c, err := h.contents.of(versionOf(name, info), h.opener(name))
		if err != nil || len(c.body) == 0 {
			return nil
		}
		return c.body[:min(maxHead, len(c.body))]
	}
	page, err := h.opener(name)()
	if err != nil {
		return nil
	}
	defer page.Close()
	head := make([]byte, maxHead)
	n, err := io.ReadFull(page, head)
	if n == 0 || err != nil && err != io.ErrUnexpectedEOF {
		return nil
	}
	return head[:n]
}
