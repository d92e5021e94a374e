package server_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/internal/testkit"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learned"
	"github.com/cache-aware/casper/server/link"
)

// packers write each content coding as servers do.
var packers = map[string]func(io.Writer) packer{
	"gzip": func(w io.Writer) packer { return gzip.NewWriter(w) },
	"br":   func(w io.Writer) packer { return brotli.NewWriter(w) },
	"zstd": func(w io.Writer) packer {
		z, err := zstd.NewWriter(w)
		if err != nil {
			panic(err)
		}
		return z
	},
}

type packer interface {
	io.WriteCloser
	Flush() error
}

// packed is a page under a content coding, in pieces as its compressor wrote them: flushed after
// each part of the page.
func packed(coding string, parts ...string) (pieces [][]byte) {
	if coding == "" {
		for _, p := range parts {
			pieces = append(pieces, []byte(p))
		}
		return pieces
	}
	w := packers[coding](writing(func(p []byte) { pieces = append(pieces, slices.Clone(p)) }))
	for i, p := range parts {
		io.WriteString(w, p)
		if i < len(parts)-1 {
			w.Flush()
		}
	}
	w.Close()
	return pieces
}

type writing func([]byte)

func (w writing) Write(p []byte) (int, error) { w(p); return len(p), nil }

// early are the targets of the links in the 103.
func (s *stage) hinted() (targets []string) {
	for _, h := range s.early {
		for _, l := range h["Link"] {
			target, _, _ := strings.Cut(strings.TrimPrefix(l, "<"), ">")
			targets = append(targets, target)
		}
	}
	return targets
}

// scanning is a handler that reads the HTML of pages, as programs make it that learn.
func scanning(t testing.TB, next http.HandlerFunc) *server.Handler {
	t.Helper()
	model, err := learn.New(learn.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return &server.Handler{Next: next, Policy: server.Policy{NoPush: true}, Sources: []server.Source{&learned.Source{Model: model}}}
}

// From the second view on a browser that knows nothing is hinted what the HTML of a page names,
// however an application writes it, and what the client gets is what was written.
func TestHTMLHowever(t *testing.T) {
	const start, rest = "<!doctype html><html><head><title>shop</title>", "<link rel=stylesheet href=/shop.css><script src=/shop.js></script>"
	small := []string{start, rest, "</head><p>text"}
	// As large as real pages, and packed as badly as text can be: a block of zstd is 128 KiB.
	large := []string{start + rest, noise(300 << 10)}
	behind := []string{start, noise(7 << 10), rest}
	for name, parts := range map[string][]string{"small": small, "large": large, "behind much else": behind, "one part": {start + rest}} {
		for _, coding := range []string{"", "gzip", "br", "zstd"} {
			pieces := packed(coding, parts...)
			whole := bytes.Join(pieces, nil)
			octets := make([][]byte, len(whole))
			for i := range whole {
				octets[i] = whole[i : i+1]
			}
			ways := map[string]func(w http.ResponseWriter){
				"at once":   func(w http.ResponseWriter) { w.Write(whole) },
				"in pieces": func(w http.ResponseWriter) { writeAll(w, pieces, false) },
				"in pieces, WriteHeader": func(w http.ResponseWriter) {
					w.WriteHeader(http.StatusOK)
					writeAll(w, pieces, false)
				},
				"in pieces, flushed": func(w http.ResponseWriter) {
					w.WriteHeader(http.StatusOK)
					http.NewResponseController(w).Flush()
					writeAll(w, pieces, true)
				},
				"octet by octet": func(w http.ResponseWriter) { writeAll(w, octets, false) },
				"as strings": func(w http.ResponseWriter) {
					for _, p := range pieces {
						text := string(p)
						io.WriteString(w, text)
					}
				},
				"with its length": func(w http.ResponseWriter) {
					w.Header().Set("Content-Length", fmt.Sprint(len(whole)))
					w.Write(whole)
				},
				"with its length, in pieces": func(w http.ResponseWriter) {
					w.Header().Set("Content-Length", fmt.Sprint(len(whole)))
					writeAll(w, pieces, false)
				},
				"copied":           func(w http.ResponseWriter) { io.Copy(w, io.MultiReader(bytes.NewReader(whole))) },
				"copied by octets": func(w http.ResponseWriter) { io.Copy(w, iotest.OneByteReader(bytes.NewReader(whole))) },
				"with a strong validator": func(w http.ResponseWriter) {
					w.Header().Set("Etag", `"v1"`)
					writeAll(w, pieces, false)
				},
			}
			if len(whole) > 4<<10 {
				delete(ways, "octet by octet")
				delete(ways, "copied by octets")
			}
			for way, write := range ways {
				h := scanning(t, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Type", "text/html; charset=utf-8")
					if coding != "" {
						w.Header().Set("Content-Encoding", coding)
					}
					write(w)
				})
				for visit := range 3 {
					s := newReaderStage()
					s.ask(h, "/", append(browser, fmt.Sprint("X-Visit: ", visit))...)
					got := s.hinted()
					if want := []string{"/shop.css", "/shop.js"}; (visit > 0) != slices.Equal(got, want) {
						t.Errorf("%s, coding %q, %s: visit %d was hinted %q", name, coding, way, visit, got)
					}
					if !bytes.Equal(s.body, whole) || s.code != http.StatusOK {
						t.Errorf("%s, coding %q, %s: %d with %d octets, not %d", name, coding, way, s.code, len(s.body), len(whole))
					}
				}
			}
		}
	}
}

