package signals

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/cache-aware/casper/server/internal/personal"
	"github.com/cache-aware/casper/server/learn"
)

// Page returns the identity of the page that a request is for: the matched route where that
// names pages of one kind ("/item/{id}"), else the cleaned path, with the listed parameters.
// What names a person in it, or looks like a token, is left out: /invite/bob@example.com is the
// page "/invite/{}", as all other invitations are.
func (rd *Reader) Page(r *http.Request) string {
	p := route(r.Pattern)
	if p == "" {
		p = personal.Fold(clean(r.URL.Path))
	}
	return p + rd.query(r.URL.RawQuery, true)
}

// route returns the path of a pattern of [http.ServeMux] if it has wildcards and each stands for
// one segment. A pattern without wildcards is as good as the path, and one for a whole subtree
// says nothing about what is in it.
func route(pattern string) string {
	if _, p, ok := strings.Cut(pattern, " "); ok {
		pattern = strings.TrimLeft(p, " \t")
	}
	slash := strings.IndexByte(pattern, '/')
	if slash < 0 || !strings.Contains(pattern, "{") {
		return ""
	}
	pattern = pattern[slash:]
	exact, _ := strings.CutSuffix(pattern, "{$}")
	if strings.HasSuffix(pattern, "/") || strings.Contains(pattern, "...}") || !strings.Contains(exact, "{") {
		return ""
	}
	return pattern
}

// path is how a page and the Referer of its files are brought together. It is kept as a hash only,
// so nothing is left out of it.
func (rd *Reader) path(p, query string) string {
	return clean(p) + rd.query(query, false)
}

// clean is path.Clean with the trailing slash kept.
func clean(p string) string {
	if p == "" || p[0] != '/' {
		p = "/" + p
	}
	c := path.Clean(p)
	switch {
	case c == "/" || !strings.HasSuffix(p, "/"):
		return c
	case len(p) == len(c)+1: // it was clean
		return p
	}
	return c + "/"
}

// query returns the listed parameters that are there, in the order of the list. Folding leaves out
// values that name a person.
func (rd *Reader) query(raw string, fold bool) string {
	if raw == "" || len(rd.Query) == 0 || len(raw) > learn.MaxKey {
		return ""
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return ""
	}
	var b strings.Builder
	for _, name := range rd.Query {
		if !values.Has(name) {
			continue
		}
		b.WriteByte("?&"[min(b.Len(), 1)])
		b.WriteString(url.QueryEscape(name))
		b.WriteByte('=')
		value := values.Get(name)
		if fold && personal.Is(value) {
			b.WriteString(personal.Folded)
			continue
		}
		b.WriteString(url.QueryEscape(value))
	}
	return b.String()
}
