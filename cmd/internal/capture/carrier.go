package capture

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"golang.org/x/text/encoding/unicode"
)

// MaxUnpacked is how many bytes a packed capture may hold where nobody has said
// otherwise. Readers hold a bounded part of it, so what it bounds is time.
const MaxUnpacked = 8 << 30

// Errors of captures that are no text.
var (
	ErrPacked = errors.New("it cannot be unpacked") // in a way that casper does not read
	ErrBinary = errors.New("this is no text")
	ErrBomb   = errors.New("unpacks to more than")
)

// Bounds of what unpacking takes.
const (
	maxLayers    = 3        // packings around each other: tar in gzip is two
	maxWindow    = 16 << 20 // bytes of a zstd window; zstd -19 takes 8 MiB
	maxDict      = 16 << 20 // bytes of an xz dictionary; xz -6 takes 8 MiB
	maxDirectory = 4 << 20  // bytes of a zip file's directory
	maxZipStream = 32 << 20 // bytes of a zip file that is not a file on disk
)

// Text returns the text of a capture of any kind, for the readers of this package:
// nothing is read before it is asked for.
//
// Its content decides, whatever it is called. What gzip, zstd, xz or bzip2 have
// packed is unpacked, and so are the files of a tar or zip archive, one after the other;
// of a zip with HAR files, these alone. UTF-16 with its byte order mark becomes UTF-8. The
// hex dump that curl --trace writes, and the base64 of messages that Burp exports, become
// the headers that they stand for.
//
// What is packed otherwise, a database, and what holds a NUL are named and
// refused ([ErrPacked], [ErrBinary]); so is what unpacks to more than most bytes
// ([ErrBomb]), of which 0 stands for [MaxUnpacked]. A stream that is cut short fails with
// [io.ErrUnexpectedEOF]. An error is final. Memory is at most 48 MiB, which the largest dictionary of xz takes.
func Text(r io.Reader, most int64) io.Reader {
	c := &carrier{raw: r, most: most}
	if most <= 0 {
		c.most = MaxUnpacked
	}
	return c
}

// carrier decides at its first Read, from the content, what it is.
type carrier struct {
	raw  io.Reader
	most int64
	r    io.Reader
	err  error // the first, which is final: who looks ahead must not lose it
}

func (c *carrier) Read(p []byte) (n int, err error) {
	if c.r == nil && c.err == nil {
		var in *bufio.Reader
		if in, c.err = c.unpack(c.raw, 0); c.err == nil {
			c.r, c.err = plainText(in)
		}
	}
	if c.err != nil {
		return 0, c.err
	}
	n, c.err = c.r.Read(p)
	if n > 0 && c.err != nil {
		return n, nil
	}
	return n, c.err
}

// packing is a way to pack, told by how it begins.
type packing struct {
	magic string
	name  string
	open  func(c *carrier, in *bufio.Reader, layer int) (io.Reader, error) // nil: it is refused
	hint  string
}

var packings = []packing{
	{magic: "\x1f\x8b\x08", name: "gzip", open: openGzip},
	{magic: "\x28\xb5\x2f\xfd", name: "zstd", open: openZstd},
	{magic: "\xfd7zXZ\x00", name: "xz", open: openXZ},
	{magic: "BZh", name: "bzip2", open: openBzip2},
	{magic: "PK\x03\x04", name: "zip", open: openZip},
	{magic: "\x04\x22\x4d\x18", name: "lz4", hint: "lz4 -d"},
	{magic: "\x1f\x9d", name: "compress", hint: "gzip -d"},
	{magic: "7z\xbc\xaf\x27\x1c", name: "7-Zip", hint: "7z x"},
	{magic: "Rar!\x1a\x07", name: "RAR", hint: "unrar x"},
	{magic: "\xff\x06\x00\x00sNaPpY", name: "snappy", hint: "snzip -d"},
}

