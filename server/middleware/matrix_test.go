package middleware_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/server/link"
)

// A kind is a kind of request.
type kind struct {
	name  string
	about aspect // the paths that it is for, of which one at least is wanted; 0 is all
	request
}

var kinds = []kind{
	{"plain", 0, request{fields: []string{"X-Session: 1"}}},
	{"navigation", 0, request{fields: navigation}},
	{"navigation, gzip", 0, request{fields: append([]string{"Accept-Encoding: gzip"}, navigation...)}},
	{"navigation, junk cookie", cookie, request{fields: append([]string{"Cookie: h2o_casper=junk!; x=y"}, navigation...)}},
	{"gzip", 0, request{fields: []string{"Accept-Encoding: gzip"}}},
	{"HEAD", 0, request{method: "HEAD"}},
	{"POST", 0, request{method: "POST"}},
	{"Range", ranges, request{fields: []string{"Range: bytes=10-19"}}},
	{"two ranges", ranges, request{fields: []string{"Range: bytes=0-4,10-14"}}},
	{"If-None-Match", validators, request{fields: []string{`If-None-Match: "v1"`, "If-Modified-Since: Fri, 02 Jan 2026 03:04:05 GMT"}}},
}

// asked reports whether a kind of request says more than others do: push goes out whatever the
// request, and a 103 goes to navigations on HTTP/2 alone.
func (k *kind) asked(protocol string) bool {
	switch protocol {
	case http1:
		return k.name != "navigation, gzip"
	case http2only:
		return k.name != "gzip"
	}
	return k.name == "plain" || k.name == "gzip"
}

// TestMatrix compares each answer with that of the same program without casper.
func TestMatrix(t *testing.T) {
	for _, c := range chains {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			bare := serve(t, c.build(application(), nothing))
			want := map[string]answers{}
			for _, protocol := range protocols {
				want[protocol] = askAll(protocol, bare, c.prefix)
			}
			for _, place := range []string{outside, inside} {
				for _, m := range modes {
					addr := serve(t, c.with(application(), m.make(), place))
					for _, protocol := range protocols {
						if found := want[protocol].compare(askAll(protocol, addr, c.prefix)); len(found) > 0 {
							t.Errorf("%s, %s, %s:%s", place, m.name, protocol, found)
						}
					}
				}
			}
		})
	}
}

// answers are those of one program, by path and kind of request.
type answers map[question]*answer

type question struct {
	path, kind string
	plainly    bool // without what middleware may misunderstand
}

func (q question) String() string { return q.path + " (" + q.kind + ")" }

// askAll asks for each path with one kind of request after the other.
func askAll(protocol, addr, prefix string) answers {
	c := newClient(protocol, addr)
	defer c.close()
	told := answers{}
	for _, k := range kinds {
		if !k.asked(protocol) {
			continue
		}
		var questions []question
		var requests []request
		for _, p := range paths {
			if k.about != 0 && k.about&p.about == 0 {
				continue
			}
			questions, requests = append(questions, question{p.name, k.name, false}), append(requests, k.at(prefix+p.name))
			if p.about&moot != 0 {
				questions, requests = append(questions, question{p.name, k.name, true}), append(requests, k.at(prefix+p.name+"?plainly"))
			}
		}
		for i, a := range c.askEach(requests) {
			told[questions[i]] = a
		}
	}
	return told
}

// compare returns the differences. Some middleware takes an interim answer for the final one, some
// heeds what is done to the header after WriteHeader; there casper may also make of it what it means
// in net/http.
func (want answers) compare(got answers) differences {
	var all differences
	for q, a := range got {
		var found differences
		found.compare(q.String(), want[q], a)
		if meant := want[question{q.path, q.kind, true}]; meant != nil && len(found) > 0 {
			var other differences
			as := *meant
			as.Other = want[q].Other
			if other.compare(q.String(), &as, a); len(other) == 0 {
				continue
			}
		}
		for what, where := range found {
			all.add(where[0], "%s", what)
		}
	}
	return all
}

// differences are those between two programs, and where they occur.
type differences map[string][]string

func (d *differences) add(where, format string, args ...any) {
	if *d == nil {
		*d = differences{}
	}
	what := fmt.Sprintf(format, args...)
	(*d)[what] = append((*d)[what], where)
}

