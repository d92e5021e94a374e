package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"runtime"
	"slices"

	icza "github.com/icza/bitio"
	"github.com/kkdai/bstream"

	"github.com/cache-aware/casper/gcs/casper"
)

// cookieRows compares whole cookies: text to keys, and keys to text, 1,024 different
// ones in turn. "standard" is what a Go program without a codec would do: encoding/base64
// and icza/bitio into memory that it keeps; "btcutil" is how the peers read, with that
// package's bit stream and a new list of keys each time. libh2o's figures include what its functions do besides: allocate
// and merge.
func cookieRows(h2o *libh2o) ([]row, error) {
	var rows []row
	for _, n := range []int{10, 30, 100, 1000} {
		var cookies []string
		var sets [][]casper.Key // sorted
		for i := range 1024 {
			var set []casper.Key
			for _, k := range keys(uint64(i)<<20+uint64(n), n, 1<<13) {
				set = append(set, casper.Key(k))
			}
			f := casper.New(casper.Params{}, set...)
			sets = append(sets, slices.Collect(f.All()))
			cookies = append(cookies, f.String())
		}
		var p casper.Params
		into := make([]casper.Key, 0, 2*n+64)
		text := make([]byte, 0, p.MaxText())
		read := row{group: "cookie read", name: fmt.Sprintf("n=%d", n), unit: "cookie", by: map[string]contender{
			"casper": func(i int) int {
				if _, err := p.AppendKeys(into[:0], cookies[i%len(cookies)]); err != nil {
					panic(err)
				}
				return 1
			},
			"standard": func(i int) int {
				raw, err := base64.RawURLEncoding.DecodeString(cookies[i%len(cookies)])
				if err != nil {
					panic(err)
				}
				b := icza.NewReader(bytes.NewReader(raw))
				out := into[:0]
				var next uint64
				for {
					var q uint64
					bit, err := b.ReadBool()
					for ; err == nil && !bit; bit, err = b.ReadBool() {
						q++
					}
					if err != nil {
						return 1
					}
					rem, err := b.ReadBits(6)
					if err != nil {
						return 1
					}
					next += q<<6 | rem
					out = append(out, casper.Key(next))
					next++
				}
			},
		}}
		read.by["btcutil"] = func(i int) int {
			raw, err := base64.RawURLEncoding.DecodeString(cookies[i%len(cookies)])
			if err != nil {
				panic(err)
			}
			b := bstream.NewBStreamReader(raw)
			var out []uint64
			var next uint64
			for {
				var q uint64
				bit, err := b.ReadBit()
				for ; err == nil && !bool(bit); bit, err = b.ReadBit() {
					q++
				}
				if err != nil {
					break
				}
				rem, err := b.ReadBits(6)
				if err != nil {
					break
				}
				next += q<<6 | rem
				out = append(out, next)
				next++
			}
			runtime.KeepAlive(out)
			return 1
		}
		write := row{group: "cookie write", name: fmt.Sprintf("n=%d", n), unit: "cookie", by: map[string]contender{
			"casper": func(i int) int {
				text = p.AppendValue(text[:0], sets[i%len(sets)])
				return 1
			},
		}}
		if ns := map[int]float64{10: 80, 30: 130, 100: 350}[n]; ns > 0 {
			read.goal = []goal{{"", ns}, {"btcutil", 7}}
		}
		if ns := map[int]float64{10: 85, 30: 110, 100: 280}[n]; ns > 0 {
			write.goal = []goal{{"", ns}}
		}
		if h2o != nil {
			id, err := h2o.load(13, cookies)
			if err != nil {
				return nil, err
			}
			read.by["libh2o"] = func(i int) int { panic("timed inside the C program") }
			write.by["libh2o"] = read.by["libh2o"]
			h2o.rows[read.id()] = h2oRow{id, 'R'}
			h2o.rows[write.id()] = h2oRow{id, 'W'}
		}
		rows = append(rows, read, write)
	}
	return rows, nil
}
