package manifest

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/cache-aware/casper/server/link"
)

// readText reads both line-oriented forms, which do not get in each other's way:
//
//	/path            begins a block; an asterisk at its end covers everything below
//	https://host/    begins a block of one of a static host's domains, which is passed over
//	  Link: value    a header of the block; headers other than Link are passed over
//	  ! Link         taken off again by static hosts; passed over
//	<...>; rel=...   a bare Link value, with or without indentation
//	-                the page needs nothing
//	# ...            a comment
//	                 an empty line ends a block of bare values
//
// A line or a link that cannot be read is an error. What can be read and not be used belongs in
// such files for other readers, and becomes a warning: a link that asks for no early fetch, and
// the links of a path that is not matched here.
func readText(data []byte) (*Manifest, error) {
	r := textReader{}
	for line := range strings.Lines(string(data)) {
		r.number++
		if err := r.line(line); err != nil {
			return nil, &lineError{Line: r.number, Err: err}
		}
	}
	var rules []rule
	for _, b := range r.blocks {
		if len(b.assets) > 0 || b.whole && !b.foreign { // else it only sets other headers
			rules = append(rules, b.rule)
		}
	}
	return seal(rules, nil, r.warnings.list), nil
}

type textReader struct {
	blocks []*block
	open   *block // the last of them, nil once it has ended
	warnings
}

type block struct {
	rule
	foreign bool // for a host, or a pattern that is not matched here
	links   bool // it has any
}

func (r *textReader) line(line string) error {
	if len(line) > maxLine {
		return errTooLarge
	}
	text := strings.TrimSpace(line)
	switch {
	case text == "":
		if r.open != nil && (r.open.links || r.open.whole) {
			r.open = nil
		}
	case text[0] == '#', text[0] == '!':
	case line[0] == '/', strings.HasPrefix(line, "https://"), strings.HasPrefix(line, "http://"):
		if len(r.blocks) == maxPages {
			return fmt.Errorf("%w: more than %d pages", errTooLarge, maxPages)
		}
		r.open = &block{rule: rule{page: text}, foreign: !validPage(text)}
		r.blocks = append(r.blocks, r.open)
	case text == "-":
		if r.open == nil {
			return errOrphan
		}
		r.open.whole = true
	case text[0] == '<':
		return r.link(text)
	default:
		name, value, ok := strings.Cut(text, ":")
		switch {
		case !ok || !httpguts.ValidHeaderFieldName(name):
			return fmt.Errorf("%w: %q", errLine, clip(text))
		case r.open == nil:
			return errOrphan
		case strings.EqualFold(name, "Link"):
			return r.link(strings.TrimSpace(value))
		}
	}
	return nil
}

// link takes the links of one Link value into the open block.
func (r *textReader) link(value string) error {
	b := r.open
	if b == nil {
		return errOrphan
	}
	first := !b.links
	b.links = true
	if b.foreign {
		if first {
			r.warn(fmt.Errorf("%w: the links of %q are passed over", errPath, clip(b.page)))
		}
		return nil
	}
	found := 0
	base := link.Base{Path: strings.TrimSuffix(b.page, "*"), Foreign: true}
	for l := range link.Links([]string{value}, base) {
		found++
		switch {
		case l.Err == nil:
			if l.Asset.Origin != "" {
				r.warnOf(l.Asset.Origin)
			}
			b.assets = union(b.assets, []link.Asset{l.Asset})
		case errors.Is(l.Err, link.ErrForeign), errors.Is(l.Err, link.ErrRel), errors.Is(l.Err, link.ErrConditional), errors.Is(l.Err, link.ErrTarget):
			r.warn(fmt.Errorf("%w: %q", l.Err, clip(l.Target)))
		default:
			return fmt.Errorf("%w: %q", l.Err, clip(value[l.Start:l.End]))
		}
	}
	if found == 0 {
		return fmt.Errorf("%w: %q", link.ErrSyntax, clip(value))
	}
	return nil
}

// validPage takes a request path, or a pattern: a path with an asterisk at its end. Static
// hosts also know placeholders (:name) and asterisks in the middle; matching those as text
// would silently match nothing, so they are no pages.
func validPage(page string) bool {
	path := strings.TrimSuffix(page, "*")
	return !strings.Contains(path, "*") && !strings.Contains(path, "/:") && !strings.Contains(path, "?") &&
		(link.Asset{Path: path}).Valid()
}

// clip keeps an error to one line of sensible length.
func clip(s string) string {
	const most = 80
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
