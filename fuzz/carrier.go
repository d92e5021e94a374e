package fuzz

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing/iotest"
)

// Transcript writes down all that a reader yields, so that two readings can be
// compared.
func Transcript[T any](seq iter.Seq2[T, error]) string {
	var b strings.Builder
	for v, err := range seq {
		fmt.Fprintf(&b, "%+v %v\n", v, err)
	}
	return b.String()
}

// SameInPieces fails unless data gives the same, however it comes in: at once, with
// the end in the same call as the data, in halves, and by single octets. It
// returns what that is.
func SameInPieces(data []byte, read func(io.Reader) string) string {
	want := read(bytes.NewReader(data))
	pieces := map[string]io.Reader{
		"with the end at once": iotest.DataErrReader(bytes.NewReader(data)),
		"in halves":            iotest.HalfReader(bytes.NewReader(data)),
	}
	if len(data) < 1<<14 {
		pieces["by octets"] = iotest.OneByteReader(bytes.NewReader(data))
	}
	for how, r := range pieces {
		if got := read(r); got != want {
			Failf("%q read %s:\n%s\nat once:\n%s", data, how, got, want)
		}
	}
	return want
}

// CookieLike returns the characters of data that either base64 alphabet has: any
// data makes a value that could stand in a cookie.
func CookieLike(data []byte) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.ContainsRune("-_+/", c) {
			return c
		}
		return -1
	}, string(data))
}
