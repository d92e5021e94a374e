package cachedigest_test

import (
	"encoding/base64"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs/cachedigest"
	"github.com/cache-aware/casper/gcs/internal/libh2o"
)

var (
	libh2oSeed = flag.Uint64("libh2o.seed", 1, "seed of the headers compared with libh2o")
	libh2oRuns = flag.Int("libh2o.n", 0, "number of headers compared with libh2o; 0 means 100,000 where peers are required, else 20,000")
)

// A dialogue is what one set of digests of H2O's is told and asked.
type dialogue struct {
	fields []string
	urls   []string // asked without and with the ETag
	etag   string
}

// kept is a digest as H2O keeps it: of its parameters the sum alone.
type kept struct {
	bits uint64
	keys []uint64
}

// An outcome is all that H2O has in the end.
type outcome struct {
	any, complete       bool
	plain, validated    []kept
	states, etagsStates []uint64
}

func (d dialogue) ours() (o outcome) {
	h := cachedigest.ParseHeaderLenient(d.fields...)
	for _, e := range h {
		o.any = true
		o.complete = e.Flags&cachedigest.Complete != 0
		p := e.Digest.Params()
		k := kept{bits: uint64(p.Log2N + p.Log2P)}
		for _, key := range slices.Collect(e.Digest.All()) {
			k.keys = append(k.keys, uint64(key))
		}
		if e.Flags&cachedigest.Validators != 0 {
			o.validated = append(o.validated, k)
		} else {
			o.plain = append(o.plain, k)
		}
	}
	for _, url := range d.urls {
		o.states = append(o.states, uint64(h.Lookup(url)))
		o.etagsStates = append(o.etagsStates, uint64(h.LookupETag(url, d.etag)))
	}
	return o
}

// theirs is H2O's own code, running.
type theirs struct {
	libh2o.Program
	err error
}

func startLibh2o(t testing.TB) *theirs { return &theirs{Program: libh2o.Start(t, libh2o.Digest)} }

func (l *theirs) say(s string) {
	l.In.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(s))))
	l.In.WriteString(s)
}

func (l *theirs) ask(d dialogue) {
	l.In.WriteByte('N')
	for _, f := range d.fields {
		l.In.WriteByte('H')
		l.say(f)
	}
	l.In.WriteByte('G')
	for _, url := range d.urls {
		l.In.WriteByte('U')
		l.say(url)
		l.In.WriteByte('E')
		l.say(url)
		l.say(d.etag)
	}
}

func (l *theirs) number() uint64 {
	var octets [8]byte
	if _, err := io.ReadFull(l.Out, octets[:]); err != nil && l.err == nil {
		l.err = err
	}
	return binary.LittleEndian.Uint64(octets[:])
}

func (l *theirs) digests() (ks []kept) {
	for n := l.number(); n > 0 && l.err == nil; n-- {
		k := kept{bits: l.number()}
		for m := l.number(); m > 0 && l.err == nil; m-- {
			k.keys = append(k.keys, l.number())
		}
		ks = append(ks, k)
	}
	return ks
}

func (l *theirs) answer(d dialogue) (o outcome, err error) {
	o.any, o.complete = l.number() == 1, l.number() == 1
	o.plain, o.validated = l.digests(), l.digests()
	for range d.urls {
		o.states = append(o.states, l.number())
		o.etagsStates = append(o.etagsStates, l.number())
	}
	return o, l.err
}

// TestLibh2o compares ParseHeaderLenient, Lookup and LookupETag with the code in Debian's
// libh2o. There is no tolerance.
func TestLibh2o(t *testing.T) {
	l := startLibh2o(t)
	n := *libh2oRuns
	if n == 0 {
		if n = 20_000; libh2o.Required() {
			n = 100_000
		}
	}
	in := inventor{rand.New(rand.NewPCG(*libh2oSeed, 0))}
	var met struct{ none, some, several, reset, complete, validated, fresh, notCached, unknown int }
	for left := n; left > 0; left -= 100 {
		ds := make([]dialogue, 100)
		for i := range ds {
			ds[i] = in.dialogue()
		}
		// Answers are read while questions are still being written: else both pipes
		// could fill up.
		asked := make(chan struct{})
		go func() {
			defer close(asked)
			for _, d := range ds {
				l.ask(d)
			}
			l.In.WriteByte('F')
			l.In.Flush() // an error here is the end of the answers there
		}()
		for _, d := range ds {
			theirs, err := l.answer(d)
			if err != nil {
				t.Fatalf("libh2o gives no more answers: %v, at %.2000q", err, d)
			}
			if ours := d.ours(); !reflect.DeepEqual(ours, theirs) {
				t.Fatalf("%.2000q\nH2O:  %.2000s\nours: %.2000s", d, fmt.Sprintf("%+v", theirs), fmt.Sprintf("%+v", ours))
			}
			count := func(n *int, is bool) {
				if is {
					*n++
				}
			}
			count(&met.none, !theirs.any)
			count(&met.some, theirs.any)
			count(&met.several, len(theirs.plain)+len(theirs.validated) > 1)
			count(&met.reset, strings.Contains(strings.ToLower(strings.Join(d.fields, "")), "reset"))
			count(&met.complete, theirs.complete)
			count(&met.validated, theirs.validated != nil)
			for _, s := range append(theirs.states, theirs.etagsStates...) {
				count(&met.fresh, cachedigest.State(s) == cachedigest.Fresh)
				count(&met.notCached, cachedigest.State(s) == cachedigest.NotCached)
				count(&met.unknown, cachedigest.State(s) == cachedigest.Unknown)
			}
		}
		<-asked
	}
	t.Logf("%d headers, no difference; met %+v", n, met)
	v := reflect.ValueOf(met)
	for i := range v.NumField() {
		if v.Field(i).Int() < int64(n/100) {
			t.Errorf("%s: met too seldom to prove anything: %d", v.Type().Field(i).Name, v.Field(i).Int())
		}
	}
}