func writeAll(w http.ResponseWriter, pieces [][]byte, flush bool) {
	for _, p := range pieces {
		w.Write(p)
		if flush {
			http.NewResponseController(w).Flush()
		}
	}
}

// noise is text in which nothing is found twice.
func noise(n int) string {
	var b strings.Builder
	for x := uint32(1); b.Len() < n; {
		x = x*1664525 + 1013904223
		fmt.Fprintf(&b, "%07x ", x>>4)
	}
	return b.String()[:n]
}

// A readerStage also is an io.ReaderFrom and a Flusher, as the writers of net/http are.
type readerStage struct{ *stage }

func newReaderStage() readerStage { return readerStage{newStage()} }

func (s readerStage) Flush() { s.WriteHeader(http.StatusOK) }

func (s readerStage) ReadFrom(src io.Reader) (int64, error) {
	return io.Copy(writing(func(p []byte) { s.Write(p) }), src)
}

func (s readerStage) ask(h http.Handler, path string, fields ...string) {
	h.ServeHTTP(s, request(path, fields...))
}

// What has been copied goes out at once, and not when there is enough to be read.
func TestHTMLWaitsForNothing(t *testing.T) {
	for _, way := range []string{"Write", "ReadFrom"} {
		s := newReaderStage()
		at := func(n int) {
			if len(s.body) != n {
				t.Errorf("%s: %d octets went out, not %d", way, len(s.body), n)
			}
		}
		h := scanning(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			if way == "Write" {
				for i := range 10 {
					io.WriteString(w, "<")
					at(i + 1)
				}
				return
			}
			n := 0
			io.Copy(w, reading(func(p []byte) (int, error) {
				at(n)
				if n == 10 {
					return 0, io.EOF
				}
				n++
				return copy(p, "<"), nil
			}))
		})
		s.ask(h, "/", browser...)
		at(10)
	}
}

type reading func([]byte) (int, error)

func (r reading) Read(p []byte) (int, error) { return r(p) }

