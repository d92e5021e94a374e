// Package docs_test runs what the documents show.
package docs_test

import (
	"bufio"
	"bytes"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// elsewhere are commands that a document shows and another test, or the gate
// itself, runs: they take minutes, need a browser, or would call this test.
var elsewhere = []string{
	"go test ./...", "bash .ci/run", "go get ", "go install ", "git clone ", "go test -fuzz", "go test -run '^$' -bench",
}

// TestDocuments runs the blocks marked `console` of every document: a line that
// begins with "$ " is a command, the lines after it are what it prints. In the output, a
// line "..." stands for any lines, and an empty expectation for anything. A command that
// ends in " &" is a server: it runs until its document ends.
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
		all := commands(string(text))
		if len(all) == 0 {
			return nil
		}
		t.Run(filepath.ToSlash(path), func(t *testing.T) { document(t, bash, bin, all) })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// document runs the commands of one document, each as a test, and ends its servers. Where a
// program is absent, the rest of the section that needs it is skipped, too.
func document(t *testing.T, bash, bin string, all []command) {
	lacking := -1 // the section
	for i, c := range all {
		server, isServer := strings.CutSuffix(c.command, " &")
		t.Run(string(rune('a'+i%26)), func(t *testing.T) {
			if lacking == c.section {
				t.Skip("a command before it, in the same section, was skipped")
			}
			for _, e := range elsewhere {
				if strings.HasPrefix(c.command, e) {
					t.Skipf("%q is run elsewhere", c.command)
				}
			}
			defer func() {
				if t.Skipped() {
					lacking = c.section
				}
			}()
			needs(t, c.command)
			if !isServer {
				run(t, bash, bin, c)
			}
		})
		if isServer && lacking != c.section {
			serve(t, bash, bin, server, c.want)
		}
	}
}

type command struct {
	command, want string
	section       int
}

var console = regexp.MustCompile("(?ms)^```console\n(.*?)^```")

func commands(text string) []command {
	var all []command
	for _, at := range console.FindAllStringSubmatchIndex(text, -1) {
		section := strings.Count(text[:at[0]], "\n## ")
		lines := strings.Split(text[at[2]:at[3]], "\n")
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
			all = append(all, command{command: cmd, section: section})
		}
	}
	return all
}

// needs skips the test, or fails it where CASPER_REQUIRE_PEERS is 1, unless the programs
// and the library are there that a command names.
func needs(t *testing.T, command string) {
	absent := t.Skipf
	if os.Getenv("CASPER_REQUIRE_PEERS") == "1" {
		absent = t.Fatalf
	}
	for _, word := range strings.Fields(command) {
		switch word {
		case "node", "python3", "cc", "nghttp", "curl":
			if _, err := exec.LookPath(word); err != nil {
				absent("%s is not on PATH", word)
			}
		case "-lh2o":
			empty := filepath.Join(t.TempDir(), "empty.c")
			if err := os.WriteFile(empty, []byte("int main(void) { return 0; }\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := exec.Command("cc", "-o", empty+".out", empty, word).Run(); err != nil {
				absent("libh2o is not installed (Debian: libh2o-dev)")
			}
		}
	}
}

// serve starts a server and waits for the first line that the document shows of it.
func serve(t *testing.T, bash, bin, command, want string) {
	t.Helper()
	cmd := exec.Command(bash, "-c", "exec "+command)
	cmd.Env = environment(bin)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if first, _, _ := strings.Cut(want, "\n"); err != nil || strings.TrimSpace(line) != first {
		t.Fatalf("%s: prints %q, not %q (%v)", command, line, first, err)
	}
	go io.Copy(io.Discard, out)
}

// environment is what commands are run with: the tool of this checkout comes first.
func environment(bin string) []string {
	return append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "NO_COLOR=1", "CASPER_DOCS=1")
}

func run(t *testing.T, bash, bin string, c command) {
	script := strings.ReplaceAll(c.command, "go run ./cmd/casper", "casper")
	cmd := exec.Command(bash, "-c", script)
	cmd.Env = environment(bin)
	// A document shows what a person sees, or only what goes to stdout.
	var both, stdout bytes.Buffer
	var mu sync.Mutex // exec copies the two on goroutines of their own
	cmd.Stdout = writer(func(p []byte) { mu.Lock(); defer mu.Unlock(); both.Write(p); stdout.Write(p) })
	cmd.Stderr = writer(func(p []byte) { mu.Lock(); defer mu.Unlock(); both.Write(p) })
	err := cmd.Run()
	if c.want == "" {
		if err != nil {
			t.Errorf("%s: %v\n%s", c.command, err, &both)
		}
		return
	}
	want := strings.TrimSpace(c.want)
	if !matches(want, strings.TrimSpace(both.String())) && !matches(want, strings.TrimSpace(stdout.String())) {
		t.Errorf("%s\n--- the document says:\n%s--- it prints:\n%s", c.command, c.want, &both)
	}
}

type writer func(p []byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

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
