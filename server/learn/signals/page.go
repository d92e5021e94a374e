package signals

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/cache-aware/casper/server/learn"
)

// Page returns the identity of the page that a request is for: the matched route where that
// names pages of one kind ("/item/{id}"), else the cleaned path, with the listed parameters.
func (rd *Reader) Page(r *http.Request) string {
	if p := route(r.Pattern); p != "" {
		return p + rd.query(r.URL.RawQuery)
	}
	return rd.path(r.URL.Path, r.URL.RawQuery)
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

// path is the identity of a page by its path.
func (rd *Reader) path(p, query string) string {
	return clean(p) + rd.query(query)
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

// query returns the listed parameters that are there, in the order of the list.
func (rd *Reader) query(raw string) string {
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
		b.WriteString(url.QueryEscape(values.Get(name)))
	}
	return b.String()
}
