package testee

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/cache-aware/casper/vectors"
	"github.com/cache-aware/casper/vectors/conformance"
	"github.com/cache-aware/casper/vectors/internal/manifest"
)

// FuzzAnswer: whatever is asked, the answer is one thing and not another, and an
// error is of the closed list. What was encoded is decoded again.
func FuzzAnswer(f *testing.F) {
	all, err := vectors.All()
	if err != nil {
		f.Fatal(err)
	}
	m, err := manifest.Read(vectors.Files)
	if err != nil {
		f.Fatal(err)
	}
	for i, v := range all {
		if i%7 != 0 || v.Input.Text != nil && len(*v.Input.Text) > 1000 {
			continue
		}
		line, err := json.Marshal(conformance.Request{ID: v.ID, Format: v.Format, Op: v.Op, Params: v.Params, Input: v.Input})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var q conformance.Request
		if json.Unmarshal(line, &q) != nil {
			return
		}
		r := Casper.Answer(q)
		if (r.OK != nil) == (r.Error != "") || r.Skip != "" {
			t.Fatalf("%s: %+v", line, r)
		}
		if r.Error != "" {
			if m.Errors[r.Error] == "" {
				t.Fatalf("%s: there is no error %q", line, r.Error)
			}
			return
		}
		if q.Op != "encode" || strings.HasPrefix(q.Format, "rice-delta") { // whose first value and count travel outside
			return
		}
		back := Casper.Answer(conformance.Request{Format: q.Format, Op: "decode", Params: q.Params, Input: vectors.Input{BytesHex: r.OK.BytesHex}})
		if back.OK == nil {
			// Padding that is no continuation bit is ambiguous without a count: GCS-8.
			if q.Format == "raw" {
				return
			}
			t.Fatalf("%s: encoded as %s, which is refused: %+v", line, *r.OK.BytesHex, back)
		}
		if len(back.OK.Keys) != len(r.OK.Keys) && q.Format != "raw" {
			t.Fatalf("%s: keys %v come back as %v", line, r.OK.Keys, back.OK.Keys)
		}
	})
}
