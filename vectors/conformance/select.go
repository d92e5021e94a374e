package conformance

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/cache-aware/casper/vectors"
)

// every is every vector, read once: nothing here changes one.
var every = sync.OnceValues(vectors.All)

// A Selection says which vectors are meant. The zero Selection means all.
type Selection struct {
	Run     []string // globs (see path.Match) of ids, of which one must match
	Skip    []string // globs of ids, of which none may match
	Formats []string // names of formats
	Since   string   // the version of the vectors that must have had them already: "1.0.0"
}

// ErrNoVector is the error of a selection by which no vector is chosen.
var ErrNoVector = errors.New("no vector matches")

// Select returns the vectors that are chosen, in their order, which must not be
// changed. It is an error to name what there is not, and [ErrNoVector] if nothing is left.
func (s Selection) Select() ([]vectors.Vector, error) {
	all, err := every()
	if err != nil {
		return nil, err
	}
	for _, glob := range slices.Concat(s.Run, s.Skip) {
		if _, err := path.Match(glob, ""); err != nil {
			return nil, fmt.Errorf("%q is no glob", glob)
		}
	}
	for _, format := range s.Formats {
		if !slices.ContainsFunc(all, func(v vectors.Vector) bool { return v.Format == format }) {
			return nil, fmt.Errorf("there are no vectors of the format %q", format)
		}
	}
	since, err := parseVersion(cmp.Or(s.Since, vectors.Version()))
	if err != nil {
		return nil, err
	}
	if current, _ := parseVersion(vectors.Version()); slices.Compare(since, current) > 0 {
		return nil, fmt.Errorf("since %s: these vectors are of version %s", s.Since, vectors.Version())
	}
	matches := func(globs []string, id string) bool {
		return slices.ContainsFunc(globs, func(glob string) bool {
			ok, _ := path.Match(glob, id)
			return ok
		})
	}
	var meant []vectors.Vector
	for _, v := range all {
		born, err := parseVersion(v.Since)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.ID, err)
		}
		if (len(s.Run) == 0 || matches(s.Run, v.ID)) && !matches(s.Skip, v.ID) &&
			(len(s.Formats) == 0 || slices.Contains(s.Formats, v.Format)) && slices.Compare(born, since) <= 0 {
			meant = append(meant, v)
		}
	}
	if len(meant) == 0 {
		return nil, fmt.Errorf("%w %s", ErrNoVector, s)
	}
	return meant, nil
}

// String says what is chosen by: `run h2o-*, format h2o`.
func (s Selection) String() string {
	var parts []string
	add := func(name string, values ...string) {
		if len(values) > 0 && values[0] != "" {
			parts = append(parts, name+" "+strings.Join(values, " or "))
		}
	}
	add("run", s.Run...)
	add("skip", s.Skip...)
	add("format", s.Formats...)
	add("since", s.Since)
	return strings.Join(parts, ", ")
}

func parseVersion(s string) ([]int, error) {
	parts := strings.Split(s, ".")
	numbers := make([]int, len(parts))
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 || len(parts) > 3 {
			return nil, fmt.Errorf("%q is no version such as 1.0.0", s)
		}
		numbers[i] = n
	}
	for len(numbers) < 3 {
		numbers = append(numbers, 0)
	}
	return numbers, nil
}
