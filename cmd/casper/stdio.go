package main

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// output is stdout, buffered. Its first error stays; writing on does no harm.
type output struct{ *bufio.Writer }

func newOutput(w io.Writer) *output { return &output{bufio.NewWriterSize(w, 64<<10)} }

// broken reports whether writing more would be useless.
func (o *output) broken() bool {
	_, err := o.Write(nil)
	return err != nil
}

// input is stdin. Before it waits for more, what was printed so far is handed
// over, so that somebody who types, or a program that answers, sees it.
type input struct {
	r    io.Reader
	wait func() error
	hint func() // called once before the first reading, if not nil
}

func (in *input) Read(p []byte) (int, error) {
	if in.hint != nil {
		in.hint()
		in.hint = nil
	}
	in.wait()
	return in.r.Read(p)
}

// open opens a file to read; "-" is stdin. size is its length, or -1.
func (t *tool) open(name string) (r io.ReadCloser, size int64, err error) {
	if name == "-" {
		return io.NopCloser(t.stdin), -1, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	switch {
	case info.IsDir():
		f.Close()
		return nil, 0, &fs.PathError{Op: "read", Path: name, Err: syscall.EISDIR}
	case !info.Mode().IsRegular():
		return f, -1, nil
	}
	return f, info.Size(), nil
}

// withoutName leaves the name of a file, and what was done with it, out of an error: the caller says
// which file.
func withoutName(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// isURL reports whether a word is a URL, rather than a file.
func isURL(word string) bool {
	scheme, _, ok := strings.Cut(word, "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// isTerminal reports whether w is a terminal: a device that takes characters, and
// not the one that drops them.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// wantsColor follows https://no-color.org.
func wantsColor() bool { return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" }
