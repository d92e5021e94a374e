package server

import (
	"hash/maphash"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/internal/httpfacts"
	"github.com/cache-aware/casper/server/internal/memory"
	"github.com/cache-aware/casper/server/link"
)

// The final header of an answer is read and written here, and nowhere else: what it says is
// remembered, and Link, Set-Cookie and Cache-Control are added to it.

// answer acts on the final header. Where nothing is wanted, known or linked it does not even
// ask what the request is.
func (w *response) answer(code int, header http.Header, body []byte) {
	h := w.h
	idle := w.exchange == nil && len(h.Sources) == 0 && w.s.scan == nil && h.Observe == nil && !h.Cookie.Forget && len(header["Link"]) == 0
	if idle && !w.s.memory.Used() {
		return
	}
	switch f := w.facts(); {
	case !f.page:
		w.learnFile(code, header)
	case idle && !f.remembered():
		if !httpfacts.IsHTML(httpfacts.ContentType(header, nil)) {
			w.learnFile(code, header)
		}
	default:
		w.engage()
		w.answerPage(code, header, body)
	}
}

// learnFile learns about a file from its own answer, if some page wants the file.
func (w *response) learnFile(code int, header http.Header) {
	if w.r.Method != http.MethodGet || !w.s.memory.Used() {
		return
	}
	f := w.facts()
	file := w.s.memory.KnownFile(memory.Place{Host: f.place.Host, Path: f.target})
	switch {
	case file == nil:
		return
	case code == http.StatusOK:
		w.s.memory.Answered(file, header, time.Now())
	case code == http.StatusNotModified:
	case code >= 300 && httpfacts.Votes(w.r) && !httpfacts.Has(w.r.Header, "Authorization"):
		w.s.memory.Refused(file, code, w.network())
		return
	default:
		return
	}
	if known := file.Facts(); known.Seen && !w.pushed && (code == http.StatusNotModified || known.Freshness == httpfacts.Fresh) {
		w.diary().add(file.URL, known.Version) // the client asked, and holds it now
	}
}

// answerPage acts on the links of a page's answer, remembers them, and writes the cookie.
func (w *response) answerPage(code int, header http.Header, body []byte) {
	if len(header["Link"]) > 0 {
		w.linked = w.takeLinks(header)
	}
	contentType := httpfacts.ContentType(header, body)
	html := httpfacts.IsHTML(contentType)
	if html {
		w.readHTML(code, header, body)
	}
	document := html || len(w.linked) > 0
	if !document {
		w.learnFile(code, header)
	}
	if w.coming != nil {
		w.coming.await(code, header, html)
	} else {
		w.remember(code, header, html, contentType != "" && !html)
	}
	whole := code >= 200 && code < 300 || code == http.StatusNotModified && !w.informed()
	if document && whole && (len(w.linked) > 0 || len(w.ask()) > 0) {
		w.readClient() // here, where less of the stack is used than where it is needed
		w.late(code, html, header)
	}
	w.setCookie(code, header)
	if w.h.Timing != nil && html && code == http.StatusOK {
		w.setTiming(code, header)
	}
}

// takeLinks reads the links of the answer, and takes out those that are there for us
// alone.
func (w *response) takeLinks(header http.Header) (linked []link.Asset) {
	values, base := header["Link"], w.facts().base()
	pushOnly := false
	for l := range link.Links(values, base) {
		if l.Err == nil && len(linked) < memory.MaxLinks {
			linked = append(linked, l.Asset)
			pushOnly = pushOnly || l.Asset.PushOnly
		}
	}
	if pushOnly {
		rest := link.Filter(values, base, func(l link.Link) bool { return l.Err != nil || !l.Asset.PushOnly })
		if header["Link"] = rest; len(rest) == 0 {
			delete(header, "Link")
		}
	}
	return linked
}

