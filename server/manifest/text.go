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
//	  Link: value    a header of the block; headers other than Link are passed over
//	  ! Link         taken off again by static hosts; passed over
//	<...>; rel=...   a bare Link value, with or without indentation
//	-                the page needs nothing
//	# ...            a comment
//	                 an empty line ends a block of bare values
//
// A link that cannot be read is an error. A link that asks for no early fetch, or for another
// origin's asset, is there for other readers of the file, and becomes a warning.
func readText(data []byte) (*Manifest, error) {
	var (
		rules    []rule
		warnings []error
		block    = -1 // index of the open block, -1 without one
	)
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		fault := func(err error) error { return &Error{Line: number, Err: err} }
		if len(line) > MaxLine {
			return nil, fault(ErrTooLarge)
		}
		text := strings.TrimSpace(line)
		var value string
		switch {
		case text == "":
			if block >= 0 && (len(rules[block].assets) > 0 || rules[block].none) {
				block = -1
			}
			continue
		case text[0] == '#', text[0] == '!':
			continue
		case text == "-":
			if block < 0 {
				return nil, fault(ErrOrphan)
			}
			rules[block].none = true
			continue
		case line[0] == '/':
			if !validPage(text) {
				return nil, fault(fmt.Errorf("%w: %q", ErrPath, clip(text)))
			}
			if len(rules) == MaxPages {
				return nil, fault(fmt.Errorf("%w: more than %d pages", ErrTooLarge, MaxPages))
			}
			rules = append(rules, rule{page: text})
			block = len(rules) - 1
			continue
		case text[0] == '<':
			value = text
		default:
			name, rest, ok := strings.Cut(text, ":")
			if strings.HasPrefix(rest, "//") { // a static host's rule for one of its domains, or a path gone wrong
				return nil, fault(fmt.Errorf("%w: %q", ErrPath, clip(text)))
			}
			if !ok || !httpguts.ValidHeaderFieldName(name) {
				return nil, fault(fmt.Errorf("%w: %q", ErrLine, clip(text)))
			}
			if block < 0 {
				return nil, fault(ErrOrphan)
			}
			if !strings.EqualFold(name, "Link") {
				continue
			}
			value = strings.TrimSpace(rest)
		}
		if block < 0 {
			return nil, fault(ErrOrphan)
		}
		found := 0
		base := link.Base{Path: strings.TrimSuffix(rules[block].page, "*")}
		for l := range link.Links([]string{value}, base) {
			found++
			switch {
			case l.Err == nil:
				rules[block].assets = union(rules[block].assets, []link.Asset{l.Asset})
			case errors.Is(l.Err, link.ErrRel), errors.Is(l.Err, link.ErrForeign), errors.Is(l.Err, link.ErrConditional):
				if len(warnings) < maxWarnings {
					warnings = append(warnings, fault(fmt.Errorf("%w: %q", l.Err, clip(l.Target))))
				}
			default:
				return nil, fault(fmt.Errorf("%w: %q", l.Err, clip(value[l.Start:l.End])))
			}
		}
		if found == 0 {
			return nil, fault(fmt.Errorf("%w: %q", link.ErrSyntax, clip(value)))
		}
	}
	// A block that only sets other headers says nothing of assets.
	kept := rules[:0]
	for _, r := range rules {
		if len(r.assets) > 0 || r.none {
			kept = append(kept, r)
		}
	}
	return seal(kept, nil, warnings), nil
}

// validPage takes a request path, or a pattern: a path with an asterisk at its end. Static
// hosts also know placeholders (:name) and asterisks in the middle; matching those as text
// would silently match nothing, so they are refused.
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
