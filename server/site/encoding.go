package site

import "strings"

// variant is a content coding for which files may lie ready.
type variant struct {
	coding string // as Accept-Encoding names it
	suffix string // of the file's name
	header []string
}

// variants are in the order of preference among equals: the coding that makes the smallest files
// in advance comes first.
var variants = [...]variant{
	{"br", ".br", []string{"br"}},
	{"zstd", ".zst", []string{"zstd"}},
	{"gzip", ".gz", []string{"gzip"}},
}

// maxAcceptEncoding is how much of the field is read, in bytes. Browsers send about thirty.
const maxAcceptEncoding = 512

// weights are thousandths, as the three digits of a qvalue allow (RFC 9110, section 12.4.2).
const (
	unset  = -1
	lowest = 0
	full   = 1000
)

// An acceptance is what the values of Accept-Encoding make acceptable.
type acceptance struct {
	value string
	best  [len(variants)]int
	n     int
}

// acceptable is the function of that name. Nearly all clients send one of a few values, so that
// the latest is remembered.
func (h *Handler) acceptable(values []string) (best [len(variants)]int, n int) {
	if len(values) != 1 || len(values[0]) > maxAcceptEncoding {
		return acceptable(values)
	}
	a := h.accepted.Load()
	if a == nil || a.value != values[0] {
		a = &acceptance{value: values[0]}
		a.best, a.n = acceptable(values)
		h.accepted.Store(a)
	}
	return a.best, a.n
}

// acceptable returns the variants that the client takes and does not like less than the plain
// file: n indices into variants, best first. It takes all values of Accept-Encoding. A
// client without the field may be sent any coding, but few such clients can read one.
func acceptable(values []string) (best [len(variants)]int, n int) {
	if len(values) == 0 {
		return best, 0
	}
	var weight [len(variants)]int
	for i := range weight {
		weight[i] = unset
	}
	identity, any := unset, unset
	left := maxAcceptEncoding
	for _, v := range values {
		if len(v) > left {
			// An element that is cut in two could be misread.
			v = v[:left]
			v = v[:strings.LastIndexByte(v, ',')+1]
		}
		left -= len(v)
		for element := range strings.SplitSeq(v, ",") {
			coding, params, _ := strings.Cut(element, ";")
			coding = strings.Trim(coding, " \t")
			into := &identity
			switch {
			case coding == "*":
				into = &any
			case strings.EqualFold(coding, "identity"):
			default:
				into = nil
				for i := range variants {
					if strings.EqualFold(coding, variants[i].coding) || i == gzipIndex && strings.EqualFold(coding, "x-gzip") {
						into = &weight[i]
					}
				}
			}
			if into != nil && *into == unset {
				*into = qvalue(params)
			}
		}
	}
	for i := range weight {
		if weight[i] == unset {
			weight[i] = max(any, lowest)
		}
	}
	// The plain file is always acceptable, and preferred to a coding only if the client says
	// so.
	for i, q := range weight {
		if q <= lowest || q < identity {
			continue
		}
		at := n
		for ; at > 0 && weight[best[at-1]] < q; at-- {
			best[at] = best[at-1]
		}
		best[at] = i
		n++
	}
	return best, n
}

const gzipIndex = 2 // x-gzip is another name of it (RFC 9110, section 8.4.1.3)

// qvalue reads ";q=0.5" as 500. A parameter that cannot be read counts as none at all, which is
// full weight.
func qvalue(params string) int {
	name, v, ok := strings.Cut(params, "=")
	if !ok || !strings.EqualFold(strings.Trim(name, " \t"), "q") {
		return full
	}
	v = strings.Trim(v, " \t")
	if v == "" || len(v) > 5 || v[0] != '0' && v[0] != '1' || len(v) > 1 && v[1] != '.' {
		return full
	}
	q, digit := int(v[0]-'0')*full, full/10
	for i := 2; i < len(v); i++ {
		if v[i] < '0' || v[i] > '9' {
			return full
		}
		q += int(v[i]-'0') * digit
		digit /= 10
	}
	return min(q, full)
}
