// Package vectors holds the test vectors for Golomb-coded sets in every deployed
// wire format: what goes in and what must come out or, of four in ten, how it must be
// refused. They are JSON files for programs in any language; this package embeds
// and loads them.
//
// The requirements that vectors cite are those of gcs/SPEC.md. README.md says how a
// vector is read, and how a program in another language is run against all of
// them.
package vectors

//go:generate go run ./gen

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"strings"
)

// Files holds the vectors as they are published: manifest.json, a folder for each
// format, the schemas, and the texts around them. README.md describes the layout.
//
//go:embed manifest.json VERSION LICENSE README.md CHANGELOG.md package.json
//go:embed */*.json
var Files embed.FS

//go:embed VERSION
var version string

// Version returns the version of the vectors, which is not that of the module: adding
// vectors is a minor change, changing or removing an expectation a major one.
func Version() string { return strings.TrimSpace(version) }

// A Vector is one question with its one right answer.
type Vector struct {
	ID            string          `json:"id"`     // a slug, unique over all files and never used again
	Format        string          `json:"format"` // "h2o", "bip158", ...
	Op            string          `json:"op"`     // "hash", "encode", "decode" or "query"
	Since         string          `json:"since"`  // the version that brought it
	Comment       string          `json:"comment"`
	Spec          []string        `json:"spec"`   // requirements of gcs/SPEC.md, at least one
	Flags         []string        `json:"flags"`  // manifest.json explains them
	Params        json.RawMessage `json:"params"` // an object; its members depend on the format
	Input         Input           `json:"input"`
	Expect        Answer          `json:"expect"`
	ExpectLenient *Answer         `json:"expect_lenient,omitzero"` // where the deployed reader answers differently
	Source        *Source         `json:"source,omitzero"`         // of a captured vector
}

// An Input is what an operation works on. Absent members are nil.
type Input struct {
	Names    []string `json:"names,omitzero"`     // text, as UTF-8
	NamesHex []string `json:"names_hex,omitzero"` // octets
	Keys     []string `json:"keys,omitzero"`      // decimal
	BytesHex *string  `json:"bytes_hex,omitzero"`
	Text     *string  `json:"text,omitzero"`
	Header   *string  `json:"header,omitzero"` // a whole Cache-Digest header
}

// An Answer is what comes out: either Error, or the members that the operation has.
// Absent members are nil.
type Answer struct {
	Keys      []string `json:"keys,omitzero"` // decimal; ascending but for hash
	BytesHex  *string  `json:"bytes_hex,omitzero"`
	Text      *string  `json:"text,omitzero"`
	Canonical *bool    `json:"canonical,omitzero"`
	Present   []bool   `json:"present,omitzero"`
	Digests   []Digest `json:"digests,omitzero"` // of a whole Cache-Digest header

	Error           string   `json:"error,omitzero"`             // one of those in manifest.json
	Offset          *int     `json:"offset,omitzero"`            // of the fault, in bits
	KeysBeforeError []string `json:"keys_before_error,omitzero"` // what a decoder had found by then
}

// A Digest is one element of a Cache-Digest header.
type Digest struct {
	Log2N int      `json:"log2n"`
	Log2P int      `json:"log2p"`
	Flags []string `json:"flags"`
	Keys  []string `json:"keys"`
}

// A Source says where a captured vector comes from.
type Source struct {
	Program string `json:"program"` // name and version
	How     string `json:"how"`
	License string `json:"license,omitzero"`
}

// Expected returns the answer that the strict reader, or the lenient one, must give.
func (v Vector) Expected(lenient bool) Answer {
	if lenient && v.ExpectLenient != nil {
		return *v.ExpectLenient
	}
	return v.Expect
}

// All returns every vector, in the order of the manifest.
func All() ([]Vector, error) {
	data, err := Files.ReadFile("manifest.json")
	if err != nil {
		return nil, err
	}
	var manifest struct {
		Files []struct{ Path string }
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		return nil, fmt.Errorf("vectors: manifest.json: %w", err)
	}
	var all []Vector
	for _, f := range manifest.Files {
		data, err := Files.ReadFile(f.Path)
		if err != nil {
			return nil, err
		}
		var file struct {
			Schema  string   `json:"$schema"`
			Format  string   `json:"format"`
			Topic   string   `json:"topic"`
			Vectors []Vector `json:"vectors"`
		}
		// A member that the types do not have is refused, so that nothing in a file goes unseen.
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		if err := d.Decode(&file); err != nil {
			return nil, fmt.Errorf("vectors: %s: %w", f.Path, err)
		}
		all = append(all, file.Vectors...)
	}
	return all, nil
}
