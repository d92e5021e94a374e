package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func showNames(seq iter.Seq2[string, error]) string {
	var b strings.Builder
	for name, err := range seq {
		if err != nil {
			fmt.Fprintf(&b, "! %v\n", err)
			continue
		}
		fmt.Fprintf(&b, "%s\n", name)
	}
	return b.String()
}

func entryFor(url string) string {
	return fmt.Sprintf(`{"request": {"method": "GET", "url": %q}}`, url)
}

var assetTests = []struct{ name, in, want string }{
	{"empty", "", ""},
	{"list", "/index.html\n/css/0.css\n", "/index.html\n/css/0.css\n"},
	{"list, CR, empty lines, no end", "\r\n/index.html\r\n\r\n\n/css/0.css", "/index.html\n/css/0.css\n"},
	{"list, verbatim", "#/a b \n /é?x=%41#y\n/{\n//\n/a\n/a\n", "#/a b \n /é?x=%41#y\n/{\n//\n/a\n/a\n"},
	{"list, a byte order mark", "\ufeff/a\n\ufeff/b\n", "/a\n\ufeff/b\n"},
	{"list after many blank lines", strings.Repeat("\n", 5000) + "/a", "/a\n"},
	{
		"HAR: in order, once, as sent",
		har(entryFor("https://example.com/index.html"), entryFor("https://example.com/css/0.css?v=%41&x"), entryFor("https://cdn.example/index.html"), entryFor("http://example.com/js/0.js#main")),
		"/index.html\n/css/0.css?v=%41&x\n/js/0.js\n",
	},
	{
		"HAR: URLs without a path, and without HTTP",
		har(entryFor("https://example.com"), entryFor("HTTP://example.com:80?q"), entryFor("https://u@[::1]:8443#x"), entryFor("data:text/css,a"), entryFor("ws://example.com/ws"), entryFor("blob:https://example.com/1"), entryFor(""), `{}`),
		"/\n/?q\n",
	},
	{"HAR after white space and a byte order mark", "\ufeff\r\n " + har(entryFor("https://e/a")), "/a\n"},
	{"HAR cut short", strings.TrimSuffix(har(entryFor("https://e/a")), "]}}"), "/a\n! byte 178: JSON ends early: unexpected EOF\n"},
	{"JSON of another kind", `{"/a": 1}`, "! byte 9: not a HAR file: it has no log.entries\n"},
	{"HAR with a URL longer than any", har(entryFor("https://e/"+strings.Repeat("x", maxURL)), entryFor("https://e/a")), "/a\n"},
}

func TestReadAssets(t *testing.T) {
	for _, tt := range assetTests {
		for _, reading := range readings {
			if got := showNames(ReadAssets(reading.of(strings.NewReader(tt.in)))); got != tt.want {
				t.Errorf("%s, %s:\n%swant:\n%s", tt.name, reading.name, got, tt.want)
			}
		}
	}
}

