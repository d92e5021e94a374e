package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cache-aware/casper/vectors"
)

// absent ends a test for want of a program: it is skipped, or fails where CASPER_REQUIRE_PEERS is 1.
func absent(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CASPER_REQUIRE_PEERS") == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// brief skips a test of a tool that takes seconds.
func brief(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no package is installed")
	}
	t.Parallel()
}

// needs returns the path of a program.
func needs(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		absent(t, "%s is not on PATH", name)
	}
	return path
}

// made builds a package into a folder and returns its path.
func made(t *testing.T, folder string, b build) string {
	t.Helper()
	file, err := write(folder, b)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// run runs a command in a folder, and returns what it printed.
func run(t *testing.T, folder string, env []string, command ...string) string {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
	return string(out)
}

// save writes a file of a test.
func save(t *testing.T, folder, name, text string) {
	t.Helper()
	file := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// readme returns the code of a package's README: what people copy first.
func readme(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte("\n")); n > 12 {
		t.Errorf("%s/README.md has %d lines", name, n)
	}
	block := regexp.MustCompile("(?s)```[a-z]+\n(.*?)```").FindSubmatch(text)
	if block == nil {
		t.Fatalf("%s/README.md shows no code", name)
	}
	return string(block[1])
}

// skeleton returns the codec of a testee skeleton, which the README's code is tried with: what
// stands between two of its lines.
func skeleton(t *testing.T, name, from, to string) string {
	t.Helper()
	text, err := os.ReadFile("../conformance/skeletons/" + name)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), from)
	codec, _, and := strings.Cut(rest, to)
	if !ok || !and {
		t.Fatalf("%s has no %q before %q", name, from, to)
	}
	return from + codec
}

