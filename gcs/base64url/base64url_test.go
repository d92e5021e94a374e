package base64url_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/base64url"
)

var std = base64.RawURLEncoding.Strict()

// The test vectors of RFC 4648, section 10, in the URL alphabet without padding, and
// octets that need both its own characters.
func TestRFC4648Vectors(t *testing.T) {
	for octets, text := range map[string]string{
		"": "", "f": "Zg", "fo": "Zm8", "foo": "Zm9v", "foob": "Zm9vYg", "fooba": "Zm9vYmE", "foobar": "Zm9vYmFy",
		"\xfb\xff\xfe": "-__-", "\xff": "_w",
	} {
		if got := string(base64url.Append(nil, []byte(octets))); got != text {
			t.Errorf("Append(%q) = %q, want %q", octets, got, text)
		}
		if got, err := base64url.AppendDecode(nil, text, base64url.Strict); err != nil || string(got) != octets {
			t.Errorf("AppendDecode(%q) = %q, %v, want %q", text, got, err, octets)
		}
	}
}

// Every length, against encoding/base64: the text, both lengths, and the way back.
func TestAgainstStandardLibrary(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for n := range 300 {
		src := make([]byte, n)
		for i := range src {
			src[i] = byte(rng.Uint32())
		}
		want := std.EncodeToString(src)
		got := string(base64url.Append([]byte("before "), src))
		if got != "before "+want {
			t.Fatalf("Append: %q, want %q", got, want)
		}
		if l := base64url.EncodedLen(n); l != len(want) {
			t.Fatalf("EncodedLen(%d) = %d, want %d", n, l, len(want))
		}
		if l := base64url.DecodedLen(len(want)); l != n {
			t.Fatalf("DecodedLen(%d) = %d, want %d", len(want), l, n)
		}
		for _, m := range []base64url.Mode{base64url.Strict, base64url.Lenient} {
			// With room that holds garbage, and without room.
			for _, spare := range []int{0, n, n + 100} {
				dst := append(make([]byte, 0, 4+spare), "head"...)
				back, err := base64url.AppendDecode(dst, want, m)
				if err != nil || string(back) != "head"+string(src) {
					t.Fatalf("AppendDecode(%q): %q, %v", want, back, err)
				}
			}
		}
	}
}

// Every octet at every place of a text of every length up to two steps of the fast
// loop: accepted where the alphabets have it, and otherwise named, with its place.
func TestEveryCharacter(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for length := range 18 {
		if length%4 == 1 {
			continue
		}
		for at := range length {
			for c := range 256 {
				text := []byte(strings.Repeat("A", length))
				text[at] = byte(c)
				for _, m := range []base64url.Mode{base64url.Strict, base64url.Lenient} {
					in := strings.IndexByte(alphabet, byte(c)) >= 0 || m == base64url.Lenient && (c == '+' || c == '/')
					got, err := base64url.AppendDecode([]byte("dst"), string(text), m)
					var e *gcs.Error
					switch {
					case in && err == nil:
						norm := strings.NewReplacer("+", "-", "/", "_").Replace(string(text))
						want, stdErr := base64.RawURLEncoding.DecodeString(norm)
						if stdErr != nil || string(got) != "dst"+string(want) {
							t.Fatalf("%q: %q, want %q, %v", text, got, want, stdErr)
						}
					case string(got) != "dst" || !errors.As(err, &e) || e.Layer != gcs.TextLayer:
						t.Fatalf("%q: %q, %v", text, got, err)
					case in:
						// Only the unused bits of the last character can be wrong.
						if e.Kind != gcs.NonCanonical || at != length-1 || m == base64url.Lenient || e.At != gcs.BitOffset(length*6/8*8) {
							t.Fatalf("%q: %v", text, err)
						}
					case e.Kind != gcs.BadText || e.At != gcs.BitOffset(6*at):
						t.Fatalf("%q: %v, want character %d", text, err, at)
					}
				}
			}
		}
	}
}