// Each version of a page is read once, by its validator or by its bytes, whoever asks: the answer
// for one person is told from another's by its bytes alone.
func TestHTMLOnce(t *testing.T) {
	var scans atomic.Int64
	text, tag, private := "", "", false
	h := &server.Handler{Scan: func(head []byte, base link.Base) []link.Asset {
		scans.Add(1)
		return learned.Scan(head, base)
	}}
	pieces := 1
	h.Next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if tag != "" {
			w.Header().Set("Etag", tag)
		}
		if private {
			w.Header().Set("Cache-Control", "private")
		}
		for i := range pieces {
			io.WriteString(w, text[i*len(text)/pieces:(i+1)*len(text)/pieces])
		}
	})
	page := func(n int) string { return fmt.Sprintf("<link rel=stylesheet href=/%d.css>", n) }
	for i, c := range []struct {
		what, text, tag, path string
		private               bool
		pieces                int
		scans                 int64
	}{
		{what: "new", text: page(1), scans: 1},
		{what: "the same", text: page(1), scans: 0},
		{what: "with a query", text: page(1), path: "/?q=1", scans: 0},
		{what: "at another path", text: page(1), path: "/there/", scans: 1},
		{what: "another version", text: page(2), scans: 1},
		{what: "the first again", text: page(1), scans: 0},
		{what: "in pieces: the first one, and all of it", text: page(3), pieces: 2, scans: 2},
		{what: "in pieces again", text: page(3), pieces: 2, scans: 0},
		{what: "with a validator", text: page(4), tag: `"4"`, scans: 1},
		{what: "whose validator is known", text: page(5), tag: `"4"`, scans: 0},
		{what: "at another path", text: page(5), tag: `"4"`, path: "/q", scans: 1},
		{what: "with another query", text: page(6), tag: `"4"`, path: "/?q=6", scans: 1},
		{what: "with a weak one", text: page(7), tag: `W/"4"`, scans: 1},
		{what: "with a weak one again", text: page(8), tag: `W/"4"`, scans: 1},
		{what: "for one person", text: page(9), tag: `"4"`, private: true, scans: 1},
		{what: "for another", text: page(10), tag: `"4"`, private: true, scans: 1},
		{what: "for the first again", text: page(9), tag: `"4"`, private: true, scans: 0},
	} {
		before := scans.Load()
		text, tag, private, pieces = c.text, c.tag, c.private, max(1, c.pieces)
		path := c.path
		if path == "" {
			path = "/"
		}
		if ask(h, path, browser...); scans.Load()-before != c.scans {
			t.Errorf("%d, %s: read %d times, want %d", i, c.what, scans.Load()-before, c.scans)
		}
	}
}

// Who comes while a page is being read does not wait for that.
func TestHTMLTogether(t *testing.T) {
	const visitors = 4
	var inside sync.WaitGroup
	inside.Add(visitors)
	h := &server.Handler{Policy: server.Policy{NoPush: true}, Scan: func(head []byte, base link.Base) []link.Asset {
		inside.Done()
		inside.Wait() // for all of them, or for ever
		return learned.Scan(head, base)
	}}
	h.Next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<link rel=stylesheet href=/a.css>")
	})
	var all sync.WaitGroup
	for range visitors {
		all.Go(func() { h.ServeHTTP(newStage(), request("/", browser...)) })
	}
	all.Wait()
	if got := ask(h, "/", browser...).hinted(); !slices.Equal(got, []string{"/a.css"}) {
		t.Errorf("hinted %q", got)
	}
}

// Two hosts send the same page, and each names files of its own by it, on the host and on others.
func TestHTMLHostsNeverMix(t *testing.T) {
	const page = `<link rel=stylesheet href=/a.css><script src=https://one.example/b.js></script>`
	h := scanning(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Etag", `"same"`)
		io.WriteString(w, page)
	})
	var got [][]string
	for _, host := range []string{"one.example", "two.example", "one.example", "two.example"} {
		r := request("https://"+host+"/", browser...)
		s := newStage()
		h.ServeHTTP(s, r)
		links := []string{}
		for _, early := range s.early {
			links = append(links, early["Link"]...)
		}
		got = append(got, links)
	}
	want := [][]string{{}, {},
		{"</a.css>; rel=preload; as=style", "</b.js>; rel=preload; as=script"},
		{"</a.css>; rel=preload; as=style", "<https://one.example/b.js>; rel=preload; as=script"}}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("hinted %q, want %q", got, want)
	}
	for p := range h.Pages() {
		for _, a := range p.Links {
			if (p.Host == "two.example") != (a.Origin != "") && a.Path == "/b.js" {
				t.Errorf("%s links %+v", p.Host, a)
			}
		}
	}
}

