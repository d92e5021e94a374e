package main

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/cache-aware/casper/cmd/internal/capture"
	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/formats"
	"github.com/cache-aware/casper/gcs/gcstool"
)

// buildFlags are the flags of build.
type buildFlags struct {
	p, every uint64
	hash     string
	temp     string
	unpacked byteSize
}

// usualEvery is how many values lie between two entries of the index: a question then decodes 64 of
// them on average, and the index takes a bit a value.
const usualEvery = 128

func newBuild(t *tool) *cobra.Command {
	var f buildFlags
	cmd := &cobra.Command{
		Use:   "build OUT [LIST | -]",
		Short: "Build a large set on disk of a list of names, for casper query",
		Long: `Write the file OUT, which holds the names in LIST, one a line, packed or not, or on
stdin. It has the format of gcstool, which reads it too; casper query and package
gcs/gcstool ask it without reading it as a whole.

Memory stays at about 100 MB whatever the number of names. What does not fit is sorted on disk, in
the folder of --temp: 8 bytes a name, and as much again for a list on stdin.`,
		Example: `  casper build --hash hex pwned.gcs pwned-passwords-sha1.txt.gz
  cut -f1 users.tsv | casper build --p 1000000 users.gcs -`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return usagef("give the file to write, and a LIST")
			}
			return nil
		},
		RunE: action(func(_ *cobra.Command, args []string) error {
			list := "-"
			if len(args) > 1 {
				list = args[1]
			}
			return t.build(&f, args[0], list)
		}),
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	registerHash(cmd, &f.hash)
	flags.Uint64Var(&f.p, "p", gcstool.Default, "take 1 in `N` names that are not there for one that is, 1 to 2^44")
	flags.Uint64Var(&f.every, "every", usualEvery, "keep the place of each `N`th name in the index; gcstool takes 1024")
	flags.StringVar(&f.temp, "temp", "", "sort in the folder `DIR` instead of the system's")
	registerUnpacked(flags, &f.unpacked)
	return cmd
}

// toolHashes are the hashes that sets on disk are made with.
func toolHashes() []string {
	format, _ := formats.Lookup("gcstool")
	return format.Params[paramOf(format, "hash")].Words
}

