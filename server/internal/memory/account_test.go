package memory

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// T12. Everything that is stored of an answer is in the account of memory: long validators and media types, in
// as many codings as there are, renewed as often as they like, and what is stored after the entry
// was made.
func TestR14EverythingIsInTheAccount(t *testing.T) {
	heap := func() int64 {
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return int64(s.HeapAlloc)
	}
	for _, c := range []struct {
		name          string
		files, octets int
	}{
		{"long", 40, 900_000},
		{"many", 20_000, 120},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := heap()
			m := New()
			for i := range c.files {
				f := m.File(Place{"h", fmt.Sprintf("/%d.css", i)}, "https")
				for j, coding := range []string{"", "gzip", "br", "zstd", strings.Repeat("c", c.octets)} {
					m.Answered(f, http.Header{
						"Etag":             {fmt.Sprintf(`"%d-%d-%s"`, i, j, strings.Repeat("x", c.octets))},
						"Content-Encoding": {coding}, "Content-Type": {"text/" + strings.Repeat("t", c.octets)},
						"Cache-Control": {"max-age=60"},
					}, time.Now())
				}
				m.Told(f, strings.Repeat("v", c.octets)+fmt.Sprint(i))
			}
			m.files.CleanUp()
			if took := heap() - before; took > 3*fileBytes/2 {
				t.Errorf("%d files of %d octets take %d octets; the account says %d", c.files, c.octets, took, m.files.WeightedSize())
			}
			runtime.KeepAlive(m)
		})
	}
}

// Long validators still tell versions apart, and are the same version when they are the same.
func TestR14LongValidatorsTellVersions(t *testing.T) {
	m := New()
	f := m.File(Place{"h", "/a.css"}, "https")
	long := strings.Repeat("x", 100_000)
	answered := func(tag string) string {
		m.Answered(f, http.Header{"Etag": {`"` + tag + `"`}}, time.Now())
		return f.Facts().Version
	}
	first := answered(long + "1")
	if answered(long+"1") != first {
		t.Error("the same version is another")
	}
	if answered(long+"2") == first {
		t.Error("another version is the same")
	}
	if f.Facts().First != first {
		t.Error("the first version is forgotten")
	}
	if answered("short") != `"short"` {
		t.Errorf("a short validator is %q", f.Facts().Version)
	}
	generation := m.Generation()
	m.Told(f, long)
	m.Told(f, long)
	if m.Generation() != generation+1 {
		t.Error("what was told already is news")
	}
}
