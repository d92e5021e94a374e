package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

// fresh is where the second build of TestReproducible has its cache, if it has one of its own.
var fresh = os.Getenv("CASPER_RELEASE_CACHE")

// A rehearsal is a release of the files as they stand, under a version that nobody else has.
type rehearsal struct {
	repo    string // a repository of its own, with two tags
	version string // with v
	dist    string // what build made for this machine's processor and linux
	proxy   string // a module proxy
	before  []byte // go.mod of the nested module
}

var rehearse = sync.OnceValues(func() (*rehearsal, error) {
	dir, err := os.MkdirTemp("", "casper-rehearsal-")
	if err != nil {
		return nil, err
	}
	after = append(after, func() { os.RemoveAll(dir) })
	r := &rehearsal{repo: filepath.Join(dir, "casper"), dist: filepath.Join(dir, "dist"), proxy: filepath.Join(dir, "proxy")}
	from, err := git(".", "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	list, err := git(from, "ls-files", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	for name := range strings.SplitSeq(list, "\n") {
		text, err := os.ReadFile(filepath.Join(from, name))
		if os.IsNotExist(err) { // removed, and not committed
			continue
		} else if err != nil {
			return nil, err
		}
		fmt.Fprintf(sum, "%s %d %s", name, len(text), text)
		info, err := os.Stat(filepath.Join(from, name))
		if err != nil {
			return nil, err
		}
		to := filepath.Join(r.repo, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return nil, err
		}
		if err := os.WriteFile(to, text, info.Mode().Perm()); err != nil {
			return nil, err
		}
	}
	version, err := readVersion(from)
	if err != nil {
		return nil, err
	}
	r.version = fmt.Sprintf("%s-rehearsal.x%x", version, sum.Sum(nil)[:6])
	if err := os.WriteFile(filepath.Join(r.repo, "VERSION"), []byte(r.version[1:]+"\n"), 0o666); err != nil {
		return nil, err
	}
	after = append(after, func() { forget(r.version) })
	if r.before, err = os.ReadFile(filepath.Join(r.repo, folder, "go.mod")); err != nil {
		return nil, err
	}
	for _, args := range [][]string{
		{"init", "--quiet"}, {"config", "user.name", "rehearsal"}, {"config", "user.email", "rehearsal@localhost"},
		{"add", "--all"}, {"commit", "--quiet", "-m", "casper: rehearse"},
	} {
		if _, err := git(r.repo, args...); err != nil {
			return nil, err
		}
	}
	tags, err := prepare(r.repo, time.Now())
	if err != nil {
		return nil, err
	}
	if want := []string{r.version, folder + "/" + r.version}; !slices.Equal(tags, want) {
		return nil, fmt.Errorf("prepare tags %v, not %v", tags, want)
	}
	if err := writeProxy(r.repo, r.proxy, r.version); err != nil {
		return nil, err
	}
	return r, build(r.repo, r.version, r.dist, []string{"linux/" + runtime.GOARCH})
})

var after []func() // what has to be done once all tests have run

func TestMain(m *testing.M) {
	code := m.Run()
	for _, f := range after {
		f()
	}
	os.Exit(code)
}

// forget removes a version of both modules from the cache of modules, where the go command puts it when it builds
// from a tag or requires a module.
func forget(version string) {
	cache, err := command(".", nil, "go", "env", "GOMODCACHE")
	if err != nil {
		return
	}
	for _, m := range []string{root, nested} {
		os.RemoveAll(filepath.Join(cache, filepath.FromSlash(m)+"@"+version))
		at := filepath.Join(cache, "cache", "download", filepath.FromSlash(m), "@v")
		left, _ := filepath.Glob(filepath.Join(at, version+".*"))
		for _, name := range left {
			os.Remove(name)
		}
		if list, err := os.ReadFile(filepath.Join(at, "list")); err == nil {
			os.WriteFile(filepath.Join(at, "list"), bytes.ReplaceAll(list, []byte(version+"\n"), nil), 0o644)
		}
	}
}

func rehearsed(t *testing.T) *rehearsal {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: no release is built")
	}
	r, err := rehearse()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// need skips the test, or fails it where CASPER_REQUIRE_PEERS is 1, without a program.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err == nil {
			continue
		}
		if os.Getenv("CASPER_REQUIRE_PEERS") == "1" {
			t.Fatalf("%s is not on PATH", program)
		}
		t.Skipf("%s is not on PATH", program)
	}
}

