package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/cache-aware/casper/gcs/formats"
)

// printed runs casper and returns what it printed.
func printed(t testing.TB, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs strings.Builder
	code = run(args, strings.NewReader(stdin), &out, &errs)
	return out.String(), errs.String(), code
}

// Every cookie that was captured from a running H2O is read and written through the
// command, each in both directions, and its assets are told from others.
func TestCapturedCookies(t *testing.T) {
	b, err := os.ReadFile("../../gcs/casper/testdata/h2o-2.2.5.json")
	if err != nil {
		t.Fatal(err)
	}
	var captured struct {
		Vectors []struct {
			Name         string
			CapacityBits int `json:"capacity_bits"`
			Assets       []struct{ Path string }
			Cookie       string
			Keys         []uint64
			SetCookie    string `json:"set_cookie"`
		}
	}
	if err := json.Unmarshal(b, &captured); err != nil {
		t.Fatal(err)
	}
	if len(captured.Vectors) < 20 {
		t.Fatalf("only %d cookies", len(captured.Vectors))
	}
	for _, v := range captured.Vectors {
		bits := fmt.Sprint(v.CapacityBits)
		var paths []string
		for _, a := range v.Assets {
			paths = append(paths, a.Path)
		}
		stdout, stderr, code := printed(t, strings.Join(paths, "\n"), "decode", "--json", "--capacity-bits", bits, "--assets", "-", "Set-Cookie: "+v.SetCookie)
		var got struct {
			Format       string
			CapacityBits int `json:"capacity_bits"`
			Keys         []uint64
			Count        int
			Canonical    bool
			Assets       []struct {
				Path    string
				Key     uint64
				Present bool
			}
		}
		if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != exitDone {
			t.Fatalf("%s: exit code %d, %v, %s%s", v.Name, code, err, stdout, stderr)
		}
		if !slices.Equal(got.Keys, v.Keys) || got.Count != len(v.Keys) || !got.Canonical || got.CapacityBits != v.CapacityBits || got.Format != "h2o" {
			t.Errorf("%s: %s", v.Name, stdout)
		}
		if len(got.Assets) != len(paths) {
			t.Fatalf("%s: %d assets, want %d", v.Name, len(got.Assets), len(paths))
		}
		for i, a := range got.Assets {
			if !a.Present || a.Path != paths[i] || !slices.Contains(v.Keys, a.Key) {
				t.Errorf("%s: %+v", v.Name, a)
			}
		}
		for name, args := range map[string][]string{
			"names": append([]string{"encode", "--capacity-bits", bits}, paths...),
			"keys":  append([]string{"encode", "--capacity-bits", bits, "--keys"}, strings.Fields(strings.Trim(fmt.Sprint(v.Keys), "[]"))...),
		} {
			if stdout, stderr, code := printed(t, "", args...); stdout != v.Cookie+"\n" || code != exitDone {
				t.Errorf("%s, from %s: exit code %d, %s%s", v.Name, name, code, stdout, stderr)
			}
		}
	}
}

