// Packages builds the test vectors as packages for other languages, from the files that Go
// programs import: a wheel for Python, a tarball for npm, a crate for Rust, a header for C.
//
//	go run ./vectors/packages -o dist            all of them
//	go run ./vectors/packages -o dist python c   these
//
// It needs no tool of those languages, and builds the same octets every time.
package main

import (
	"embed"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cache-aware/casper/vectors"
)

// sources are the loaders, tests and READMEs of the packages.
//
//go:embed python/README.md python/casper_vectors/__init__.py npm rust c
var sources embed.FS

// A build makes a package: the name of its file and what is in it.
type build func() (name string, data []byte, err error)

var builds = map[string]build{"python": python, "npm": npm, "rust": rust, "c": header}

func main() {
	out := flag.String("o", "dist", "the `folder` of the packages")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "usage: go run ./vectors/packages [-o folder] [%s]...\n", strings.Join(kinds(), "|"))
		flag.PrintDefaults()
	}
	flag.Parse()
	names := flag.Args()
	if len(names) == 0 {
		names = kinds()
	}
	for _, name := range names {
		if builds[name] == nil {
			fmt.Fprintf(os.Stderr, "packages: there is no package %q, but %s\n", name, strings.Join(kinds(), ", "))
			os.Exit(2)
		}
	}
	for _, name := range names {
		file, err := write(*out, builds[name])
		if err != nil {
			fmt.Fprintf(os.Stderr, "packages: %s: %v\n", name, err)
			os.Exit(1)
		}
		fmt.Println(file)
	}
}

func kinds() []string { return slices.Sorted(maps.Keys(builds)) }

// write builds a package into a folder and returns its path.
func write(folder string, b build) (string, error) {
	name, data, err := b()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", err
	}
	file := filepath.Join(folder, name)
	return file, os.WriteFile(file, data, 0o666)
}

// A file of a package.
type file struct {
	name string // with slashes
	data []byte
}

// source returns a file of a package's sources.
func source(name string) ([]byte, error) { return sources.ReadFile(name) }

// withSources returns files and behind them those of a package's sources, each below the folder.
func withSources(files []file, folder, from string, names ...string) ([]file, error) {
	for _, name := range names {
		data, err := source(from + "/" + name)
		if err != nil {
			return nil, err
		}
		files = append(files, file{folder + name, data})
	}
	return files, nil
}

// license returns the licence of the vectors, below a folder.
func license(folder string) (file, error) {
	data, err := vectors.Files.ReadFile("LICENSE")
	return file{folder + "LICENSE", data}, err
}

// data returns the vectors, their manifest, schemas, changelog and licence, each below a folder.
func data(folder string) (files []file, err error) {
	return files, fs.WalkDir(vectors.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || name == "README.md" || name == "package.json" {
			return err
		}
		data, err := vectors.Files.ReadFile(name)
		files = append(files, file{folder + name, data})
		return err
	})
}

// about is what a package is, in a line.
const about = "Test vectors for Golomb-coded sets in every deployed wire format: H2O's CASPER cookie, cache digests, BIP 158, Safe Browsing and more"

const homepage = "https://github.com/cache-aware/casper"
