// Command gen writes the test vectors: "go generate ./vectors" rebuilds them, and a
// test fails where that would change a file.
//
// The cases are in a small notation for bits (see notation.go), from which stream,
// keys, the place of a fault and the picture in the comment follow. Nothing in a
// vector comes from the codec that it is for, and no more than the names of formats and
// parameters in the schema comes from package formats: hashes are the standard library's,
// codes are strings of the characters 0 and 1, and what was captured from other programs was
// only copied.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cache-aware/casper/gcs/formats"
	"github.com/cache-aware/casper/vectors"
	"github.com/cache-aware/casper/vectors/internal/manifest"
)

func main() {
	dir := flag.String("dir", ".", "the folder of the vectors")
	flag.Parse()
	version, err := os.ReadFile(filepath.Join(*dir, "VERSION"))
	if err != nil {
		log.Fatal(err)
	}
	for name, data := range build(strings.TrimSpace(string(version))) {
		name = filepath.Join(*dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o666); err != nil {
			log.Fatal(err)
		}
	}
}

// build returns every file that is generated.
func build(version string) map[string][]byte {
	m := manifest.Manifest{Version: version, License: "CC0-1.0", Errors: errorKinds, Flags: flags}
	built := make(map[string][]byte)
	ids := make(map[string]bool)
	for _, f := range slices.Concat(rawFiles(), h2oFiles(), goCasperFiles(), digestFiles(), filterFiles(), riceFiles(), riceV5Files(), gcsToolFiles(), bloomFiles(), kindFiles()) {
		data := f.marshal()
		sum := sha256.Sum256(data)
		entry := manifest.File{
			Path: f.format + "/" + f.topic + ".json", Format: f.format, Topic: f.topic,
			SHA256: hex.EncodeToString(sum[:]), Count: len(f.vectors), Schema: "schema/vectors.json",
		}
		for _, v := range f.vectors {
			if ids[v.ID] {
				panic(v.ID + " is there twice")
			}
			ids[v.ID] = true
			if v.Expect.Error != "" {
				entry.Failing++
			}
		}
		if built[entry.Path] != nil {
			panic(entry.Path + " is there twice")
		}
		built[entry.Path] = data
		m.Files = append(m.Files, entry)
		m.Vectors += entry.Count
		m.Failing += entry.Failing
	}
	data, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		panic(err)
	}
	built["manifest.json"] = ascii(append(data, '\n'))
	built["schema/vectors.json"] = schema()
	return built
}

// schema is the schema of vectors with the names of all formats and parameters: those
// that it lacks are added behind the others.
func schema() []byte {
	text, err := vectors.Files.ReadFile("schema/vectors.json")
	if err != nil {
		panic(err)
	}
	s := string(text)
	add := func(after, before, name, entry string) {
		from := strings.Index(s, after)
		to := from + strings.Index(s[from:], before)
		if !strings.Contains(s[from:to], fmt.Sprintf("%q", name)) {
			s = s[:to] + entry + s[to:]
		}
	}
	for _, f := range formats.All() {
		add(`"format": {"enum": [`, "]", f.Name, fmt.Sprintf(", %q", f.Name))
		for _, p := range f.Params {
			kind := "string"
			if p.Words == nil && p.Octets == 0 {
				kind = "integer"
			}
			add(`"params": {
      "type"`, `
        "lenient"`, p.Name, fmt.Sprintf("\n        %q: {\"type\": %q},", p.Name, kind))
		}
	}
	return []byte(s)
}

// marshal writes the file: a line for each member of a vector, so that a
// difference is easy to read.
func (f *file) marshal() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n\"$schema\": \"../schema/vectors.json\",\n\"format\": %q,\n\"topic\": %q,\n\"vectors\": [", f.format, f.topic)
	for i, v := range f.vectors {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n{\n")
		first := true
		member := func(name string, value any) {
			if !first {
				b.WriteString(",\n")
			}
			first = false
			fmt.Fprintf(&b, "\t%q: ", name)
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			if err := e.Encode(value); err != nil {
				panic(fmt.Sprintf("%s: %v", v.ID, err))
			}
			b.Truncate(b.Len() - 1) // the encoder's line break
		}
		member("id", v.ID)
		member("format", v.Format)
		member("op", v.Op)
		member("since", v.Since)
		member("comment", v.Comment)
		member("spec", v.Spec)
		member("flags", v.Flags)
		member("params", v.Params)
		member("input", v.Input)
		member("expect", v.Expect)
		if v.ExpectLenient != nil {
			member("expect_lenient", v.ExpectLenient)
		}
		if v.Source != nil {
			member("source", v.Source)
		}
		b.WriteString("\n}")
	}
	b.WriteString("\n]\n}\n")
	return ascii(b.Bytes())
}

// ascii escapes what is not ASCII or cannot be seen, so that no program stumbles over an encoding.
func ascii(data []byte) []byte {
	var b bytes.Buffer
	for _, r := range string(data) {
		switch {
		case r < 0x7f:
			b.WriteByte(byte(r))
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
	}
	return b.Bytes()
}

// errorKinds are the kinds of gcs/SPEC.md, section "Errors".
var errorKinds = map[string]string{
	"truncated":       "the stream ends within a code, a count or a header",
	"out-of-range":    "a key is above the largest one that the format or its parameters allow",
	"bad-parameter":   "a parameter is missing, unknown or out of its range, or contradicts the value",
	"trailing-data":   "eight bits or more follow the last code",
	"nonzero-padding": "a pad bit has the wrong value",
	"non-canonical":   "the value can be read, but no encoder writes it so",
	"duplicate":       "a key is given twice, where the code cannot express it",
	"unsorted":        "a key is given that is below the one before it",
	"bad-text":        "a character or a length that the text form does not have",
	"limit":           "more keys or octets than the format or the reader allows",
}

// flags say what kind of vector it is.
var flags = map[string]string{
	"captured":  "made by another program; source says which",
	"hostile":   "a value that a careless reader spends memory or time on, or reads beyond the end of",
	"mix-up":    "a value of a near-identical format, read as this one",
	"boundary":  "the least or the greatest of something",
	"large":     "long enough that a reader must work in pieces",
	"collision": "different names with the same key",
	"order":     "two faults in one value, of which the first in the order of the specification is reported",
}
