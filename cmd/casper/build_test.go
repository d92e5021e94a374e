package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs/formats"
)

// A list that does not fit memory is sorted on disk, in runs of any length, and makes the same
// file.
func TestBuildSortsOnDisk(t *testing.T) {
	var names []string
	for i := range 5000 {
		names = append(names, fmt.Sprint("name ", i%4500))
	}
	format, _ := formats.Lookup("gcstool")
	var p formats.Params
	p.SetNumber("every", usualEvery)
	p.SetNumber("p", 1000)
	want, err := format.EncodeNames(p, names)
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(list, []byte(strings.Join(names, "\n")), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, most := range []int{61, 999, 4999, 5000, 1 << 20} {
		temp := t.TempDir()
		b := builder{tool: &tool{stderr: new(bytes.Buffer)}, flags: &buildFlags{p: 1000, every: usualEvery, hash: "sha1", temp: temp}, most: most}
		if err := b.read(list); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		n, err := b.write(&out)
		b.close()
		if err != nil || n != uint64(len(want.Keys)) || !bytes.Equal(out.Bytes(), want.Octets) {
			t.Errorf("runs of %d: %d keys, %v, want %d", most, n, err, len(want.Keys))
		}
		if left, _ := os.ReadDir(temp); len(left) > 0 {
			t.Errorf("runs of %d: %d files are left", most, len(left))
		}
	}
}
