package vectors_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/vectors"
	"github.com/cache-aware/casper/vectors/internal/manifest"
)

// TestSchemas checks every file against its schema. The checker below knows the
// part of JSON Schema 2020-12 that they use, and refuses the rest.
func TestSchemas(t *testing.T) {
	m, err := manifest.Read(vectors.Files)
	if err != nil {
		t.Fatal(err)
	}
	check := func(name, schemaName string) {
		root := parse(t, schemaName).(map[string]any)
		for _, complaint := range (schema{root}).check(root, parse(t, name), name) {
			t.Error(complaint)
		}
	}
	check("manifest.json", "schema/manifest.json")
	for _, f := range m.Files {
		check(f.Path, f.Schema)
	}
}

// TestSchemaRefuses makes sure that the schema, and its checker, refuse anything
// at all.
func TestSchemaRefuses(t *testing.T) {
	good := `{"id":"a","format":"raw","op":"encode","since":"1.0.0","comment":"","spec":["GCS-1"],"flags":[],"params":{},"input":{"keys":["0"]},"expect":{"keys":[]}}`
	root := parse(t, "schema/vectors.json").(map[string]any)
	check := func(text string) []string {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		return (schema{root}).check(map[string]any{"$ref": "#/$defs/vector"}, v, "vector")
	}
	if bad := check(good); bad != nil {
		t.Fatalf("the good vector: %v", bad)
	}
	for _, swap := range [][2]string{
		{`"id":"a"`, `"id":"A"`}, {`"raw"`, `"rice"`}, {`"encode"`, `"recode"`}, {`"1.0.0"`, `"1"`}, {`"comment":"",`, ``},
		{`["GCS-1"]`, `[]`}, {`["GCS-1"]`, `["GCS-1","GCS-1"]`}, {`["GCS-1"]`, `["GCS"]`}, {`"flags":[]`, `"flags":["odd"]`}, {`"params":{}`, `"params":{"q":1}`},
		{`"params":{}`, `"params":{"p":1.5}`}, {`"params":{}`, `"params":{"p":"1"}`}, {`["0"]`, `["00"]`}, {`["0"]`, `[0]`}, {`{"keys":[]}`, `{}`},
		{`{"keys":[]}`, `{"error":"odd"}`}, {`{"keys":[]}`, `{"error":"limit","offset":-1}`}, {`{"keys":[]}`, `[]`}, {`{"keys":[]}`, `{"bytes_hex":"A0"}`},
	} {
		if check(strings.Replace(good, swap[0], swap[1], 1)) == nil {
			t.Errorf("%s for %s is accepted", swap[1], swap[0])
		}
	}
}

func parse(t *testing.T, name string) (v any) {
	t.Helper()
	data, err := vectors.Files.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(data, &v)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

type schema struct{ root map[string]any }

var patterns = map[string]*regexp.Regexp{}

// pattern is the expression, compiled once.
func pattern(text string) *regexp.Regexp {
	if patterns[text] == nil {
		patterns[text] = regexp.MustCompile(text)
	}
	return patterns[text]
}

// check returns what is wrong with v.
func (s schema) check(rules map[string]any, v any, at string) (bad []string) {
	complain := func(format string, args ...any) {
		bad = append(bad, at+": "+fmt.Sprintf(format, args...))
	}
	for word, rule := range rules {
		switch word {
		case "$schema", "title", "description", "$defs":
		case "$ref":
			name, ok := strings.CutPrefix(rule.(string), "#/$defs/")
			def, there := s.root["$defs"].(map[string]any)[name].(map[string]any)
			if !ok || !there {
				complain("the schema refers to %v", rule)
				continue
			}
			bad = append(bad, s.check(def, v, at)...)
		case "type":
			if !is(rule.(string), v) {
				complain("%v is no %v", v, rule)
			}
		case "const":
			if !reflect.DeepEqual(rule, v) {
				complain("%v is not %v", v, rule)
			}
		case "enum":
			if !slices.Contains(rule.([]any), v) {
				complain("%v is none of %v", v, rule)
			}
		case "pattern":
			if text, ok := v.(string); ok && !pattern(rule.(string)).MatchString(text) {
				complain("%q does not match %v", text, rule)
			}
		case "minimum":
			if n, ok := v.(float64); ok && n < rule.(float64) {
				complain("%v is below %v", n, rule)
			}
		case "minItems":
			if all, ok := v.([]any); ok && len(all) < int(rule.(float64)) {
				complain("only %d items", len(all))
			}
		case "uniqueItems":
			all, _ := v.([]any)
			for i, item := range all {
				if slices.Contains(all[:i], item) {
					complain("%v is there twice", item)
				}
			}
		case "items":
			all, _ := v.([]any)
			for i, item := range all {
				bad = append(bad, s.check(rule.(map[string]any), item, fmt.Sprintf("%s[%d]", at, i))...)
			}
		case "minProperties":
			if members, ok := v.(map[string]any); ok && len(members) < int(rule.(float64)) {
				complain("only %d members", len(members))
			}
		case "required":
			if members, ok := v.(map[string]any); ok {
				for _, name := range rule.([]any) {
					if _, there := members[name.(string)]; !there {
						complain("%v is missing", name)
					}
				}
			}
		case "properties":
			members, _ := v.(map[string]any)
			for name, member := range members {
				if sub, ok := rule.(map[string]any)[name].(map[string]any); ok {
					bad = append(bad, s.check(sub, member, at+"."+name)...)
				}
			}
		case "additionalProperties":
			members, _ := v.(map[string]any)
			known, _ := rules["properties"].(map[string]any)
			for name := range members {
				if _, ok := known[name]; !ok && rule == false {
					complain("%s is no member", name)
				}
			}
		default:
			complain("the checker does not know %q", word)
		}
	}
	return bad
}

func is(kind string, v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return kind == "object"
	case []any:
		return kind == "array"
	case string:
		return kind == "string"
	case bool:
		return kind == "boolean"
	case float64:
		return kind == "number" || kind == "integer" && v == float64(int64(v))
	}
	return false
}