func registerHash(cmd *cobra.Command, to *string) {
	words := toolHashes()
	cmd.Flags().StringVar(to, "hash", words[0], "hash names with `KIND`: "+orList(words)+"; hex is a hash already")
	cmd.RegisterFlagCompletionFunc("hash", cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// checkHash refuses a hash that there is not.
func checkHash(kind string) error {
	for _, word := range toolHashes() {
		if word == kind {
			return nil
		}
	}
	return usagef("--hash is %s, not %q", orList(toolHashes()), kind)
}

func (t *tool) build(f *buildFlags, out, list string) (err error) {
	if err := checkHash(f.hash); err != nil {
		return err
	}
	if f.p < 1 || f.p > gcstool.MaxP {
		return usagef("--p is 1 to 2^44, not %d", f.p)
	}
	b := builder{tool: t, flags: f, most: runValues}
	defer b.close()
	if err := b.read(list); err != nil {
		return err
	}
	if b.n == 0 {
		name := list
		if name == "-" {
			name = "stdin"
		}
		t.nothing("%s: no names in it: this is the empty set", name)
	}
	file, err := os.CreateTemp(filepath.Dir(out), "."+filepath.Base(out)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	values, err := b.write(file)
	if err == nil {
		err = file.Close()
	}
	if err == nil {
		err = os.Chmod(file.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(file.Name(), out)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(t.stdout, "%s: %s of %s, 1 in %d others looks present\n", out, count(int(values), "key"), count(int(b.n), "name"), f.p)
	return nil
}

// runValues is how many values are sorted in memory at a time; sorting takes as much again.
const runValues = 2 << 20

// A builder gathers the hashes of names. Modulo what they are taken is known only with their
// number: they wait for it on disk.
type builder struct {
	*tool
	flags  *buildFlags
	most   int // values that are sorted in memory at a time
	n      uint64
	hashes *os.File // 8 octets each, in the order of the list
	files  []*os.File
	shown  time.Time
}

// spool returns a file that nobody else sees, and that is gone with the process.
func (b *builder) spool() (*os.File, error) {
	f, err := os.CreateTemp(b.flags.temp, "casper-build-*")
	if err == nil {
		os.Remove(f.Name()) // where that fails, close does it
		b.files = append(b.files, f)
	}
	return f, err
}

func (b *builder) close() {
	for _, f := range b.files {
		f.Close()
		os.Remove(f.Name())
	}
}

// read hashes the names of the list.
func (b *builder) read(list string) error {
	r, size, err := b.open(list)
	if err != nil {
		return err
	}
	defer r.Close()
	b.progress = b.newProgress(list, size)
	defer func() { b.progress.clear(); b.progress = nil }()
	if b.hashes, err = b.spool(); err != nil {
		return err
	}
	w := bufio.NewWriterSize(b.hashes, 1<<20)
	counted := &counter{r: r, show: b.progress.show}
	var octets [8]byte
	line := uint64(0)
	for name, err := range capture.EachLine(capture.Text(counted, int64(b.flags.unpacked)), capture.MaxLine) {
		line++
		if err != nil {
			return fmt.Errorf("%s: %w", list, err)
		}
		name, _, _ = bytes.Cut(name, []byte("\r")) // as gcstool does
		h, err := formats.ToolHash(b.flags.hash, string(name))
		if err != nil {
			var e *gcs.Error
			errors.As(err, &e)
			return fmt.Errorf("%s: line %d: %s", list, line, e.Detail)
		}
		binary.LittleEndian.PutUint64(octets[:], h)
		if _, err := w.Write(octets[:]); err != nil {
			return err
		}
		b.n++
	}
	return w.Flush()
}

// A counter tells how much was read.
type counter struct {
	r    io.Reader
	n    int64
	show func(int64)
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.show(c.n)
	return n, err
}

// write sorts the values and writes the set. It returns their number.
func (b *builder) write(file io.Writer) (uint64, error) {
	p := gcstool.Params{N: b.n, P: b.flags.p}
	w, err := gcstool.NewWriter(file, p, b.flags.every)
	if err != nil {
		return 0, errors.New(detail(err))
	}
	if b.n > 0 {
		runs, err := b.sort(p.Universe())
		if err != nil {
			return 0, err
		}
		for done := uint64(0); len(runs) > 0; done++ {
			if err := w.Add(runs[0].value); err != nil {
				return 0, err
			}
			if more, err := runs[0].next(); err != nil {
				return 0, err
			} else if more {
				heap.Fix(&runs, 0)
			} else {
				heap.Pop(&runs)
			}
			b.stage("written", done)
		}
	}
	return w.Len(), w.Close()
}

// stage shows on a terminal how far the sorting is.
func (b *builder) stage(what string, done uint64) {
	if done&0xffff != 0 || b.toTerminal || !isTerminal(b.stderr) || time.Since(b.shown) < every {
		return
	}
	b.shown = time.Now()
	fmt.Fprintf(b.stderr, "\r\x1b[K%s: %d %% of %d names", what, 100*done/max(b.n, 1), b.n)
	if done >= b.n {
		fmt.Fprint(b.stderr, "\r\x1b[K")
	}
}

// sort returns the values in sorted runs. All but those of a small set are on disk.
func (b *builder) sort(universe uint64) (runs runHeap, err error) {
	if _, err := b.hashes.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(b.hashes, 1<<20)
	values := make([]uint64, min(b.n, uint64(b.most)))
	scratch := make([]uint64, len(values))
	var octets [8]byte
	for left := b.n; left > 0; {
		part := values[:min(left, uint64(len(values)))]
		for i := range part {
			if _, err := io.ReadFull(in, octets[:]); err != nil {
				return nil, err
			}
			part[i] = binary.LittleEndian.Uint64(octets[:]) % universe
		}
		gcs.Sort(part, scratch)
		left -= uint64(len(part))
		r := &sortedRun{values: part}
		if b.n > uint64(b.most) {
			if r, err = b.store(part); err != nil {
				return nil, err
			}
		}
		runs = append(runs, r)
		b.stage("sorted", (b.n-left)&^0xffff)
	}
	for _, r := range runs {
		if _, err := r.next(); err != nil {
			return nil, err
		}
	}
	heap.Init(&runs)
	return runs, nil
}

// store writes a run to disk.
func (b *builder) store(values []uint64) (*sortedRun, error) {
	f, err := b.spool()
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	var octets [8]byte
	for _, v := range values {
		binary.LittleEndian.PutUint64(octets[:], v)
		w.Write(octets[:]) // its error stays
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return &sortedRun{in: bufio.NewReaderSize(f, 256<<10)}, nil
}

// A sortedRun is a part of the values, in memory or on disk.
type sortedRun struct {
	value  uint64 // the least that is left
	values []uint64
	in     *bufio.Reader
}

// next goes on to the next value, if there is one.
func (r *sortedRun) next() (bool, error) {
	if r.in == nil {
		if len(r.values) == 0 {
			return false, nil
		}
		r.value, r.values = r.values[0], r.values[1:]
		return true, nil
	}
	var octets [8]byte
	_, err := io.ReadFull(r.in, octets[:])
	r.value = binary.LittleEndian.Uint64(octets[:])
	if err == io.EOF {
		return false, nil
	}
	return err == nil, err
}

// A runHeap has the run with the least value first.
type runHeap []*sortedRun

func (h runHeap) Len() int           { return len(h) }
func (h runHeap) Less(i, j int) bool { return h[i].value < h[j].value }
func (h runHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *runHeap) Push(x any)        { *h = append(*h, x.(*sortedRun)) }

func (h *runHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
