package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/template"
	"time"
)

// platforms are what binaries are built for: of linux, darwin, windows and freebsd, and of amd64, arm64 and
// riscv64, what Go has.
var platforms = []string{
	"linux/amd64", "linux/arm64", "linux/riscv64",
	"darwin/amd64", "darwin/arm64",
	"windows/amd64", "windows/arm64",
	"freebsd/amd64", "freebsd/arm64", "freebsd/riscv64",
}

// files are what a release adds to the binary.
//
//go:embed files
var files embed.FS

// A file is one of an archive or a package.
type file struct {
	name string // with slashes, without one in front
	text []byte
	mode fs.FileMode
	conf bool // a person changes it: an upgrade leaves it alone
}

// A releasing is a build of a release under way.
type releasing struct {
	version string // without v
	date    time.Time
	out     string
	tree    string // the checkout of the tag
	common  []file // besides the binary: manual pages and completions
}

// build builds what a release consists of, from a tag of the repository, into a new folder. All of it is a
// function of the tagged tree, the version of Go and that of this program.
func build(repo, tag, out string, platforms []string) error {
	if _, err := git(repo, "rev-parse", "--verify", "--quiet", "refs/tags/"+tag); err != nil {
		return fmt.Errorf("there is no tag %s", tag)
	}
	date, err := commitTime(repo, tag)
	if err != nil {
		return err
	}
	if err := os.Mkdir(out, 0o777); err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "casper-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	r := &releasing{version: strings.TrimPrefix(tag, "v"), date: date, out: out, tree: filepath.Join(temp, "casper")}
	if _, err := git(repo, "-c", "advice.detachedHead=false", "clone", "--quiet", "--shared", "--branch", tag, repo, r.tree); err != nil {
		return err
	}
	if version, err := readVersion(r.tree); err != nil {
		return err
	} else if version != tag {
		return fmt.Errorf("VERSION is %s at the tag %s", version[1:], tag)
	}
	if text, err := os.ReadFile(filepath.Join(r.tree, "CHANGELOG.md")); err != nil {
		return err
	} else if first := heading.Find(text); !strings.HasPrefix(string(first), "## "+r.version+" (") {
		return fmt.Errorf("CHANGELOG.md begins with %q at the tag %s: see prepare", first, tag)
	}
	if err := r.describe(temp); err != nil {
		return err
	}
	sums := map[string]string{} // of the archives, by platform
	for _, platform := range platforms {
		if sums[platform], err = r.platform(platform, temp); err != nil {
			return err
		}
	}
	if err := r.formula(sums); err != nil {
		return err
	}
	return r.sums()
}

// compile builds the tool for a platform and returns the file.
func (r *releasing) compile(platform, temp string) (string, error) {
	system, machine, _ := strings.Cut(platform, "/")
	name := filepath.Join(temp, system+"-"+machine, "casper")
	if system == "windows" {
		name += ".exe"
	}
	// What a person has set of these is left out: the binary would differ. Go takes the version from the tag.
	_, err := command(r.tree, []string{
		"GOOS=" + system, "GOARCH=" + machine, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOEXPERIMENT=", "GOAMD64=v1", "GOARM64=v8.0", "GORISCV64=rva20u64",
	}, "go", "build", "-trimpath", "-buildvcs=true", "-ldflags=-s -w", "-o", name, "./cmd/casper")
	return name, err
}

