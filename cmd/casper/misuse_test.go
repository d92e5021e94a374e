package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What people do wrong is answered by one line that says what to do, and by the exit code of its
// kind. Each row was tried by somebody.
func TestMisuse(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"access.log":   `10.0.0.1 - - [20/Nov/2026:08:00:00 +0000] "GET / HTTP/2.0" 200 300 "-" "UA"` + "\n",
		"package.json": `{"name":"x","dependencies":{}}`,
		"site/app.css": "",
		"empty":        "",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for _, tt := range []struct {
		args  string // parted by blanks
		stdin string
		code  int
		want  string // the line, without "casper: "
	}{
		// Words that are nearly right.
		{"decod qF0", "", 2, `unknown command "decod": did you mean decode? (see casper --help)`},
		{"model exprt", "", 2, `unknown command "exprt": did you mean export? (see casper model --help)`},
		{"conformance lst", "", 2, `unknown command "lst": did you mean list? (see casper conformance --help)`},
		{"model compare", "", 2, `unknown command "compare" (see casper model --help)`},
		{"help serve run", "", 2, `serve has no command "run" (see casper help --help)`},
		{"help nonsense", "", 2, `unknown command "nonsense" (see casper help --help)`},
		{"decode --capacity-bit 8 qF0", "", 2, `unknown flag: --capacity-bit: did you mean --capacity-bits? (see casper decode --help)`},
		{"decode --asets x qF0", "", 2, `unknown flag: --asets: did you mean --assets? (see casper decode --help)`},
		{"serve --upstream http://localhost:3000", "", 2, `unknown flag: --upstream (see casper serve --help)`},
		{"decode -qF0", "", 2, `unknown flag: -q: a value that begins with - is given after -- (see casper decode --help)`},
		{"-x", "", 2, `unknown flag: -x (see casper --help)`},
		{"conformance oneshot --timeout 5 -- true", "", 2, `--timeout is a time such as 2s, not "5" (see casper conformance oneshot --help)`},
		{"serve --push-wait soon", "", 2, `--push-wait is a time such as 50ms, not "soon" (see casper serve --help)`},
		{"decode --rice many qF0", "", 2, `--rice: "many" is no decimal number (see casper decode --help)`},
		{"explain --svg - --html - qF0", "", 2, `--svg and --html exclude each other: give one of --svg, --html and --json (see casper explain --help)`},

		// Files that are not there, or are something else.
		{"decode nofile.html", "", 1, `"nofile.html": neither a value nor a file: text: bad-text at bit 36: character 6 is '.', which is not in the alphabet`},
		{"decode site", "", 1, `site: this is a folder: give a file, or a value on stdin`},
		{"decode --har access.log", "", 1, `access.log: byte 0: not a HAR file: found '1', want one of "{"`},
		{"decode qF0 --assets nothere", "", 1, `--assets nothere: no such file or directory`},
		{"decode qF0 --assets https://x.example/", "", 1, `--assets https://x.example/: a URL is not fetched: save it, and give the file`},
		{"serve nodir", "", 1, `nodir: no such file or directory`},
		{"serve access.log", "", 1, `access.log: not a directory`},
		{"serve https://x.example/", "", 2, `"https://x.example/" is no folder: an application is served by --proxy https://x.example/ (see casper serve --help)`},
		{"serve --manifest package.json site", "", 1, `package.json: manifest: not a manifest of a known form: these are of Vite, webpack, Parcel, esbuild, Next, Nuxt, React Router, Gatsby, Sprockets and Propshaft; push_manifest.json; _headers`},
		{"model export access.log", "", 1, `access.log: no model of casper: want what serve --state, replay --save or model export has written`},
		{"replay site", "", 1, `site: is a directory`},

		// Addresses.
		{"serve --proxy localhost:3000", "", 2, `proxy: not an upstream: "localhost:3000": want http://HOST[:PORT], https://HOST[:PORT], h2c://HOST[:PORT] or unix:PATH (see casper serve --help)`},
		{"serve --listen 8443", "", 2, `--listen is an address such as :8443 or 127.0.0.1:8443, not "8443" (see casper serve --help)`},
		{"serve --listen 127.0.0.1:0 --admin 9090", "", 2, `--admin is an address such as :9090 or 127.0.0.1:9090, not "9090" (see casper serve --help)`},
		{"serve --listen localhost", "", 2, `--listen is an address such as :8443 or 127.0.0.1:8443, not "localhost" (see casper serve --help)`},
		{"serve --listen localhost:seven", "", 1, `--listen localhost:seven: lookup tcp/seven: unknown port`},

		// Values.
		{"encode --keys 20 99999", "", 1, `"99999" is out of range: keys are 0 to 8191 here`},
	} {
		t.Run(tt.args, func(t *testing.T) {
			stdout, stderr, code := printed(t, tt.stdin, strings.Fields(tt.args)...)
			if want := "casper: " + tt.want + "\n"; stderr != want || code != tt.code {
				t.Errorf("exit code %d and\n%swant %d and\n%s", code, stderr, tt.code, want)
			}
			if stdout != "" {
				t.Errorf("stdout: %s", stdout)
			}
		})
	}
}

// What is copied out of a browser's tools is read as it comes.
func TestPasted(t *testing.T) {
	for _, in := range []string{
		"h2o_casper\tqF0\twww.example.com\t/\t2026-12-20T08:00:00.000Z\t13\t✓\t✓\tLax", // a row of Chrome's table
		`h2o_casper:"qF0"`, // Firefox' storage
		`h2o_casper: qF0`,
		`"h2o_casper": "qF0"`,
		`"qF0"`,
		`'qF0'`,
		` qF0 `,
		`h2o_casper="qF0"`,
		"h2o_casper%3DqF0",
		"curl https://x.example/ -b 'sid=1; h2o_casper=qF0'",
		`document.cookie = "h2o_casper=qF0; path=/"`,
		"h2o_casper=qF0\r", // of Windows' clipboard
	} {
		stdout, stderr, code := printed(t, "", "decode", "--json", "--capacity-bits", "8", in)
		if code != exitDone || strings.Count(stdout, `"keys":[20,178]`) != 1 {
			t.Errorf("%q: exit code %d, %s%s", in, code, stdout, stderr)
		}
		stdout, stderr, code = printed(t, "\ufeff"+in+"\n", "decode", "--json", "--capacity-bits", "8", "-")
		if code != exitDone || strings.Count(stdout, `"keys":[20,178]`) != 1 {
			t.Errorf("%q on stdin: exit code %d, %s%s", in, code, stdout, stderr)
		}
	}
}

// The version is what everybody asks for first.
func TestVersionFlag(t *testing.T) {
	want, _, _ := printed(t, "", "version")
	for _, flag := range []string{"--version", "-v"} {
		if got, stderr, code := printed(t, "", flag); got != want || code != exitDone {
			t.Errorf("%s: exit code %d, %q%s, want %q", flag, code, got, stderr, want)
		}
	}
}

// A value that browsers would drop is printed all the same, and said to be too long.
func TestEncodeTooLong(t *testing.T) {
	var names strings.Builder
	for i := range 9000 {
		names.WriteString("/" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/26) + "\n")
	}
	stdout, stderr, code := printed(t, names.String(), "encode", "--capacity-bits", "15", "-")
	if code != exitDone || !strings.Contains(stderr, "browsers drop cookies above 4096") {
		t.Errorf("exit code %d, %d characters: %s", code, len(stdout), stderr)
	}
	if _, stderr, _ := printed(t, "", "encode", "/a.css"); stderr != "" {
		t.Error(stderr)
	}
}
