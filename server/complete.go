package server

import (
	"net/http"
	"slices"

	"github.com/cache-aware/casper/server/link"
)

// complete acts on an answer. Where nothing is wanted, known or linked it does not
// even ask what the request is.
func (w *response) complete(code int, header http.Header, body []byte) {
	h := w.h
	if w.visit == nil && h.Source == nil && h.Scan == nil && h.Observe == nil && !h.Cookie.Forget && len(header["Link"]) == 0 {
		if !w.s.catalogue.used.Load() {
			return
		}
		if w.isPage() && w.memory() == nil {
			if !isHTML(contentType(header, nil)) {
				w.learnAsset(code, header)
			}
			return
		}
	}
	if !w.isPage() {
		w.learnAsset(code, header)
		return
	}
	w.engage()
	w.completePage(code, header, body)
}

// learnAsset takes from an answer what it says of the asset that it is.
func (w *response) learnAsset(code int, header http.Header) {
	if w.r.Method != http.MethodGet || code != http.StatusOK && code != http.StatusNotModified || !w.s.catalogue.used.Load() {
		return
	}
	e, ok := w.s.catalogue.assets.GetIfPresent(place{w.r.Host, target(w.r)})
	if !ok {
		return // no page wants it
	}
	if code == http.StatusOK {
		w.s.catalogue.learn(e, seenIn(header))
	}
	if known := e.facts.Load(); known != nil && !w.isPush && (code == http.StatusNotModified || known.freshness == Fresh) {
		w.diary().add(e.url, known.version, w.h.Policy.Diary) // the client asked, and holds it now
	}
}

// completePage acts on the links of an answer, remembers them, and writes the
// cookie.
func (w *response) completePage(code int, header http.Header, body []byte) {
	if len(header["Link"]) > 0 {
		w.linked = w.takeLinks(header)
	}
	html := isHTML(contentType(header, body))
	if html && w.h.Scan != nil && len(body) > 0 && first(header, "Content-Encoding") == "" {
		w.scan(body)
	}
	document := html || len(w.linked) > 0
	if !document {
		w.learnAsset(code, header)
	}
	w.keep(code, header, html)
	if document && (code >= 200 && code < 300 || code == http.StatusNotModified && !w.conditional()) && (len(w.linked) > 0 || len(w.wantedBySource()) > 0) {
		w.readClient() // here, where less of the stack is used than where it is needed
		w.late(code, html, header)
	}
	w.setCookie(code, header)
}

// takeLinks reads the links of the answer, and takes out those that are there for us
// alone.
func (w *response) takeLinks(header http.Header) (linked []link.Asset) {
	values := header["Link"]
	pushOnly := false
	for l := range link.Links(values, w.base()) {
		if l.Err == nil && len(linked) < maxRemember {
			linked = append(linked, l.Asset)
			pushOnly = pushOnly || l.Asset.PushOnly
		}
	}
	if pushOnly {
		rest := link.Filter(values, w.base(), func(l link.Link) bool { return l.Err != nil || !l.Asset.PushOnly })
		if header["Link"] = rest; len(rest) == 0 {
			delete(header, "Link")
		}
	}
	return linked
}

// scan adds to the links what the body names.
func (w *response) scan(body []byte) {
	w.html = slices.Clone(body[:min(len(body), w.h.scanBytes())])
	for _, a := range w.h.scan(w.html, w.base()) {
		if len(w.linked) < maxRemember && a.Valid() && !has(w.linked, &a) {
			w.linked = append(w.linked, a)
		}
	}
}

// has reports whether an asset is in a list, however it is asked for there.
func has(list []link.Asset, a *link.Asset) bool {
	for i := range list {
		if b := &list[i]; b.Path == a.Path && b.Rel == a.Rel {
			return true
		}
	}
	return false
}

