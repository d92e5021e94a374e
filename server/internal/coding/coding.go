// Package coding undoes content codings, as far as the beginning of a page is to be read.
package coding

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// maxWindow is what a window of zstd may have on the web (RFC 9659), in bytes. One of brotli has
// 16 MiB at most, by its format (RFC 7932, section 9.1), and one of gzip 32 KiB.
const maxWindow = 8 << 20

// Need says how much of what was packed is to be at hand, at most, before Head gives limit bytes of it,
// as far as the beginning of it tells: text does not grow by being packed, and zstd gives its first
// block only when that is whole. It is 0 where Head knows nothing of the coding, and never
// more than a block and some octets above the limit.
func Need(coding string, beginning []byte, limit int) int {
	switch fold(coding) {
	case "", "identity", "gzip", "x-gzip", "br":
		return limit
	case "zstd":
		var h zstd.Header
		if h.Decode(beginning) == nil && h.FirstBlock.OK {
			const blockHeader = 3
			return max(limit, h.HeaderSize+blockHeader+min(h.FirstBlock.CompressedSize, maxBlock))
		}
		return limit
	}
	return 0
}

// maxBlock is what a block of zstd holds (RFC 8878, section 3.1.1.2), in bytes.
const maxBlock = 128 << 10

func fold(coding string) string { return strings.ToLower(strings.TrimSpace(coding)) }

// Head returns the beginning of what was packed, at most limit bytes of it. Coding is what
// Content-Encoding says: gzip, br, zstd or identity, in any case; of others, and of several at
// once, nothing is known. Packed may be cut off anywhere, and damaged: what can be read before
// that place is returned. zstd gives whole blocks only, which hold 128 KiB.
//
// However much the packed bytes stand for, no more is unpacked than the limit and a window, which
// is what decoders hold back.
func Head(coding string, packed []byte, limit int) []byte {
	src := bytes.NewReader(packed)
	head := make([]byte, limit)
	n := 0
	switch fold(coding) {
	case "", "identity":
		n = copy(head, packed)
	case "gzip", "x-gzip":
		z := gzips.Get().(*gzip.Reader)
		defer gzips.Put(z)
		if z.Reset(src) == nil {
			n, _ = io.ReadFull(z, head)
		}
	case "br":
		z := brotlis.Get().(*brotli.Reader)
		defer brotlis.Put(z)
		if z.Reset(src) == nil {
			n, _ = io.ReadFull(z, head)
		}
	case "zstd":
		z, ok := zstds.Get().(*zstd.Decoder)
		if !ok {
			return nil
		}
		defer zstds.Put(z)
		if z.Reset(src) == nil {
			n, _ = io.ReadFull(z, head)
		}
	}
	return head[:n]
}

// Decoders are used again: their tables and windows are most of what a page costs.
var (
	gzips   = sync.Pool{New: func() any { return new(gzip.Reader) }}
	brotlis = sync.Pool{New: func() any { return brotli.NewReader(nil) }}
	zstds   = sync.Pool{New: func() any {
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil
		}
		return z
	}}
)
