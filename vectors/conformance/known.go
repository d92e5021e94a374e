package conformance

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// ReadKnownFailures reads a list for [Options.Known]: an id on each line, and what follows a # is the reason.
// Empty lines and lines of a reason alone are there for people. An id that no vector
// has is an error, so that lists do not rot.
func ReadKnownFailures(r io.Reader) (map[string]string, error) {
	all, err := every()
	if err != nil {
		return nil, err
	}
	ids := make(map[string]bool, len(all))
	for _, v := range all {
		ids[v.ID] = true
	}
	known := map[string]string{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		id, reason, _ := strings.Cut(lines.Text(), "#")
		id = strings.TrimSpace(id)
		switch {
		case id == "":
			continue
		case !ids[id]:
			return nil, fmt.Errorf("line %d: there is no vector %q", n, id)
		}
		if _, twice := known[id]; twice {
			return nil, fmt.Errorf("line %d: %s is there twice", n, id)
		}
		known[id] = strings.TrimSpace(reason)
	}
	return known, lines.Err()
}