// remember keeps what the page linked and how it ended, for the next request. How a page ended
// matters only if something would go ahead of it.
func (w *response) remember(code int, header http.Header, html, other bool) {
	x := w.exchange
	other = other && len(x.linked) == 0 && code < 300
	if w.r.Method == http.MethodPost || !html && len(x.linked) == 0 && code < 300 && !(other && len(x.wants.list) > 0) {
		return
	}
	x.links = x.linked
	for i := range x.foretold {
		if a := &x.foretold[i]; !has(x.links, a) {
			x.links = append(x.links[:len(x.links):len(x.links)], *a)
		}
	}
	a := memory.Answer{Status: code, Links: x.links}
	if len(x.links) > 0 || w.h.Observe != nil || x.observations != nil {
		x.personal = httpfacts.Personal(w.r, header, w.h.Cookie.name())
	}
	a.Personal, a.Other = x.personal, other
	x.unread = html && len(x.links) == 0 && w.s.scan != nil && httpfacts.Encoded(header) && !x.read
	a.Unread = x.unread
	a.Wanted = len(x.sent) > 0 || len(x.wants.list) > 0 || html && len(w.ask()) > 0
	f := w.facts()
	x.answered = httpfacts.Votes(w.r) && (code == http.StatusOK || code >= 300) // of the others none is a page
	if code == http.StatusNotModified {                                         // of what the page links it says nothing, but all is well
		x.answered = x.answered && f.known.Failed(w.network())
		a = memory.Answer{Status: http.StatusOK, Unread: true}
		x.unread = true
	}
	if x.answered {
		a.Network = w.network()
		f.known = w.s.memory.Remember(f.place, f.query, f.known, &a)
		if code == http.StatusOK && !x.unread {
			w.rememberOwn(x.personal, x.links, header)
		}
	}
}

// A salt hashes the networks of visitors, for as long as the process lives.
type salt struct{ seed maphash.Seed }

func newSalt() salt { return salt{maphash.MakeSeed()} }

// network identifies the visitor by the network, salted, since one person may have many addresses
// in it.
func (w *response) network() uint64 {
	x := w.engage()
	if x.network == 0 {
		who := w.r.RemoteAddr
		if addr := httpfacts.Networks(w.h.Proxies).Client(w.r); addr.IsValid() {
			network := httpfacts.NetworkOf(addr).Addr().As16()
			who = string(network[:])
		}
		x.network = max(1, maphash.String(w.s.salt.seed, who))
	}
	return x.network
}

// late decides on what the answer itself links, and on what the sources want and the
// client could not take earlier.
func (w *response) late(code int, html bool, header http.Header) {
	x, shared, wanted := w.exchange, httpfacts.Shareable(code, header), w.wanted()
	var room [2][12]*Asset
	want, named := room[0][:0], room[1][:0]
	for i := range x.linked {
		if a := &x.linked[i]; !x.decided(a) {
			want = append(want, w.prepared(wanted, a))
		}
	}
	if wanted != nil && html && w.r.Method == http.MethodGet {
		for i, p := range wanted.assets {
			if !wanted.isLinked(i) && !has(x.linked, &p.Asset) { // those stand in the answer already
				named = append(named, p)
			}
		}
	}
	if shared && len(named) > 0 {
		w.linkForAll(named, header)
	}
	for _, p := range named {
		if !x.decided(&p.Asset) {
			want = append(want, p)
		}
	}
	if len(want) == 0 {
		return
	}
	done := w.deliver(want, means{push: true, hint: true, link: true}, nil)
	if shared {
		return
	}
	w.link(done, header, func(a *Asset) bool { return slices.Contains(named, a) })
	if slices.ContainsFunc(done, func(v Verdict) bool { return v.Reason == ReasonHeld && slices.Contains(named, v.Asset) }) {
		makePrivate(header) // the answer depends on the cookie
	}
}

// linkForAll links what every client is to have: what others may get from a cache must not
// depend on this one.
func (w *response) linkForAll(named []*Asset, header http.Header) {
	plan := w.h.Policy.Decide(&Client{CanLink: true, Deny: w.client.Deny}, named, nil)
	w.link(plan.Verdicts, header, nil)
}

// maxLinkField is how long the Link fields of an answer may become by our links, in octets:
// proxies refuse a header of more than 4 kB in all.
const maxLinkField = 2 << 10

