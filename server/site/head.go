package site

import (
	"io"
	"net/http"

	"github.com/cache-aware/casper/server/internal/httpfacts"
)

// maxHead is how much of a page [Handler.Head] returns, in bytes: what server.Handler looks at.
const maxHead = 8 << 10

// Head returns the beginning of the page that answers a request, at most 8 KiB, without content
// coding: what a page asks for can be read there even where the client is sent a compressed file.
// It is nil where the answer is no page of status 200, or cannot be read. The bytes are the
// caller's.
func (h *Handler) Head(r *http.Request) []byte {
	name, info, _, err := h.answer(r)
	if err != nil || !httpfacts.IsHTML(h.contentType(name)) {
		return nil
	}
	page, err := h.body(name, info)
	if err != nil {
		return nil
	}
	defer page.Close()
	head := make([]byte, min(maxHead, page.size))
	if n, err := io.ReadFull(page, head); err != nil || n == 0 {
		return nil
	}
	return head
}