// others are files of other kinds that people hand over, told by how they begin.
var others = []struct{ magic, is string }{
	{"SQLite format 3\x00", "a SQLite database, such as a browser's cookies: write a jar with " +
		`sqlite3 -tabs FILE "select host,'TRUE',path,'FALSE',expiry,name,value from moz_cookies"`},
	{"LPKSHHRH", "a journal of systemd: hand over what journalctl -o cat --file prints"},
	{"\x0a\x0d\x0d\x0a", "a capture of packets"},
	{"\xd4\xc3\xb2\xa1", "a capture of packets"},
	{"\xa1\xb2\xc3\xd4", "a capture of packets"},
	{"PAR1", "a Parquet file"},
	{"%PDF-", "a PDF file"},
	{"\x89PNG", "a picture"},
}

// Magic names what data begins like: a packing or another kind of file that is no text. It
// is empty for text. Read says whether [Text] reads what is inside.
func Magic(data []byte) (name string, read bool) {
	if k := packingOf(data); k != nil {
		return k.name, k.open != nil
	}
	for _, o := range others {
		if bytes.HasPrefix(data, []byte(o.magic)) {
			return o.is, false
		}
	}
	return "", false
}

// longestHead is how much decides what a stream is: where tar says so is byte 257.
const longestHead = 512

// unpack takes packings off until none is left.
func (c *carrier) unpack(r io.Reader, layer int) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(&sticky{r: r}, 64<<10)
	head := peek(in, decides)
	k := packingOf(head)
	if k == nil && isTar(head) {
		k = &packing{name: "tar", open: openTar}
	}
	if k == nil {
		if name, _ := Magic(head); name != "" {
			return nil, fmt.Errorf("%s (%w)", name, ErrBinary)
		}
		return in, nil
	}
	if k.open == nil {
		return nil, fmt.Errorf("packed with %s, which casper does not unpack: %w; %s does", k.name, ErrPacked, k.hint)
	}
	if layer == maxLayers {
		return nil, fmt.Errorf("packed more than %d times: %w", maxLayers, ErrPacked)
	}
	inner, err := k.open(c, in, layer)
	if err != nil {
		return nil, broken(k.name, err)
	}
	return c.unpack(&meter{r: inner, name: k.name, left: c.most, most: c.most}, layer+1)
}

func packingOf(head []byte) *packing {
	for i, k := range packings {
		if bytes.HasPrefix(head, []byte(k.magic)) && (k.name != "bzip2" || isBzip2(head)) {
			return &packings[i]
		}
	}
	// A frame that zstd is to skip, as pzstd and seekable files have in front.
	if len(head) >= 4 && head[0]>>4 == 5 && string(head[1:4]) == "\x2a\x4d\x18" {
		return &packings[1]
	}
	return nil
}

// isBzip2 wants the level and the block's magic number behind the three letters, which a
// text may begin with.
func isBzip2(head []byte) bool {
	return len(head) >= 10 && '1' <= head[3] && head[3] <= '9' &&
		(string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17rE8P\x90")
}

func isTar(head []byte) bool { return len(head) >= 262 && string(head[257:262]) == "ustar" }

// sticky keeps an error for who asks again: looking ahead takes it.
type sticky struct {
	r   io.Reader
	err error
}

func (s *sticky) Read(p []byte) (n int, err error) {
	if s.err != nil {
		return 0, s.err
	}
	n, s.err = s.r.Read(p)
	return n, s.err
}

// peek returns the head of a stream: as much as it takes for enough to be content, whatever
// pieces the stream comes in. Somebody may be typing.
func peek(in *bufio.Reader, enough func(head []byte) bool) []byte {
	for n := 1; ; n++ {
		head, err := in.Peek(n)
		if err != nil || enough(head) {
			return head
		}
	}
}

// decides reports whether no more of a stream is needed: the end of a line that
// begins as text does, or all that could matter.
func decides(head []byte) bool {
	c := head[0]
	isText := c == '\t' || c == '\n' || c == '\r' || c == 0x1b || c >= ' ' && c < 0x7f
	last := head[len(head)-1]
	return len(head) == longestHead || isText && last == '\n' && c != '\n' || c == '\n' && len(head) >= 4 || !isText && len(head) >= 16
}

// broken says where the fault is: the packing's, not the text's.
func broken(name string, err error) error {
	if errors.Is(err, ErrPacked) || errors.Is(err, ErrBomb) || errors.Is(err, ErrBinary) {
		return err
	}
	return fmt.Errorf("%s stream broken here: %w", name, err)
}

// meter stops a bomb, and names the packing in an error.
type meter struct {
	r          io.Reader
	name       string
	left, most int64
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p[:min(int64(len(p)), m.left+1)])
	if m.left -= int64(n); m.left < 0 {
		return n - 1, fmt.Errorf("%w %s (--max-unpacked)", ErrBomb, size(m.most))
	}
	if err != nil && err != io.EOF {
		err = broken(m.name, err)
	}
	return n, err
}

