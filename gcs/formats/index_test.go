package formats_test

import (
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs/formats"
)

// An encoder knows keys, not bits.
func TestEncodeErrorNamesTheIndex(t *testing.T) {
	h2o, ok := formats.Lookup("h2o")
	if !ok {
		t.Fatal("no h2o")
	}
	_, err := h2o.EncodeKeys(formats.Params{}, []uint64{3, 8192})
	if err == nil || !strings.Contains(err.Error(), "at index 1: ") {
		t.Error(err)
	}
}