// TestPython installs the wheel, and runs its test and its README with a real decoder.
func TestPython(t *testing.T) {
	brief(t)
	dir := t.TempDir()
	wheel := made(t, dir, python)
	interpreter := ""
	for _, name := range []string{"python3", "/usr/bin/python3"} { // one may have pytest, the other not
		if path, err := exec.LookPath(name); err == nil && exec.Command(path, "-c", "import pytest, pip").Run() == nil {
			interpreter = path
			break
		}
	}
	if interpreter == "" {
		absent(t, "no python3 has pytest and pip (Debian: python3-pytest python3-pip)")
	}
	site := filepath.Join(dir, "site")
	run(t, dir, nil, interpreter, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", site, wheel)
	test, err := os.ReadFile("python/test_casper_vectors.py")
	if err != nil {
		t.Fatal(err)
	}
	save(t, dir, "test_casper_vectors.py", string(test))
	save(t, dir, "test_readme.py", readme(t, "python"))
	save(t, dir, "mycodec.py", "import base64, re\n\n\nclass Refused(ValueError):\n    pass\n\n\n"+
		strings.Replace(skeleton(t, "python/testee.py", "def h2o_decode(", "\nOPERATIONS"), "def h2o_decode(", "def decode(", 1))
	out := run(t, dir, []string{"PYTHONPATH=" + site, "PYTHONDONTWRITEBYTECODE=1"}, interpreter, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_casper_vectors.py", "test_readme.py")
	wantPassed(t, out, `(\d+) passed`, "h2o", "decode")
}

// wantPassed checks that a test runner says that at least as many tests passed as there are
// vectors of an operation.
func wantPassed(t *testing.T, out, pattern, format, op string) {
	t.Helper()
	all, err := vectors.All()
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, v := range all {
		if v.Format == format && v.Op == op {
			want++
		}
	}
	got := 0
	if m := regexp.MustCompile(pattern).FindStringSubmatch(out); m != nil {
		for _, digit := range m[1] {
			got = 10*got + int(digit-'0')
		}
	}
	if got < want {
		t.Errorf("%d tests passed, and there are %d vectors:\n%s", got, want, out)
	}
}

// TestNpm installs the tarball, and runs its test and its README with a real decoder.
func TestNpm(t *testing.T) {
	brief(t)
	dir := t.TempDir()
	tarball := made(t, dir, npm)
	node, tool := needs(t, "node"), needs(t, "npm")
	save(t, dir, "package.json", `{"name":"try","version":"1.0.0","private":true}`)
	run(t, dir, []string{"npm_config_cache=" + filepath.Join(dir, "cache")}, tool, "install", "--offline", "--no-audit", "--no-fund", "--silent", tarball)
	test, err := os.ReadFile("npm/test.js")
	if err != nil {
		t.Fatal(err)
	}
	save(t, dir, "test.js", string(test))
	save(t, dir, "readme.js", readme(t, "npm"))
	save(t, dir, "mycodec.js", skeleton(t, "node/testee.js", "class Refused", "\nconst operations")+"\nmodule.exports = { decode: h2oDecode };\n")
	out := run(t, dir, nil, node, "--test", "test.js", "readme.js")
	if !regexp.MustCompile(`(?m)^\S+ fail 0$`).MatchString(out) {
		t.Errorf("node --test:\n%s", out)
	}
	wantPassed(t, run(t, dir, nil, node, "--test-reporter", "tap", "readme.js"), `(?m)^# pass (\d+)$`, "h2o", "decode")
}

// unpacked unpacks a tarball into a folder and returns the one folder in it.
func unpacked(t *testing.T, tarball, folder string) string {
	t.Helper()
	f, err := os.Open(tarball)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	top := ""
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return filepath.Join(folder, top)
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		top, _, _ = strings.Cut(h.Name, "/")
		save(t, folder, filepath.FromSlash(h.Name), string(data))
	}
}

// TestRust runs the crate's test, and the README with a real decoder in a crate that depends on it.
func TestRust(t *testing.T) {
	brief(t)
	dir := t.TempDir()
	crate := unpacked(t, made(t, dir, rust), dir)
	cargo := needs(t, "cargo")
	env := []string{"CARGO_TARGET_DIR=" + filepath.Join(dir, "target"), "CARGO_NET_OFFLINE=true",
		"CARGO_INCREMENTAL=0", "CARGO_PROFILE_DEV_DEBUG=0", "CARGO_PROFILE_TEST_DEBUG=0"}
	if out := run(t, crate, env, cargo, "test", "--offline", "--quiet"); strings.Contains(out, "warning") || !strings.Contains(out, "3 passed") {
		t.Errorf("cargo test:\n%s", out)
	}
	user := filepath.Join(dir, "user")
	save(t, user, "Cargo.toml", "[package]\nname = \"user\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[dependencies]\ncasper-vectors = { path = \"../"+filepath.Base(crate)+"\" }\n")
	json, err := os.ReadFile("../conformance/skeletons/rust/src/json.rs")
	if err != nil {
		t.Fatal(err)
	}
	save(t, user, "src/json.rs", string(json))
	save(t, user, "src/main.rs", "#[allow(dead_code)]\nmod json;\nuse json::{list, object, text, Value};\nuse casper_vectors::{Got, Input, Param};\n"+
		"use No::{Refused, Skipped};\n#[allow(dead_code)]\n#[derive(Debug)]\n"+skeleton(t, "rust/src/main.rs", "enum No {", "use No::")+
		skeleton(t, "rust/src/main.rs", "const ALPHABET", "/// The reply")+`
// What stands between the types of the crate and those of the codec.
fn my_codec(params: &[(&'static str, Param)], input: &Input) -> Result<Got, No> {
    let members = params.iter().map(|(name, p)| match p {
        Param::Number(n) => (name.to_string(), Value::Number(n.to_string())),
        Param::Text(s) => (name.to_string(), text(s)),
        Param::Bool(b) => (name.to_string(), Value::Bool(*b)),
    });
    let given = match (input.text, input.bytes_hex) {
        (Some(s), _) => object([("text", text(s))]),
        (None, hex) => object([("bytes_hex", text(hex.unwrap_or("")))]),
    };
    let answer = h2o_decode(&Value::Object(members.collect()), &given)?;
    let keys = answer.get("keys").map(|keys| keys.items().iter().map(|k| k.text().unwrap_or("").to_string()).collect());
    Ok(Got { keys, ..Got::default() })
}

fn main() {
`+readme(t, "rust")+`
    println!("well");
}
`)
	if out := run(t, user, env, cargo, "run", "--offline", "--quiet"); out != "well\n" {
		t.Errorf("cargo run:\n%s", out)
	}
}

// TestC compiles the header, without a warning, and runs its test, and the README with a real decoder.
func TestC(t *testing.T) {
	brief(t)
	dir := t.TempDir()
	folder := unpacked(t, made(t, dir, header), dir)
	cc := needs(t, "cc")
	run(t, folder, nil, cc, "-std=c99", "-Wall", "-Wextra", "-Werror", "-I.", "-o", "test", "test.c")
	if out := run(t, folder, nil, filepath.Join(folder, "test")); !strings.Contains(out, "of version "+vectors.Version()) {
		t.Errorf("it says %s", out)
	}
	// The skeleton reads JSON; here, a decoder of text and number.
	save(t, folder, "readme.c", `#include "casper_vectors.h"
#include <assert.h>
#include <stdio.h>

static unsigned long long keys[1 << 15];
static size_t count;

/* H2O's strict reader of text: 0, or -1 where it is refused. */
static int my_decode(const char *text, long long capacity, unsigned long long *keys, size_t *count)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    static char bits[1 << 20];
    size_t len = strlen(text), n = 0, at = 0, ended, least = 0, universe;
    if (capacity < 1 || capacity > 15)
        return -1;
    universe = (size_t)1 << capacity;
    if (len * 6 / 8 > (7 * universe + 7) / 8 || len % 4 == 1 || strspn(text, alphabet) != len)
        return -1;
    for (size_t i = 0; i < len; ++i)
        for (int b = 5; b >= 0; --b)
            bits[n++] = (char)('0' + ((strchr(alphabet, text[i]) - alphabet) >> b & 1));
    ended = n - n % 8;
    for (*count = 0;;) {
        size_t one = at, remainder = 0;
        while (one < ended && bits[one] == '0')
            ++one;
        if (one + 7 > ended)
            break;
        for (size_t i = one + 1; i < one + 7; ++i)
            remainder = 2 * remainder + (bits[i] == '1');
        keys[*count] = least + (one - at) * 64 + remainder;
        if (*count == universe || keys[*count] >= universe)
            return -1;
        least = keys[(*count)++] + 1, at = one + 7;
    }
    if (ended - at >= 8)
        return -1;
    while (at < n)
        if (bits[at++] == '1')
            return -1;
    return 0;
}

int main(void)
{
`+strings.Replace(readme(t, "c"), "!= NULL;) {", "!= NULL;) {\n    if (v->input.text.data == NULL || strlen(v->input.text.data) != v->input.text.len || v->params_len != 1)\n        continue; /* octets, a text with a 0, a parameter that is not known */\n    ++tried;", 1)+`    printf("%zu tried\n", tried);
    return tried < 100;
}
`)
	text, err := os.ReadFile(filepath.Join(folder, "readme.c"))
	if err != nil {
		t.Fatal(err)
	}
	save(t, folder, "readme.c", strings.Replace(string(text), "static size_t count;", "static size_t count, tried;", 1))
	run(t, folder, nil, cc, "-std=c99", "-Wall", "-Wextra", "-Werror", "-I.", "-o", "readme", "readme.c")
	run(t, folder, nil, filepath.Join(folder, "readme"))
}

// TestReproducible: two builds are the same, and no package lacks its licence.
func TestReproducible(t *testing.T) {
	for name, b := range builds {
		file, first, err := b()
		if err != nil {
			t.Fatal(err)
		}
		if _, second, err := b(); err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s: two builds differ, %v", name, err)
		}
		if !strings.Contains(file, vectors.Version()) {
			t.Errorf("%s: %s has no version", name, file)
		}
	}
}

// TestSources: the loaders are short enough to be read.
func TestSources(t *testing.T) {
	most := map[string]int{"python/casper_vectors/__init__.py": 60, "npm/index.js": 60, "rust/src/lib.rs": 150, "c/casper_vectors.h": 100}
	for name, most := range most {
		text, err := fs.ReadFile(sources, name)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(text, []byte("\n")); n > most {
			t.Errorf("%s has %d lines, and should have %d at most", name, n, most)
		}
	}
}
