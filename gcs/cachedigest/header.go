package cachedigest

import (
	"fmt"
	"strings"

	"github.com/cache-aware/casper/gcs"
)

// Flags say what a digest is about; the values are those of the frame.
type Flags uint8

// The flags of draft-ietf-httpbis-cache-digest-02, section 2.
const (
	Reset      Flags = 1 << iota // all earlier digests are void
	Complete                     // together with the earlier ones it is the whole cache
	Validators                   // keys are of URLs with their ETags
	Stale                        // of responses that are no longer fresh
)

var flagNames = []string{"reset", "complete", "validators", "stale"}

// Names returns the names of the flags that are set, in the order of their values.
func (f Flags) Names() (names []string) {
	for i, name := range flagNames {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// flag finds a flag by its name, whose case does not matter.
func flag(name string) (Flags, bool) {
	for i, n := range flagNames {
		if len(name) == len(n) && strings.ToLower(name) == n { // of one length, so ASCII throughout
			return 1 << i, true
		}
	}
	return 0, false
}

// An Entity is one element of the header: a digest and its flags.
type Entity struct {
	Digest Digest
	Flags  Flags
}

// A Header is the value of the request header field Cache-Digest. The fields of a request that has
// several are its elements, one after the other.
type Header []Entity

// ParseHeader reads a header strictly: whatever it accepts, [Header.String] returns
// again. That is one spelling of the draft's grammar: "; " before a flag, ", "
// before a digest, flags in lower case, each once and in the order of their values.
// Another spelling is [gcs.NonCanonical]; an unknown flag, or a digest that is empty
// and does not reset, is [gcs.BadText].
//
// In the chain of an error there is a *[gcs.Error]. Where the error names a digest the
// offset is one in that digest, otherwise in the header, at 6 bits a character. The header
// then holds the digests before it.
func ParseHeader(value string) (Header, error) {
	if len(value) > MaxText {
		return nil, tooLong()
	}
	var h Header
	at := 0 // where the element begins
	for element := range strings.SplitSeq(value, ",") {
		text, flags, flagged := strings.Cut(element, ";")
		d, err := Parse(trim(text))
		if err != nil {
			return h, fmt.Errorf("digest %d: %w", len(h)+1, err)
		}
		e := Entity{Digest: d}
		for flagged {
			var name string
			name, flags, flagged = strings.Cut(flags, ";")
			f, ok := flag(trim(name))
			if !ok {
				return h, headerError(gcs.BadText, at, fmt.Sprintf("%q is no flag", trim(name)))
			}
			e.Flags |= f
		}
		if !d.sized && e.Flags&Reset == 0 {
			return h, headerError(gcs.BadText, at, "a digest is empty, which only one that resets may be")
		}
		h = append(h, e)
		at += len(element) + 1
	}
	if s := h.String(); s != value {
		same := 0
		for same < min(len(s), len(value)) && s[same] == value[same] {
			same++
		}
		return h, headerError(gcs.NonCanonical, same, "spaces, commas or flags are not as they are written")
	}
	return h, nil
}

func headerError(k gcs.Kind, at int, detail string) error {
	return &gcs.Error{Layer: gcs.TextLayer, Kind: k, At: gcs.BitOffset(6 * at), Detail: detail}
}

// trim removes optional white space, OWS in RFC 9110, section 5.6.3.
func trim(s string) string { return strings.Trim(s, " \t") }

// String returns the header's value.
func (h Header) String() string {
	var b []byte
	for i, e := range h {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = e.Digest.appendText(b)
		for _, name := range e.Flags.Names() {
			b = append(b, "; "...)
			b = append(b, name...)
		}
	}
	return string(b)
}
