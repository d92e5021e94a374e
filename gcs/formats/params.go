package formats

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/cache-aware/casper/gcs"
)

// A Param is a parameter that a format takes. It is a number, unless Words or Octets
// says otherwise.
type Param struct {
	Name string // in JSON, such as "capacity_bits"
	Flag string // on a command line, such as "capacity-bits"
	Help string // what it is, in a clause for a person

	Low, High int64  // the least and the largest number
	Default   *int64 // the number where none is given; nil if it must be given or follows from the set

	Words  []string // of a word: what it can be; the first is the default
	Octets int      // of octets, such as a key of the hash: how many, written in hex
	Fewer  bool     // of octets: there may be fewer

	Phrase string // how a person says it, with %s for the value: "%s capacity bits"; empty for name and value
}

// Range says what the parameter can be: "1 to 15", "msb or lsb", "16 octets in hex".
func (p Param) Range() string {
	switch {
	case p.Words != nil:
		return strings.Join(p.Words, " or ")
	case p.Fewer:
		return fmt.Sprintf("up to %d octets in hex", p.Octets)
	case p.Octets > 0:
		return fmt.Sprintf("%d octets in hex", p.Octets)
	}
	return short(p.Low) + " to " + short(p.High)
}

// short writes large numbers near a power of two as that.
func short(v int64) string {
	switch k := bits.Len64(uint64(v)); {
	case v < 1<<16:
	case v == 1<<(k-1):
		return fmt.Sprintf("2^%d", k-1)
	case v == 1<<k-1:
		return fmt.Sprintf("2^%d-1", k)
	}
	return strconv.FormatInt(v, 10)
}

// A ParamError says what is wrong with a parameter. It wraps a *[gcs.Error] of the kind
// [gcs.BadParameter].
type ParamError struct {
	Name string // of the parameter, in JSON
	Is   string // what it is: completes "The parameter is"
}

// Error returns one line, as that of a *[gcs.Error].
func (e *ParamError) Error() string {
	detail := e.Name + " is " + e.Is
	if e.Is == missing {
		detail = "the parameter " + detail
	}
	return (&gcs.Error{Layer: gcs.SetLayer, Kind: gcs.BadParameter, Detail: detail}).Error()
}

// Unwrap returns a *[gcs.Error].
func (e *ParamError) Unwrap() error {
	return &gcs.Error{Layer: gcs.SetLayer, Kind: gcs.BadParameter, Detail: e.Name + " is " + e.Is}
}

const missing = "missing"

// wrong returns the error of a parameter.
func (p Param) wrong(format string, args ...any) error {
	return &ParamError{p.Name, fmt.Sprintf(format, args...)}
}

// badParam is the error of an operation or a parameter that a format does not have.
func badParam(format string, args ...any) error {
	return &gcs.Error{Layer: gcs.SetLayer, Kind: gcs.BadParameter, Detail: fmt.Sprintf(format, args...)}
}

// Params are the values of parameters by their names, as in the conformance protocol's
// JSON. The zero Params give none, and a copy can be changed without changing the
// original. A format refuses a name that its [Format.Params] do not have.
type Params struct {
	Lenient bool // read as the deployed reader does; every format takes it
	given   []given
}

// given is one value.
type given struct {
	name   string
	number int64
	word   string
	isWord bool
}

// SetNumber gives a number.
func (p *Params) SetNumber(name string, v int64) { p.set(given{name: name, number: v}) }

// SetWord gives a word, or octets in hex. The empty word takes the value away.
func (p *Params) SetWord(name, word string) {
	p.set(given{name: name, word: word, isWord: true})
	if word == "" {
		p.given = p.given[:len(p.given)-1]
	}
}

// set gives a value in the place of another.
func (p *Params) set(v given) {
	kept := make([]given, 0, len(p.given)+1)
	for _, g := range p.given {
		if g.name != v.name {
			kept = append(kept, g)
		}
	}
	p.given = append(kept, v)
}