// size writes a number of bytes as flags have it.
func size(n int64) string {
	for i, unit := range []string{"GiB", "MiB", "KiB"} {
		if per := int64(1) << (30 - 10*i); n%per == 0 {
			return fmt.Sprintf("%d%s", n/per, unit)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// gzipMembers reads the members of a gzip stream one after the other, and zeros behind
// them, as tapes have.
type gzipMembers struct {
	in *bufio.Reader
	z  *gzip.Reader
}

func openGzip(_ *carrier, in *bufio.Reader, _ int) (io.Reader, error) {
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &gzipMembers{in, z}, nil
}

func (g *gzipMembers) Read(p []byte) (int, error) {
	for {
		n, err := g.z.Read(p)
		if err != io.EOF {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
		c := byte(0)
		for c == 0 {
			if c, err = g.in.ReadByte(); err != nil {
				return 0, err
			}
		}
		g.in.UnreadByte()
		if err := g.z.Reset(g.in); err != nil {
			return 0, err
		}
		g.z.Multistream(false)
	}
}

func openZstd(_ *carrier, in *bufio.Reader, _ int) (io.Reader, error) {
	z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return zstdStream{z}, nil
}

type zstdStream struct{ *zstd.Decoder }

func (z zstdStream) Read(p []byte) (int, error) {
	n, err := z.Decoder.Read(p)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) {
		err = fmt.Errorf("its zstd window is larger than %s: %w; zstd -d --long=31 does", size(maxWindow), ErrPacked)
	}
	return n, err
}

func openXZ(_ *carrier, in *bufio.Reader, _ int) (io.Reader, error) {
	// Behind the stream's header of 12 bytes stands that of the first block, and in it the
	// size of the dictionary, which the library takes as it comes.
	if head, err := in.Peek(24); err == nil && head[12] != 0 {
		at := 14
		for bit := head[13] & 0xc0; bit != 0; bit <<= 1 { // sizes, where there are any
			if bit&0x80 != 0 {
				for at < len(head)-3 && head[at]&0x80 != 0 {
					at++
				}
				at++
			}
		}
		if at+2 < len(head) && head[at] == 0x21 && dictSize(head[at+2]) > maxDict {
			return nil, fmt.Errorf("its xz dictionary is larger than %s: %w; xz -d does", size(maxDict), ErrPacked)
		}
	}
	return xz.ReaderConfig{DictCap: 1 << 16}.NewReader(in)
}

// dictSize is what LZMA2's property byte says, section 5.3.1 of the format of xz.
func dictSize(b byte) int64 { return int64(2|b&1) << (b/2 + 11) }

func openBzip2(_ *carrier, in *bufio.Reader, _ int) (io.Reader, error) {
	return bzip2.NewReader(in), nil
}

// files reads the files of an archive one after the other, a line end after each.
type files struct {
	c     *carrier
	layer int
	next  func() (io.Reader, error) // [io.EOF] after the last
	r     io.Reader
}

func (f *files) Read(p []byte) (int, error) {
	for {
		if f.r == nil {
			file, err := f.next()
			if err != nil {
				return 0, err
			}
			if f.r, err = f.c.unpack(file, f.layer+1); err != nil {
				return 0, err
			}
			f.r = &lineEnded{r: f.r}
		}
		n, err := f.r.Read(p)
		if err != io.EOF {
			return n, err
		}
		f.r = nil
		if n > 0 {
			return n, nil
		}
	}
}

// lineEnded adds a line end to a text that lacks one.
type lineEnded struct {
	r    io.Reader
	last byte
}

func (l *lineEnded) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if n > 0 {
		l.last = p[n-1]
	}
	if n == 0 && err == io.EOF && l.last != 0 && l.last != '\n' && len(p) > 0 {
		p[0], l.last = '\n', '\n'
		return 1, nil
	}
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

func openTar(c *carrier, in *bufio.Reader, layer int) (io.Reader, error) {
	t := tar.NewReader(in)
	return &files{c: c, layer: layer, next: func() (io.Reader, error) {
		for {
			head, err := t.Next()
			if err != nil {
				return nil, err
			}
			if head.Typeflag == tar.TypeReg {
				return t, nil
			}
		}
	}}, nil
}

func openZip(c *carrier, in *bufio.Reader, layer int) (io.Reader, error) {
	at, length, err := c.seekable(in, layer)
	if err != nil {
		return nil, err
	}
	if err := checkDirectory(at, length); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(at, length)
	if err != nil {
		return nil, err
	}
	var chosen []*zip.File
	hars := false
	for _, file := range z.File {
		isHAR := strings.EqualFold(path.Ext(file.Name), ".har")
		switch {
		case file.FileInfo().IsDir() || hars && !isHAR:
			continue
		case isHAR && !hars:
			chosen, hars = nil, true
		}
		chosen = append(chosen, file)
	}
	return &files{c: c, layer: layer, next: func() (io.Reader, error) {
		if len(chosen) == 0 {
			return nil, io.EOF
		}
		file := chosen[0]
		chosen = chosen[1:]
		if file.Flags&1 != 0 {
			return nil, fmt.Errorf("%.80q in it is encrypted: %w", file.Name, ErrPacked)
		}
		return file.Open()
	}}, nil
}

// seekable returns the whole of what in is at the beginning of: a zip file has its directory
// at the end.
func (c *carrier) seekable(in *bufio.Reader, layer int) (io.ReaderAt, int64, error) {
	raw := c.raw
	if counted, ok := raw.(*countingReader); ok {
		raw = counted.r
	}
	if file, ok := raw.(*os.File); ok && layer == 0 {
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			return file, info.Size(), nil
		}
	}
	all, err := io.ReadAll(io.LimitReader(in, maxZipStream+1))
	if err == nil && len(all) > maxZipStream {
		err = fmt.Errorf("a zip archive of more than %s is read from a file of its own: %w", size(maxZipStream), ErrPacked)
	}
	return bytes.NewReader(all), int64(len(all)), err
}

// checkDirectory bounds what archive/zip holds in memory of an archive: a few hundred bytes
// for each 46 of its directory.
func checkDirectory(at io.ReaderAt, length int64) error {
	const endSize = 22
	tail := make([]byte, min(length, endSize+1<<16))
	if _, err := at.ReadAt(tail, length-int64(len(tail))); err != nil && err != io.EOF {
		return err
	}
	i := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if i < 0 || len(tail)-i < endSize {
		return io.ErrUnexpectedEOF
	}
	start := int64(tail[i+16]) | int64(tail[i+17])<<8 | int64(tail[i+18])<<16 | int64(tail[i+19])<<24
	if end := length - int64(len(tail)-i); start == 1<<32-1 || end-start > maxDirectory {
		return fmt.Errorf("its directory is larger than %s: %w", size(maxDirectory), ErrPacked)
	}
	return nil
}

// plainText makes UTF-8 of UTF-16, and refuses what is no text.
func plainText(in *bufio.Reader) (io.Reader, error) {
	head, _ := in.Peek(2)
	var r io.Reader = in
	switch string(head) {
	case "\xff\xfe":
		r = unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Reader(in)
	case "\xfe\xff":
		r = unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM).NewDecoder().Reader(in)
	}
	return unarmor(&noNULs{r: r}), nil
}

// noNULs ends a text at the first NUL, which no text has: it is a file of another kind, or
// one that was torn.
type noNULs struct {
	r    io.Reader
	read int64
	err  error
}

func (t *noNULs) Read(p []byte) (int, error) {
	if t.err != nil {
		return 0, t.err
	}
	n, err := t.r.Read(p)
	if i := bytes.IndexByte(p[:n], 0); i >= 0 {
		t.err = fmt.Errorf("byte %d is NUL: %w", t.read+int64(i), ErrBinary)
		return i, t.err
	}
	t.read += int64(n)
	return n, err
}
