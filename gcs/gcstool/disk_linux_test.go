//go:build amd64 || arm64

package gcstool_test

import (
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/cache-aware/casper/gcs/gcstool"
)

// BenchmarkDisk asks the set that CASPER_SET names, on disk:
//
//	seq 1 10000000 | casper build /tmp/set.gcs -
//	CASPER_SET=/tmp/set.gcs go test -run '^$' -bench Disk ./gcs/gcstool
//
// The system is told that the file is read here and there, so that it reads nothing ahead.
// Cold, the file has left the page cache before each question. The median of all questions counts:
// on a machine that does other work, some wait for it.
func BenchmarkDisk(b *testing.B) {
	name := os.Getenv("CASPER_SET")
	if name == "" {
		b.Skip("CASPER_SET names no set")
	}
	f, err := os.Open(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	s, err := gcstool.Open(f, info.Size())
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d names, %.2f bits a name; opened in %v", s.N, 8*float64(info.Size())/float64(s.N), time.Since(start))
	const random, dontNeed = 1, 4 // POSIX_FADV_RANDOM and POSIX_FADV_DONTNEED
	if _, _, e := syscall.Syscall6(syscall.SYS_FADVISE64, f.Fd(), 0, 0, random, 0, 0); e != 0 {
		b.Fatal(e)
	}
	for _, how := range []string{"warm", "cold", "read alone"} {
		b.Run(how, func(b *testing.B) {
			cold := how != "warm"
			if !cold { // a file that was just written is not in memory for long
				io.Copy(io.Discard, io.NewSectionReader(f, 0, info.Size()))
			}
			r := rand.New(rand.NewPCG(1, 2))
			piece := make([]byte, 512)
			var all []time.Duration
			for b.Loop() {
				if cold {
					if _, _, e := syscall.Syscall6(syscall.SYS_FADVISE64, f.Fd(), 0, 0, dontNeed, 0, 0); e != 0 {
						b.Fatal(e)
					}
				}
				h := r.Uint64()
				start := time.Now()
				if how == "read alone" { // what the disk takes, and the machine beside
					_, err = f.ReadAt(piece, int64(h%uint64(info.Size()-512)))
				} else {
					_, err = s.Has(h)
				}
				if err != nil {
					b.Fatal(err)
				}
				all = append(all, time.Since(start))
			}
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)/2].Nanoseconds())/1000, "us/median")
			b.ReportMetric(float64(all[len(all)*99/100].Nanoseconds())/1000, "us/p99")
		})
	}
}
