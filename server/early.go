package server

import (
	"maps"
	"net/http"
	"strings"

	"github.com/cache-aware/casper/server/internal/memory"
	"github.com/cache-aware/casper/server/link"
)

// early delivers what is known to be wanted before Next runs, unless the page has
// lately ended in a redirect or an error, or the client has it as it seems.
func (w *response) early() {
	if len(w.h.Sources) == 0 && !w.s.memory.Used() || w.r.Method == http.MethodPost {
		return
	}
	f := w.facts()
	if !f.page || len(w.h.Sources) == 0 && f.known == nil {
		return
	}
	w.engage()
	if f.known.Failed() || !w.mayPush() && !w.mayHint() {
		return
	}
	if p := w.wanted(); p != nil && len(p.assets) > 0 && !w.informed() {
		w.deliver(p.assets, false, nil)
	}
}

// hint sends the one 103 of this request: only links, and a content security policy if one
// is known, since a browser applies that to what it fetches early.
func (w *response) hint(verdicts []Verdict) {
	var links []string
	for _, v := range verdicts {
		if v.Means == ByHint {
			links = append(links, string(v.Asset.Append(nil)))
		}
	}
	w.sendHints(links)
	w.h.stats.Hinted.Add(int64(len(links)))
	if w.conn != nil && (w.h.Observe != nil || w.s.observers != nil) {
		w.awaited = w.facts().url()
		w.conn.hinting.began(w.awaited)
	}
}

// sendHints sends a 103 in isolation.
//
// net/http hands the live header map to the HTTP/2 frame writer and returns early when
// the client resets the stream, so that the next Header().Set of a handler races
// with the writer: a fatal error that no recover catches (golang.org/issue/67940). It
// does clone the map when it holds a Content-Length, which it then leaves out of
// an informational answer; so there is one. TestHintSurvivesReset stands guard.
func (w *response) sendHints(links []string) {
	header := w.Header()
	saved := maps.Clone(header)
	clear(header)
	header["Link"] = links
	if csp := earlyPolicy(saved["Content-Security-Policy"]); len(csp) > 0 {
		header["Content-Security-Policy"] = csp
	}
	header["Content-Length"] = []string{"0"}
	w.hinted = true
	w.ResponseWriter.WriteHeader(http.StatusEarlyHints)
	clear(header)
	maps.Copy(header, saved)
}

// earlyPolicy returns the policies as they may stand in a 103: without default-src 'none'.
// Chromium 156 uses no hint at all beside that, even where style-src and script-src allow
// the assets. The final answer carries the whole policy, and decides what is used.
func earlyPolicy(policies []string) (early []string) {
	for _, p := range policies {
		var keep []string
		for d := range strings.SplitSeq(p, ";") {
			d = strings.TrimSpace(d)
			if f := strings.Fields(d); len(f) > 0 && !(len(f) == 2 && strings.EqualFold(f[0], "default-src") && strings.EqualFold(f[1], "'none'")) {
				keep = append(keep, d)
			}
		}
		if len(keep) > 0 {
			early = append(early, strings.Join(keep, "; "))
		}
	}
	return early
}

// inform passes another informational answer on, with Next's header, guarding against the
// same race.
func (w *response) inform(code int) {
	header := w.Header()
	if _, ok := header["Content-Length"]; !ok {
		header["Content-Length"] = []string{"0"}
		defer delete(header, "Content-Length")
	}
	w.ResponseWriter.WriteHeader(code)
}

// relayHints takes a 103 that Next wants to send. Its links are decided on like any
// others, and go out in the one 103 that the request may have; once that has gone out
// they stay in the header map and come with the final answer. A client that this package
// would send no 103 by itself gets Next's as it is, unless it speaks HTTP/1.0, which has none.
func (w *response) relayHints() {
	values := w.Header()["Link"]
	if len(values) == 0 || w.pushed || !w.r.ProtoAtLeast(1, 1) {
		return
	}
	w.engage()
	pushed := false
	if w.mayPush() || w.mayHint() {
		var want []*Asset
		for l := range link.Links(values, w.facts().base()) {
			if l.Err == nil && len(want) < memory.MaxLinks {
				w.foretold = append(w.foretold, l.Asset)
				if !w.decided(&l.Asset) {
					want = append(want, w.prepare(&l.Asset))
				}
			}
		}
		if len(want) > 0 {
			w.deliver(want, false, nil)
		}
		pushed = w.mayPush()
	}
	if !pushed && !w.mayHint() && !w.hinted {
		w.sendHints(values)
	}
}