// keep remembers what the page linked and how it ended, for the next who asks for it. How a
// page ended matters only if something would go ahead of it.
func (w *response) keep(code int, header http.Header, html bool) {
	if w.r.Method == http.MethodPost || !html && len(w.linked) == 0 && code < 300 {
		return
	}
	linked := w.linked
	for i := range w.foretold {
		if a := &w.foretold[i]; !has(linked, a) {
			linked = append(linked[:len(linked):len(linked)], *a)
		}
	}
	w.links = linked
	w.personal = (len(linked) > 0 || w.h.Observe != nil) && personal(w.r, header)
	voter := uint64(0)
	if len(linked) > 0 && w.personal {
		voter = w.voter()
	}
	w.unread = html && len(linked) == 0 && w.h.Scan != nil && first(header, "Content-Encoding") != ""
	wanted := len(w.sent) > 0 || len(w.source) > 0 || html && len(w.wantedBySource()) > 0
	w.remember(code, linked, wanted, voter)
}

// late decides on what the answer itself links, and on what the source wants and the
// client could not take earlier.
func (w *response) late(code int, html bool, header http.Header) {
	shared := shareable(code, header)
	page := w.wanted()
	var room [2][12]*Asset
	want, own := room[0][:0], room[1][:0]
	for i := range w.linked {
		if a := &w.linked[i]; !w.settled(a) {
			p := page.find(a)
			if p == nil {
				p = w.prepare(a)
			}
			want = append(want, p)
		}
	}
	if page != nil && html && w.r.Method == http.MethodGet {
		for _, p := range page.prepared[:page.own] {
			if !has(w.linked, &p.Asset) { // those stand in the answer already
				own = append(own, p)
			}
		}
	}
	if shared && len(own) > 0 {
		w.linkForAll(own, header)
	}
	for _, p := range own {
		if !w.settled(&p.Asset) {
			want = append(want, p)
		}
	}
	if len(want) == 0 {
		return
	}
	heldBack := false
	done := w.deliver(want, true, nil)
	for i := range done {
		switch v := &done[i]; {
		case shared || !slices.Contains(own, v.Asset):
		case v.Means == ByLink:
			w.link(done[i:i+1], header)
		case v.Why == Held:
			heldBack = true
		}
	}
	if heldBack {
		makePrivate(header) // the answer depends on the cookie
	}
}

// linkForAll links what every client is to have: what others may get from a cache must not
// depend on this one.
func (w *response) linkForAll(own []*Asset, header http.Header) {
	plan := w.h.Policy.Decide(&Client{CanLink: true, Deny: w.c.Deny}, own, nil)
	w.link(plan.Verdicts, header)
}

// setCookie writes the fingerprint, if it is news and the answer may carry it. A
// digest says more than a cookie could: H2O takes the cookie back then, and so do we.
func (w *response) setCookie(code int, header http.Header) {
	c := &w.h.Cookie
	switch {
	case !w.changed && !c.Off && w.c.Digest == nil, shareable(code, header):
	case c.Off:
		if c.Forget && len(w.r.Header["Cookie"]) > 0 {
			on := Cookie{Name: c.Name}
			if on.read(w.r, w.h.Params).present {
				c.write(header, "")
			}
		}
	case w.c.Digest != nil:
		if w.hadCookie {
			c.write(header, "")
		}
	case w.changed && w.c.Held.Len() > 0:
		c.write(header, w.c.Held.String())
		w.h.stats.Cookies.Add(1)
	}
}

// finish is called when Next has returned normally.
func (w *response) finish() {
	switch {
	case w.pending != nil:
		w.commit(w.status, nil)
	case w.committed:
	case (w.visit != nil && w.changed || len(w.Header()["Link"]) > 0) && w.isPage():
		w.commit(http.StatusOK, nil) // an empty answer, whose links count too
	default:
		w.learnAsset(http.StatusOK, w.Header())
	}
	if w.h.Observe == nil {
		return
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.engage()
	if w.isPage() {
		w.readClient()
	}
	w.h.observe(&Exchange{
		Request: w.r, Header: w.Header(), Status: w.status,
		Pushed: w.isPush, Early: w.isEarly, Hinted: w.hinted,
		Held: w.held, Plan: w.sent, Linked: w.links, Unread: w.unread, Personal: w.personal, HTML: w.html, Key: w.key,
	})
}
