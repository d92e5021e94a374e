package docs_test

import (
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	goBlock    = regexp.MustCompile("(?ms)^```go\n(.*?)^```")
	importLine = regexp.MustCompile(`(?m)^import "[^"]+"\n`)
)

// given is what a reader's program has around a snippet that is no declaration.
const given = `func _(ctx context.Context, mux *http.ServeMux, cookie *http.Cookie) error {
%sreturn nil
}
`

// TestSnippets compiles the blocks marked `go` of every document. The packages that they name
// need no import.
func TestSnippets(t *testing.T) {
	packages := map[string]string{"context": "context", "http": "net/http", "log": "log"}
	list, err := exec.Command("go", "list", "-f", "{{.Name}} {{.ImportPath}}", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(list)) {
		name, path, _ := strings.Cut(strings.TrimSpace(line), " ")
		packages[name] = path
	}
	// All are files of one package, which is nowhere but in this overlay.
	dir := t.TempDir()
	overlay := make(map[string]map[string]string)
	overlay["Replace"] = make(map[string]string)
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".md") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, at := range goBlock.FindAllSubmatchIndex(text, -1) {
			name := fmt.Sprintf("snippet%d.go", len(overlay["Replace"]))
			line := 1 + strings.Count(string(text[:at[2]]), "\n")
			code := program(string(text[at[2]:at[3]]), fmt.Sprintf("//line %s:%d\n", path, line), packages)
			overlay["Replace"][filepath.Join("snippets", name)] = filepath.Join(dir, name)
			if err := os.WriteFile(filepath.Join(dir, name), []byte(code), 0o666); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(overlay["Replace"]) == 0 {
		t.Fatal("no document has a snippet")
	}
	files, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), files, 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "./snippets").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// program is a snippet as a file of its own. The line directive tells the compiler where it
// comes from.
func program(snippet, line string, packages map[string]string) string {
	head := "package snippets\n" + strings.Join(importLine.FindAllString(snippet, -1), "")
	body := line + importLine.ReplaceAllString(snippet, "\n")
	if _, err := parser.ParseFile(token.NewFileSet(), "", head+body, 0); err != nil {
		body = fmt.Sprintf(given, body)
	}
	for name, path := range packages {
		if regexp.MustCompile(`\b`+name+`\.[A-Z]`).MatchString(body) && !strings.Contains(head, `"`+path+`"`) {
			head += fmt.Sprintf("import %q\n", path)
		}
	}
	return head + body
}
