package capture

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"
)

// BenchmarkLog scans a log in memory: what it says is the upper bound of any disk.
func BenchmarkLog(b *testing.B) {
	in := accessLog(32 << 20)
	for _, workers := range []int{1, 2} {
		s := LogScanner{Names: logNames, Workers: workers}
		b.Run(fmt.Sprintf("AppendEach/workers=%d", workers), func(b *testing.B) {
			benchLog(b, in, func(r io.Reader) int {
				n := 0
				for out := range s.AppendEach(r, func(dst []byte, m LogMatch) []byte { return append(dst, m.Value...) }) {
					n += len(out)
				}
				return n
			})
		})
	}
	s := LogScanner{Names: logNames}
	b.Run("All", func(b *testing.B) {
		benchLog(b, in, func(r io.Reader) int { return drain(s.All(r)) })
	})
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(in)
	w.Close()
	b.Run("All/gzip", func(b *testing.B) {
		b.SetBytes(int64(len(in)))
		for b.Loop() {
			drain(s.All(bytes.NewReader(z.Bytes())))
		}
	})
	b.Run("AppendEach/gzip", func(b *testing.B) {
		b.SetBytes(int64(len(in)))
		for b.Loop() {
			drain(s.AppendEach(bytes.NewReader(z.Bytes()), func(dst []byte, m LogMatch) []byte { return append(dst, m.Value...) }))
		}
	})
	b.Run("gunzip alone", func(b *testing.B) {
		b.SetBytes(int64(len(in)))
		for b.Loop() {
			r, _ := gzip.NewReader(bytes.NewReader(z.Bytes()))
			io.Copy(io.Discard, r)
		}
	})
}

func benchLog(b *testing.B, in []byte, scan func(io.Reader) int) {
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if scan(bytes.NewReader(in)) == 0 {
			b.Fatal("nothing found")
		}
	}
}

// BenchmarkLogSearch is the search alone, with 1, 2 and 4 names, in a log and in
// adversarial text. In the log it stands beside one bytes.Index for each name,
// which would still have to count lines and look at what precedes the name.
func BenchmarkLogSearch(b *testing.B) {
	all := []string{"h2o_casper", "x-go-casper", "H2-Casper", "__ap_cache__"}
	for _, text := range []struct {
		name string
		in   []byte
	}{
		{"log", accessLog(8 << 20)},
		{"equals signs", bytes.Repeat([]byte("="), 8<<20)},
		{"name ends", bytes.Repeat([]byte("-casper="), 1<<20)},
		{"matches", bytes.Repeat([]byte("h2o_casper="), 8<<20/11)},
	} {
		for _, n := range []int{1, 2, 4} {
			f, err := newFinder(all[:n])
			if err != nil {
				b.Fatal(err)
			}
			b.Run(fmt.Sprintf("%s/names=%d/finder", text.name, n), func(b *testing.B) {
				b.SetBytes(int64(len(text.in)))
				b.ReportAllocs()
				for b.Loop() {
					for c := f.in(run{text: text.in, first: 1}); c.next(); {
					}
				}
			})
			if text.name != "log" {
				continue
			}
			b.Run(fmt.Sprintf("%s/names=%d/bytes.Index", text.name, n), func(b *testing.B) {
				b.SetBytes(int64(len(text.in)))
				for b.Loop() {
					for _, name := range all[:n] {
						pattern := []byte(name + "=")
						for rest := text.in; ; {
							i := bytes.Index(rest, pattern)
							if i < 0 {
								break
							}
							rest = rest[i+len(pattern):]
						}
					}
				}
			})
		}
	}
}

func BenchmarkHAR(b *testing.B) {
	entry := message(`"headers": [{"name": "Cookie", "value": "a=b; h2o_casper=qF0"}], "cookies": [{"name": "a", "value": "b"}]`, noCookies)
	body := `{"response": {"content": {"text": "` + strings.Repeat(`body { color: red }\n`, 1000) + `"}}}`
	in := har(strings.Repeat(entry+","+body+",", 300) + entry)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if n := drain(HAR(strings.NewReader(in))); n != 602 {
			b.Fatalf("%d cookies", n)
		}
	}
}

func BenchmarkLine(b *testing.B) {
	const in = "Cookie: a=b; session=0123456789; h2o_casper=AAAAAAAAAAAAAAAAAAAAqA"
	b.ReportAllocs()
	for b.Loop() {
		for range Line(in, "h2o_casper") {
		}
	}
}
