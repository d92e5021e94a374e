package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// strange are platforms that each lack or change something: words of 32 bits, no processes and no
// threads, other signals and errors; and one of each system that binaries are released for.
var strange = []string{"linux/arm", "wasip1/wasm", "plan9/amd64", "windows/amd64", "darwin/arm64", "freebsd/riscv64"}

// TestPlatforms checks the types of all packages, tests included, for strange platforms. That is what
// go vet and go build would find there, in a tenth of the time.
func TestPlatforms(t *testing.T) {
	dir := repository(t)
	for _, platform := range strange {
		t.Run(strings.ReplaceAll(platform, "/", "-"), func(t *testing.T) {
			system, machine, _ := strings.Cut(platform, "/")
			all, err := packages.Load(&packages.Config{
				Mode:  packages.LoadAllSyntax,
				Dir:   dir,
				Env:   append(os.Environ(), "GOOS="+system, "GOARCH="+machine, "CGO_ENABLED=0"),
				Tests: true,
				ParseFile: func(files *token.FileSet, name string, src []byte) (*ast.File, error) {
					file, err := parser.ParseFile(files, name, src, parser.SkipObjectResolution)
					if file != nil && !strings.HasPrefix(name, dir) { // of others, declarations are enough
						for _, d := range file.Decls {
							if f, ok := d.(*ast.FuncDecl); ok {
								f.Body = nil
							}
						}
					}
					return file, err
				},
			}, "./...")
			if err != nil {
				t.Fatal(err)
			}
			if len(all) < 50 {
				t.Fatalf("%d packages: they are not all", len(all))
			}
			for _, p := range all {
				if strings.HasSuffix(p.ID, ".test") { // the main function that go test writes
					continue
				}
				for _, e := range p.Errors {
					t.Error(e)
				}
			}
		})
	}
}

// repository is the folder of the checkout.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