// must runs a program in a folder.
func must(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	out, err := command(dir, nil, program, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestVersion holds VERSION and the changelog together: what no release has is below a heading of its own, else
// the first heading is that of VERSION.
func TestVersion(t *testing.T) {
	repo := repository(t)
	version, err := readVersion(repo)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(repo, "CHANGELOG.md"))
	if err != nil {
		t.Fatal(err)
	}
	first := string(heading.Find(text))
	if first != unreleased && !regexp.MustCompile(`^## `+regexp.QuoteMeta(version[1:])+` \(\d{4}-\d\d-\d\d\)$`).MatchString(first) {
		t.Errorf("VERSION is %s, and CHANGELOG.md begins with %q", version[1:], first)
	}
}

func TestPrepare(t *testing.T) {
	r := rehearsed(t)
	show := func(revision, name string) string { return must(t, r.repo, "git", "show", revision+":"+name) }
	mod := show(folder+"/"+r.version, folder+"/go.mod")
	if !strings.Contains(mod, root+" "+r.version) || strings.Contains(mod, "replace") {
		t.Errorf("the nested module's go.mod in the release:\n%.400s", mod)
	}
	if n := strings.Count(show(r.version, folder+"/go.sum"), root+" "+r.version); n != 2 {
		t.Errorf("its go.sum has %d lines of the root module, not 2", n)
	}
	released := "## " + r.version[1:] + " ("
	if text := show(r.version, "CHANGELOG.md"); strings.Contains(text, unreleased) || !strings.Contains(text, released) {
		t.Errorf("the changelog in the release: %q", heading.FindAllString(text, 2))
	}
	// Work goes on.
	if got := show("HEAD", folder+"/go.mod") + "\n"; got != string(r.before) {
		t.Errorf("the nested module's go.mod after the release:\n%.400s", got)
	}
	if all := heading.FindAllString(show("HEAD", "CHANGELOG.md"), 2); all[0] != unreleased || !strings.HasPrefix(all[1], released) {
		t.Errorf("the changelog after the release: %q", all)
	}
	if got := show("HEAD", "VERSION"); got != "0.2.0" && !strings.HasPrefix(r.version, "v0.1.0-") || nextMinor(r.version) != "v"+got {
		t.Errorf("VERSION after the release: %s", got)
	}
	// The same version is not released twice.
	must(t, r.repo, "git", "checkout", "--quiet", r.version)
	defer must(t, r.repo, "git", "checkout", "--quiet", "-")
	if _, err := prepare(r.repo, time.Now()); err == nil || !strings.Contains(err.Error(), "raise VERSION") {
		t.Errorf("prepare at the tag: %v", err)
	}
}

// TestRefused holds that a release of what is not there, or does not agree with itself, is none.
func TestRefused(t *testing.T) {
	repo := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(repo, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	must(t, repo, "git", "init", "--quiet")
	must(t, repo, "git", "config", "user.name", "test")
	must(t, repo, "git", "config", "user.email", "test@localhost")
	for _, test := range []struct{ version, changelog, tag, says string }{
		{"1.2.3", "## 1.2.3 (2026-01-02)", "", "there is no tag v1.2.3"},
		{"1.2.4", "## 1.2.3 (2026-01-02)", "v1.2.3", "VERSION is 1.2.4 at the tag v1.2.3"},
		{"1.2", "## 1.2 (2026-01-02)", "v1.2.3", `"1.2" is no version such as 1.2.3`},
		{"1.2.3", unreleased, "v1.2.3", `CHANGELOG.md begins with "## Unreleased" at the tag v1.2.3`},
	} {
		write("VERSION", test.version+"\n")
		write("CHANGELOG.md", "# Changelog\n\n"+test.changelog+"\n")
		must(t, repo, "git", "add", "--all")
		must(t, repo, "git", "commit", "--quiet", "--allow-empty", "-m", "test")
		if test.tag != "" {
			must(t, repo, "git", "tag", "--force", test.tag)
		}
		err := build(repo, "v1.2.3", filepath.Join(t.TempDir(), "dist"), nil)
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%+v: %v", test, err)
		}
	}
	// What is to be released is committed, and named in the changelog as what is new.
	write("CHANGELOG.md", "## 1.2.2 (2026-01-01)\n")
	if _, err := prepare(repo, time.Now()); err == nil || !strings.Contains(err.Error(), "not committed") {
		t.Errorf("prepare with a change: %v", err)
	}
	write("VERSION", "1.2.9\n")
	must(t, repo, "git", "commit", "--quiet", "-a", "-m", "test")
	if _, err := prepare(repo, time.Now()); err == nil || !strings.Contains(err.Error(), `it should be "## Unreleased"`) {
		t.Errorf("prepare with nothing new: %v", err)
	}
}

func TestNextMinor(t *testing.T) {
	for from, want := range map[string]string{"v0.1.0": "v0.2.0", "v1.9.3": "v1.10.0", "v2.0.0-rc.1": "v2.1.0"} {
		if got := nextMinor(from); got != want {
			t.Errorf("after %s: %s, not %s", from, got, want)
		}
	}
}

// TestReproducible builds once more, in another folder and under another umask. With CASPER_RELEASE_CACHE=DIR,
// an empty folder, the compiler too does all of its work again.
func TestReproducible(t *testing.T) {
	r := rehearsed(t)
	if fresh != "" {
		t.Setenv("GOCACHE", fresh)
	}
	again := filepath.Join(t.TempDir(), "again")
	if err := build(r.repo, r.version, again, []string{"linux/" + runtime.GOARCH}); err != nil {
		t.Fatal(err)
	}
	sums := func(dir string) string {
		text, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if one, two := sums(r.dist), sums(again); one != two {
		t.Errorf("two builds, two sums:\n%s%s", one, two)
	}
	need(t, "sha256sum")
	must(t, again, "sha256sum", "--check", "--strict", "SHA256SUMS")
	if names, _ := fs.Glob(os.DirFS(again), "*"); len(names) != 5 {
		t.Errorf("%q: want an archive, two packages, the bill of materials and the sums", names)
	}
}

// unpacked is the folder of what the Debian package installs.
func unpacked(t *testing.T, r *rehearsal) string {
	t.Helper()
	need(t, "dpkg-deb")
	dir := t.TempDir()
	must(t, dir, "dpkg-deb", "--extract", filepath.Join(r.dist, "casper_"+r.version[1:]+"_"+machines[runtime.GOARCH].deb+".deb"), dir)
	return dir
}

func TestDeb(t *testing.T) {
	r := rehearsed(t)
	dir := unpacked(t, r)
	deb := filepath.Join(r.dist, "casper_"+r.version[1:]+"_"+machines[runtime.GOARCH].deb+".deb")
	for field, want := range map[string]string{
		"Package": "casper", "Version": strings.Replace(r.version[1:], "-", "~", 1), "Architecture": machines[runtime.GOARCH].deb,
	} {
		if got := must(t, dir, "dpkg-deb", "--field", deb, field); got != want {
			t.Errorf("%s: %s, not %s", field, got, want)
		}
	}
	control := t.TempDir()
	must(t, dir, "dpkg-deb", "--control", deb, control)
	need(t, "md5sum", "sh")
	must(t, dir, "md5sum", "--check", "--strict", filepath.Join(control, "md5sums"))
	for _, script := range []string{"postinst", "prerm", "postrm"} {
		must(t, control, "sh", "-n", script)
	}
	if conf, _ := os.ReadFile(filepath.Join(control, "conffiles")); string(conf) != "/etc/default/casper\n" {
		t.Errorf("conffiles: %q", conf)
	}
	// What it installed runs.
	if got := must(t, dir, filepath.Join(dir, "usr/bin/casper"), "version"); !strings.HasPrefix(got, "casper "+r.version+" ") {
		t.Errorf("casper version: %q", got)
	}
	if got := must(t, dir, filepath.Join(dir, "usr/bin/casper"), "encode", "--capacity-bits", "8", "/index.html", "/css/0.css"); got != "qF0" {
		t.Errorf("casper encode: %q", got)
	}
	need(t, "bash")
	must(t, dir, "bash", "-n", "usr/share/bash-completion/completions/casper")
}

// TestManual formats each page, and hears no warning.
func TestManual(t *testing.T) {
	r := rehearsed(t)
	dir := unpacked(t, r)
	need(t, "man")
	pages, err := filepath.Glob(filepath.Join(dir, "usr/share/man/man1/*.1.gz"))
	if err != nil || len(pages) < 20 {
		t.Fatalf("%d pages (%v)", len(pages), err)
	}
	for _, page := range pages {
		cmd := exec.Command("man", "--warnings", "--local-file", page)
		cmd.Env = append(os.Environ(), "MANWIDTH=100", "LC_ALL=C.UTF-8", "MANROFFSEQ=")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil || stderr.Len() > 0 || len(out) < 500 {
			t.Errorf("%s: %v, %d bytes\n%s", filepath.Base(page), err, len(out), &stderr)
		}
	}
}

// TestUnit asks systemd what it thinks of the unit: that it is well formed, and how much of the system it can reach,
// which it tells as a number of 0 to 10.
func TestUnit(t *testing.T) {
	r := rehearsed(t)
	dir := unpacked(t, r)
	need(t, "systemd-analyze")
	unit := filepath.Join(dir, "usr/lib/systemd/system/casper.service")
	must(t, dir, "systemd-analyze", "security", "--offline=true", "--threshold=19", "--no-pager", unit)
	// The program and kill are those of this machine: the unit names where they will be.
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	here := strings.ReplaceAll(string(text), "/usr/bin/casper", filepath.Join(dir, "usr/bin/casper"))
	if here == string(text) {
		t.Fatal("the unit starts another program than the package installs")
	}
	copied := filepath.Join(t.TempDir(), "casper.service")
	if err := os.WriteFile(copied, []byte(here), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", copied)
	if out, err := cmd.CombinedOutput(); err != nil || bytes.Contains(out, []byte("casper.service")) {
		t.Errorf("%v\n%s", err, out)
	}
	// The options that it comes with are options that there are: nothing but the network stops it.
	options, err := os.ReadFile(filepath.Join(dir, "etc/default/casper"))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^CASPER_OPTIONS="(.*)"$`).FindSubmatch(options)
	if m == nil {
		t.Fatalf("no options in\n%s", options)
	}
	state := t.TempDir() // systemd makes /var/lib/casper
	args := append([]string{"serve"}, strings.Fields(strings.ReplaceAll(string(m[1]), "/var/lib/casper", state))...)
	_, err = command(dir, nil, filepath.Join(dir, "usr/bin/casper"), append(args, "--cert", filepath.Join(dir, "none"), "--key", filepath.Join(dir, "none"))...)
	if err == nil || !strings.Contains(err.Error(), "none: no such file") {
		t.Errorf("%q, with a certificate that is not there: %v", args, err)
	}
}

func TestRPM(t *testing.T) {
	r := rehearsed(t)
	need(t, "rpm")
	rpm := filepath.Join(r.dist, "casper-"+r.version[1:]+"-1."+machines[runtime.GOARCH].rpm+".rpm")
	must(t, r.dist, "rpm", "--checksig", "--nosignature", rpm)
	if got, want := must(t, r.dist, "rpm", "-qp", "--nosignature", "--qf", "%{NAME} %{VERSION} %{ARCH} %{LICENSE}", rpm),
		"casper "+strings.Replace(r.version[1:], "-", "~", 1)+" "+machines[runtime.GOARCH].rpm+" MIT"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	if got := must(t, r.dist, "rpm", "-qpc", "--nosignature", rpm); got != "/etc/default/casper" {
		t.Errorf("configuration files: %q", got)
	}
	// It holds what the Debian package holds.
	var want []string
	dir := unpacked(t, r)
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			want = append(want, strings.TrimPrefix(path, dir))
		}
		return err
	})
	got := strings.Split(must(t, r.dist, "rpm", "-qpl", "--nosignature", rpm), "\n")
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("it holds\n%s\nand the Debian package\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestBill compares the bill of materials with what go version -m says.
func TestBill(t *testing.T) {
	r := rehearsed(t)
	dir := unpacked(t, r)
	text, err := os.ReadFile(filepath.Join(r.dist, "casper_"+r.version[1:]+"_linux_"+runtime.GOARCH+".cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var bom cyclonedx.BOM
	if err := json.Unmarshal(text, &bom); err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(filepath.Join(dir, "usr/bin/casper"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(binary)
	main := bom.Metadata.Component
	if main.Version != r.version || (*main.Hashes)[0].Value != hex.EncodeToString(sum[:]) {
		t.Errorf("it is about %s %s", main.Version, (*main.Hashes)[0].Value)
	}
	want := []string{"std " + strings.TrimPrefix(runtime.Version(), "go")}
	for _, m := range regexp.MustCompile(`(?m)^\s+dep\s+(\S+)\s+(\S+)`).FindAllStringSubmatch(must(t, dir, "go", "version", "-m", "usr/bin/casper"), -1) {
		want = append(want, m[1]+" "+m[2])
	}
	var got []string
	for _, c := range *bom.Components {
		got = append(got, c.Name+" "+c.Version)
		if c.Name != "std" && (c.Hashes == nil || len((*c.Hashes)[0].Value) != 64) {
			t.Errorf("%s has no sum", c.Name)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("components\n%s\nand go version -m says\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestFormula has Ruby read the formula, and finds each of its archives and sums.
func TestFormula(t *testing.T) {
	r := &releasing{version: "1.2.3", out: t.TempDir()}
	sums := map[string]string{}
	if err := r.formula(map[string]string{"linux/amd64": "1"}); err != nil {
		t.Fatal(err)
	}
	if list, _ := os.ReadDir(r.out); len(list) != 0 {
		t.Error("a formula without the archives that it is about")
	}
	for i, platform := range platforms {
		sums[platform] = strings.Repeat(fmt.Sprintf("%02x", i), 32)
	}
	if err := r.formula(sums); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(r.out, "casper.rb"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`url "#\{base\}(\w+)_(\w+)\.tar\.gz"\n\s+sha256 "(\w+)"`).FindAllSubmatch(text, -1) {
		platform := string(m[1]) + "/" + string(m[2])
		if sums[platform] == "" || sums[platform] != string(m[3]) {
			t.Errorf("%s: sum %s, not %s", platform, m[3], sums[platform])
		}
		delete(sums, platform)
	}
	if len(sums) != len(platforms)-4 {
		t.Errorf("%d archives, not 4:\n%s", len(platforms)-len(sums), text)
	}
	need(t, "ruby")
	must(t, r.out, "ruby", "-wc", "casper.rb")
}

func TestAPI(t *testing.T) {
	repo := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(repo, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(repo, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	const two = "package gcs\n\nfunc A() {}\n\nfunc B() {}\n"
	write("go.mod", "module "+root+"\n\ngo 1.26.0\n")
	write("VERSION", "1.2.0\n")
	write("gcs/gcs.go", two)
	write("gcs/internal/x/x.go", "package x\n\nfunc X() {}\n")
	for _, args := range [][]string{
		{"init", "--quiet"}, {"config", "user.name", "test"}, {"config", "user.email", "test@localhost"}, {"add", "--all"}, {"commit", "--quiet", "-m", "one"},
	} {
		must(t, repo, "git", args...)
	}
	const without = "package gcs\n\nfunc A() {}\n"
	for _, test := range []struct {
		tag, version, gcs, internal, says, fails string
	}{
		{"", "1.2.0", without, "package x\n", "no release yet", ""},
		{"v1.1.0", "1.2.0", two + "\nfunc C() {}\n", "package x\n", "./gcs.C: added", ""},
		{"v1.1.0", "1.2.0", without, "package x\n", "./gcs.B: removed", "needs another major version"},
		{"v1.1.0", "2.0.0", without, "package x\n", "./gcs.B: removed", ""},
		{"v0.9.1", "0.10.0", without, "package x\n", "./gcs.B: removed", ""},
		{"v0.9.1", "0.9.2", without, "package x\n", "./gcs.B: removed", "needs another minor version"},
	} {
		for tag := range strings.FieldsSeq(must(t, repo, "git", "tag")) {
			must(t, repo, "git", "tag", "-d", tag)
		}
		if test.tag != "" {
			must(t, repo, "git", "tag", test.tag)
			must(t, repo, "git", "tag", folder+"/v7.7.7")
		}
		write("VERSION", test.version+"\n")
		write("gcs/gcs.go", test.gcs)
		write("gcs/internal/x/x.go", test.internal)
		var out bytes.Buffer
		err := api(repo, &out)
		if (err != nil) != (test.fails != "") || err != nil && !strings.Contains(err.Error(), test.fails) || !strings.Contains(out.String(), test.says) {
			t.Errorf("%s to %s: %v\n%s", test.tag, test.version, err, &out)
		}
	}
}