func TestListPathsLongLine(t *testing.T) {
	got := showNames(ListPaths(strings.NewReader("/a\n" + strings.Repeat("x", MaxLine+1) + "\n/b")))
	if want := "/a\n! line 2: over-long line\n/b\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	got = showNames(ReadAssets(io.MultiReader(strings.NewReader("/a\n/ha"), failing{errors.New("cable pulled")})))
	if want := "/a\n! line 2: cable pulled\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestHARPathsBound asks for more paths than may be remembered.
func TestHARPathsBound(t *testing.T) {
	endless := func(size int) io.Reader {
		i := 0
		return io.MultiReader(strings.NewReader(`{"log":{"entries":[`), readerFunc(func(p []byte) (int, error) {
			i++
			return copy(p, fmt.Sprintf(`{"request":{"url":"https://e/%d%s"}},`, i, strings.Repeat("x", size))), nil
		}))
	}
	for _, size := range []int{0, 60_000} {
		n := 0
		var last error
		for _, last = range HARPaths(endless(size)) {
			n++
		}
		if !errors.Is(last, ErrMany) {
			t.Errorf("error %v, want ErrMany", last)
		}
		if size == 0 && n != maxPaths+1 || size > 0 && n-1 != maxPathBytes/(size+len("/559")) {
			t.Errorf("%d results for paths of %d bytes", n, size)
		}
	}
}

// TestHARPathsForgetsFragments makes sure that of each URL only the path is kept.
func TestHARPathsForgetsFragments(t *testing.T) {
	fragment := strings.Repeat("x", 60_000)
	i := 0
	w := &weighing{r: io.MultiReader(strings.NewReader(`{"log":{"entries":[{}`), readerFunc(func(p []byte) (int, error) {
		if i++; i > 500 {
			return 0, io.EOF
		}
		return copy(p, fmt.Sprintf(`,{"request":{"url":"https://e/%d#%s"}}`, i, fragment)), nil
	}), strings.NewReader(`]}}`))}
	if n := drain(HARPaths(w)); n != 500 {
		t.Errorf("%d paths, want 500", n)
	}
	if w.heap > w.base+6<<20 {
		t.Errorf("heap grew by %d KiB", (w.heap-w.base)>>10)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestFolderPaths(t *testing.T) {
	file := &fstest.MapFile{}
	folder := fstest.MapFS{
		"index.html":                  file,
		"css/0.css":                   file,
		"docs/index.html":             file,
		"docs/a/index.html":           file,
		"docs/reindex.html":           file,
		"100% & more?.css":            file,
		"a#b\"<c>`{d}|^e\\f.js":       file,
		"é.css":                       file,
		"plain-._~!$&'()*+,;=:@[].js": file,
		"\xff.js":                     file,
		".git/config":                 file,
		".env":                        file,
		".well-known/security.txt":    file,
		"css/.hidden.css":             file,
		"empty":                       {Mode: fs.ModeDir},
		"socket":                      {Mode: fs.ModeSocket},
	}
	const want = `/.well-known/security.txt
/100%25%20&%20more%3F.css
/a%23b%22%3Cc%3E%60%7Bd%7D%7C%5Ee%5Cf.js
/css/0.css
/docs/a/index.html
/docs/a/
/docs/index.html
/docs/
/docs/reindex.html
/index.html
/
/plain-._~!$&'()*+,;=:@[].js
/%C3%A9.css
/%FF.js
`
	if got := showNames(FolderPaths(folder)); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
	for stop := 1; stop <= strings.Count(want, "\n"); stop++ {
		n := 0
		for range FolderPaths(folder) {
			if n++; n == stop {
				break
			}
		}
		if n != stop {
			t.Errorf("%d names after a break at %d", n, stop)
		}
	}
}

// unreadable is a folder in which one folder cannot be opened.
type unreadable struct{ fstest.MapFS }

func (u unreadable) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == "b" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return u.MapFS.ReadDir(name)
}

func TestFolderPathsUnreadable(t *testing.T) {
	file := &fstest.MapFile{}
	got := showNames(FolderPaths(unreadable{fstest.MapFS{"a/1.css": file, "b/2.css": file, "c/3.css": file}}))
	if want := "/a/1.css\n! open b: permission denied\n/c/3.css\n"; got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
	got = showNames(FolderPaths(os.DirFS(filepath.Join(t.TempDir(), "absent"))))
	if !strings.HasPrefix(got, "! ") || strings.Count(got, "\n") != 1 {
		t.Errorf("got %q, want one error", got)
	}
}

// TestAssets goes through the file system: a list, a HAR file, a folder with links, stdin.
func TestAssets(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return name
	}
	list := write("list.txt", "/a.css\n")
	harFile := write("a.har", har(entryFor("https://e/b.css")))
	write("www/index.html", "")
	write("www/css/0.css", "")
	write("outside.css", "")
	for link, target := range map[string]string{"inside.css": "css/0.css", "out.css": "../outside.css", "dangling.css": "nowhere", "loop": "."} {
		if err := os.Symlink(target, filepath.Join(dir, "www", link)); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	www := filepath.Join(dir, "www")
	for _, tt := range []struct{ source, want string }{
		{list, "/a.css\n"},
		{harFile, "/b.css\n"},
		{www, "/css/0.css\n/index.html\n/\n/inside.css\n"},
		{"-", "/stdin.css\n"},
	} {
		if got := showNames(Assets(tt.source, strings.NewReader("/stdin.css\n"), 0)); got != tt.want {
			t.Errorf("%s:\n%swant:\n%s", tt.source, got, tt.want)
		}
	}
	for _, err := range Assets(filepath.Join(dir, "absent"), nil, 0) {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("absent: %v", err)
		}
	}
	// The loop over the first name must close what Assets opened.
	for range Assets(www, bytes.NewReader(nil), 0) {
		break
	}
}
