package main

import (
	"hash/fnv"
	"io"

	"github.com/cache-aware/casper/vectors"
)

// sum is FNV-1a over the texts of all vectors, each with an octet 255 behind it: the tests of
// packages that are not made of the files themselves compute it, too.
func sum(all []vectors.Vector) uint64 {
	h := fnv.New64a()
	add := func(texts ...string) {
		for _, s := range texts {
			io.WriteString(h, s)
			h.Write([]byte{0xff})
		}
	}
	text := func(s *string) {
		if s != nil {
			add(*s)
		}
	}
	for _, v := range all {
		add(v.ID, v.Format, v.Op, v.Comment)
		add(v.Input.Names...)
		add(v.Input.NamesHex...)
		add(v.Input.Keys...)
		add(v.Expect.Keys...)
		add(v.Expect.KeysBeforeError...)
		text(v.Input.BytesHex)
		text(v.Input.Text)
		text(v.Input.Header)
		text(v.Expect.BytesHex)
		text(v.Expect.Text)
		if v.Expect.Error != "" {
			add(v.Expect.Error)
		}
	}
	return h.Sum64()
}
