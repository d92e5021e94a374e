package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// Config says what a build tool's file leaves open. The zero Config fits a site at the root of
// its origin.
type Config struct {
	// Base is where the built files are served, Vite's base and webpack's publicPath: a path, or
	// the URL of another origin. Empty is "/". A file that states its own wins. Frameworks that
	// put their files into a folder of their own below it, such as Nuxt's "_nuxt/", do so here.
	Base string

	// Place puts entries on pages: a path or a pattern such as "/shop/*" names the entries that
	// it loads. Entries that are not placed here go where the file itself shows it: an entry
	// that is or has an HTML file belongs to that page, the only entry of a build to every page
	// ("/*"), and a module of an ssr-manifest below a folder "pages" or "routes" to the path of
	// its name. A chunk that Vite loads later may be placed, too.
	Place map[string][]string
}

// Warnings of a [Manifest] that a program may know better than its file.
var (
	ErrUnplaced = errors.New("entries without a page")
	ErrNoPage   = errors.New("names no page that needs anything: write paths with Link lines below them, or say where entries go with page=/path=entry")
)

// What is wrong with a file.
var (
	errTooLarge = errors.New("larger than can be read")
	errFormat   = errors.New("not a manifest of a known form: these are of Vite, webpack, Parcel, esbuild, Next, Nuxt, React Router, Gatsby, Sprockets and Propshaft; push_manifest.json; _headers")
	errPath     = errors.New("a path begins with one slash; the only wildcard is an asterisk at its end")
	errOrphan   = errors.New("a header line without a path above it")
	errLine     = errors.New("neither a path nor a header line")
	errNoEntry  = errors.New("no such entry in the manifest")
)

// lineError is a fault in a manifest, and the line it is on.
type lineError struct {
	Line int // from 1; 0 where the file has no such place
	Err  error
}

func (e *lineError) Error() string {
	if e.Line == 0 {
		return "manifest: " + e.Err.Error()
	}
	return fmt.Sprintf("manifest: line %d: %v", e.Line, e.Err)
}

func (e *lineError) Unwrap() error { return e.Err }

// unplacedError names the entries of which nobody says on which pages they are. It is an
// [ErrUnplaced].
type unplacedError []string

func (e unplacedError) Error() string {
	return fmt.Sprintf("%v: %s; say where each is, such as page=/*=%s for every page", ErrUnplaced, quoted(e), plain(e[0]))
}

func (e unplacedError) Unwrap() error { return ErrUnplaced }

// quoted lists names, the first few of them.
func quoted(names []string) string {
	const most = 5
	var out strings.Builder
	for i, name := range names[:min(len(names), most)] {
		if i > 0 {
			out.WriteString(", ")
		}
		fmt.Fprintf(&out, "%q", clip(name))
	}
	if n := len(names) - most; n > 0 {
		fmt.Fprintf(&out, " and %d more", n)
	}
	return out.String()
}

// plain is a name as it stands, if it can stand in a line.
func plain(name string) string {
	if strings.ContainsFunc(name, unicode.IsControl) {
		return strconv.Quote(name)
	}
	return name
}

// Read reads a manifest of any known form, of 32 MiB and 50,000 pages or entries at most. Of a page
// it takes the first 64 assets, since no navigation delivers more. An error names the line.
func Read(r io.Reader, c Config) (*Manifest, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, &lineError{Err: err}
	}
	if len(data) > maxBytes {
		return nil, &lineError{Err: errTooLarge}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	switch text := bytes.TrimLeft(data, " \t\r\n"); {
	case bytes.HasPrefix(text, []byte("{")):
		return readJSON(data, false, c)
	case bytes.HasPrefix(text, []byte("[")):
		return nil, &lineError{Err: errFormat}
	}
	if value, ok := scriptValue(data); ok {
		return readJSON(value, true, c)
	}
	return readText(data)
}

// lineAt is the line of a byte offset.
func lineAt(data []byte, offset int64) int {
	return 1 + bytes.Count(data[:min(max(offset, 0), int64(len(data)))], []byte("\n"))
}
