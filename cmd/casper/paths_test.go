package main

import (
	"os"
	"strings"
	"testing"
)

// A name that a person has is made the path that a browser requests, or refused: it is never
// hashed as it stands. encode and --assets agree, in every format whose names are paths.
func TestPaths(t *testing.T) {
	for _, test := range []struct{ name, path, says string }{
		{"/css/app.css", "/css/app.css", ""},
		{"/app.css?v=1", "/app.css?v=1", ""},
		{"/app.css#top", "/app.css", ""},
		{"  /app.css\t", "/app.css", ""},
		{"https://x.example/css/app.css", "/css/app.css", ""},
		{"HTTP://x.example:8080/app.css?v=1#top", "/app.css?v=1", ""},
		{"https://x.example", "/", ""},
		{"index.html", "", "give /index.html"},
		{"./css/app.css", "", "give /css/app.css"},
		{"ftp://x.example/a", "", "no request path"},
		{"/a b.css", "", "give /a%20b.css"},
		{"/a\x01b", "", "no request path"},
		{`<link href="/app.css">`, "", "HTML"},
		{`["/app.js"]`, "", "JSON"},
		{`"/app.js",`, "", "no request path"},
	} {
		list := t.TempDir() + "/list"
		if err := os.WriteFile(list, []byte("# what the page needs\n   \n/\n"+test.name+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		for _, format := range [][]string{{"--format", "h2o"}, {"--format", "h2o-2.0"}, {"--format", "go-casper", "--p", "64", "--n", "10"}} {
			want, _, _ := printed(t, "", append(append([]string{"encode"}, format...), "--", test.path)...)
			stdout, stderr, code := printed(t, "", append(append([]string{"encode"}, format...), "--", test.name)...)
			piped, _, _ := printed(t, "# one\n\n"+test.name+"\n", append(append([]string{"encode"}, format...), "-")...)
			value := strings.TrimSpace(want)
			if test.path == "" {
				value = "gA"
				if format[1] == "go-casper" {
					value = "gAA"
				}
			}
			shown, told, ended := printed(t, "", append(append([]string{"decode", "--json", "--assets", list}, format...), "--", value)...)
			if test.path == "" {
				if code != exitFailed || stdout != "" || piped != "" || !strings.Contains(stderr, test.says) {
					t.Errorf("encode %v %q: exit code %d with %q, %s", format, test.name, code, stdout, stderr)
				}
				if ended != exitFailed || !strings.Contains(shown+told, test.says) {
					t.Errorf("decode %v --assets with %q: exit code %d with %q, %s", format, test.name, ended, shown, told)
				}
				continue
			}
			if code != exitDone || stdout != want || piped != want || stderr != "" || value == "" {
				t.Errorf("encode %v %q: exit code %d with %q, by stdin %q, want %q; %s", format, test.name, code, stdout, piped, want, stderr)
			}
			if ended != exitDone || !strings.Contains(shown, `"path":"`+test.path+`"`) || !strings.Contains(shown, `"present":true`) || strings.Contains(shown, "needs") {
				t.Errorf("decode %v --assets with %q: exit code %d with %q, %s", format, test.name, ended, shown, told)
			}
		}
	}
	if stdout, stderr, code := printed(t, "", "encode", ""); code != exitFailed || stdout != "" || strings.Count(stderr, "\n") != 1 {
		t.Errorf("encode of an empty name: exit code %d with %q, %s", code, stdout, stderr)
	}
	// In other formats, a name is what it is.
	if stdout, stderr, code := printed(t, "", "encode", "--format", "cache-digest", "--log2p", "7", "https://example.com/style.css"); code != exitDone || stderr != "" || stdout == "" {
		t.Errorf("encode of a URL in a format of URLs: exit code %d, %s", code, stderr)
	}
}
