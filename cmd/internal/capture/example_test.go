package capture_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing/fstest"

	"github.com/cache-aware/casper/cmd/internal/capture"
)

func ExampleLine() {
	for _, line := range []string{
		"qF0",
		"h2o_casper=qF0",
		"Cookie: session=1; h2o_casper=qF0",
		"Set-Cookie: h2o_casper=qF0; Path=/; Secure",
		"Host: example.com",
	} {
		for c, err := range capture.Line(line, "h2o_casper") {
			if err != nil {
				fmt.Println(err)
				continue
			}
			fmt.Printf("name %q, value %q at byte %d\n", c.Name, c.Value, c.Offset)
		}
	}
	// Output:
	// name "", value "qF0" at byte 0
	// name "h2o_casper", value "qF0" at byte 11
	// name "session", value "1" at byte 16
	// name "h2o_casper", value "qF0" at byte 30
	// name "h2o_casper", value "qF0" at byte 23
	// no cookie in this line: Host is not a cookie header
}

func ExampleLines() {
	stdin := strings.NewReader("qF0\nCookie:\nh2o_casper=gA\n")
	for c, err := range capture.Lines(stdin, capture.MaxLine, "h2o_casper") {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%s: %s\n", c.Where, c.Value)
	}
	// Output:
	// line 1: qF0
	// line 2: no cookie in this line
	// line 3: gA
}

func ExampleHAR() {
	file := strings.NewReader(`{"log": {"version": "1.2", "entries": [{
		"request": {
			"method": "GET", "url": "https://example.com/",
			"headers": [{"name": "cookie", "value": "session=1; h2o_casper=qF0"}],
			"cookies": [{"name": "session", "value": "1"}, {"name": "h2o_casper", "value": "qF0"}]
		},
		"response": {"status": 200, "headers": [], "cookies": []}
	}]}}`)
	for c, err := range capture.HAR(file) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%s: %s=%s\n", c.Where, c.Name, c.Value)
	}
	// Output:
	// entries[0].request https://example.com/: session=1
	// entries[0].request https://example.com/: h2o_casper=qF0
}

func ExampleHARReader() {
	file := strings.NewReader(`{"log": {"entries": [
		{"time": 12.5, "request": {"method": "GET", "url": "https://example.com/"},
		 "response": {"status": 200, "headers": [{"name": "cache-control", "value": "no-cache"}, {"name": "server", "value": "h2o"}]}},
		{"time": "soon", "request": {"method": "GET", "url": "https://example.com/a.css"}, "response": null}
	]}}`)
	reader := capture.HARReader{ResponseHeaders: func(name string) bool { return strings.EqualFold(name, "Cache-Control") }}
	for e, err := range reader.All(file) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(e.Request.URL, e.Response.Status, e.Response.Headers, e.Time)
		if e.Odd != nil {
			fmt.Println(e.Odd)
		}
	}
	// Output:
	// https://example.com/ 200 [{cache-control no-cache}] 12.5
	// https://example.com/a.css 0 [] 0
	// byte 241: entries[1] has '"' in the place of a number
}

func ExampleEachLine() {
	for line, err := range capture.EachLine(strings.NewReader("GET /a.css\nGET /b.css?and-so-on\nGET /c.css"), 16) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%s\n", line)
	}
	// Output:
	// GET /a.css
	// line 2: over-long line
	// GET /c.css
}

func ExampleJar() {
	file := strings.NewReader("# Netscape HTTP Cookie File\n" +
		"#HttpOnly_example.com\tFALSE\t/\tTRUE\t1893456000\th2o_casper\tqF0\n" +
		"example.com FALSE / TRUE\n")
	for c, err := range capture.Jar(file) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("%s: %s=%s\n", c.Where, c.Name, c.Value)
	}
	// Output:
	// line 2, example.com/: h2o_casper=qF0
	// line 3: not a line of a Netscape cookie jar: 1 field, want 7 with tabs between them
}

const accessLog = `192.0.2.1 - - [23/Nov/2026:02:08:33 +0000] "GET / HTTP/2.0" 200 512 "a=b; h2o_casper=qF0"
192.0.2.2 - - [23/Nov/2026:02:08:34 +0000] "GET / HTTP/2.0" 200 512 "-"
{"path":"/","cookie":"h2o_casper=gA; xh2o_casper=no"}
`

func ExampleLogScanner() {
	scan := capture.LogScanner{Names: []string{"h2o_casper"}}
	for m, err := range scan.All(strings.NewReader(accessLog)) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("line %d: %s=%s\n", m.Line, m.Name, m.Value)
	}
	counts := scan.Counts()
	fmt.Printf("%d lines, %d matches, %d broken\n", counts.Lines, counts.Matches, counts.Broken)
	// Output:
	// line 1: h2o_casper=qF0
	// line 3: h2o_casper=gA
	// 3 lines, 2 matches, 0 broken
}

// The work on each cookie runs on all processors, and its results come in the
// order of the log.
func ExampleLogScanner_AppendEach() {
	scan := capture.LogScanner{Names: []string{"h2o_casper"}}
	work := func(dst []byte, m capture.LogMatch) []byte {
		return fmt.Appendf(dst, "line %d: %d characters\n", m.Line, len(m.Value))
	}
	for out, err := range scan.AppendEach(strings.NewReader(accessLog), work) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		os.Stdout.Write(out)
	}
	// Output:
	// line 1: 3 characters
	// line 3: 2 characters
}

func ExampleAssets() {
	stdin := strings.NewReader("/index.html\n/css/0.css\n")
	for name, err := range capture.Assets("-", stdin, 0) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(name)
	}
	// Output:
	// /index.html
	// /css/0.css
}

func ExampleReadAssets() {
	list := "/index.html\n/css/0.css\n"
	har := `{"log": {"entries": [
		{"request": {"url": "https://example.com/index.html"}},
		{"request": {"url": "https://example.com/js/0.js?v=2#main"}}
	]}}`
	for _, text := range []string{list, har} {
		for name, err := range capture.ReadAssets(strings.NewReader(text)) {
			if err != nil {
				fmt.Println(err)
				continue
			}
			fmt.Println(name)
		}
	}
	// Output:
	// /index.html
	// /css/0.css
	// /index.html
	// /js/0.js?v=2
}

func ExampleFolderPaths() {
	folder := fstest.MapFS{
		"index.html":         {},
		"css/0.css":          {},
		"img/one & only.png": {},
	}
	for name, err := range capture.FolderPaths(folder) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(name)
	}
	// Output:
	// /css/0.css
	// /img/one%20&%20only.png
	// /index.html
	// /
}

// A compressed log that breaks off gives all its whole lines, and then an error.
func ExampleError() {
	file := strings.NewReader("\x1f\x8b\x08\x00\x00\x00")
	scan := capture.LogScanner{Names: []string{"h2o_casper"}}
	for _, err := range scan.All(file) {
		var place *capture.Error
		fmt.Println(err)
		fmt.Println(errors.As(err, &place), errors.Is(err, io.ErrUnexpectedEOF))
	}
	// Output:
	// line 1: gzip stream broken here: unexpected EOF
	// true true
}