// describe asks the tool, built for this machine, for its version, its manual pages and its completions.
func (r *releasing) describe(temp string) error {
	tool, err := r.compile(runtime.GOOS+"/"+runtime.GOARCH, temp)
	if err != nil {
		return err
	}
	text, err := command(temp, nil, tool, "version", "--json")
	if err != nil {
		return err
	}
	var said struct{ Version string }
	if err := json.Unmarshal([]byte(text), &said); err != nil {
		return err
	}
	if said.Version != "v"+r.version {
		return fmt.Errorf("casper version says %s, not v%s", said.Version, r.version)
	}
	pages := filepath.Join(temp, "man1")
	if _, err := command(temp, nil, tool, "man", pages); err != nil {
		return err
	}
	list, err := os.ReadDir(pages)
	if err != nil {
		return err
	}
	for _, page := range list {
		text, err := os.ReadFile(filepath.Join(pages, page.Name()))
		if err != nil {
			return err
		}
		r.common = append(r.common, file{name: "man/man1/" + page.Name(), text: text})
	}
	for shell, name := range map[string]string{"bash": "casper.bash", "fish": "casper.fish", "zsh": "_casper", "powershell": "casper.ps1"} {
		text, err := command(temp, nil, tool, "completion", shell)
		if err != nil {
			return err
		}
		r.common = append(r.common, file{name: "completions/" + name, text: []byte(text + "\n")})
	}
	slices.SortFunc(r.common, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return nil
}

// platform builds what is for one platform, and returns the sum of its archive.
func (r *releasing) platform(platform, temp string) (string, error) {
	name, err := r.compile(platform, temp)
	if err != nil {
		return "", err
	}
	binary, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	system, machine, _ := strings.Cut(platform, "/")
	base := fmt.Sprintf("casper_%s_%s_%s", r.version, system, machine)
	info, err := buildinfo.Read(bytes.NewReader(binary))
	if err != nil {
		return "", err
	}
	bom, err := bill(info, r.date, fmt.Sprintf("%x", sha256.Sum256(binary)))
	if err != nil {
		return "", err
	}
	if err := r.write(base+".cdx.json", bom); err != nil {
		return "", err
	}
	all := []file{{name: filepath.Base(name), text: binary, mode: 0o755}}
	for _, doc := range []string{"LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md"} {
		text, err := os.ReadFile(filepath.Join(r.tree, doc))
		if err != nil {
			return "", err
		}
		all = append(all, file{name: doc, text: text})
	}
	all = append(all, r.common...)
	if system == "linux" {
		text, err := files.ReadFile("files/Containerfile")
		if err != nil {
			return "", err
		}
		all = append(all, file{name: "Containerfile", text: text})
		if err := r.packages(machine, all); err != nil {
			return "", err
		}
	}
	var archive []byte
	if system == "windows" {
		archive, err = r.zip(base, all)
		base += ".zip"
	} else {
		archive, err = r.tar(base, all)
		base += ".tar.gz"
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sha256.Sum256(archive)), r.write(base, archive)
}

func (r *releasing) write(name string, text []byte) error {
	return os.WriteFile(filepath.Join(r.out, name), text, 0o666)
}

// tar returns the files, below a folder unless that is empty, as a tar file in gzip.
func (r *releasing) tar(folder string, all []file) ([]byte, error) {
	var out bytes.Buffer
	packed, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // without a name and a time
	w := tar.NewWriter(packed)
	made := map[string]bool{".": true}
	for _, f := range all {
		name := path.Join(folder, f.name)
		var parents []string
		for dir := path.Dir(name); !made[dir]; dir = path.Dir(dir) {
			made[dir] = true
			parents = append(parents, dir)
		}
		for _, dir := range slices.Backward(parents) {
			h := &tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755, ModTime: r.date, Uname: "root", Gname: "root"}
			if err := w.WriteHeader(h); err != nil {
				return nil, err
			}
		}
		h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: int64(f.perm()), Size: int64(len(f.text)), ModTime: r.date, Uname: "root", Gname: "root"}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.text); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if err := packed.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// zip returns the files, below a folder, as a zip file.
func (r *releasing) zip(folder string, all []file) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range all {
		h := &zip.FileHeader{Name: path.Join(folder, f.name), Method: zip.Deflate, Modified: r.date}
		h.SetMode(f.perm())
		to, err := w.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if _, err := to.Write(f.text); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return out.Bytes(), err
}

func (f file) perm() fs.FileMode {
	if f.mode == 0 {
		return 0o644
	}
	return f.mode
}

// formula writes the Homebrew formula, if there are archives of the four platforms that Homebrew is on.
func (r *releasing) formula(sums map[string]string) error {
	for _, platform := range []string{"darwin/amd64", "darwin/arm64", "linux/amd64", "linux/arm64"} {
		if sums[platform] == "" {
			return nil
		}
	}
	t, err := template.ParseFS(files, "files/casper.rb.tmpl")
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, map[string]any{"Version": r.version, "Sum": sums}); err != nil {
		return err
	}
	return r.write("casper.rb", out.Bytes())
}

// sums writes the sums of all files in the form of sha256sum.
func (r *releasing) sums() error {
	list, err := os.ReadDir(r.out)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	for _, entry := range list {
		f, err := os.Open(filepath.Join(r.out, entry.Name()))
		if err != nil {
			return err
		}
		h := sha256.New()
		_, err = io.Copy(h, f)
		f.Close()
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "%x  %s\n", h.Sum(nil), entry.Name())
	}
	return r.write("SHA256SUMS", out.Bytes())
}
