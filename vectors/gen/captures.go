package main

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// captures is the folder in whose subfolders the captured files are: gcs.
var captures = "../gcs"

// capture reads what was captured from another program, as the tests of its
// package have it.
func capture(profile, name string, v any) {
	data, err := os.ReadFile(filepath.Join(captures, profile, "testdata", name))
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		panic(err)
	}
}
