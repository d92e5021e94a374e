package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/cache-aware/casper/vectors"
)

// rust makes a crate, as cargo package does. Its vectors are Rust values, so that it needs no
// reader of JSON.
func rust() (name string, crate []byte, err error) {
	all, err := vectors.All()
	if err != nil {
		return "", nil, err
	}
	version := vectors.Version()
	var b bytes.Buffer
	fmt.Fprintf(&b, "use crate::{Answer, Digest, Input, Param, Vector};\n\n")
	fmt.Fprintf(&b, "/// The version of the vectors.\npub const VERSION: &str = %s;\n\n", rustText(version))
	fmt.Fprintf(&b, "/// FNV-1a over their texts, for the test of this crate.\npub const SUM: u64 = %#x;\n\n", sum(all))
	fmt.Fprintf(&b, "const NO_INPUT: Input = Input { names: None, names_hex: None, keys: None, bytes_hex: None, text: None, header: None };\n\n")
	fmt.Fprintf(&b, "const NO_ANSWER: Answer = Answer { keys: None, bytes_hex: None, text: None, canonical: None, present: None, digests: None, error: None, offset: None, keys_before_error: None };\n\n")
	fmt.Fprintf(&b, "/// All vectors, in the order of the files.\npub static VECTORS: &[Vector] = &[\n")
	for _, v := range all {
		params, err := params(v.Params)
		if err != nil {
			return "", nil, fmt.Errorf("%s: %w", v.ID, err)
		}
		var given []string
		for _, p := range params {
			given = append(given, "("+rustText(p.name)+", "+p.rust()+")")
		}
		lenient := "None"
		if v.ExpectLenient != nil {
			lenient = "Some(" + rustAnswer(*v.ExpectLenient) + ")"
		}
		fmt.Fprintf(&b, "    Vector { id: %s, format: %s, op: %s, since: %s, comment: %s, spec: %s, flags: %s, params: &[%s], input: %s, expect: %s, expect_lenient: %s },\n",
			rustText(v.ID), rustText(v.Format), rustText(v.Op), rustText(v.Since), rustText(v.Comment), rustTexts(v.Spec), rustTexts(v.Flags),
			strings.Join(given, ", "), rustInput(v.Input), rustAnswer(v.Expect), lenient)
	}
	b.WriteString("];\n")

	manifest := fmt.Sprintf(`[package]
name = "casper-vectors"
version = %q
edition = "2021"
rust-version = "1.63"
description = %q
license = "CC0-1.0"
readme = "README.md"
repository = %q
keywords = ["golomb", "gcs", "casper", "bip158", "test-vectors"]

[lib]
test = false
doctest = false
`, version, about, homepage)
	folder := "casper-vectors-" + version + "/"
	terms, err := license(folder)
	if err != nil {
		return "", nil, err
	}
	files := []file{{folder + "Cargo.toml", []byte(manifest)}, terms, {folder + "src/data.rs", b.Bytes()}}
	if files, err = withSources(files, folder, "rust", "README.md", "src/lib.rs", "tests/vectors.rs"); err != nil {
		return "", nil, err
	}
	crate, err = tarred(files)
	return "casper-vectors-" + version + ".crate", crate, err
}

// rustText is a string literal.
func rustText(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r >= ' ' && r < 0x7f:
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u{%x}`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func rustTexts(all []string) string {
	quoted := make([]string, len(all))
	for i, s := range all {
		quoted[i] = rustText(s)
	}
	return "&[" + strings.Join(quoted, ", ") + "]"
}

// rustMembers is a struct of what is there, and the rest as in a constant.
type rustMembers []string

func (m *rustMembers) some(name, value string) { *m = append(*m, name+": Some("+value+")") }

func (m *rustMembers) texts(name string, all []string) {
	if all != nil {
		m.some(name, rustTexts(all))
	}
}

func (m *rustMembers) text(name string, s *string) {
	if s != nil {
		m.some(name, rustText(*s))
	}
}

func (m rustMembers) of(kind, rest string) string {
	return kind + " { " + strings.Join(append(m, ".."+rest), ", ") + " }"
}

func rustInput(in vectors.Input) string {
	var m rustMembers
	m.texts("names", in.Names)
	m.texts("names_hex", in.NamesHex)
	m.texts("keys", in.Keys)
	m.text("bytes_hex", in.BytesHex)
	m.text("text", in.Text)
	m.text("header", in.Header)
	return m.of("Input", "NO_INPUT")
}

func rustAnswer(a vectors.Answer) string {
	var m rustMembers
	m.texts("keys", a.Keys)
	m.text("bytes_hex", a.BytesHex)
	m.text("text", a.Text)
	if a.Canonical != nil {
		m.some("canonical", strconv.FormatBool(*a.Canonical))
	}
	if a.Present != nil {
		m.some("present", "&["+join(a.Present, strconv.FormatBool)+"]")
	}
	if a.Digests != nil {
		m.some("digests", "&["+join(a.Digests, func(d vectors.Digest) string {
			return fmt.Sprintf("Digest { log2n: %d, log2p: %d, flags: %s, keys: %s }", d.Log2N, d.Log2P, rustTexts(d.Flags), rustTexts(d.Keys))
		})+"]")
	}
	if a.Error != "" {
		m.text("error", &a.Error)
	}
	if a.Offset != nil {
		m.some("offset", strconv.Itoa(*a.Offset))
	}
	m.texts("keys_before_error", a.KeysBeforeError)
	return m.of("Answer", "NO_ANSWER")
}

func join[T any](all []T, text func(T) string) string {
	parts := make([]string, len(all))
	for i, v := range all {
		parts[i] = text(v)
	}
	return strings.Join(parts, ", ")
}

// A param is one parameter of a vector.
type param struct {
	name  string
	value any // a json.Number, string or bool
}

// params returns the parameters in the order of the file.
func params(object json.RawMessage) (all []param, err error) {
	d := json.NewDecoder(bytes.NewReader(object))
	d.UseNumber()
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		value, err := d.Token()
		if err != nil {
			return nil, err
		}
		switch v := value.(type) {
		case json.Number:
			if strings.Trim(v.String(), "-0123456789") != "" {
				return nil, fmt.Errorf("%v is %s, which is no integer", name, v)
			}
		case string, bool:
		default:
			return nil, fmt.Errorf("%v is of a kind that the packages do not have", name)
		}
		all = append(all, param{name.(string), value})
	}
	return all, nil
}

func (p param) rust() string {
	switch v := p.value.(type) {
	case string:
		return "Param::Text(" + rustText(v) + ")"
	case bool:
		return "Param::Bool(" + strconv.FormatBool(v) + ")"
	default:
		return fmt.Sprintf("Param::Number(%v)", v)
	}
}
