package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/cache-aware/casper/vectors"
)

// python makes a wheel: https://packaging.python.org/en/latest/specifications/binary-distribution-format.
func python() (name string, wheel []byte, err error) {
	version := vectors.Version()
	files, err := data("casper_vectors/data/")
	if err != nil {
		return "", nil, err
	}
	loader, err := source("python/casper_vectors/__init__.py")
	if err != nil {
		return "", nil, err
	}
	readme, err := source("python/README.md")
	if err != nil {
		return "", nil, err
	}
	info := "casper_vectors-" + version + ".dist-info/"
	terms, err := license(info)
	if err != nil {
		return "", nil, err
	}
	metadata := fmt.Sprintf(`Metadata-Version: 2.1
Name: casper-vectors
Version: %s
Summary: %s
Home-page: %s
License: CC0-1.0
Requires-Python: >=3.8
Description-Content-Type: text/markdown

%s`, version, about, homepage, readme)
	files = append(files,
		file{"casper_vectors/__init__.py", loader},
		file{info + "METADATA", []byte(metadata)},
		file{info + "WHEEL", []byte("Wheel-Version: 1.0\nGenerator: casper\nRoot-Is-Purelib: true\nTag: py3-none-any\n")},
		terms,
	)
	var record strings.Builder
	for _, f := range files {
		sum := sha256.Sum256(f.data)
		fmt.Fprintf(&record, "%s,sha256=%s,%d\n", f.name, base64.RawURLEncoding.EncodeToString(sum[:]), len(f.data))
	}
	fmt.Fprintf(&record, "%sRECORD,,\n", info)
	files = append(files, file{info + "RECORD", []byte(record.String())})
	wheel, err = zipped(files)
	return "casper_vectors-" + version + "-py3-none-any.whl", wheel, err
}
