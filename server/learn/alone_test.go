package learn

import (
	"strings"
	"testing"
	"time"
)

// Who tries it alone sees it learn from his own views, and nobody else's day is changed: with
// more clients needed, one still counts once a day.
func TestAlone(t *testing.T) {
	for _, tt := range []struct {
		from int
		want string
	}{
		{1, "/a.css"},
		{2, ""},
		{3, ""},
	} {
		m := must(t, Config{MinClients: tt.from, HoldOut: -1})
		at := start
		for range 6 {
			at = look(m, "/", 7, at, css("/a.css")).Add(time.Minute)
		}
		if got := strings.Join(paths(m, "/"), " "); got != tt.want {
			t.Errorf("believed from %d clients on: after six views of one, %q is wanted, not %q", tt.from, got, tt.want)
		}
	}
}
