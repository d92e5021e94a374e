package formats

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Every field of Params is known by its JSON name to the table that finds what was
// given, and Lenient is not.
func TestParametersCoverParams(t *testing.T) {
	typ := reflect.TypeFor[Params]()
	var want []string
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		if name == "lenient" {
			continue
		}
		want = append(want, name)
		var p Params
		switch f := reflect.ValueOf(&p).Elem().Field(i); f.Kind() {
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
		case reflect.String:
			f.SetString("x")
		}
		if got := slices.Collect(p.given); !slices.Equal(got, []string{name}) {
			t.Errorf("with %s given, given yields %v", name, got)
		}
	}
	var got []string
	for _, p := range parameters {
		got = append(got, p.name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("parameters are %v, want %v", got, want)
	}
}
