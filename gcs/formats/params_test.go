package formats_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs/formats"
)

// params makes parameters of names and values in turn: numbers and words.
func params(pairs ...any) (p formats.Params) {
	for i := 0; i < len(pairs); i += 2 {
		name := pairs[i].(string)
		switch v := pairs[i+1].(type) {
		case string:
			p.SetWord(name, v)
		case int:
			p.SetNumber(name, int64(v))
		case int64:
			p.SetNumber(name, v)
		case *int64:
			if v != nil {
				p.SetNumber(name, *v)
			}
		default:
			panic(fmt.Sprintf("%s is a %T", name, v))
		}
	}
	return p
}

// What a format says of itself is complete, and formats that share the name of a
// parameter share its flag and kind: a command has one flag for both.
func TestFormatsDescribeThemselves(t *testing.T) {
	flags := map[string]formats.Param{}
	for _, f := range formats.All() {
		if f.Name == "" || f.Title == "" || strings.HasSuffix(f.Title, ".") {
			t.Errorf("%q: the title is %q", f.Name, f.Title)
		}
		if f.Supports("hash") && (f.Names == "" || f.Key == "") {
			t.Errorf("%s: nothing says what its names are (%q), or its keys (%q)", f.Name, f.Names, f.Key)
		}
		if f.HasHeader && !f.HasText {
			t.Errorf("%s: a header of values without a text form", f.Name)
		}
		for _, p := range f.Params {
			switch {
			case p.Name == "" || p.Flag == "" || p.Help == "":
				t.Errorf("%s: the parameter %q lacks its flag or what it is", f.Name, p.Name)
			case isNumber(p) && (p.Low > p.High || p.Default != nil && (*p.Default < p.Low || *p.Default > p.High)):
				t.Errorf("%s: %s is %s, by default %d", f.Name, p.Name, p.Range(), p.Default)
			case p.Words != nil && p.Octets > 0:
				t.Errorf("%s: %s is a word and octets", f.Name, p.Name)
			}
			if q, ok := flags[p.Name]; ok && (q.Flag != p.Flag || isNumber(q) != isNumber(p)) {
				t.Errorf("%s: %s is --%s here, --%s elsewhere, or of another kind", f.Name, p.Name, p.Flag, q.Flag)
			}
			flags[p.Name] = p
		}
	}
}

// Parameters are values: a change of one copy is none of the other.
func TestParamsAreValues(t *testing.T) {
	p := params("p", 20, "run", "ones-zero")
	q := p
	q.SetNumber("p", 19)
	q.SetWord("run", "")
	if n, ok := p.Number("p"); n != 20 || !ok {
		t.Errorf("p is %d, %t", n, ok)
	}
	if w, ok := p.Text("run"); w != "ones-zero" || !ok {
		t.Errorf("run is %q, %t", w, ok)
	}
	if w, ok := q.Text("run"); w != "" || ok {
		t.Errorf("run is %q, %t, and was taken away", w, ok)
	}
	if _, ok := p.Number("run"); ok {
		t.Error("a word is a number")
	}
}

func TestParamsFromJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                                  "map[] false",
		`{"p":19,"lenient":true,"run":"msb"}`: "map[p:19 run:msb] true",
		`{"p":null}`:                          "map[] false",
		`{"p":1.5}`:                           "error",
		`{"p":9223372036854775808}`:           "error",
		`{"p":[1]}`:                           "error",
		`{"lenient":1}`:                       "error",
		`[]`:                                  "error",
	} {
		var p formats.Params
		got := "error"
		if err := json.Unmarshal([]byte(text), &p); err == nil {
			all := map[string]string{}
			for _, name := range []string{"p", "run"} {
				if v, ok := p.Text(name); ok {
					all[name] = v
				}
			}
			got = fmt.Sprint(all, p.Lenient)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// A parameter's error names it, apart from what it is, for programs that know it by
// another name.
func TestParamError(t *testing.T) {
	h2o := format(t, "h2o")
	_, err := h2o.Decode(params("capacity_bits", 16), formats.Input{Text: ""})
	want := "set: bad-parameter at bit 0: capacity_bits is 1 to 15, not 16"
	if e, ok := err.(*formats.ParamError); !ok || e.Name != "capacity_bits" || e.Is != "1 to 15, not 16" || err.Error() != want {
		t.Errorf("%T: %v", err, err)
	}
}

// A parameter that is no such value is refused in every operation, whether it needs the parameter or
// not, and before anything else is looked at.
func TestParamsAreJudgedEverywhere(t *testing.T) {
	ops := map[string]func(f *formats.Format, p formats.Params) error{
		"Hash": func(f *formats.Format, p formats.Params) error { _, err := f.Hash(p, []string{"name"}); return err },
		"EncodeNames": func(f *formats.Format, p formats.Params) error {
			_, err := f.EncodeNames(p, []string{"name"})
			return err
		},
		"EncodeKeys": func(f *formats.Format, p formats.Params) error { _, err := f.EncodeKeys(p, []uint64{1}); return err },
		"Decode": func(f *formats.Format, p formats.Params) error {
			_, err := f.Decode(p, formats.Input{Text: "*"})
			return err
		},
		"QueryNames": func(f *formats.Format, p formats.Params) error {
			_, err := f.QueryNames(p, formats.Input{Text: "*"}, []string{"name"})
			return err
		},
		"QueryKeys": func(f *formats.Format, p formats.Params) error {
			_, err := f.QueryKeys(p, formats.Input{Text: "*"}, []uint64{1})
			return err
		},
	}
	for _, f := range formats.All() {
		for _, param := range f.Params {
			bad := []string{`"other"`, `""`, "7"}
			switch {
			case isNumber(param):
				bad = []string{fmt.Sprint(param.Low - 1), fmt.Sprint(param.High + 1), `"1"`, `""`}
			case param.Octets > 0:
				bad = []string{`"0x000000"`, `""`, `"00000000000000000000000000000000000000000000000000000000000000000000"`, "7"}
			}
			for _, value := range bad {
				var p formats.Params
				if err := json.Unmarshal(fmt.Appendf(nil, `{%q:%s}`, param.Name, value), &p); err != nil {
					t.Fatal(err)
				}
				for name, op := range ops {
					if name == "Hash" && !f.Supports("hash") || strings.HasPrefix(name, "Encode") && !f.Supports("encode") || name == "EncodeNames" && !f.Supports("hash") ||
						name == "Decode" && !f.Supports("decode") || name == "QueryNames" && !f.Supports("hash") && f.Supports("decode") || name == "QueryKeys" && !f.Supports("decode") {
						continue
					}
					var wrong *formats.ParamError
					if err := op(f, p); !errors.As(err, &wrong) || wrong.Name != param.Name {
						t.Errorf("%s.%s, %s %s: %v", f.Name, name, param.Name, value, err)
					}
				}
			}
		}
	}
}

// A width that no key has is no reason to make room for one.
func TestWordsOfNoWidth(t *testing.T) {
	f := format(t, "rice-delta-v5")
	for _, bits := range []int64{-64, 0, 96, 320, 1<<32 + 64, math.MaxInt64} {
		if n := f.Words(params("bits", bits)); n != 1 {
			t.Errorf("keys of %d bits have %d words", bits, n)
		}
	}
}