// What a strict reader accepts is what a writer writes: every text of two and
// three characters.
func TestStrictIsCanonical(t *testing.T) {
	check := func(text string) {
		if got, err := base64url.AppendDecode(nil, text, base64url.Strict); err == nil {
			if back := string(base64url.Append(nil, got)); back != text {
				t.Fatalf("%q was accepted and is written as %q", text, back)
			}
			if _, err := std.DecodeString(text); err != nil {
				t.Fatalf("%q was accepted: %v", text, err)
			}
		} else if _, err := std.DecodeString(text); err == nil && !strings.ContainsAny(text, "\r\n") {
			t.Fatalf("%q was refused", text)
		}
	}
	for a := range 256 {
		for b := range 256 {
			check(string([]byte{byte(a), byte(b)}))
			check(string([]byte{'Z', byte(a), byte(b)}))
		}
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"A", "text: bad-text at bit 0: the last of 1 characters is half an octet: one is missing, or one too many"},
		{"AAAAA", "text: bad-text at bit 24: the last of 5 characters is half an octet: one is missing, or one too many"},
		{"AA==", "text: bad-text at bit 12: character 2 is '=', which is not in the alphabet"},
		{"qF0\n", "text: bad-text at bit 18: character 3 is '\\n', which is not in the alphabet"},
		{"AAAAAAAAA\xff", "text: bad-text at bit 54: character 9 is the octet 0xff, which is not in the alphabet"},
		{"qF1", "text: non-canonical at bit 16: the unused bits of the last character are not zero"},
		{"gB", "text: non-canonical at bit 8: the unused bits of the last character are not zero"},
		{"a+b/", "text: bad-text at bit 6: character 1 is '+', which is not in the alphabet"},
	} {
		_, err := base64url.AppendDecode(nil, tt.text, base64url.Strict)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%q: %v\nwant %s", tt.text, err, tt.want)
		}
	}
}

func TestNoAllocs(t *testing.T) {
	src := []byte(strings.Repeat("\x00\x10\x83\xfe", 200))
	text := std.EncodeToString(src)
	buf := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { base64url.Append(buf, src) }); n != 0 {
		t.Errorf("Append: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = base64url.AppendDecode(buf, text, base64url.Lenient) }); n != 0 {
		t.Errorf("AppendDecode: %v allocations", n)
	}
}

func FuzzAppendDecode(f *testing.F) {
	f.Add("qF0")               // the worked example
	f.Add("qF1")               // with unused bits
	f.Add("a+b/-_AAAAAAAAAA")  // both alphabets, and the fast loop
	f.Add("AAAAAAAA\nAAAAAAA") // a line break, which encoding/base64 skips
	f.Add("AAAAAAAAAAAAA")     // a length that nothing has
	f.Fuzz(func(t *testing.T, text string) {
		strict, err := base64url.AppendDecode(nil, text, base64url.Strict)
		want, stdErr := std.DecodeString(text)
		if (err == nil) != (stdErr == nil && !strings.ContainsAny(text, "\r\n")) || err == nil && string(strict) != string(want) {
			t.Fatalf("strict: %x, %v; the standard library: %x, %v", strict, err, want, stdErr)
		}
		lenient, err := base64url.AppendDecode(nil, text, base64url.Lenient)
		norm := strings.NewReplacer("+", "-", "/", "_").Replace(text)
		want, stdErr = base64.RawURLEncoding.DecodeString(norm)
		if (err == nil) != (stdErr == nil && !strings.ContainsAny(text, "\r\n")) || err == nil && string(lenient) != string(want) {
			t.Fatalf("lenient: %x, %v; the standard library: %x, %v", lenient, err, want, stdErr)
		}
	})
}

func ExampleAppend() {
	fmt.Printf("%s\n", base64url.Append(nil, []byte{0xa8, 0x5d}))
	// Output: qF0
}

func ExampleAppendDecode() {
	src, err := base64url.AppendDecode(nil, "qF0", base64url.Strict)
	fmt.Printf("%x %v\n", src, err)
	_, err = base64url.AppendDecode(nil, "qF1", base64url.Strict)
	fmt.Println(err)
	src, err = base64url.AppendDecode(nil, "qF1", base64url.Lenient)
	fmt.Printf("%x %v\n", src, err)
	// Output:
	// a85d <nil>
	// text: non-canonical at bit 16: the unused bits of the last character are not zero
	// a85d <nil>
}

func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{24, 40, 98, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			src, dst := make([]byte, n), make([]byte, 0, 2*n)
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				base64url.Append(dst, src)
			}
		})
	}
}

func BenchmarkAppendDecode(b *testing.B) {
	for _, n := range []int{32, 54, 131, 1334} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			text, dst := strings.Repeat("A", n), make([]byte, 0, n)
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = base64url.AppendDecode(dst, text, base64url.Strict)
			}
		})
	}
}
