package testee

import (
	"testing"

	"github.com/cache-aware/casper/gcs/formats"
	"github.com/cache-aware/casper/vectors"
	"github.com/cache-aware/casper/vectors/conformance"
)

// TestVectors asks this library every vector, strictly and leniently, and accepts
// no other error kind, place or keys in front of the fault either.
func TestVectors(t *testing.T) {
	all, err := vectors.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, lenient := range []bool{false, true} {
		for _, v := range all {
			for _, complaint := range conformance.Check(v, lenient, Casper) {
				t.Errorf("%s (lenient %v): %s\n%s %s", v.ID, lenient, complaint, v.Params, v.Comment)
			}
		}
	}
}

// Every format has vectors for each operation that it claims. CONTRIBUTING.md says how
// they are made.
func TestEveryFormatHasVectors(t *testing.T) {
	all, err := conformance.Selection{}.Select()
	if err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{}
	for _, v := range all {
		has[v.Format], has[v.Format+"."+v.Op] = true, true
	}
	for _, f := range formats.All() {
		if !has[f.Name] {
			t.Errorf("no vectors of %s", f.Name)
			continue
		}
		for _, op := range []string{"hash", "encode", "decode", "query"} {
			if f.Supports(op) && !has[f.Name+"."+op] {
				t.Errorf("no vectors of %s.%s", f.Name, op)
			}
		}
	}
}
