// Package manifest is the list of the files of vectors, as their generator writes it and
// their tests read it.
package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
)

// name is that of the list's file, beside the folders of the formats.
const name = "manifest.json"

// A Manifest lists the files, so that nobody has to walk folders.
type Manifest struct {
	Version string            `json:"version"`
	License string            `json:"license"`
	Vectors int               `json:"vectors"` // how many in all
	Failing int               `json:"failing"` // how many of them expect an error
	Files   []File            `json:"files"`
	Errors  map[string]string `json:"errors"` // the closed list of error kinds, each in a sentence
	Flags   map[string]string `json:"flags"`  // what the flags of vectors mean
}

// A File is one file of vectors.
type File struct {
	Path    string `json:"path"`
	Format  string `json:"format"`
	Topic   string `json:"topic"`
	SHA256  string `json:"sha256"` // of the file's octets, in hex
	Count   int    `json:"count"`
	Failing int    `json:"failing"` // how many expect an error
	Schema  string `json:"schema"`
}

// Read reads the list of a folder of vectors.
func Read(folder fs.FS) (m Manifest, err error) {
	data, err := fs.ReadFile(folder, name)
	if err != nil {
		return m, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields() // so that nothing in it goes unseen
	if err := d.Decode(&m); err != nil {
		return m, fmt.Errorf("vectors: %s: %w", name, err)
	}
	return m, nil
}
