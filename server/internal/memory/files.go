package memory

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/maypok86/otter/v2"

	"github.com/cache-aware/casper/server/internal/httpfacts"
)

// A File is what is known of one file that some page wants.
type File struct {
	URL   string // scheme://authority/path?query
	at    Place
	facts atomic.Pointer[Facts]
}

func weighFile(at Place, f *File) uint32 {
	n := 2*overhead + len(at.Host) + len(at.Path) + len(f.URL)
	if known := f.facts.Load(); known != nil {
		n += int(unsafe.Sizeof(*known)) + len(known.First) + len(known.Version) + len(known.Type)
		for _, c := range known.codings {
			n += len(c.name) + len(c.validator)
		}
	}
	return uint32(n)
}

// maxFact is the longest validator, coding or type that is kept as it is, in octets. None of the
// real ones is longer.
const maxFact = 128

// Brief returns a text that an answer said, as it is kept: what is longer is told apart by its hash.
func Brief(s string) string {
	if len(s) <= maxFact {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// Facts are what answers have said of a file. The zero Facts are those of a file that was
// never answered for.
type Facts struct {
	First     string // the version that was seen first: its validator
	Version   string // the version that counts now
	Freshness httpfacts.Freshness
	Type      string // the media type that it is served with, without parameters
	Seen      bool   // a whole answer for it was seen
	Missing   bool   // its latest answers were errors or redirects
	Size      int64  // octets of the body, of several codings the largest; 0 unknown

	refused uint64    // the network whose latest answer for it was an error
	told    bool      // by who knows the file itself, and better than answers do
	codings [4]coding // the latest validator in each content coding
}

// A coding is a content coding and the validator of the file in it: a file has a validator
// in each, and it is no news when the next client takes another coding.
type coding struct{ name, validator string }

// File returns the entry of a file, made if there is none.
func (m *Memory) File(at Place, scheme string) *File {
	if f, ok := m.files.GetIfPresent(at); ok {
		return f
	}
	m.used.Store(true)
	f, _ := m.files.SetIfAbsent(at, &File{URL: scheme + "://" + at.Host + at.Path, at: at})
	return f
}

// KnownFile returns the entry of a file, nil if no page wants it.
func (m *Memory) KnownFile(at Place) *File {
	f, _ := m.files.GetIfPresent(at)
	return f
}

// Facts returns what is known of the file.
func (f *File) Facts() Facts {
	if f != nil {
		if known := f.facts.Load(); known != nil {
			return *known
		}
	}
	return Facts{}
}

// Answered takes the header of a whole answer for the file. Two answers at
// the same time may undo what the other taught; the next one teaches it again.
func (m *Memory) Answered(f *File, header http.Header, now time.Time) {
	old := f.facts.Load()
	facts := f.Facts()
	validator := Brief(httpfacts.Validator(header))
	if facts.takes(Brief(strings.ToLower(httpfacts.First(header, "Content-Encoding"))), validator) && !facts.told {
		facts.Version, facts.Size = strings.Clone(validator), 0
	}
	if facts.First == "" {
		facts.First = facts.Version
	}
	facts.Seen, facts.Missing, facts.refused = true, false, 0
	essence, _, _ := strings.Cut(httpfacts.First(header, "Content-Type"), ";")
	if essence = Brief(strings.TrimSpace(essence)); essence != facts.Type {
		facts.Type = strings.Clone(essence)
	}
	facts.Freshness = httpfacts.FreshnessOf(header, now)
	facts.Size = max(facts.Size, httpfacts.ContentLength(header))
	if old == nil || *old != facts {
		m.store(f, facts)
	}
}

// Refused takes an answer for the file that was an error or a redirect. What is not there, or was
// never seen to be there, is missing at once; of other errors, one network's is its own affair.
func (m *Memory) Refused(f *File, status int, network uint64) {
	facts := f.Facts()
	old := facts
	gone := status == http.StatusNotFound || status == http.StatusGone
	facts.Missing = facts.Missing || gone || !facts.Seen || facts.refused != 0 && facts.refused != network
	facts.refused = network
	if facts != old {
		m.store(f, facts)
	}
}

// takes notes the validator in a coding, and reports whether it is that of another version.
func (f *Facts) takes(name, validator string) bool {
	if validator == "" {
		return false
	}
	for i := range f.codings {
		switch known := &f.codings[i]; {
		case known.validator == "": // none in this coding so far
			*known = coding{strings.Clone(name), strings.Clone(validator)}
			return f.Version == ""
		case known.name == name:
			news := known.validator != validator
			if news {
				known.validator = strings.Clone(validator)
			}
			return news
		}
	}
	return false // more codings than there are
}

// Told takes the validator that the file has now, as Handler.Validator says it.
func (m *Memory) Told(f *File, validator string) {
	facts := f.Facts()
	validator = Brief(validator)
	if facts.told && facts.Version == validator {
		return
	}
	facts.Version, facts.told, facts.Size = validator, true, 0
	if facts.First == "" {
		facts.First = validator
	}
	m.store(f, facts)
}

// store keeps new facts of a file, and weighs it anew.
func (m *Memory) store(f *File, facts Facts) {
	f.facts.Store(&facts)
	m.files.ComputeIfPresent(f.at, func(known *File) (*File, otter.ComputeOp) {
		if known != f {
			return known, otter.CancelOp // f was given up meanwhile
		}
		return f, otter.WriteOp
	})
	m.generation.Add(1)
}
