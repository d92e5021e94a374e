package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs"
)

// The quick table has a figure of casper's in every row, and of libh2o's where Debian's
// package is installed.
func TestQuickTable(t *testing.T) {
	var out strings.Builder
	if err := run(true, 1, &out); err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "| r=") && !strings.HasPrefix(line, "| n=") {
			continue
		}
		rows++
		if cells := strings.Split(line, "|"); strings.TrimSpace(cells[2]) == "" {
			t.Errorf("no figure of casper's: %s", line)
		}
	}
	if rows < 20 {
		t.Errorf("%d rows:\n%s", rows, out.String())
	}
	if _, err := exec.LookPath("cc"); err != nil {
		t.Skip("no C compiler: libh2o's column is not looked at")
	}
}

// Everybody must write the same stream, or the comparison is of different work.
func TestPeersAgree(t *testing.T) {
	for _, r := range []uint8{6, 10, 19} {
		for _, n := range []int{1, 2, 10, 1000} {
			all := sets(n, uint64(n)<<r)
			want, err := gcs.Encode(nil, code(r), all[0])
			if err != nil {
				t.Fatal(err)
			}
			encodeRow(r, n).by["btcutil"](0)
			if string(sinkBytes) != string(want) {
				t.Errorf("r=%d n=%d: btcutil's stream writes % x, casper % x", r, n, sinkBytes[:min(16, len(sinkBytes))], want[:min(16, len(want))])
			}
			for who, c := range decodeRow(r, n).by {
				if got := c(0); got != n {
					t.Errorf("r=%d n=%d: %s decodes %d keys", r, n, who, got)
				}
			}
		}
	}
}