// An inventor makes up headers and URLs, the same ones for the same seed.
type inventor struct{ *rand.Rand }

func (in inventor) dialogue() (d dialogue) {
	d.etag = []string{`"a"`, `W/"b"`, "", "c"}[in.IntN(4)]
	urls := make([]string, 12)
	for i := range urls {
		urls[i] = fmt.Sprintf("https://example.com/%d.css", in.IntN(1000))
	}
	for range 1 + max(0, in.IntN(6)-3) {
		var elements []string
		for range 1 + max(0, in.IntN(6)-2) {
			elements = append(elements, in.element(urls[:in.IntN(7)], d.etag))
		}
		field := in.spoil(strings.Join(elements, in.one(",", ", ", ", ", " ,", ",\t", ",,")))
		d.fields = append(d.fields, field[:min(len(field), cachedigest.MaxText)]) // we read no longer ones
	}
	d.urls = urls[:1+in.IntN(len(urls))]
	return d
}

func (in inventor) one(choices ...string) string { return choices[in.IntN(len(choices))] }

// element returns a digest of the URLs and some flags, seldom well-formed in every
// way.
func (in inventor) element(urls []string, etag string) string {
	p := cachedigest.Params{Log2N: uint8(in.IntN(6)), Log2P: uint8(in.IntN(10))}
	if in.IntN(6) == 0 {
		p = cachedigest.Params{Log2N: uint8(in.IntN(32)), Log2P: uint8(12 + in.IntN(20))}
		for p.Log2N > 14 && in.IntN(60) > 0 {
			p.Log2N /= 2 // long ones take their time
		}
		p.Log2N = min(p.Log2N, 17)
	}
	flags := ""
	for range in.IntN(4) {
		name := in.one("reset", "complete", "complete", "validators", "validators", "stale", "COMPLETE", "Reset", "fresh", "", "x=y",
			"complete=1", "validators=", "complete = x", "valıdators", "complet", "resets")
		if (strings.Contains(name, "stale") || name == "fresh" || name == "") && in.IntN(3) > 0 {
			continue
		}
		flags += in.one(";", "; ", "; ", " ; ", ";\t") + name
	}
	if !strings.Contains(flags, "validators") && in.IntN(4) > 0 {
		etag = ""
	}
	var keys []cachedigest.Key
	for _, url := range urls {
		keys = append(keys, p.Key(url, etag))
	}
	octets, _ := base64.RawURLEncoding.DecodeString(cachedigest.New(p, keys...).String())
	switch in.IntN(12) {
	case 0:
		octets[in.IntN(len(octets))] ^= 1 << in.IntN(8)
	case 1:
		octets = octets[:in.IntN(len(octets)+1)]
	case 2:
		octets = append(octets, make([]byte, in.IntN(6))...)
	case 3:
		octets = append(octets, byte(in.Uint32()), byte(in.Uint32()))
	case 4:
		for i := range octets {
			octets[i] = byte(in.Uint32())
		}
	}
	text := base64.RawURLEncoding.EncodeToString(octets)
	switch in.IntN(12) {
	case 0:
		text = base64.RawStdEncoding.EncodeToString(octets)
	case 1:
		text = base64.URLEncoding.EncodeToString(octets)
	case 2:
		text += in.one("A", "_", "=", " ", "é")
	}
	return text + flags
}

// spoil returns the field, often as it is.
func (in inventor) spoil(field string) string {
	switch in.IntN(12) {
	case 0:
		return in.one(",", " ", "\t,", ";", "=", ",;") + field
	case 1:
		return field + in.one(",", " ", ";", ", ", "; ", "=", "=,", "= ,", ",=")
	case 2:
		if i := in.IntN(len(field) + 1); true {
			return field[:i] + in.one(",", ";", " ", "=", "-", "_", "\x00", "é") + field[i:]
		}
	case 3:
		return field[:in.IntN(len(field)+1)]
	}
	return field
}
