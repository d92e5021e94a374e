package learn

import "strings"

// maxFamilies is how many kinds a page belongs to.
const maxFamilies = 2

// familyKey appends the key of a page's kind to dst: its siblings (level 0), or its cousins (level 1). It reports false where
// there is none: for the root, which has no siblings, for routes, which already stand for a kind, and for what is not a path.
//
//	/shop/toys/blue-bear       ->  /shop/toys/*        /shop/*/*
//	/blog/2024/spring.html     ->  /blog/2024/*.html   /blog/*/*.html
//	/about                     ->  /*
//	/blog/spring/              ->  /blog/*/            /*/*/
//
// A path that holds a star already is not generalised, so a page cannot speak for a kind.
func familyKey(dst []byte, page string, level int) ([]byte, bool) {
	path, query := page, ""
	if i := strings.IndexByte(page, '?'); i >= 0 {
		path, query = page[:i], page[i:]
	}
	if len(path) < 2 || path[0] != '/' || strings.ContainsAny(path, "{*") {
		return dst, false
	}
	end := len(path)
	if path[end-1] == '/' {
		end--
	}
	last := strings.LastIndexByte(path[:end], '/')
	tail := path[end:] // "/" or ""
	if tail == "" {
		if dot := strings.LastIndexByte(path[last:end], '.'); dot > 1 && end-last-dot <= 6 && strings.ContainsFunc(path[last+dot:end], isLetter) {
			tail = path[last+dot : end]
		}
	}
	parent := path[:last]
	star := "/*"
	if level == 1 {
		if parent == "" {
			return dst, false
		}
		parent = parent[:strings.LastIndexByte(parent, '/')]
		star = "/*/*"
	}
	dst = append(dst, parent...)
	dst = append(dst, star...)
	dst = append(dst, tail...)
	if query != "" { // listed parameters tell kinds apart by name, not by value
		for pair := range strings.SplitSeq(query[1:], "&") {
			name, _, _ := strings.Cut(pair, "=")
			dst = append(dst, "?*"...)
			dst = append(dst, name...)
		}
	}
	return dst, true
}

func isLetter(r rune) bool { return 'a' <= r|0x20 && r|0x20 <= 'z' }
