package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each row has nothing to find, read or ask. The command says so in one line, and ends with the
// exit code that means it.
func TestNothing(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	log := ""
	for i := range 12 {
		for second, r := range []struct{ path, referer string }{{"/", "-"}, {"/app.css", "https://www.example.com/"}} {
			log += fmt.Sprintf(`%d.3.113.%d - - [01/Jan/2026:00:%02d:%02d +0000] "GET %s HTTP/2.0" 200 1234 "%s" "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0"`+"\n",
				20+i, i+1, i, second, r.path, r.referer)
		}
	}
	for name, text := range map[string]string{
		"empty":     "",
		"list":      "/index.html\n",
		"acc.log":   log,
		"clean.har": `{"log":{"entries":[{"request":{"method":"GET","url":"https://example.com/","headers":[{"name":"Accept","value":"*/*"}],"cookies":[]}}]}}`,
		"other.har": `{"log":{"entries":[{"request":{"method":"GET","url":"https://example.com/","headers":[{"name":"Cookie","value":"a=b"}]}}]}}`,
		"jar":       "# Netscape HTTP Cookie File\nexample.com\tFALSE\t/\tFALSE\t0\ta\tb\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("folder", 0o777); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"replay", "acc.log", "--save", "learned.casper"}, {"build", "set.gcs", "list"}} {
		if _, stderr, code := printed(t, "", args...); code != exitDone {
			t.Fatalf("%v: exit code %d: %s", args, code, stderr)
		}
	}
	for _, test := range []struct{ args, says string }{
		{"decode -", "stdin: nothing in it to decode"},
		{"decode --json -", "stdin: nothing in it to decode"},
		{"decode empty", "empty: no cookie named"},
		{"decode --format bip158 --key 43497fd7f826957108f4a30fd9cec3ae empty", "empty: nothing in it to decode"},
		{"decode --log empty", "empty: no cookie named"},
		{"decode --log acc.log", "acc.log: no cookie named"},
		{"decode --jar jar", "jar: no cookie named"},
		{"decode --har clean.har", "clean.har: its requests hold no cookies at all: browsers leave them out unless the export is one with sensitive data"},
		{"decode clean.har", "clean.har: its requests hold no cookies at all"},
		{"decode --har other.har", "other.har: no cookie named"},
		{"decode --assets empty gA", "--assets empty: no names in it"},
		{"decode --assets folder gA", "--assets folder: no names in it"},
		{"encode -", "stdin: no names in it: this is the empty set"},
		{"encode --keys -", "stdin: no keys in it: this is the empty set"},
		{"explain -", "stdin: nothing in it to explain"},
		{"identify -", "stdin: nothing in it to identify"},
		{"identify empty", "empty: nothing in it to identify"},
		{"query set.gcs -", "stdin: no names in it"},
		{"build none.gcs -", "stdin: no names in it: this is the empty set"},
		{"build none.gcs empty", "empty: no names in it: this is the empty set"},
		{"replay empty", "no page views: no request could be read"},
		{"replay --json empty", "no page views: no request could be read"},
		{"replay acc.log --host nosuch.example", "no page views: no request was for nosuch.example, but some for www.example.com; see --host"},
		{"explain-page https://nosuch.example/ acc.log", "no request was for nosuch.example, but some for www.example.com; see --host"},
		{"explain-page --json https://nosuch.example/ acc.log", "no request was for nosuch.example"},
		{"explain-page /nowhere acc.log", "/nowhere: no view of it was seen"},
		{"explain-page /nowhere --state learned.casper", "/nowhere: no view of it was seen"},
		{"explain-page / empty", "/: no view of it was seen"},
	} {
		stdout, stderr, code := printed(t, "", strings.Fields(test.args)...)
		if code != exitNothing || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "casper: "+test.says) {
			t.Errorf("casper %s: exit code %d, want %d and %q:\n%s%s", test.args, code, exitNothing, test.says, stdout, stderr)
		}
	}
	// What is wrong counts for more, and what was found for nothing.
	if _, _, code := printed(t, "", "decode", "-", "!"); code != exitFailed {
		t.Errorf("nothing and a bad value: exit code %d", code)
	}
	if stdout, _, code := printed(t, "", "decode", "--json", "-", "gA"); code != exitNothing || !strings.Contains(stdout, `"count":1`) {
		t.Errorf("nothing and a good value: exit code %d with\n%s", code, stdout)
	}
	if stdout, stderr, code := printed(t, "", "encode"); code != exitUsage || stdout != "" || !strings.Contains(stderr, "nothing to encode") {
		t.Errorf("encode of nothing: exit code %d with\n%q\n%s", code, stdout, stderr)
	}
	for _, args := range []string{"replay acc.log --host www.example.com", "explain-page https://www.example.com/ acc.log", "explain-page / --state learned.casper"} {
		if _, stderr, code := printed(t, "", strings.Fields(args)...); code != exitDone {
			t.Errorf("casper %s: exit code %d: %s", args, code, stderr)
		}
	}
}