// Text returns the value that was given under a name, as text, and whether there is
// one.
func (p Params) Text(name string) (text string, ok bool) {
	g, ok := p.find(name)
	if ok && !g.isWord {
		return strconv.FormatInt(g.number, 10), true
	}
	return g.word, ok
}

// Number returns the number that was given under a name, and whether there is one.
func (p Params) Number(name string) (v int64, ok bool) {
	g, ok := p.find(name)
	return g.number, ok && !g.isWord
}

func (p *Params) find(name string) (given, bool) {
	for _, g := range p.given {
		if g.name == name {
			return g, true
		}
	}
	return given{}, false
}

// UnmarshalJSON reads an object whose members are integers of 64 bits and strings, the empty
// one among them, and "lenient", a boolean. A null gives nothing.
func (p *Params) UnmarshalJSON(data []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	*p = Params{}
	for name, value := range all {
		var err error
		switch {
		case name == "lenient":
			err = json.Unmarshal(value, &p.Lenient)
		case string(value) == "null":
		case value[0] == '"':
			var word string
			err = json.Unmarshal(value, &word)
			p.set(given{name: name, word: word, isWord: true})
		default:
			var v int64
			err = json.Unmarshal(value, &v)
			p.SetNumber(name, v)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// with returns p with a number besides.
func (p Params) with(param Param, v int64) Params {
	p.SetNumber(param.Name, v)
	return p
}

// withWord returns p with a word besides.
func (p Params) withWord(param Param, word string) Params {
	p.SetWord(param.Name, word)
	return p
}

// has reports whether a parameter was given.
func (p Params) has(param Param) bool {
	_, ok := p.find(param.Name)
	return ok
}

// judge refuses a value that the parameter cannot have, whatever the others are.
func (p Params) judge(param Param) (err error) {
	switch {
	case param.Words != nil:
		_, err = p.word(param)
	case param.Fewer:
		text, _ := p.Text(param.Name)
		if octets, bad := hex.DecodeString(text); bad != nil || len(octets) == 0 || len(octets) > param.Octets {
			err = param.wrong("%s, not %q", param.Range(), text)
		}
	case param.Octets > 0:
		_, err = p.octets(param)
	default:
		_, err = p.number(param)
	}
	return err
}

// number returns a number, which must be given unless it has a default, and lie within
// its bounds.
func (p Params) number(param Param) (int64, error) {
	g, ok := p.find(param.Name)
	switch {
	case !ok && param.Default != nil:
		return *param.Default, nil
	case !ok:
		return 0, param.wrong(missing)
	case g.isWord:
		return 0, param.wrong("a number, not %q", g.word)
	case g.number < param.Low || g.number > param.High:
		return 0, param.wrong("%d to %d, not %d", param.Low, param.High, g.number)
	}
	return g.number, nil
}

// word returns which of its words a parameter is; not given, it is the first.
func (p Params) word(param Param) (int, error) {
	g, ok := p.find(param.Name)
	if !ok {
		return 0, nil
	}
	i := slices.Index(param.Words, g.word)
	if i < 0 {
		text, _ := p.Text(param.Name)
		return 0, param.wrong("%s, not %q", param.Range(), text)
	}
	return i, nil
}

// octets returns the octets of a key, which must be given.
func (p Params) octets(param Param) (key [16]byte, err error) {
	text, _ := p.Text(param.Name)
	octets, err := hex.DecodeString(text)
	if err == nil && len(octets) == 2*len(key) {
		return key, param.wrong("%s, not %d: a block's hash is none", param.Range(), len(octets))
	}
	if err != nil || len(octets) != len(key) {
		return key, param.wrong("%s, not %q", param.Range(), text)
	}
	return [16]byte(octets), nil
}

// agree refuses a number that was given and is not what the value says.
func (p Params) agree(param Param, is int64, where string) error {
	if v, ok := p.Number(param.Name); ok && v != is {
		return param.wrong("%d in the %s, not %d", is, where, v)
	}
	return nil
}
