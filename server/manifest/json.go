package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
)

// A document is a JSON file whose value is an object, as far as its form has to be known.
type document struct {
	data  []byte
	top   map[string]json.RawMessage
	shape shape
}

// A form is one kind of JSON file: how it is told, and how it is read.
type form struct {
	name   string // as people know the file
	script bool   // it may be a script, too
	is     func(*document) bool
	read   func(*build, *document) error
}

// forms are asked in this order. Those that a field of the object gives away come first, then
// those that are told by the shape of all its values.
var forms = []form{
	{"Remix and React Router", true, hasField("entry", "routes"), (*build).remixRoutes},
	{"esbuild metafile, Angular stats.json", false, hasField("inputs", "outputs"), (*build).esbuildOutputs},
	{"webpack entrypoints", false, hasField("entrypoints"), (*build).webpackEntrypoints},
	{"Gatsby", false, isGatsby, (*build).gatsbyPages},
	{"Sprockets", false, isSprockets, (*build).sprocketsFiles},
	{"Propshaft", false, isPropshaft, (*build).propshaftFiles},
	{"push_manifest.json", false, isPush, (*build).pushPages},
	{"Next.js build-manifest.json", false, isNext, (*build).nextPages},
	{"Nuxt client manifest", true, isNuxt, (*build).nuxtChunks},
	{"Vite manifest.json", false, hasShape(shapeChunks), (*build).viteChunks},
	{"Vite ssr-manifest.json", false, modules, (*build).viteModules},
	{"webpack lists by entry", false, hasShape(shapeLists), (*build).webpackGroups},
	{"webpack entries by plugin", false, hasShape(shapeGroups), (*build).webpackGroups},
	{"webpack flat", false, hasShape(shapeFlat), (*build).webpackFlat},
}

func hasField(names ...string) func(*document) bool {
	return func(d *document) bool {
		for _, name := range names {
			if _, ok := d.top[name]; !ok {
				return false
			}
		}
		return true
	}
}

// modules tells lists by module, whose names are those of files, from lists by entry.
func modules(d *document) bool {
	if d.shape != shapeLists {
		return false
	}
	for name := range d.top {
		name, _, _ = strings.Cut(name, "?")
		if path.Ext(name) != "" {
			return true
		}
	}
	return false
}

func hasShape(s shape) func(*document) bool {
	return func(d *document) bool { return d.shape == s }
}

// readJSON reads a file of one of the forms.
func readJSON(data []byte, script bool, c Config) (*Manifest, error) {
	d := document{data: data}
	if err := json.Unmarshal(data, &d.top); err != nil {
		return nil, jsonError(data, err)
	}
	if len(d.top) > maxPages {
		return nil, &lineError{Err: fmt.Errorf("%w: more than %d entries", errTooLarge, maxPages)}
	}
	b, err := newBuild(c)
	if err != nil {
		return nil, err
	}
	d.shape = shapeOf(d.top)
	for _, f := range forms {
		if f.is(&d) && (f.script || !script) {
			if err := f.read(b, &d); err != nil {
				return nil, kindError(err)
			}
			return b.place(c)
		}
	}
	return nil, &lineError{Err: errFormat}
}

func jsonError(data []byte, err error) error {
	if bad := new(json.SyntaxError); errors.As(err, &bad) {
		return &lineError{Line: lineAt(data, bad.Offset-1), Err: err}
	}
	return &lineError{Err: err}
}

// kindError says in a user's words that a value is not what the form has there.
func kindError(err error) error {
	if bad := new(json.UnmarshalTypeError); errors.As(err, &bad) {
		err = fmt.Errorf("%w: %s where another kind of value is due", errFormat, bad.Value)
	}
	return &lineError{Err: err}
}

// shape is what the values of the top object have in common:
//
//	{"name": {"file": "...", ...}, ...}          chunks
//	{"name": ["/url", ...], ...}                 lists
//	{"name": {"js": [...], "css": [...]}, ...}   groups
//	{"name.js": "/url", ...}                     flat
//	{"name.js": {"src": "/url", ...}, ...}       flat, with integrity
type shape int

const (
	shapeNone shape = iota
	shapeChunks
	shapeLists
	shapeGroups
	shapeFlat
)

// shapeOf looks at the values of the top object; all must be of one kind.
func shapeOf(top map[string]json.RawMessage) shape {
	found := shapeNone
	for _, raw := range top {
		s := shapeFlat
		switch raw = bytes.TrimSpace(raw); raw[0] {
		case '"':
		case '[':
			s = shapeLists
		case '{':
			var keys struct{ File, Src, JS, CSS json.RawMessage }
			switch json.Unmarshal(raw, &keys); {
			case keys.File != nil:
				s = shapeChunks
			case keys.Src != nil:
			case keys.JS != nil || keys.CSS != nil:
				s = shapeGroups
			default:
				return shapeNone
			}
		default:
			return shapeNone
		}
		if found != shapeNone && s != found {
			return shapeNone
		}
		found = s
	}
	return found
}
