package oracle

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"
)

// A Target is what fuzzers call, here and in go-fuzz-corpus.
type Target func(data []byte) int

// A Seed is an input written by hand: a short name, and why it is worth trying.
type Seed struct {
	Name string
	Why  string
	Data []byte
}

// Text makes a seed of a string.
func Text(name, data, why string) Seed { return Seed{name, why, []byte(data)} }

var update = flag.Bool("update", false, "write the hand-made seeds of each fuzz target to its corpus folder")

// corpus is the folder of raw inputs of the target whose tests run: it lies beside them.
const corpus = "corpus"

// Run fuzzes the target, beginning with the seeds and with every file of the corpus
// folder. Without -fuzz these are its test.
func Run(f *testing.F, target Target, seeds []Seed) {
	for _, s := range seeds {
		f.Add(s.Data)
	}
	files, err := filepath.Glob(filepath.Join(corpus, "*"))
	if err != nil || len(files) == 0 {
		f.Fatalf("%s: no corpus: %v", corpus, err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { try(t, target, data) })
}

// TrySeeds runs the target on each seed by its name, and fails unless the seed lies
// under that name in the corpus folder, for fuzzers that know nothing of Go's seeds.
func TrySeeds(t *testing.T, target Target, seeds []Seed) {
	if *update {
		write(t, seeds)
	}
	for _, s := range seeds {
		t.Run(s.Name, func(t *testing.T) {
			t.Log(s.Why)
			data, err := os.ReadFile(filepath.Join(corpus, s.Name))
			if err != nil {
				t.Errorf("%v; go test -update writes the seeds", err)
			} else if string(data) != string(s.Data) {
				t.Errorf("it differs from its file in the folder %s; go test -update writes the seeds", corpus)
			}
			try(t, target, s.Data)
		})
	}
}

// try makes a panic the failure of this one input, so that the others are still
// tried.
func try(t *testing.T, target Target, data []byte) {
	defer func() {
		if p := recover(); p != nil {
			t.Fatalf("%v\n%s", p, debug.Stack())
		}
	}()
	target(data)
}

func write(t *testing.T, seeds []Seed) {
	if err := os.MkdirAll(corpus, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, s := range seeds {
		if err := os.WriteFile(filepath.Join(corpus, s.Name), s.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Failf reports a fault of the code under test, in the way that fuzzers of both
// kinds understand. What is shown of a long input is its beginning; the fuzzer keeps
// all of it.
func Failf(format string, args ...any) {
	const most = 4 << 10
	text := fmt.Sprintf(format, args...)
	if len(text) > most {
		text = fmt.Sprintf("%s... (%d octets in all)", text[:most], len(text))
	}
	panic(text)
}
