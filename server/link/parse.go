package link

import (
	"errors"
	"iter"
	"strings"
)

// Bounds on what is read from the Link fields of one message. What lies beyond them is not
// looked at.
const (
	MaxValues     = 64   // header values inspected
	MaxValueBytes = 8192 // bytes of one value; the links that fit in whole are read
	MaxLinks      = 256  // links over all values
)

// Why a link is not an asset that can be delivered; see [Link].
var (
	ErrSyntax      = errors.New("link: not a link value of RFC 8288")
	ErrTooLong     = errors.New("link: behind the first 8192 bytes of a value")
	ErrRel         = errors.New("link: no relation that asks for an early fetch")
	ErrForeign     = errors.New("link: target on another origin")
	ErrTarget      = errors.New("link: target is not a safe path")
	ErrConditional = errors.New("link: wanted only under a condition (media, imagesrcset or anchor)")
	ErrParam       = errors.New("link: parameter with an impossible value")
)

// Link is one link found in a list of Link values, and where it stood.
type Link struct {
	// Asset is what the link says. Its Path is empty unless Err is nil.
	Asset Asset

	// Target is the text between the angle brackets, as it stood.
	Target string

	// Value is the index of the value that holds the link, and [Start, End) its place there,
	// without the commas and the white space around it.
	Value, Start, End int

	// Err says why the link cannot be delivered: one of the errors of this package, or nil.
	Err error
}

// Parse returns the assets that the values of the Link fields ask for, in order, repeats
// included. The base is the URL of the page, "https://example.com/dir/page", or only its path,
// in which case absolute URLs are refused. Links that are no such assets are passed over;
// [Links] tells why.
func Parse(values []string, base string) []Asset {
	var assets []Asset
	for l := range Links(values, ParseBase(base)) {
		if l.Err == nil {
			assets = append(assets, l.Asset)
		}
	}
	return assets
}

// Links yields every link of the values in order, those that cannot be delivered too, each with
// its place. It stops at the bounds of this package. Reading allocates only where a target has
// to be rewritten or a quoted pair undone.
func Links(values []string, base Base) iter.Seq[Link] {
	return func(yield func(Link) bool) {
		count := 0
		for i, v := range values[:min(len(values), MaxValues)] {
			cut := len(v) > MaxValueBytes
			if cut {
				v = v[:MaxValueBytes]
			}
			for pos := skipToLink(v, 0); pos < len(v); pos = skipToLink(v, pos) {
				if count++; count > MaxLinks {
					return
				}
				var l Link
				l, pos = readLink(v, pos, base)
				if l.Value = i; cut && pos == len(v) {
					// The bound may have cut it in two, and what lies behind is not looked at.
					l = Link{Value: i, Start: l.Start, End: len(values[i]), Err: ErrTooLong}
				}
				if !yield(l) {
					return
				}
			}
		}
	}
}

// Filter returns the values without the links that keep refuses. The links that stay keep every
// byte, and so does the text that parted them; a value left without links goes. Where nothing
// is taken out, the very same slice is returned; otherwise the argument stays as it was. Values
// and links beyond the bounds of this package stay.
func Filter(values []string, base Base, keep func(Link) bool) []string {
	var cuts []Link
	for l := range Links(values, base) {
		if !keep(l) {
			cuts = append(cuts, l)
		}
	}
	if len(cuts) == 0 {
		return values
	}
	kept := make([]string, 0, len(values))
	for i, v := range values {
		n := 0
		for n < len(cuts) && cuts[n].Value == i {
			n++
		}
		if n > 0 {
			v = without(v, cuts[:n])
			cuts = cuts[n:]
		}
		if n == 0 || v != "" {
			kept = append(kept, v)
		}
	}
	return kept
}

