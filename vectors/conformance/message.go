package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cache-aware/casper/vectors"
)

// A member says what a member of a message must be.
type member struct {
	rule  string            // in words: "keys are decimal strings"
	items string            // of a list: what it is, if that is not its rule
	list  bool              // of what the rest says
	valid func(string) bool // of a string; nil if any will do
	of    map[string]member // of an object
	kind  byte              // what its JSON begins with, as kindOf says it
}

// The first octets of JSON values, one for each kind.
const (
	kindString = '"'
	kindNumber = '0'
	kindBool   = 't'
	kindObject = '{'
	kindList   = '['
	kindNull   = 'n'
)

// kindOf returns what a JSON value is. It has no white space around it.
func kindOf(value json.RawMessage) byte {
	switch c := value[0]; {
	case c == '-' || '0' <= c && c <= '9':
		return kindNumber
	case c == 't' || c == 'f':
		return kindBool
	default:
		return c
	}
}

// decimals is a list of keys.
func decimals(name string) member {
	return member{kind: kindString, list: true, valid: isDecimal, rule: name + " are decimal strings", items: name + " are a list of decimal strings"}
}

// text is a string of any kind.
func text(name string) member { return member{kind: kindString, rule: name + " is a string"} }

func texts(name string) member {
	return member{kind: kindString, list: true, rule: name + " are strings", items: name + " are a list of strings"}
}

func integer(name string) member { return member{kind: kindNumber, rule: name + " is an integer"} }

func octets(name string) member {
	return member{kind: kindString, valid: isHex, rule: name + " is a string of hex digits, two for an octet"}
}

func isDecimal(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == "" && (s == "0" || s[0] != '0')
}

func isHex(s string) bool { return len(s)%2 == 0 && strings.Trim(s, "0123456789abcdefABCDEF") == "" }

// answerMembers are those of [vectors.Answer] that a testee gives.
var answerMembers = map[string]member{
	"keys":      decimals("keys"),
	"bytes_hex": octets("bytes_hex"),
	"text":      text("text"),
	"canonical": {kind: kindBool, rule: "canonical is true or false"},
	"present":   {kind: kindBool, list: true, rule: "present is a list of true and false"},
	"digests": {kind: kindObject, list: true, rule: "digests are objects", items: "digests are a list of objects", of: map[string]member{
		"log2n": integer("log2n"), "log2p": integer("log2p"), "flags": texts("flags"), "keys": decimals("keys"),
	}},
}

// replyMembers are those of [Reply], but for seq.
var replyMembers = map[string]member{
	"ok":                {kind: kindObject, rule: "ok is an object", of: answerMembers},
	"error":             {kind: kindString, valid: isNotEmpty, rule: "error is a string, one of the error kinds"},
	"message":           text("message"),
	"skip":              {kind: kindString, valid: isNotEmpty, rule: "skip is a string, and says why"},
	"offset":            integer("offset"),
	"keys_before_error": decimals("keys_before_error"),
}

func isNotEmpty(s string) bool { return s != "" }

// requestMembers are those of [Request], but for seq.
var requestMembers = map[string]member{
	"id": text("id"), "format": text("format"), "op": text("op"),
	"params": {kind: kindObject, rule: "params is an object"},
	"input": {kind: kindObject, rule: "input is an object", of: map[string]member{
		"names": texts("names"), "names_hex": {kind: kindString, list: true, valid: isHex, rule: "names_hex are strings of hex digits, two for an octet"},
		"keys": decimals("keys"), "bytes_hex": octets("bytes_hex"), "text": text("text"), "header": text("header"),
	}},
}

// objectOf returns the members of an object, or false if the line is none. A member that is
// null is one that is left out.
func objectOf(line []byte) (map[string]json.RawMessage, bool) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(line, &members); err != nil || members == nil {
		return nil, false
	}
	maps.DeleteFunc(members, func(_ string, value json.RawMessage) bool { return kindOf(value) == kindNull })
	return members, true
}

// wrong says in one line what is wrong with a value at a place such as keys[0], or nothing.
func wrong(place string, value json.RawMessage, m member) string {
	if m.list {
		rule := m.rule
		if m.items != "" {
			rule = m.items
		}
		if kindOf(value) != kindList {
			return is(place, value, rule)
		}
		var items []json.RawMessage
		if err := json.Unmarshal(value, &items); err != nil {
			return err.Error()
		}
		m.list = false
		for i, item := range items {
			if problem := wrong(place+"["+strconv.Itoa(i)+"]", item, m); problem != "" {
				return problem
			}
		}
		return ""
	}
	switch kind := kindOf(value); {
	case kind != m.kind:
		return is(place, value, m.rule)
	case kind == kindNumber:
		if _, err := strconv.Atoi(string(value)); err != nil {
			return fmt.Sprintf("%s is %s; %s", place, clip(string(value)), m.rule)
		}
	case kind == kindString && m.valid != nil:
		var s string
		if err := json.Unmarshal(value, &s); err != nil || !m.valid(s) {
			return fmt.Sprintf("%s is %s; %s", place, clip(string(value)), m.rule)
		}
	case kind == kindObject && m.of != nil:
		members, _ := objectOf(value)
		return wrongMember(place+".", members, m.of)
	}
	return ""
}

