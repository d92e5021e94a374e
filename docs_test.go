// Package docs_test runs what the documents show.
package docs_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// elsewhere are commands that a document shows and another test, or the gate
// itself, runs: they take minutes, need a browser, or would call this test.
var elsewhere = []string{
	"go test ./...", "bash .ci/run", "go get ", "go install ", "git clone ", "go test -fuzz", "go test -run '^$' -bench",
}

// TestDocuments runs the blocks marked `console` of every document: a line that
// begins with "$ " is a command, the lines after it are what it prints. In the output, a
// line "..." stands for any lines, and an empty expectation for anything.
func TestDocuments(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: the commands of the documents are not run")
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed: the commands of the documents are not run")
	}
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin+string(filepath.Separator), "./cmd/casper").CombinedOutput(); err != nil {
		t.Fatalf("go build ./cmd/casper: %v\n%s", err, out)
	}
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".md") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, c := range commands(string(text)) {
			c := c
			t.Run(filepath.ToSlash(path)+"/"+string(rune('a'+i%26)), func(t *testing.T) {
				for _, e := range elsewhere {
					if strings.HasPrefix(c.command, e) {
						t.Skipf("%q is run elsewhere", c.command)
					}
				}
				run(t, bash, bin, c)
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

type command struct{ command, want string }

var console = regexp.MustCompile("(?ms)^```console\n(.*?)^```")

func commands(text string) []command {
	var all []command
	for _, block := range console.FindAllStringSubmatch(text, -1) {
		lines := strings.Split(block[1], "\n")
		for i := 0; i < len(lines); i++ {
			cmd, ok := strings.CutPrefix(lines[i], "$ ")
			if !ok {
				if n := len(all); n > 0 && i < len(lines)-1 {
					all[n-1].want += lines[i] + "\n"
				}
				continue
			}
			for strings.HasSuffix(cmd, "\\") && i+1 < len(lines) { // continued
				i++
				cmd = strings.TrimSuffix(cmd, "\\") + strings.TrimPrefix(lines[i], "> ")
			}
			all = append(all, command{command: cmd})
		}
	}
	return all
}

func run(t *testing.T, bash, bin string, c command) {
	script := strings.ReplaceAll(c.command, "go run ./cmd/casper", "casper")
	cmd := exec.Command(bash, "-c", script)
	cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "NO_COLOR=1", "CASPER_DOCS=1")
	out, err := cmd.CombinedOutput()
	if c.want == "" {
		if err != nil {
			t.Errorf("%s: %v\n%s", c.command, err, out)
		}
		return
	}
	if !matches(strings.TrimSpace(c.want), strings.TrimSpace(string(bytes.ReplaceAll(out, []byte("\r\n"), []byte("\n"))))) {
		t.Errorf("%s\n--- the document says:\n%s--- it prints:\n%s", c.command, c.want, out)
	}
}

// matches compares line by line; "..." matches any number of lines.
func matches(want, got string) bool {
	parts := strings.Split("\n"+want+"\n", "\n...\n")
	got = "\n" + got + "\n"
	for i, p := range parts {
		if i > 0 {
			p = "\n" + p
		}
		if i < len(parts)-1 {
			p += "\n"
		}
		at := strings.Index(got, p)
		if at < 0 || i == 0 && at != 0 {
			return false
		}
		got = got[at+len(p)-1:]
	}
	return strings.TrimSpace(got) == "" || strings.HasSuffix(want, "...")
}