// Somebody who types a line sees the answer before the next: so does a program that
// waits for it. In a bubble, waiting for ever fails at once.
func TestAnswersBeforeWaiting(t *testing.T) {
	for _, test := range []struct {
		args    []string
		line    string
		answers []string
	}{
		{[]string{"decode", "--json", "--capacity-bits", "8", "-"}, "qF0", []string{"[20,178]"}},
		{[]string{"decode", "--json", "--format", "h2o", "-"}, "Cookie: a=gA; b=A5A", []string{"[0]", "[434]"}},
		{[]string{"decode", "--json", "--log", "-"}, "h2o_casper=gA, h2o_casper=A5A", []string{"[0]", "[434]"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			in, typed := io.Pipe()
			screen, out := io.Pipe()
			done := make(chan int, 1)
			go func() {
				code := run(test.args, in, out, io.Discard)
				out.Close()
				done <- code
			}()
			lines := bufio.NewScanner(screen)
			for range 3 {
				fmt.Fprintln(typed, test.line)
				for _, want := range test.answers {
					if !lines.Scan() || !strings.Contains(lines.Text(), `"keys":`+want) {
						t.Fatalf("answer %q, want %s", lines.Text(), want)
					}
				}
			}
			typed.Close()
			if lines.Scan() {
				t.Errorf("one more line: %q", lines.Text())
			}
			if code := <-done; code != exitDone {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

// refusing is a stdout that fails.
type refusing struct{ err error }

func (r refusing) Write([]byte) (int, error) { return 0, r.err }

// When nobody reads on, casper stops without a word; a full disk it tells.
func TestStdoutFails(t *testing.T) {
	log := t.TempDir() + "/access.log"
	if err := os.WriteFile(log, bytes.Repeat([]byte("h2o_casper=qF0\n"), 100_000), 0o666); err != nil {
		t.Fatal(err)
	}
	lines := strings.Repeat("h2o_casper=qF0\n", 20_000)
	har := t.TempDir() + "/visit.har"
	entry := `{"request":{"headers":[{"name":"cookie","value":"h2o_casper=qF0"}]}}`
	if err := os.WriteFile(har, []byte(`{"log":{"entries":[`+strings.Repeat(entry+",", 2000)+entry+`]}}`), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"decode", "gA"}, {"decode", "--json", "--log", log}, {"decode", "--json", "-"}, {"decode", "--json", "--har", har},
		{"encode", "/"}, {"explain", "gA"}, {"explain", "gA", "--svg", "-"}, {"version"}, {"completion", "bash"}, {"--help"},
	} {
		for _, test := range []struct {
			err  error
			want string
		}{
			{fmt.Errorf("write: %w", errBrokenPipe), ""},
			{errors.New("no space left on device"), "no space left on device"},
		} {
			var stderr strings.Builder
			code := run(args, strings.NewReader(lines), refusing{test.err}, &stderr)
			if code != exitFailed || test.want == "" && stderr.Len() > 0 || strings.Count(stderr.String(), "\n") > 1 || !strings.Contains(stderr.String(), test.want) {
				t.Errorf("%v, %v: exit code %d, %s", args, test.err, code, stderr.String())
			}
		}
	}
}

// The results of a log come in its order, whichever processor finishes first, and
// good and bad values are counted once.
func TestLogOrder(t *testing.T) {
	name := t.TempDir() + "/access.log"
	h2o, _ := formats.Lookup("h2o")
	var log, want strings.Builder
	for i := range 30_000 { // several chunks of 256 KiB
		switch i % 7 {
		case 1: // an empty value, which the character ends
			fmt.Fprintf(&log, "%d h2o_casper=;\n", i)
			want.WriteString(`{"format":"h2o","capacity_bits":13,"keys":[],"count":0,"bytes":0,"canonical":true}` + "\n")
		case 3: // no value, and no end of one either
			fmt.Fprintf(&log, "%d h2o_casper=!\n", i)
			fmt.Fprintf(&want, `{"error":"bad-text","message":"%s:%d: \"!\" is neither a value nor the end of one"}`+"\n", name, i+1)
		case 5:
			fmt.Fprintf(&log, "%d h2o_casper=A, nothing else\n", i)
			fmt.Fprintf(&want, `{"error":"bad-text","message":"%s:%d: text: bad-text at bit 0: the last of 1 characters is half an octet: one is missing, or one too many"}`+"\n", name, i+1)
		default:
			key := uint64(i % 8192)
			e, err := h2o.EncodeKeys(formats.Params{}, []uint64{key})
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&log, "%d h2o_casper=%s %s\n", i, e.Text, strings.Repeat(" ", i%50))
			fmt.Fprintf(&want, `{"format":"h2o","capacity_bits":13,"keys":[%d],"count":1,"bytes":%d,"canonical":true}`+"\n", key, len(e.Octets))
		}
	}
	if err := os.WriteFile(name, []byte(log.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := printed(t, "", "decode", "--json", "--log", name)
	if code != exitFailed || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	got, expected := strings.SplitAfter(stdout, "\n"), strings.SplitAfter(want.String(), "\n")
	if len(got) != len(expected) {
		t.Fatalf("%d lines, want %d", len(got), len(expected))
	}
	for i := range got {
		if got[i] != expected[i] {
			t.Fatalf("line %d: %q, want %q", i, got[i], expected[i])
		}
	}
}

// A hostile value costs no more than its length allows, on any road.
func TestHostileInput(t *testing.T) {
	junk := strings.Repeat("A", 10<<20)
	before := allocated()
	stdout, stderr, code := printed(t, "", "decode", junk)
	if code != exitFailed || stdout != "" || len(stderr) > 300 || !strings.Contains(stderr, "limit") {
		t.Errorf("exit code %d, %.300s", code, stderr)
	}
	if used := allocated() - before; used > 1<<20 {
		t.Errorf("10 MB of junk cost %d octets of memory", used)
	}
	stdout, stderr, code = printed(t, junk+"\nqF0\n", "decode", "--json", "--capacity-bits", "8", "-")
	if code != exitFailed || stderr != "" || !strings.HasPrefix(stdout, `{"error":"limit","message":"stdin: line 1: over-long line"}`) || !strings.Contains(stdout, `"keys":[20,178]`) {
		t.Errorf("on stdin: exit code %d, %.300s, %.300s", code, stdout, stderr)
	}
	log := t.TempDir() + "/access.log"
	if err := os.WriteFile(log, []byte("h2o_casper=gA\n"+junk+" h2o_casper=gA\nh2o_casper=gA\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code = printed(t, "", "decode", "--json", "--log", log)
	if code != exitFailed || strings.Count(stdout, `"keys":[0]`) != 2 || stderr != "casper: "+log+": 1 of 3 lines are longer than 1048576 bytes and were skipped\n" {
		t.Errorf("in a log: exit code %d, %.300s, %.300s", code, stdout, stderr)
	}
	stdout, _, code = printed(t, "", "explain", junk)
	if code != exitFailed || len(stdout) > 64<<10 {
		t.Errorf("explain: exit code %d, %d octets", code, len(stdout))
	}
	if _, stderr, code := printed(t, strings.Repeat("/a\n", 1<<20+1), "decode", "--assets", "-", "gA"); code != exitFailed || !strings.Contains(stderr, "too many assets") {
		t.Errorf("assets: exit code %d, %.300s", code, stderr)
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// A full memo starts anew, and long texts are not kept.
func TestMemo(t *testing.T) {
	var m memo
	text := []byte("text")
	m.put("long", make([]byte, memoText))
	if m.get([]byte("long")) != nil {
		t.Error("a long text was kept")
	}
	for i := range memoEntries {
		m.put(fmt.Sprint(i), text)
	}
	text[0] = 'T'
	if got := m.get([]byte("0")); string(got) != "text" || len(m.text) != memoEntries {
		t.Errorf("%q, %d entries", got, len(m.text))
	}
	m.put("new", text)
	if len(m.text) != 1 || string(m.get([]byte("new"))) != "Text" || m.get([]byte("0")) != nil {
		t.Errorf("%d entries", len(m.text))
	}
}

// One line on stderr stays one line, whatever a file is called.
func TestComplainIsOneLine(t *testing.T) {
	_, stderr, code := printed(t, "", "decode", "--log", "a\nb\x1b[31m")
	if code != exitFailed || strings.Count(stderr, "\n") != 1 || strings.Contains(stderr, "\x1b") {
		t.Errorf("exit code %d, %q", code, stderr)
	}
}
