package vectors_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os/exec"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/cache-aware/casper/vectors"
	"github.com/cache-aware/casper/vectors/internal/manifest"
)

func Example() {
	all, err := vectors.All()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range all {
		if v.ID == "h2o-pad-first" {
			fmt.Println(v.Comment)
			fmt.Println(v.Format, v.Op, string(v.Params), *v.Input.Text, v.Expected(false).Error, v.Expected(true).Keys)
		}
	}
	// Output:
	// the first pad bit is 1: 1|000000 1|000000 ^ 1 .0
	// h2o decode {"capacity_bits":13} gQI nonzero-padding [0 1]
}

// TestManifest holds the manifest to the files: nothing missing, nothing extra,
// nothing changed.
func TestManifest(t *testing.T) {
	m, err := manifest.Read(vectors.Files)
	if err != nil {
		t.Fatal(err)
	}
	if m.Version != vectors.Version() {
		t.Errorf("the manifest is of version %s, the vectors of %s", m.Version, vectors.Version())
	}
	if m.Vectors < 600 || m.Failing < 250 {
		t.Errorf("%d vectors, %d of them failing", m.Vectors, m.Failing)
	}
	listed := map[string]bool{}
	for _, f := range m.Files {
		data, err := vectors.Files.ReadFile(f.Path)
		if err != nil {
			t.Error(err)
			continue
		}
		listed[f.Path] = true
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != f.SHA256 {
			t.Errorf("%s is not what the manifest says", f.Path)
		}
		if i := bytes.IndexFunc(data, func(r rune) bool { return r > 0x7e || r < ' ' && r != '\n' && r != '\t' }); i >= 0 {
			t.Errorf("%s: octet %d is not plain ASCII", f.Path, i)
		}
	}
	err = fs.WalkDir(vectors.Files, ".", func(name string, d fs.DirEntry, err error) error {
		dir := path.Dir(name)
		if err == nil && !d.IsDir() && dir != "." && dir != "schema" && !listed[name] {
			t.Errorf("%s is in no manifest", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestVectors checks what no schema can say.
func TestVectors(t *testing.T) {
	m, err := manifest.Read(vectors.Files)
	if err != nil {
		t.Fatal(err)
	}
	all, err := vectors.All()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != m.Vectors {
		t.Errorf("%d vectors, the manifest says %d", len(all), m.Vectors)
	}
	ids, failing, captured := map[string]bool{}, 0, 0
	used := map[string]bool{}
	for _, v := range all {
		if ids[v.ID] {
			t.Errorf("%s is there twice", v.ID)
		}
		ids[v.ID] = true
		if strings.TrimSpace(v.Comment) == "" {
			t.Errorf("%s has no comment", v.ID)
		}
		if v.Expect.Error != "" {
			failing++
			used[v.Expect.Error] = true
		}
		for _, f := range v.Flags {
			used["flag "+f] = true
			if m.Flags[f] == "" {
				t.Errorf("%s: flag %q is not explained", v.ID, f)
			}
			if f == "captured" {
				captured++
			}
			if (f == "captured") != (v.Source != nil) && len(v.Flags) == 1 {
				t.Errorf("%s: captured without a source, or the other way round", v.ID)
			}
		}
		for _, a := range []*vectors.Answer{&v.Expect, v.ExpectLenient} {
			if a == nil {
				continue
			}
			if answer := a.Keys != nil || a.BytesHex != nil || a.Text != nil || a.Canonical != nil || a.Present != nil || a.Digests != nil; answer == (a.Error != "") {
				t.Errorf("%s expects an answer and an error, or neither", v.ID)
			}
			if a.Error != "" && m.Errors[a.Error] == "" {
				t.Errorf("%s: there is no error %q", v.ID, a.Error)
			}
		}
		if v.ExpectLenient != nil {
			strict, _ := json.Marshal(v.Expect)
			lenient, _ := json.Marshal(v.ExpectLenient)
			if bytes.Equal(strict, lenient) {
				t.Errorf("%s: the readers do not differ", v.ID)
			}
		}
		// A strict reader accepts nothing but what a writer writes.
		if v.Expect.Canonical != nil && !*v.Expect.Canonical {
			t.Errorf("%s: strictly accepted, and not canonical", v.ID)
		}
	}
	if failing != m.Failing || captured < 60 {
		t.Errorf("%d failing, %d captured; the manifest says %d", failing, captured, m.Failing)
	}
	for kind := range m.Errors {
		if !used[kind] {
			t.Errorf("no vector expects %s", kind)
		}
	}
	for flag := range m.Flags {
		if !used["flag "+flag] {
			t.Errorf("no vector has the flag %s", flag)
		}
	}
}

// TestPackage keeps the npm package at the version of the vectors.
func TestPackage(t *testing.T) {
	data, err := vectors.Files.ReadFile("package.json")
	if err != nil {
		t.Fatal(err)
	}
	var p struct{ Version, License string }
	if err := json.Unmarshal(data, &p); err != nil || p.Version != vectors.Version() || p.License != "CC0-1.0" {
		t.Errorf("package.json: %+v, %v", p, err)
	}
	log, err := vectors.Files.ReadFile("CHANGELOG.md")
	if err != nil || !bytes.Contains(log, []byte("\n## "+vectors.Version()+" ")) {
		t.Errorf("the changelog does not know version %s: %v", vectors.Version(), err)
	}
}

// TestReadme keeps the numbers that people read at those of the files.
func TestReadme(t *testing.T) {
	m, err := manifest.Read(vectors.Files)
	if err != nil {
		t.Fatal(err)
	}
	perFormat := map[string]int{}
	for _, f := range m.Files {
		name, _, _ := strings.Cut(f.Format, "-v") // both versions of Decred's are one row
		perFormat[name] += f.Count
	}
	thousands := func(n int) string { return fmt.Sprintf("%d,%03d", n/1000, n%1000) }
	total, failing := thousands(m.Vectors), thousands(m.Failing)
	for _, name := range []string{"README.md", "CHANGELOG.md"} {
		text, err := vectors.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(text, []byte(total)) || !bytes.Contains(text, []byte(failing)) {
			t.Errorf("%s does not say %s and %s", name, total, failing)
		}
		if name != "README.md" {
			continue
		}
		for format, n := range perFormat {
			if row := regexp.MustCompile("(?m)^\\| `" + format + `.*\| ` + fmt.Sprint(n) + ` \|`); !row.Match(text) {
				t.Errorf("the README does not say that there are %d vectors of %s", n, format)
			}
		}
	}
}

// TestImports keeps the loader free of everything but the standard library.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Skipf("go list: %v", err)
	}
	if got := strings.TrimSpace(string(out)); got != "github.com/cache-aware/casper/vectors" {
		t.Errorf("vectors imports %s", got)
	}
}
