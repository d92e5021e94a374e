// Package fuzz_test attacks the readers of captures. A target is a func(data []byte)
// int as in github.com/dvyukov/go-fuzz-corpus: it panics on a fault and returns 1
// for an input that something accepted. Its raw inputs are in NAME/corpus, for any
// fuzzer.
package fuzz_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/cache-aware/casper/gcs/casper"
)

// A target is what fuzzers call.
type target func(data []byte) int

var targets = map[string]target{"har": fuzzHAR, "jar": fuzzJar, "line": fuzzLine, "log": fuzzLog}

// A seed is an input written by hand: a short name, and why it is worth trying.
type seed struct {
	name string
	why  string
	data []byte
}

// text makes a seed of a string.
func text(name, data, why string) seed { return seed{name, why, []byte(data)} }

var update = flag.Bool("update", false, "write the hand-made seeds of each target to its corpus folder")

// run fuzzes a target, beginning with its seeds and its corpus. Without -fuzz these
// are its test.
func run(f *testing.F, name string, fuzz target, seeds []seed) {
	for _, s := range seeds {
		f.Add(s.data)
	}
	files, err := filepath.Glob(filepath.Join(name, "corpus", "*"))
	if err != nil || len(files) == 0 {
		f.Fatalf("%s: no corpus: %v", name, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { try(t, "", fuzz, data) })
}

// trySeeds runs a target on each seed by its name, and fails unless the seed lies under
// that name in the corpus folder.
func trySeeds(t *testing.T, name string, fuzz target, seeds []seed) {
	for _, s := range seeds {
		t.Run(s.name, func(t *testing.T) {
			t.Log(s.why)
			file := filepath.Join(name, "corpus", s.name)
			if *update {
				if err := os.WriteFile(file, s.data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			data, err := os.ReadFile(file)
			if err != nil || string(data) != string(s.data) {
				t.Errorf("%s is not the seed (%v); go test -update writes the seeds", file, err)
			}
			try(t, "", fuzz, s.data)
		})
	}
}

// try makes a panic the failure of this one input, so that the others are still
// tried.
func try(t *testing.T, of string, fuzz target, data []byte) {
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s%v\n%s", of, p, debug.Stack())
		}
	}()
	fuzz(data)
}

// TestGoFuzzCorpus feeds every file of other people's corpora to every target: as it
// is, its lines as headers, and all of them as a log of cookies.
func TestGoFuzzCorpus(t *testing.T) {
	const variable = "GO_FUZZ_CORPUS"
	root := os.Getenv(variable)
	if root == "" {
		t.Skip(variable + " names no checkout of github.com/dvyukov/go-fuzz-corpus")
	}
	files := 0
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Base(filepath.Dir(path)) != "corpus" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		for name, fuzz := range targets {
			try(t, path+": "+name+": ", fuzz, data)
		}
		const most = 1 << 12 // octets of a line
		var log []byte
		for line := range bytes.Lines(data) {
			line = line[:min(len(line), most)]
			log = append(append(log, "h2o_casper="...), line...)
			if seen[string(line)] {
				continue
			}
			seen[string(line)] = true
			try(t, path+": line: ", fuzzLine, append([]byte("Cookie: "), line...))
			try(t, path+": line: ", fuzzLine, append([]byte("Set-Cookie: h2o_casper="), line...))
		}
		try(t, path+": as a log: ", fuzzLog, log)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Fatalf("%s=%s: no file is in a folder corpus there", variable, root)
	}
	t.Logf("%d files", files)
}

// readable hands a value that was found to the readers of H2O's cookie, and reports
// whether H2O would take it.
func readable(value string) bool {
	strict, err := casper.Parse(value, casper.Params{})
	if err == nil && strict.String() != value {
		failf("%q is accepted, but written %q", value, strict)
	}
	_, lenient := casper.ParseLenient(value, casper.Params{})
	if err == nil && lenient != nil {
		failf("%q is accepted strictly but not leniently", value)
	}
	return lenient == nil
}

// failf reports a fault of the code under test, as fuzzers of all kinds understand it.
func failf(format string, args ...any) {
	const most = 4 << 10
	text := fmt.Sprintf(format, args...)
	if len(text) > most {
		text = fmt.Sprintf("%s... (%d octets in all)", text[:most], len(text))
	}
	panic(text)
}

// transcript writes down all that a reader yields, so that two readings can be
// compared.
func transcript[T any](seq iter.Seq2[T, error]) string {
	var b strings.Builder
	for v, err := range seq {
		fmt.Fprintf(&b, "%+v %v\n", v, err)
	}
	return b.String()
}

// sameInPieces fails unless data gives the same, however it comes in: at once, with
// the end in the same call as the data, in halves, and by single octets. It
// returns what that is.
func sameInPieces(data []byte, read func(io.Reader) string) string {
	want := read(bytes.NewReader(data))
	pieces := map[string]io.Reader{
		"with the end at once": iotest.DataErrReader(bytes.NewReader(data)),
		"in halves":            iotest.HalfReader(bytes.NewReader(data)),
	}
	if len(data) < 1<<14 {
		pieces["by octets"] = iotest.OneByteReader(bytes.NewReader(data))
	}
	for how, r := range pieces {
		if got := read(r); got != want {
			failf("%q read %s:\n%s\nat once:\n%s", data, how, got, want)
		}
	}
	return want
}

// cookieLike returns the characters of data that either base64 alphabet has: any
// data makes a value that could stand in a cookie.
func cookieLike(data []byte) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.ContainsRune("-_+/", c) {
			return c
		}
		return -1
	}, string(data))
}
