package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/ulikunitz/xz"
)

var update = flag.Bool("update", false, "write the expected output in testdata/script anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"casper": main})
}

// TestScript runs the scripts, one for a command or a topic. Besides testscript's own
// commands they have
//
//	exits CODE PROGRAM [ARG...]    run a program that must end with this exit code
//	gz FILE                        compress FILE to FILE.gz
//	cut FILE N                     cut the last N bytes of FILE off
//	pack zstd|xz|zip|tar FILE TO   pack FILE
//	prefix TEXT TO                 write a log of twelve visitors, each line behind a text
//	unhex FILE TO                  write the octets whose hex is in FILE
//	bomb FILE N                    write N line ends, packed with gzip
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TERM", "xterm")
			// By default, a program with the race detector sleeps a second at its end.
			e.Setenv("GORACE", "atexit_sleep_ms=0")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"gz":     compress,
			"cut":    cut,
			"pack":   pack,
			"unhex":  unhex,
			"prefix": prefix,
			"bomb":   bomb,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func compress(ts *testscript.TestScript, _ bool, args []string) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(ts.ReadFile(args[0])))
	z.Close()
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".gz"), b.Bytes(), 0o666))
}

func cut(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	b := []byte(ts.ReadFile(args[0]))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b[:len(b)-n], 0o666))
}

func pack(ts *testscript.TestScript, _ bool, args []string) {
	text := []byte(ts.ReadFile(args[1]))
	var b bytes.Buffer
	var w io.WriteCloser
	var end func() error
	var err error
	switch args[0] {
	case "zstd":
		w, err = zstd.NewWriter(&b)
	case "xz":
		w, err = xz.NewWriter(&b)
	case "zip":
		z := zip.NewWriter(&b)
		var in io.Writer
		in, err = z.Create(args[1])
		w, end = nopCloser{in}, z.Close
	case "tar":
		t := tar.NewWriter(&b)
		err = t.WriteHeader(&tar.Header{Name: args[1], Mode: 0o644, Size: int64(len(text))})
		w = struct {
			io.Writer
			io.Closer
		}{t, t}
	default:
		ts.Fatalf("no packing %s", args[0])
	}
	ts.Check(err)
	_, err = w.Write(text)
	ts.Check(err)
	ts.Check(w.Close())
	if end != nil {
		ts.Check(end())
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), b.Bytes(), 0o666))
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func unhex(ts *testscript.TestScript, _ bool, args []string) {
	b, err := hex.DecodeString(strings.TrimSpace(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o666))
}

func bomb(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(bytes.Repeat([]byte{'\n'}, n))
	z.Close()
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o666))
}

func prefix(ts *testscript.TestScript, _ bool, args []string) {
	var b bytes.Buffer
	for i := range 12 {
		for second, r := range []struct{ path, referer string }{{"/", "-"}, {"/app.css", "https://www.example.com/"}, {"/app.js", "https://www.example.com/"}} {
			fmt.Fprintf(&b, `%s%d.%d.113.%d - - [01/Jan/2026:00:%02d:%02d +0000] "GET %s HTTP/2.0" 200 1234 "%s" "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0"`+"\n",
				args[0], 20+i, 3*i, i+1, i, second, r.path, r.referer)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b.Bytes(), 0o666))
}
