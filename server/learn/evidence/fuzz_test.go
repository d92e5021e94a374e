package evidence_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/link"
)

// What Decode takes, a model takes within its bounds and Encode writes again.
func FuzzDecode(f *testing.F) {
	write := func(deltas ...evidence.Delta) string {
		var b bytes.Buffer
		if err := evidence.Encode(&b, func(yield func(evidence.Delta) bool) {
			for _, d := range deltas {
				yield(d)
			}
		}); err != nil {
			f.Fatal(err)
		}
		return b.String()
	}
	page := write(evidence.Delta{Page: "/", Views: 5, Assets: []evidence.Vote{
		{Asset: link.Asset{Path: "/a.css", As: "style"}, Used: 5, Views: 5, Wanted: true},
		{Asset: link.Asset{Path: "/a.js?v=1", As: "script"}, Version: `"1"`, Used: 4, Views: 5},
	}})
	f.Add(write())                     // nothing learned
	f.Add(page)                        // a page
	f.Add(page[:100])                  // torn
	f.Add(`{"casper":"learned model"`) // torn in the first line
	f.Fuzz(func(t *testing.T, text string) {
		// A checksum cannot be guessed, so the fuzzer gets it for nothing.
		if i := strings.LastIndex(text, `{"pages":`); i >= 0 {
			pages := max(0, strings.Count(text[:i], "\n")-1)
			text = fmt.Sprintf("%s{\"pages\":%d,\"sha256\":\"%x\"}\n", text[:i], pages, sha256.Sum256([]byte(text[:i])))
		}
		deltas, err := evidence.Decode(strings.NewReader(text))
		if err != nil {
			if !errors.Is(err, evidence.ErrSnapshot) && !errors.Is(err, evidence.ErrForeign) {
				t.Fatalf("%v", err)
			}
			return
		}
		m, err := learn.New(learn.Config{Bytes: 256 << 10, Shards: 1})
		if err != nil {
			t.Fatal(err)
		}
		m.Merge(deltas...)
		if s := m.Stats(); s.Bytes > s.Room+s.Room/4 {
			t.Errorf("%d bytes with room for %d", s.Bytes, s.Room)
		}
		if err := evidence.Encode(io.Discard, m.All()); err != nil {
			t.Errorf("not to be written again: %v", err)
		}
	})
}
