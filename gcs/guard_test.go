package gcs_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/cache-aware/casper"

// codec is what promises to need nothing but the standard library.
var codec = []string{"bitio", "hash", "gcs", "vectors"}

// folders returns the package folders of the codec, relative to this one. A folder
// with a go.mod of its own is another module's.
func folders(t *testing.T) (dirs []string) {
	t.Helper()
	for _, top := range codec {
		err := filepath.WalkDir(filepath.Join("..", top), func(path string, d fs.DirEntry, err error) error {
			switch {
			case os.IsNotExist(err):
				return nil
			case err != nil:
				return err
			case !d.IsDir():
				return nil
			case d.Name() == "testdata", top == "vectors" && d.Name() != top:
				return filepath.SkipDir // the runner below vectors may need the codec's surroundings
			}
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil {
				return filepath.SkipDir
			}
			if files, _ := filepath.Glob(filepath.Join(path, "*.go")); slices.ContainsFunc(files, func(f string) bool {
				return !strings.HasSuffix(f, "_test.go")
			}) {
				dirs = append(dirs, path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return dirs
}

// The codec compiles with the standard library alone, and imports no package of
// this repository outside itself.
func TestStandardLibraryOnly(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command to list the dependencies with")
	}
	dirs := folders(t)
	args := []string{"list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}"}
	for _, dir := range dirs {
		args = append(args, "./"+filepath.ToSlash(dir))
	}
	var complaint strings.Builder
	cmd := exec.Command(goTool, args...)
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, complaint.String())
	}
	deps := strings.Fields(string(out))
	if len(deps) < len(dirs) {
		t.Fatalf("%d packages listed for %d folders", len(deps), len(dirs))
	}
	for _, dep := range deps {
		top, _, _ := strings.Cut(strings.TrimPrefix(dep, module+"/"), "/")
		if !strings.HasPrefix(dep, module+"/") || !slices.Contains(codec, top) {
			t.Errorf("the codec depends on %s", dep)
		}
	}
}

// strict are the folders in which a struct's fields are documented one by one. In
// the others some only mirror a file format, and their type's comment says so.
var strict = []string{"bitio", "hash", "gcs", "gcs/base64url", "gcs/casper"}

// Every exported name of the codec is documented: packages, constants, variables,
// types, functions and methods, and in strict folders fields.
func TestEverythingIsDocumented(t *testing.T) {
	for _, dir := range folders(t) {
		name := strings.TrimPrefix(filepath.ToSlash(dir), "../")
		t.Run(name, func(t *testing.T) { testDocumented(t, dir, name) })
	}
}

func testDocumented(t *testing.T, dir, folder string) {
	fset := token.NewFileSet()
	var files []*ast.File
	names, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	p, err := doc.NewFromFiles(fset, files, module)
	if err != nil {
		t.Fatal(err)
	}
	if p.Name == "main" {
		return
	}
	missing := func(n ast.Node, name string) {
		t.Errorf("%s: %s is not documented", fset.Position(n.Pos()), name)
	}
	if p.Doc == "" {
		t.Errorf("%s: the package is not documented", dir)
	}
	values := func(vs []*doc.Value) {
		for _, v := range vs {
			for _, s := range v.Decl.Specs {
				s := s.(*ast.ValueSpec)
				if v.Doc == "" && s.Doc.Text() == "" && s.Comment.Text() == "" {
					missing(s, s.Names[0].Name)
				}
			}
		}
	}
	funcs := func(fs []*doc.Func) {
		for _, f := range fs {
			if f.Doc == "" {
				missing(f.Decl, f.Name)
			}
		}
	}
	values(p.Consts)
	values(p.Vars)
	funcs(p.Funcs)
	for _, typ := range p.Types {
		if typ.Doc == "" {
			missing(typ.Decl, typ.Name)
		}
		values(typ.Consts)
		values(typ.Vars)
		funcs(typ.Funcs)
		funcs(typ.Methods)
		for _, spec := range typ.Decl.Specs {
			s, ok := spec.(*ast.TypeSpec).Type.(*ast.StructType)
			if !ok || !slices.Contains(strict, folder) {
				continue
			}
			for _, f := range s.Fields.List {
				for _, name := range f.Names {
					if name.IsExported() && f.Doc.Text() == "" && f.Comment.Text() == "" {
						missing(name, typ.Name+"."+name.Name)
					}
				}
			}
		}
	}
}
