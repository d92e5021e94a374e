package cachedigest

import "strings"

// ParseHeaderLenient reads the header fields of a request, in their order, as H2O
// does, and returns what H2O keeps of them. Nothing is an error, and what is not
// understood is left out: digests with a flag that H2O does not know, stale among
// them, and those that [ParseLenient] refuses. A reset drops what came before it even
// so. A field above [MaxText] characters is left out as a whole, where H2O would go
// on.
func ParseHeaderLenient(fields ...string) Header {
	var h Header
	for _, field := range fields {
		if len(field) <= MaxText {
			h = h.load(tokens(field))
		}
	}
	return h
}

func (h Header) load(rest tokens) Header {
	for more := true; more; {
		text, ok := rest.next(false)
		if !ok {
			break
		}
		var e Entity
		known := true
		for {
			var name string
			if name, more = rest.next(true); !more || name == "," {
				break
			}
			f, ok := flag(name)
			e.Flags |= f
			known = known && ok && f != Stale
		}
		if e.Flags&Reset != 0 {
			h = nil
		}
		if d, err := ParseLenient(text); err == nil && known {
			e.Digest = d
			h = append(h, e)
		}
	}
	return h
}

// tokens are the rest of a header field, to be cut as H2O's h2o_next_token cuts it
// at semicolons and commas. It is not the draft's grammar: a comma is a token of its own
// unless it ends one, so that an empty list element swallows the next; and a flag
// may have a value, which is ignored.
type tokens string

// next returns the next token, without the space around it. The value of a flag
// is skipped. It is not ok at the end.
func (t *tokens) next(flag bool) (token string, ok bool) {
	s := strings.TrimLeft(string(*t), " \t")
	if s == "" {
		return "", false
	}
	ends := ";,"
	if flag {
		ends = ";,="
	}
	i := strings.IndexAny(s, ends)
	switch {
	case i < 0:
		*t, token = "", s
	case s[i] == ',' && i == 0:
		*t, token = tokens(s[1:]), ","
	case s[i] == ',':
		*t, token = tokens(s[i:]), s[:i]
	case s[i] == ';':
		*t, token = tokens(s[i+1:]), s[:i]
	default:
		*t, token = tokens(s[i+1:]), s[:i]
		value := *t
		if v, _ := value.next(false); v != "," {
			*t = value
		}
	}
	return strings.TrimRight(token, " \t"), true
}
