package evidence_test

import (
	"fmt"
	"os"
	"slices"

	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/link"
)

// A snapshot is text that ordinary tools can compare.
func ExampleEncode() {
	sheet := evidence.Vote{Asset: link.Asset{Path: "/app.css", As: "style"}, Used: 3, Views: 3, Urgency: -1, Wanted: true, Linked: true}
	deltas := []evidence.Delta{{Page: "/", Assets: []evidence.Vote{sheet}}}
	if err := evidence.Encode(os.Stdout, slices.Values(deltas)); err != nil {
		fmt.Println(err)
	}
	// Output: {"casper":"learned model","version":1}
	// {"page":"/","views":0,"assets":[{"link":"</app.css>; rel=preload; as=style","used":3,"views":3,"urgency":-1,"order":0,"wanted":true,"seeds":1}]}
	// {"pages":1,"sha256":"7f98d124672a4243016e19249798b11d963744765f543be83995aad2ff53d329"}
}
