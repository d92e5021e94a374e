package capture

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"strings"
	"unicode"
)

// Assets yields the names of the assets that a cookie is compared with, from
// the source that a person has: a file with one path to a line, a HAR file, a
// folder, or "-" for a list or a HAR file on stdin. Files are read as [Text] reads them,
// packed ones up to most bytes.
func Assets(source string, stdin io.Reader, most int64) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if source == "-" {
			ReadAssets(Text(stdin, most))(yield)
			return
		}
		info, err := os.Stat(source)
		if err != nil {
			yield("", err)
			return
		}
		if info.IsDir() {
			// A root, and not os.DirFS: a link that leads out of the folder is nothing that the folder serves.
			root, err := os.OpenRoot(source)
			if err != nil {
				yield("", err)
				return
			}
			defer root.Close()
			FolderPaths(root.FS())(yield)
			return
		}
		file, err := os.Open(source)
		if err != nil {
			yield("", err)
			return
		}
		defer file.Close()
		ReadAssets(Text(file, most))(yield)
	}
}

// ReadAssets tells a HAR file from a list by its content. When '{' is the first
// character of r, white space aside and within the first 512 bytes, it yields what
// [HARPaths] does, otherwise what [ListPaths] does.
func ReadAssets(r io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		in := bufio.NewReader(r)
		head, _ := in.Peek(512)
		head = bytes.TrimPrefix(head, []byte(byteOrderMark))
		if bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte{'{'}) {
			HARPaths(in)(yield)
			return
		}
		ListPaths(in)(yield)
	}
}

// ListPaths yields the lines of r as they are, without the line end and
// without empty ones. A line longer than [MaxLine] yields an [*Error] with
// [ErrLong], and the rest is still read; an error of r comes last.
func ListPaths(r io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for line, err := range eachLine(r, MaxLine) {
			name := bytes.TrimSuffix(line.text, []byte{'\r'})
			if line.number == 1 {
				name = bytes.TrimPrefix(name, []byte(byteOrderMark))
			}
			if (err != nil || len(name) > 0) && !yield(string(name), err) {
				return
			}
		}
	}
}

// Bounds of HARPaths, which has to remember what it has yielded.
const (
	maxPaths     = 1 << 18  // paths
	maxPathBytes = 32 << 20 // bytes of paths
)

// HARPaths yields path and query of what the entries of a HAR file requested
// over HTTP, as they were sent (without the fragment, nothing decoded), each once, in the
// order of the file. Hosts are not told apart: a fingerprint has no host either. An entry
// whose URL is longer than 64 KiB is passed over.
//
// Errors are those of [HAR], and one with [ErrMany] after 2^18 different paths,
// or 32 MiB of them.
func HARPaths(r io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		known := pathSet{seen: map[string]struct{}{}}
		for e, err := range new(HARReader).All(r) {
			if e != nil && !known.yieldNew(e, yield) {
				return
			}
			if err != nil {
				yield("", err)
			}
		}
	}
}

// pathSet is the paths that were yielded.
type pathSet struct {
	seen  map[string]struct{}
	bytes int
}

// yieldNew yields what is requested for the first time, and reports whether the loop goes on.
func (s *pathSet) yieldNew(e *HAREntry, yield func(string, error) bool) bool {
	if e.Lost != nil {
		return yield("", e.Lost)
	}
	name, ok := requestPath(e.Request.URL)
	if _, again := s.seen[name]; again || !ok {
		return true
	}
	if s.bytes += len(name); len(s.seen) == maxPaths || s.bytes > maxPathBytes {
		yield("", fmt.Errorf("%w: entries[%d] goes beyond %d paths or %d bytes of them", ErrMany, e.Index, maxPaths, maxPathBytes))
		return false
	}
	name = strings.Clone(name) // and let go of the URL, whose fragment may be long
	s.seen[name] = struct{}{}
	return yield(name, nil)
}

// requestPath returns the origin-form (RFC 9112 section 3.2.1) of an http or https URL.
func requestPath(url string) (string, bool) {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return "", false
	}
	rest, _, _ = strings.Cut(rest, "#")
	i := strings.IndexAny(rest, "/?")
	switch {
	case i < 0:
		return "/", true
	case rest[i] == '?':
		return "/" + rest[i:], true
	}
	return rest[i:], true
}

// RequestPath turns a name that a person has for an asset into what a browser requests: a path
// stays, without blanks around it and without a fragment; an http or https URL gives its path and
// query. A line that is blank or begins with '#' gives "". Anything else is an error that
// says what to give instead, if that can be known.
func RequestPath(name string) (string, error) {
	text := strings.TrimSpace(name)
	if text == "" && name == "" {
		return "", fmt.Errorf("an empty name is no request path")
	}
	if text == "" || text[0] == '#' {
		return "", nil
	}
	target, isURL := requestPath(text)
	if !isURL {
		target, _, _ = strings.Cut(text, "#")
	}
	odd := strings.ContainsFunc(target, func(r rune) bool { return r <= ' ' || r == 0x7f })
	switch {
	case text[0] == '<':
		return "", fmt.Errorf("%.60q is HTML: give the paths that it names, one a line", text)
	case text[0] == '{' || text[0] == '[':
		return "", fmt.Errorf("%.60q is JSON but no HAR file: give the paths that it names, one a line", text)
	case strings.HasPrefix(target, "/") && !odd:
		return target, nil
	case strings.HasPrefix(target, "/") && !strings.ContainsFunc(target, unicode.IsControl):
		return "", fmt.Errorf("%.60q is no request path, which has no blanks: give %.60s", text, strings.ReplaceAll(target, " ", "%20"))
	case odd || strings.ContainsAny(target, `:"'\,<>`):
		return "", fmt.Errorf("%.60q is no request path, which begins with a slash", text)
	}
	return "", fmt.Errorf("%.60q is no request path: give /%.60s", text, strings.TrimPrefix(target, "./"))
}

// FolderPaths walks over a folder and yields the URL path of each file that
// a server of static files would serve from it, in lexical order: css/0.css
// is "/css/0.css", with the characters percent-encoded that a browser's request has so. A
// folder's index.html is also the folder, "/docs/". Names that begin with a
// dot are left out with all below them, .well-known (RFC 8615) excepted; so is
// what is neither a file nor a link to one inside the folder.
//
// What cannot be read yields an error, and the rest is still walked. Memory is
// one folder's entries for each level.
func FolderPaths(folder fs.FS) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				if !yield("", err) {
					return errStop
				}
				return nil
			}
			if base := path.Base(name); base[0] == '.' && base != "." && base != ".well-known" {
				if entry.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			if !isFile(folder, name, entry) {
				return nil
			}
			url := "/" + encodePath(name)
			if !yield(url, nil) {
				return errStop
			}
			if parent, index := strings.CutSuffix(url, "/index.html"); index && !yield(parent+"/", nil) {
				return errStop
			}
			return nil
		})
		if err != nil && err != errStop {
			yield("", err)
		}
	}
}

// isFile follows a symbolic link.
func isFile(folder fs.FS, name string, entry fs.DirEntry) bool {
	if entry.Type()&fs.ModeSymlink == 0 {
		return entry.Type().IsRegular()
	}
	info, err := fs.Stat(folder, name)
	return err == nil && info.Mode().IsRegular()
}

// encodePath writes a file's path as the path of its URL. A link in a page has '%', '?', '#'
// and '\' encoded, or it would name another file; the rest are those that
// Chromium encodes by itself (measured with version 156: it includes '^' and '|').
func encodePath(name string) string {
	const plain = "!$&'()*+,-./:;=@[]_~"
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if isWord(c) || strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}