// String tells the first of them.
func (d differences) String() string {
	var b strings.Builder
	all := slices.Sorted(maps.Keys(d))
	for i, what := range all {
		if i == 12 {
			fmt.Fprintf(&b, "\n\tand %d more", len(all)-i)
			break
		}
		where := slices.Sorted(slices.Values(d[what]))
		fmt.Fprintf(&b, "\n\t%s: %d times: %s", what, len(where), strings.Join(where[:min(3, len(where))], ", "))
	}
	return b.String()
}

// compare notes in what the answer with casper is another than without. Left out are Date, the
// links that casper adds and those that are for it alone, its cookie, and the private that goes with
// the cookie.
func (d *differences) compare(where string, want, got *answer) {
	if got.Status != want.Status {
		d.add(where, "status %d, not %d", got.Status, want.Status)
		return // and all the rest, then
	}
	if (got.Broken == "") != (want.Broken == "") {
		d.add(where, "broken off with %q, not %q", got.Broken, want.Broken)
		return
	}
	if got.Framing != want.Framing {
		d.add(where, "framing %q, not %q", got.Framing, want.Framing)
	}
	if !slices.Equal(got.Other, want.Other) {
		d.add(where, "interim answers %v, not %v", got.Other, want.Other)
	}
	d.header(where, want.Header, got)
	d.same(where, "trailer", want.Trailer, got.Trailer)
	if a, b := content(want), content(got); !bytes.Equal(a, b) {
		d.add(where, "body of %d octets (%.20q), not %d (%.20q)", len(b), b, len(a), a)
	}
}

func (d *differences) header(where string, want http.Header, a *answer) {
	want, got := want.Clone(), a.Header.Clone()
	for _, h := range []http.Header{want, got} {
		h.Del("Date")
		unbound(h)
		for i, line := range h["Set-Cookie"] { // some are random
			name, value, _ := strings.Cut(line, "=")
			if _, attributes, _ := strings.Cut(value, ";"); name == "session" || name == "csrf_token" {
				attributes, _, _ = strings.Cut(attributes, "Expires=")
				h["Set-Cookie"][i] = name + "=;" + attributes
			}
		}
	}
	own := slices.DeleteFunc(slices.Clone(got["Set-Cookie"]), func(line string) bool { return strings.HasPrefix(line, "h2o_casper=") })
	if n := len(got["Set-Cookie"]) - len(own); n > 0 {
		if n > 1 {
			d.add(where, "%d casper cookies", n)
		}
		if got["Set-Cookie"] = own; len(own) == 0 {
			delete(got, "Set-Cookie")
		}
		if cc := got["Cache-Control"]; len(cc) == len(want["Cache-Control"])+1 {
			if i := slices.Index(cc, "private"); i >= 0 {
				got["Cache-Control"] = slices.Delete(cc, i, i+1)
			}
			if len(cc) == 1 {
				delete(got, "Cache-Control")
			}
		}
	}
	kept := split(link.Filter(want["Link"], link.Base{Scheme: "http", Authority: host, Path: "/"}, func(l link.Link) bool { return l.Err != nil || !l.Asset.PushOnly }))
	there := split(got["Link"])
	if rest := without(there, kept); rest != nil {
		d.add(where, "without the link %q", rest[0])
	}
	delete(want, "Link")
	delete(got, "Link")
	d.same(where, "field", want, got)
}

// without returns what is left of want when its links are found in list in their order.
func without(list, want []string) []string {
	for _, l := range list {
		if len(want) > 0 && l == want[0] {
			want = want[1:]
		}
	}
	if len(want) == 0 {
		return nil
	}
	return want
}

func (d *differences) same(where, what string, want, got http.Header) {
	for name := range want {
		if !slices.Equal(want[name], got[name]) {
			d.add(where, "%s %s %q, not %q", what, name, got[name], want[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			d.add(where, "%s %s %q, not absent", what, name, got[name])
		}
	}
}

// boundary returns that of a multipart answer.
func boundary(h http.Header) string {
	_, b, _ := strings.Cut(h.Get("Content-Type"), "multipart/byteranges; boundary=")
	return b
}

func unbound(h http.Header) {
	if boundary(h) != "" {
		h.Set("Content-Type", "multipart/byteranges")
	}
}

// content is the body as it was before compression.
func content(a *answer) []byte {
	if b := boundary(a.Header); b != "" {
		return bytes.ReplaceAll(a.Body, []byte(b), []byte("boundary"))
	}
	if a.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(a.Body))
		if err != nil {
			return a.Body
		}
		plain, _ := io.ReadAll(z)
		return plain
	}
	return a.Body
}