// wrongMember is wrong for the members of an object that are known.
func wrongMember(place string, members map[string]json.RawMessage, known map[string]member) string {
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if m, ok := known[name]; ok {
			if problem := wrong(place+name, members[name], m); problem != "" {
				return problem
			}
		}
	}
	return ""
}

// is says what a value is where it should be something else.
func is(place string, value json.RawMessage, rule string) string {
	what := map[byte]string{
		kindString: "a string", kindNumber: "a number", kindBool: string(value), kindObject: "an object", kindList: "a list", kindNull: "null",
	}[kindOf(value)]
	return fmt.Sprintf("%s is %s; %s", place, what, rule)
}

// compact is an object of the members that are known, for a decoder that would take others for
// them: Go's does not tell capitals from small letters.
func compact(members map[string]json.RawMessage, known map[string]member) json.RawMessage {
	kept := map[string]json.RawMessage{}
	for name, value := range members {
		if m, ok := known[name]; ok {
			if m.of != nil && !m.list {
				inner, _ := objectOf(value)
				value = compact(inner, m.of)
			}
			kept[name] = value
		}
	}
	whole, _ := json.Marshal(kept) // its parts are JSON
	return whole
}

// A heard is a line of a testee.
type heard struct {
	Reply
	isObject bool
	seq      json.RawMessage // nil if there is none
	isReply  bool            // has one of ok, error and skip
	problem  string          // in a member
	strange  []string        // names that no answer has, and no reply
}

// hear reads a line of a testee.
func hear(line []byte) (h heard) {
	members, ok := objectOf(line)
	if !ok {
		return h
	}
	h.isObject, h.seq = true, members["seq"]
	for _, name := range []string{"ok", "error", "skip"} {
		h.isReply = h.isReply || members[name] != nil
	}
	if h.problem = wrongMember("", members, replyMembers); h.problem != "" {
		h.problem = strings.TrimPrefix(h.problem, "ok.") // an author thinks of the answer
		return h
	}
	h.strange = strangers(members, replyMembers)
	if answer, ok := objectOf(members["ok"]); ok {
		h.strange = append(h.strange, strangers(answer, answerMembers)...)
	}
	if err := json.Unmarshal(compact(members, replyMembers), &h.Reply); err != nil {
		h.problem = err.Error()
	}
	return h
}

// strangers are the names of members that are not known.
func strangers(members map[string]json.RawMessage, known map[string]member) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if _, ok := known[name]; !ok && name != "seq" {
			names = append(names, strconv.Quote(clip(name)))
		}
	}
	return names
}

// answers says whether a line has the seq. One that is a string is that of a wrong type.
func (h heard) isTo(seq int) bool {
	digits := strconv.Itoa(seq)
	return string(h.seq) == digits || string(h.seq) == `"`+digits+`"`
}

// judge is the judgement of a line that answers a request.
func (h heard) judge(v vectors.Vector, lenient bool) judgement {
	bad := func(reason string) judgement { return judgement{verdict: verdictMisspoke, reason: reason, came: other} }
	switch {
	case h.seq == nil:
		return bad("its reply has no seq")
	case kindOf(h.seq) != kindNumber:
		return bad(fmt.Sprintf("seq is %s; seq is a number, that of the request", clip(string(h.seq))))
	case h.problem != "":
		return bad(h.problem)
	case h.Reply.answers() == 0 && len(h.strange) > 0:
		return bad(`a reply has one of "ok", "error" and "skip", and this one ` + enumerate(h.strange))
	case h.Reply.answers() == 0:
		return bad(`a reply has one of "ok", "error" and "skip", and this one none`)
	}
	j := judge(v, lenient, h.Reply)
	if j.verdict == verdictFailed && len(h.strange) > 0 && strings.Contains(j.reason, "the answer has no ") {
		j.reason += ", but " + enumerate(h.strange) + ", which is no member of an answer"
	}
	switch j.came = other; {
	case h.OK != nil:
		j.came = answered
	case h.Error != "":
		j.came = refused
	}
	return j
}
