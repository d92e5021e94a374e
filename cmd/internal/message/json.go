package message

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// deepest is how far objects and lists may be within each other.
const deepest = 32

// JSON finds the values in JSON of the API of Safe Browsing v4 and v5, of Web Risk, and of
// getblockfilter, whatever is around them. Fields that are left out are 0. Names are taken in
// lowerCamelCase or with underscores.
//
// An error of r is returned as it is. Memory is about five times the longest text in it.
func JSON(r io.Reader) ([]Value, error) {
	doc, err := parse(r)
	if err != nil {
		return nil, err
	}
	var f finder
	f.walk(doc, "", 0)
	if f.err == nil && len(f.found) == 0 {
		f.err = ErrNone
	}
	return f.found, f.err
}

// parse reads a document, and keeps nothing else.
func parse(r io.Reader) (doc any, err error) {
	d := json.NewDecoder(r)
	d.UseNumber()
	var wrong *json.SyntaxError
	switch err := d.Decode(&doc); {
	case errors.As(err, &wrong), err == io.EOF, err == io.ErrUnexpectedEOF:
		return nil, fmt.Errorf("this is no JSON: %w", err)
	case err != nil:
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("this is no JSON: something follows it")
	}
	return doc, nil
}

// list is a message of one list by the name of its field.
type list struct {
	bits  int      // of v5; 0 is v4
	parts []string // fields of the first value
}

var (
	four  = list{32, []string{"firstValue"}}
	lists = map[string]list{
		"additionsFourBytes":      four,
		"compressedRemovals":      four,
		"additionsEightBytes":     {64, []string{"firstValue"}},
		"additionsSixteenBytes":   {128, []string{"firstValueHi", "firstValueLo"}},
		"additionsThirtyTwoBytes": {256, []string{"firstValueFirstPart", "firstValueSecondPart", "firstValueThirdPart", "firstValueFourthPart"}},
		"riceHashes":              {0, []string{"firstValue"}},
		"riceIndices":             {0, []string{"firstValue"}},
	}
)

type finder struct {
	found []Value
	err   error // the first
}

// object is a JSON object with the names of its members in lowerCamelCase.
type object map[string]any

func camel(m map[string]any) object {
	o := object{}
	for name, v := range m {
		words := strings.Split(name, "_")
		for i, w := range words[1:] {
			if w != "" {
				words[i+1] = strings.ToUpper(w[:1]) + w[1:]
			}
		}
		o[strings.Join(words, "")] = v
	}
	return o
}

func (f *finder) walk(node any, where string, depth int) {
	if depth > deepest || f.err != nil {
		return
	}
	switch node := node.(type) {
	case []any:
		for i, n := range node {
			place := join(where, strconv.Itoa(i))
			if m, ok := n.(map[string]any); ok && m["name"] != nil {
				place = where
			}
			f.walk(n, place, depth+1)
		}
	case map[string]any:
		o := camel(node)
		if name, ok := o["name"].(string); ok && name != "" {
			where = join(where, printable(name))
		}
		from := len(f.found)
		for _, name := range slices.Sorted(mapKeys(o)) {
			f.member(o, name, where, depth)
		}
		f.sum(o, f.found[from:])
	}
}

// mapKeys are the names of an object's members.
func mapKeys(o object) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for name := range o {
			if !yield(name) {
				return
			}
		}
	}
}

// member looks at one member.
func (f *finder) member(o object, name, where string, depth int) {
	value := o[name]
	if l, ok := lists[name]; ok {
		all, several := value.([]any) // Web Risk has several
		if !several {
			all = []any{value}
		}
		for _, v := range all {
			if m, ok := v.(map[string]any); ok {
				f.list(camel(m), l, join(where, name), name == "compressedRemovals" || name == "riceIndices")
			}
		}
		return
	}
	text, isText := value.(string)
	switch {
	case !isText:
		f.walk(value, where, depth+1)
	case name == "filter", name == "data", name == "encodedData" && o["riceParameter"] == nil:
		octets, _, err := Text([]byte(text))
		if err != nil {
			f.fail(join(where, name), err)
			return
		}
		v := Value{Octets: octets, Where: join(where, name)}
		if name == "filter" {
			v.Header, _ = o["header"].(string)
		}
		f.found = append(f.found, v)
	}
}

func (f *finder) list(o object, l list, where string, indices bool) {
	var parts []uint64
	for _, name := range l.parts {
		high := uint64(math.MaxUint64)
		if l.bits <= 32 {
			high = math.MaxUint32
		}
		parts = append(parts, f.number(o, name, where, high))
	}
	rice := int64(f.number(o, "riceParameter", where, 255))
	count := f.number(o, "entriesCount", where, math.MaxInt32)
	for _, older := range []string{"numEntries", "entryCount"} {
		if o[older] != nil {
			count = f.number(o, older, where, math.MaxInt32)
		}
	}
	text, isText := o["encodedData"].(string)
	if o["encodedData"] != nil && !isText {
		f.fail(where, errors.New("encodedData is no text"))
	}
	data, ok := fromBase64(text) // never hex
	if !ok {
		f.fail(where, fmt.Errorf("encodedData is no base64: %.40q", text))
	}
	if f.err != nil {
		return
	}
	v := Value{Format: "rice-delta", Params: numbered("first", int64(parts[0]), "rice", rice, "count", int64(count)), Octets: data}
	if l.bits > 0 {
		v = v5(l.bits, parts, rice, int64(count), data)
	}
	v.Where, v.Indices = where, indices
	f.found = append(f.found, v)
}

// number is a member that is a number, in quotes or not; 0 if it is not there.
func (f *finder) number(o object, name, where string, high uint64) uint64 {
	if o[name] == nil {
		return 0
	}
	n, err := strconv.ParseUint(fmt.Sprint(o[name]), 10, 64)
	if err != nil || n > high {
		f.fail(where, fmt.Errorf("%s is no number from 0 to %d: %.40q", name, high, fmt.Sprint(o[name])))
	}
	return n
}

// sum gives the checksum of a whole list to its additions.
func (f *finder) sum(o object, found []Value) {
	text, ok := o["sha256Checksum"].(string)
	if partial, _ := o["partialUpdate"].(bool); !ok || partial {
		return
	}
	sum, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return
	}
	whole(found, sum)
}

// whole gives a checksum to the one list of additions that it is of.
func whole(found []Value, sum []byte) {
	for i := range found {
		if len(sum) == 32 && !found[i].Indices {
			found[i].SHA256 = sum
		}
	}
}

func (f *finder) fail(where string, err error) {
	if f.err == nil {
		f.err = fmt.Errorf("%s: %w", where, err)
	}
}

func join(where, name string) string {
	if where == "" {
		return name
	}
	return where + ": " + name
}

// printable drops what a terminal would obey.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s[:min(len(s), 60)])
}