// A page costs what its bounds say, whatever it holds: 100 MB of text, 10,000 links, what stands for
// far more than it is, another encoding, a tag that is cut.
func TestHTMLBounds(t *testing.T) {
	many := new(strings.Builder)
	for i := range 10_000 {
		fmt.Fprintf(many, "<link rel=stylesheet href=/%d.css>", i)
	}
	wide := func(s string) string {
		b := []byte{0xff, 0xfe}
		for i := range len(s) {
			b = append(b, s[i], 0)
		}
		return string(b)
	}
	const sheet = "<link rel=stylesheet href=/a.css>"
	huge := 100 << 20
	if testkit.Race {
		huge = 4 << 20 // which takes long enough
	}
	text := strings.Repeat("text ", huge/5)
	bomb := new(bytes.Buffer)
	z := gzip.NewWriter(bomb)
	io.WriteString(z, sheet)
	z.Write(make([]byte, huge))
	z.Close()
	cut := sheet + strings.Repeat(" ", 8<<10-len(sheet)-10)
	for _, c := range []struct {
		name, coding, text string
		most               int
		want               []string // nil is any
	}{
		{"100 MB", "", sheet + text, 1 << 20, []string{"/a.css"}},
		{"100 MB that name nothing", "", text, 1 << 20, []string{}},
		{"a bomb", "gzip", bomb.String(), 1 << 20, []string{"/a.css"}},
		{"10,000 links", "", many.String(), 4 << 20, nil},
		{"UTF-16", "", wide(sheet), 1 << 20, []string{}},
		{"Latin-1", "", "<link rel=stylesheet href=/gr\xfc\xdfe.css>" + sheet, 1 << 20, []string{"/a.css"}},
		{"cut within a tag", "", cut + `<link rel=stylesheet href=/b.css>`, 1 << 20, []string{"/a.css"}},
		{"cut within a name", "", cut[:len(cut)-5] + `<script src=/much.longer.js></script>`, 1 << 20, []string{"/a.css"}},
		{"ends within a tag", "", sheet + `<script src=/b.js`, 1 << 20, []string{"/a.css"}},
		{"is not what it says", "gzip", sheet, 1 << 20, []string{}},
		{"is cut off", "gzip", string(packed("gzip", sheet+noise(10<<10))[0][:10]), 1 << 20, []string{}},
		{"a coding that is not known", "aes128gcm", sheet, 1 << 20, []string{}},
		{"two codings", "gzip, gzip", sheet, 1 << 20, []string{}},
	} {
		body := []byte(c.text)
		h := scanning(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			if c.coding != "" {
				w.Header().Set("Content-Encoding", c.coding)
			}
			for piece := range slices.Chunk(body, 1<<20) {
				w.Write(piece)
			}
		})
		visit := func() (got []string, taken uint64) {
			s := nowhere{newStage()}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			h.ServeHTTP(s, request("/", browser...))
			runtime.ReadMemStats(&after)
			return s.hinted(), after.TotalAlloc - before.TotalAlloc
		}
		_, taken := visit()
		if taken > uint64(c.most) {
			t.Errorf("%s: took %d octets of memory", c.name, taken)
		}
		got, _ := visit()
		if c.want == nil && len(got) != 8 || c.want != nil && !slices.Equal(got, c.want) {
			t.Errorf("%s: hinted %q, want %q", c.name, got, c.want)
		}
	}
}

// nowhere is a stage that keeps no body.
type nowhere struct{ *stage }

func (n nowhere) Write(p []byte) (int, error) {
	n.WriteHeader(http.StatusOK)
	return len(p), nil
}

// What breaks off says nothing of what the page names.
func TestHTMLBrokenOff(t *testing.T) {
	whole := true
	h := scanning(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.(http.Flusher).Flush()
		io.WriteString(w, "<link rel=stylesheet href=/a.css>")
		if !whole {
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, "<link rel=stylesheet href=/b.css>")
	})
	visit := func() []string {
		defer func() {
			if v := recover(); v != nil && !errors.Is(v.(error), http.ErrAbortHandler) {
				panic(v)
			}
		}()
		s := newReaderStage()
		s.ask(h, "/", browser...)
		return s.hinted()
	}
	visit()
	whole = false
	visit()
	whole = true
	if got := visit(); !slices.Equal(got, []string{"/a.css", "/b.css"}) {
		t.Errorf("hinted %q", got)
	}
}

// A program that wants no HTML read says so.
func TestNoHTML(t *testing.T) {
	h := scanning(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<link rel=stylesheet href=/a.css>")
	})
	h.NoHTML = true
	for range 3 {
		if got := ask(h, "/", browser...).hinted(); got != nil {
			t.Errorf("hinted %q", got)
		}
	}
}