// link adds the ByLink verdicts to the final header, those of the chosen assets; nil is all.
func (w *response) link(verdicts []Verdict, header http.Header, chosen func(*Asset) bool) {
	var room [12]string
	values := room[:0]
	size := 0
	for _, v := range header["Link"] {
		size += len(v) + 2
	}
	for _, v := range verdicts {
		if v.Means == ByLink && (chosen == nil || chosen(v.Asset)) {
			text := v.Asset.String()
			if size += len(text) + 2; size > maxLinkField {
				break
			}
			values = append(values, text)
		}
	}
	add(header, "Link", values...)
	w.h.stats.Linked.Add(int64(len(values)))
}

// setCookie writes the fingerprint, if it is news and the answer may carry it. A
// digest says more than a cookie could: H2O takes the cookie back then, and so do we.
func (w *response) setCookie(code int, header http.Header) {
	c, x := &w.h.Cookie, w.exchange
	if x.changed {
		w.join(header)
	}
	switch {
	case !x.changed && !c.Off && x.client.Digest == nil, httpfacts.Shareable(code, header):
	case c.Off:
		if c.Forget && len(w.r.Header["Cookie"]) > 0 {
			on := Cookie{Name: c.Name}
			if on.read(w.r, w.h.Params).present {
				c.write(header, "")
			}
		}
	case x.client.Digest != nil:
		if x.hadCookie {
			c.write(header, "")
		}
	case x.changed && x.client.Held.Len() > 0:
		if attributes := w.s.attributes; attributes != "" {
			writeCookie(header, c.name()+"="+x.client.Held.String()+attributes)
		} else { // a name that cannot be a cookie's
			c.write(header, x.client.Held.String())
		}
		w.h.stats.Cookies.Add(1)
	}
}

// join takes over the cookie of another Handler behind this one, or of a [Push] that did not
// find this one: an answer has one cookie, which holds what both have sent.
func (w *response) join(header http.Header) {
	c, x := &w.h.Cookie, w.exchange
	if value, ok := c.take(header); ok {
		if f, err := casper.Parse(value, w.h.Params); err == nil {
			x.client.Held = x.client.Held.Merge(f).Trim(maxText)
		}
	}
}

// setTiming lets the page's browser know to which group its view belongs, in the words of
// Handler.Timing (Server Timing, section 2).
func (w *response) setTiming(code int, header http.Header) {
	if !w.control && w.hintedAt.IsZero() || httpfacts.Shareable(code, header) {
		return
	}
	if description := w.h.timing(w.r, w.control); description != "" {
		add(header, "Server-Timing", "casper;desc="+strconv.Quote(description))
	}
}

// write adds the cookie to a final header. The answer belongs to one client from
// then on, and says so.
func (c *Cookie) write(header http.Header, value string) {
	writeCookie(header, c.cookie(value).String())
}

func writeCookie(header http.Header, line string) {
	add(header, "Set-Cookie", line)
	makePrivate(header)
}

// makePrivate keeps an answer out of shared caches. They may store even an answer that says
// nothing of caching (RFC 9111, section 3), with its cookie.
func makePrivate(header http.Header) {
	if !httpfacts.Private(header) {
		add(header, "Cache-Control", "private")
	}
}

// add is Header.Add for a map whose slices may belong to others: handlers share them.
func add(header http.Header, field string, more ...string) {
	if values := header[field]; len(more) > 0 {
		header[field] = append(values[:len(values):len(values)], more...)
	}
}

// finish is called when Next has returned normally.
func (w *response) finish() {
	switch {
	case w.pending != nil:
		w.commit(w.status, nil)
	case w.committed:
	case (w.exchange != nil && w.changed || len(w.Header()["Link"]) > 0) && w.facts().page:
		w.complete(http.StatusOK, nil) // an empty answer, whose links count too
	default:
		w.learnFile(http.StatusOK, w.Header())
	}
	if w.reads() {
		w.conclude()
	}
	w.observed()
}
