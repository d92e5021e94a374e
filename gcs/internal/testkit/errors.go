// Package testkit is what the tests of the packages below gcs have in common.
package testkit

import (
	"errors"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs"
)

// CheckError fails unless err is a *gcs.Error of one line, of the layer, unless that is
// 0, and of the kind, at the place. A kind of 0 wants no error.
func CheckError(t testing.TB, name string, err error, layer gcs.Layer, kind gcs.Kind, at gcs.Place) {
	t.Helper()
	var e *gcs.Error
	switch {
	case kind == 0 && err != nil:
		t.Errorf("%s: %v", name, err)
	case kind == 0:
	case !errors.As(err, &e) || e.Kind != kind || layer != 0 && e.Layer != layer || e.At != at:
		t.Errorf("%s: %v, want %v at %v", name, err, kind, at)
	case strings.Contains(err.Error(), "\n"):
		t.Errorf("%s: more than one line: %q", name, err)
	}
}

// Inside reports whether err is a *gcs.Error at a bit of a stream so many bits long, or
// right behind it.
func Inside(err error, bits int) bool {
	var e *gcs.Error
	if !errors.As(err, &e) {
		return false
	}
	at, ok := e.At.Bit()
	return ok && at <= bits
}

// CheckRefused is [CheckError] for what makes a set of keys: the place is the index of a
// key, but for a parameter, which is to blame as a whole.
func CheckRefused(t testing.TB, name string, err error, kind gcs.Kind, index int) {
	t.Helper()
	at := gcs.KeyIndex(index)
	if kind == gcs.BadParameter {
		at = gcs.Place{}
	}
	CheckError(t, name, err, gcs.SetLayer, kind, at)
}
