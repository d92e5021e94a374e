package hash

import (
	"crypto/md5"
	"encoding/binary"
	"sync"
)

var md5s = sync.Pool{New: func() any { return &chunked{h: md5.New()} }}

// GoCasper returns the number that tcnksm/go-casper makes of a path: the last four
// octets of its MD5, big-endian. go-casper takes it modulo n*p.
//
// Source: go-casper's casper.go at 5d0c688, and the cookies of
// gcs/gocasper/testdata/go-casper.json.
func GoCasper(path string) uint32 {
	var buf [stackName]byte
	if len(path) > len(buf) {
		return binary.BigEndian.Uint32(sumLong(buf[:0], &md5s, path)[12:])
	}
	sum := md5.Sum(buf[:copy(buf[:], path)])
	return binary.BigEndian.Uint32(sum[12:])
}
