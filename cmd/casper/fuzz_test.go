package main

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/cache-aware/casper/cmd/internal/explain"
	"github.com/cache-aware/casper/gcs/formats"
)

// fuzzParams make every format readable.
func fuzzParams(format *formats.Format, lenient bool, bits int64) formats.Params {
	values := map[string]int64{
		"capacity_bits": 1 + bits&15%15, "p": int64(1) << (bits & 7), "n": 10 + bits, "m": 784931 + bits,
		"rice": 2 + bits&15, "gap": bits & 1, "first": bits, "count": bits & 63,
	}
	p := formats.Params{Lenient: lenient}
	for _, param := range format.Params {
		v, ok := values[param.Name]
		switch {
		case param.Name == "n" && param.Low == 0, param.Name == "count" && format.Name == "raw" && bits&64 != 0:
			// It follows from the value, or is not given.
		case param.Octets > 0:
			p.SetWord(param.Name, "43497fd7f826957108f4a30fd9cec3ae")
		case ok:
			p.SetNumber(param.Name, v)
		}
	}
	return p
}

// FuzzExplain explains any text in every format: nothing panics, the output is
// bounded, a fault is marked exactly where the format refuses the value, and the keys
// are the format's.
func FuzzExplain(f *testing.F) {
	f.Add("qF0", uint8(7), false)              // h2o, 8 capacity bits
	f.Add("KZ0", uint8(7), true)               // its other generation
	f.Add("yQA", uint8(6), false)              // go-casper
	f.Add("CdZQ4A", uint8(0), false)           // cache-digest
	f.Add("019dfca8", uint8(19), false)        // bip158
	f.Add("fd0100a8", uint8(19), false)        // a count that is longer than it need be
	f.Add("fe", uint8(19), false)              // a count that is cut short
	f.Add("f702", uint8(2), false)             // rice-delta
	f.Add("00000001f7", uint8(2), false)       // decred-v1
	f.Add("qF", uint8(200), true)              // half a character
	f.Add("+/==", uint8(255), true)            // another alphabet
	f.Add("\x1b[2J\u202e<b>", uint8(0), false) // what a terminal or a browser would obey
	f.Fuzz(func(t *testing.T, text string, bits uint8, lenient bool) {
		for _, format := range formats.All() {
			if !format.Supports("decode") {
				continue
			}
			d, err := format.Decode(fuzzParams(format, lenient, int64(bits)), formats.Input{Text: text})
			e := explain.Explain(source(format, d, text, err), 50)
			if (e.Fault == nil) != (err == nil) {
				t.Fatalf("%s: fault %+v, error %v", format.Name, e.Fault, err)
			}
			if keys := e.Keys + outside(d); err == nil && format.Name != "go-casper" && keys != len(d.Keys) {
				t.Fatalf("%s: %d keys, want %v", format.Name, keys, d.Keys)
			}
			for i, c := range e.Codes {
				if i += outside(d); !c.Faulty && err == nil && format.Name != "go-casper" && c.Key != d.Keys[i] {
					t.Fatalf("%s: code %d is %d, want %d", format.Name, i, c.Key, d.Keys[i])
				}
			}
			for name, write := range map[string]func(io.Writer) error{
				"text": func(w io.Writer) error { return e.WriteText(w, false) },
				"json": e.WriteJSON, "svg": e.WriteSVG, "html": e.WriteHTML,
			} {
				var b bytes.Buffer
				if err := write(&b); err != nil {
					t.Fatal(err)
				}
				if b.Len() > 256<<10 || bytes.ContainsAny(b.Bytes(), "\x00\x1b\u202e") {
					t.Fatalf("%s, %s: %d octets", format.Name, name, b.Len())
				}
			}
		}
	})
}

// outside is the number of keys that are not in the stream.
func outside(d formats.Decoded) int {
	if d.Layout.First != nil {
		return 1
	}
	return 0
}

// FuzzDecode gives any lines to the command: what it prints is JSON, a line for each
// value, and the exit code says whether one was refused.
func FuzzDecode(f *testing.F) {
	f.Add("qF0\nh2o_casper=qF0\n")
	f.Add("Cookie: a=b; h2o_casper=gA; x-go-casper=yQA; h2o_casper=!\r\n\r\n")
	f.Add("Set-Cookie: h2o_casper=\"qF0\"; Path=/\n=\n==\n\x00\xff\n")
	f.Add("Accept: */*\nmycasper=qF0\n")
	f.Fuzz(func(t *testing.T, lines string) {
		for _, args := range [][]string{
			{"decode", "--json", "-"}, {"decode", "--json", "--lenient", "--format", "h2o", "-"},
			{"decode", "--json", "--p", "64", "--n", "10", "--log", "-"}, {"decode", "--json", "--jar", "-"}, {"decode", "--json", "--har", "-"},
		} {
			stdout, stderr, code := printed(t, lines, args...)
			refused := false
			for line := range strings.Lines(stdout) {
				var got struct{ Format, Error, Message *string }
				if err := json.Unmarshal([]byte(line), &got); err != nil || (got.Format == nil) == (got.Error == nil) || (got.Error == nil) != (got.Message == nil) {
					t.Fatalf("%v: %q: %v", args, line, err)
				}
				refused = refused || got.Error != nil
			}
			if refused != (code == exitFailed) || code == exitUsage {
				t.Fatalf("%v: exit code %d with\n%s%s", args, code, stdout, stderr)
			}
			if note := strings.Count(stderr, "\n"); note > 1 {
				t.Fatalf("%v: on stderr\n%s", args, stderr)
			}
		}
		for _, args := range [][]string{{"decode", "-"}, {"explain", "-"}, {"encode", "-"}, {"encode", "--keys", "-"}} {
			stdout, stderr, code := printed(t, lines, args...)
			if strings.ContainsAny(stdout+stderr, "\x00\x1b\r") || (code != exitDone) != (stderr != "") {
				t.Fatalf("%v: exit code %d with\n%q\n%q", args, code, stdout, stderr)
			}
		}
	})
}
