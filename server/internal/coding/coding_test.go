package coding

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// packers write each coding as servers do.
var packers = map[string]func(io.Writer) io.WriteCloser{
	"gzip": func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
	"br": func(w io.Writer) io.WriteCloser {
		return brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: 9, LGWin: 24})
	},
	"zstd": func(w io.Writer) io.WriteCloser {
		z, err := zstd.NewWriter(w)
		if err != nil {
			panic(err)
		}
		return z
	},
}

func pack(t testing.TB, coding string, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := packers[coding](&b)
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// prose is text that packs as pages do: to a quarter or so.
func prose(n int) []byte {
	words := strings.Fields("<p class=x> the page a link href=/app.css of and style script main column </p> casper")
	random := rand.New(rand.NewPCG(1, 2))
	var b []byte
	for len(b) < n {
		b = append(append(b, words[random.IntN(len(words))]...), ' ')
	}
	return b[:n]
}

func TestHead(t *testing.T) {
	const limit = 8 << 10
	for coding := range packers {
		for _, size := range []int{0, 1, 100, limit - 1, limit, limit + 1, 100 << 10, 1 << 20} {
			plain := prose(size)
			packed := pack(t, coding, plain)
			for _, name := range []string{coding, " " + strings.ToUpper(coding) + "\t"} {
				if got := Head(name, packed, limit); !bytes.Equal(got, plain[:min(size, limit)]) {
					t.Errorf("%s of %d bytes: %d", name, size, len(got))
				}
			}
			// A cut costs what lies behind it; a page within a block of zstd must be whole.
			for _, cut := range []int{0, 1, 9, 10, len(packed) / 2, len(packed) - 1} {
				got := Head(coding, packed[:min(max(cut, 0), len(packed))], limit)
				if !bytes.HasPrefix(plain, got) {
					t.Errorf("%s, cut at %d of %d: not the beginning", coding, cut, len(packed))
				}
				if coding != "zstd" && size > 2*limit && cut == len(packed)/2 && len(got) != limit {
					t.Errorf("%s, half of it: %d bytes", coding, len(got))
				}
			}
		}
	}
	for coding, want := range map[string]string{"": "text", "identity": "text", "x-gzip": "", "deflate": "", "gzip, br": "", "aes128gcm": ""} {
		if got := string(Head(coding, []byte("text"), 100)); got != want {
			t.Errorf("%q: %q, want %q", coding, got, want)
		}
	}
	if got := Head("identity", []byte("text"), 2); string(got) != "te" {
		t.Errorf("%q", got)
	}
}

// Decoders are used again: what one page was, or broke, is nothing to the next.
func TestHeadAgain(t *testing.T) {
	secret, page := []byte(strings.Repeat("secret ", 1000)), prose(4000)
	for coding := range packers {
		whole, other := pack(t, coding, page), pack(t, coding, secret)
		for at := range len(whole) {
			damaged := bytes.Clone(whole)
			damaged[at] ^= 0x55
			if got := Head(coding, other, 8<<10); !bytes.Equal(got, secret) {
				t.Fatalf("%s: %d bytes of the one page", coding, len(got))
			}
			if got := Head(coding, damaged, 8<<10); bytes.Contains(got, []byte("secret")) {
				t.Fatalf("%s, damaged at %d: gives what another page was", coding, at)
			}
			if got := Head(coding, whole, 8<<10); !bytes.Equal(got, page) {
				t.Fatalf("%s, after one that was damaged at %d: %d bytes", coding, at, len(got))
			}
		}
	}
}

// TestNeed: as much is asked for as Head takes to give all that fits.
func TestNeed(t *testing.T) {
	const limit = 8 << 10
	random := rand.New(rand.NewPCG(3, 4))
	noise := make([]byte, 300<<10)
	for i := range noise {
		noise[i] = "0123456789abcdef"[random.IntN(16)]
	}
	for coding := range packers {
		for name, plain := range map[string][]byte{"prose": prose(300 << 10), "noise": noise} {
			packed := pack(t, coding, plain)
			n := 0
			for range 3 { // its beginning tells more and more
				n = min(Need(coding, packed[:n], limit), len(packed))
			}
			if got := Head(coding, packed[:n], limit); len(got) < limit || n > limit+maxBlock+32 {
				t.Errorf("%s of %s: %d bytes are asked for, and give %d", coding, name, n, len(got))
			}
		}
	}
	if n := Need("deflate", nil, limit); n != 0 {
		t.Errorf("of what cannot be read %d bytes are asked for", n)
	}
}

// TestBombs: what stands for far more than it is costs a window at most.
func TestBombs(t *testing.T) {
	zeros := make([]byte, 64<<20)
	for coding := range packers {
		packed := pack(t, coding, zeros)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := Head(coding, packed, 8<<10)
		runtime.ReadMemStats(&after)
		if !bytes.Equal(got, zeros[:8<<10]) {
			t.Errorf("%s: %d bytes", coding, len(got))
		}
		if taken := after.TotalAlloc - before.TotalAlloc; taken > 3*maxWindow {
			t.Errorf("%s: %d bytes of memory for %d", coding, taken, len(packed))
		}
	}
}

func FuzzHead(f *testing.F) {
	for coding := range packers {
		packed := pack(f, coding, prose(1000))
		f.Add(coding, packed)                   // whole
		f.Add(coding, packed[:len(packed)*2/3]) // cut
	}
	f.Add("gzip", []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")) // a header alone, which is what compressors write first
	f.Fuzz(func(t *testing.T, coding string, packed []byte) {
		if got := Head(coding, packed, 1000); len(got) > 1000 {
			t.Errorf("%d bytes", len(got))
		}
	})
}

func BenchmarkHead(b *testing.B) {
	for coding := range packers {
		packed := pack(b, coding, prose(32<<10))
		packed = packed[:min(len(packed), 8<<10)]
		b.Run(coding, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Head(coding, packed, 8<<10)
			}
		})
	}
}
