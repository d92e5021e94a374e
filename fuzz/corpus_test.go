package fuzz_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/cache-aware/casper/bitio"
	autopushfuzz "github.com/cache-aware/casper/fuzz/internal/autopush"
	base64fuzz "github.com/cache-aware/casper/fuzz/internal/base64url"
	bip158fuzz "github.com/cache-aware/casper/fuzz/internal/bip158"
	bitiofuzz "github.com/cache-aware/casper/fuzz/internal/bitio"
	digestfuzz "github.com/cache-aware/casper/fuzz/internal/cachedigest"
	casperfuzz "github.com/cache-aware/casper/fuzz/internal/casper"
	gcsfuzz "github.com/cache-aware/casper/fuzz/internal/gcs"
	toolfuzz "github.com/cache-aware/casper/fuzz/internal/gcstool"
	gocasperfuzz "github.com/cache-aware/casper/fuzz/internal/gocasper"
	"github.com/cache-aware/casper/fuzz/internal/oracle"
	deltafuzz "github.com/cache-aware/casper/fuzz/internal/ricedelta"
	ricev5fuzz "github.com/cache-aware/casper/fuzz/internal/ricev5"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/gcs/gocasper"
)

// corpusVariable names a checkout of github.com/dvyukov/go-fuzz-corpus, or of anything
// laid out like it: raw files in folders of the name corpus.
const corpusVariable = "GO_FUZZ_CORPUS"

var targets = map[string]oracle.Target{
	"autopush":    autopushfuzz.Fuzz,
	"base64url":   base64fuzz.Fuzz,
	"bip158":      bip158fuzz.Fuzz,
	"bitio":       bitiofuzz.Fuzz,
	"cachedigest": digestfuzz.Fuzz,
	"casper":      casperfuzz.Fuzz,
	"gcs":         gcsfuzz.Fuzz,
	"gcstool":     toolfuzz.Fuzz,
	"gocasper":    gocasperfuzz.Fuzz,
	"ricedelta":   deltafuzz.Fuzz,
	"ricev5":      ricev5fuzz.Fuzz,
}

// TestTargets makes sure that no target is left out here or lacks its corpus.
func TestTargets(t *testing.T) {
	folders, err := filepath.Glob("internal/*/corpus")
	if err != nil {
		t.Fatal(err)
	}
	if len(folders) != len(targets) {
		t.Errorf("%d folders hold targets, %d are listed", len(folders), len(targets))
	}
	for name := range targets {
		if seeds, _ := filepath.Glob(filepath.Join("internal", name, "corpus", "*")); len(seeds) == 0 {
			t.Errorf("%s: no corpus", name)
		}
	}
}

// TestGoFuzzCorpus feeds every file of the corpus to every target: as it is, as a stream of
// bits in codes of all kinds, and line by line as headers.
func TestGoFuzzCorpus(t *testing.T) {
	root := os.Getenv(corpusVariable)
	if root == "" {
		t.Skip(corpusVariable + " names no checkout of github.com/dvyukov/go-fuzz-corpus")
	}
	files, err := inCorpora(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("%s=%s: no file is in a folder corpus there", corpusVariable, root)
	}
	oracle.Crowded = true
	defer func() { oracle.Crowded = false }()
	var seen sync.Map
	inParallel(t, len(files), func(i int) (err error) {
		if oracle.Race && i%20 != 0 {
			return nil
		}
		data, err := os.ReadFile(files[i])
		if err != nil {
			return err
		}
		at := "as it is"
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("%s, %s: %v", files[i], at, p)
			}
		}()
		for name, target := range targets {
			at = name + " as it is"
			target(data)
		}
		at = "as bits"
		asBits(data, i)
		at = "as header lines"
		asLines(data, &seen)
		return nil
	})
	t.Logf("%d files", len(files))
}

// inCorpora returns the files of all folders of the name corpus, which lie one or two
// levels deep.
func inCorpora(root string) (files []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && filepath.Base(filepath.Dir(path)) == "corpus" {
			files = append(files, path)
		}
		return err
	})
	return files, err
}

// most is how many octets of a file are read as one stream. Few files are longer, and
// the remainders of a long stream repeat.
const most = 1 << 12

// asBits decodes the file as a stream, from its beginning, with a remainder of each
// length and all other choices in turn.
func asBits(data []byte, turn int) {
	data = data[:min(len(data), most)]
	for rice := range uint8(64) {
		n := turn + int(rice)
		c := gcs.Code{
			Rice: rice, Run: bitio.Run(n & 1), Gap: uint8(n >> 1 & 1),
			Order: bitio.Order(n >> 2 & 1), Pad: gcs.Pad(n % 3),
		}
		stream := oracle.Bits(data, c.Order)
		keys, _ := oracle.Decode(nil, stream, c, gcs.Limit{Len: len(stream) + 1, Max: gcs.Largest, End: gcs.Open})
		limit := gcs.Limit{Len: len(keys) + n%5/4, Max: gcs.Largest, End: gcs.End(n / 3 % 3)}
		gcsfuzz.Decode(c, data, stream, limit)
	}
	bitiofuzz.Read(data, []bitiofuzz.Op{{N: 3}, {N: 64}, {Unary: true, V: 63}, {N: 57}, {Unary: true, Run: bitio.OnesZero, V: 1 << 12}, {N: 1}})
}

// asLines reads each line as a header and as the value of a cookie, unless it was in
// another file already.
func asLines(data []byte, seen *sync.Map) {
	for line := range bytes.Lines(data) {
		line = line[:min(len(line), most)]
		if _, again := seen.LoadOrStore(string(line), true); again {
			continue
		}
		value := bytes.TrimRight(line, "\r\n")
		casperfuzz.Value(string(value), casper.Params{}, line)
		cookie := oracle.CookieLike(value)
		casperfuzz.Value(cookie, casper.Params{CapacityBits: 8}, line)
		gocasperfuzz.Value(cookie, gocasper.Params{P: 1 << (len(line) % 8), N: 10})
		autopushfuzz.Value(cookie, nil)
		digestfuzz.Value(cookie)
		digestfuzz.Header(string(value))
	}
}
