package learn

import (
	"reflect"
	"testing"

	"github.com/cache-aware/casper/server/link"
)

// Each field of an asset tells it from another, those that are added some day included, and so does the place
// of a text among the fields.
func TestDigestHasEveryField(t *testing.T) {
	m, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[uint64]string{m.digest(&link.Asset{}): "none"}
	for i := range reflect.TypeFor[link.Asset]().NumField() {
		var a link.Asset
		name := reflect.TypeFor[link.Asset]().Field(i).Name
		switch f := reflect.ValueOf(&a).Elem().Field(i); f.Kind() {
		case reflect.String:
			f.SetString("/a.css")
		case reflect.Bool:
			f.SetBool(true)
		default:
			f.SetUint(3)
		}
		d := m.digest(&a)
		if other, ok := seen[d]; ok {
			t.Errorf("%s and %s are one", name, other)
		}
		seen[d] = name
	}
}
