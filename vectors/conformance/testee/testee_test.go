package testee

import (
	"testing"

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
			for _, complaint := range conformance.Check(v, lenient, Casper{}) {
				t.Errorf("%s (lenient %v): %s\n%s %s", v.ID, lenient, complaint, v.Params, v.Comment)
			}
		}
	}
}