// without cuts links out of one value. Each takes with it the commas and white space behind it,
// or, at the end of the value, those in front of it.
func without(v string, cuts []Link) string {
	out := make([]byte, 0, len(v))
	from := 0
	for _, l := range cuts {
		out = append(out, v[from:l.Start]...)
		from = skipToLink(v, l.End)
	}
	if from == len(v) {
		return strings.TrimRight(string(out), ", \t")
	}
	return string(append(out, v[from:]...))
}

// readLink reads the link that begins at pos, which is neither white space nor a comma. It
// returns the position behind the link, which is the end of the value or a comma.
//
//	link-value = "<" URI-Reference ">" *( OWS ";" OWS link-param )      RFC 8288, section 3
//	link-param = token BWS [ "=" BWS ( token / quoted-string ) ]
func readLink(v string, pos int, base Base) (Link, int) {
	l := Link{Start: pos}
	p := params{}
	next, ok := pos, false
	if v[pos] == '<' {
		if n := strings.IndexByte(v[pos:], '>'); n > 0 {
			l.Target = v[pos+1 : pos+n]
			next, ok = p.read(v, pos+n+1)
		} else {
			next = len(v)
		}
	}
	if !ok {
		next = skipTo(v, next, ',')
	}
	l.End = next
	for l.End > l.Start && isSpace(v[l.End-1]) {
		l.End--
	}
	if !ok {
		l.Err = ErrSyntax
		return l, next
	}
	l.Asset, l.Err = p.asset(l.Target, base)
	return l, next
}

// skipToLink passes over white space and commas: lists may have empty elements (RFC 9110,
// section 5.6.1.2).
func skipToLink(v string, pos int) int {
	for pos < len(v) && (isSpace(v[pos]) || v[pos] == ',') {
		pos++
	}
	return pos
}

// skipTo goes on to the next delimiter outside quotes, or to the end of the value. A quote that
// never closes takes the rest of it.
func skipTo(v string, pos int, delimiter byte) int {
	for pos < len(v) && v[pos] != delimiter {
		if v[pos] != '"' {
			pos++
			continue
		}
		_, pos, _ = readQuoted(v, pos)
	}
	return pos
}

// readQuoted reads the quoted-string that begins at pos (RFC 9110, section 5.6.4). One that does
// not end is not ok, and takes the rest of the value.
func readQuoted(v string, pos int) (s string, after int, ok bool) {
	start := pos + 1
	var undone []byte // the text before start, once a quoted pair was met
	for i := start; i < len(v); i++ {
		switch v[i] {
		case '"':
			if undone == nil {
				return v[start:i], i + 1, true
			}
			return string(append(undone, v[start:i]...)), i + 1, true
		case '\\':
			if i+1 == len(v) {
				return "", len(v), false
			}
			undone = append(undone, v[start:i]...)
			i++
			start = i // the quoted byte itself begins the next piece
		}
	}
	return "", len(v), false
}

func skipSpace(v string, pos int) int {
	for pos < len(v) && isSpace(v[pos]) {
		pos++
	}
	return pos
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' }

// Early returns the link as it may stand in a 103: an asset with the attributes that a browser
// knows ([Asset.Append]), and anything else as it came, without the parameters that are for
// servers (nopush and x-http2-push-only). The value is the one that holds the link. It is empty
// for what is no link value.
func (l Link) Early(value string) string {
	switch l.Err {
	case nil:
		return string(l.Asset.Append(nil))
	case ErrSyntax, ErrTooLong:
		return ""
	}
	text := value[l.Start:l.End]
	if !strings.Contains(strings.ToLower(text), "push") {
		return text
	}
	end := strings.IndexByte(text, '>') + 1
	early := []byte(text[:end])
	for pos := end; pos < len(text); {
		next := skipTo(text, pos+1, ';')
		name, _, _ := strings.Cut(strings.Trim(text[pos:next], "; \t"), "=")
		if name = strings.TrimSpace(name); !strings.EqualFold(name, "nopush") && !strings.EqualFold(name, "x-http2-push-only") {
			early = append(early, text[pos:next]...)
		}
		pos = next
	}
	return string(early)
}
