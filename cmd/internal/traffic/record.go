package traffic

import (
	"net/http"
	"net/netip"
	"path"
	"strings"
	"time"

	"github.com/cache-aware/casper/server/link"
)

// A Record is one request and its answer, as far as the recording tells.
type Record struct {
	// Request has Method, URL, Host, Proto, Header, and TLS where it is known that it came
	// over TLS. Host is empty where the recording has none.
	Request *http.Request

	Status int

	// Answer is the answer's header. Silent says that the recording has no headers of
	// answers, so that a field that is missing means nothing.
	Answer http.Header
	Silent bool

	// Size is how many octets the body took, -1 unknown.
	Size int64

	// Began is when the request came in, Ended when its answer was through or, where that is
	// known, when its header went out. Both are the same in a log with one time a line.
	Began, Ended time.Time

	// Addr is the client's address. Where a log has a name instead, it is an address made of
	// the name.
	Addr netip.Addr

	// Cached says that a browser took the answer from its own cache: the server has seen
	// nothing of it.
	Cached bool
}

// pageExtensions are those of documents; a path without any is one too.
var pageExtensions = map[string]bool{
	"": true, ".html": true, ".htm": true, ".xhtml": true, ".php": true, ".asp": true, ".aspx": true, ".jsp": true,
}

// infer fills in the media type of an answer where the capture has none, and that the client
// accepts documents where it has asked for one. It goes by the extension: there is nothing else.
func (rec *Record) infer() {
	if rec.Answer.Get("Content-Type") != "" || rec.Request.URL == nil {
		return
	}
	r := rec.Request
	if t := link.Guess(r.URL.EscapedPath(), "").Type; t != "" {
		rec.Answer.Set("Content-Type", t)
		return
	}
	if pageExtensions[strings.ToLower(path.Ext(r.URL.Path))] {
		rec.Answer.Set("Content-Type", "text/html")
		if r.Header.Get("Accept") == "" {
			r.Header.Set("Accept", "text/html")
		}
	}
}
