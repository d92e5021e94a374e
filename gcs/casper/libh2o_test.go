package casper_test

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/gcs/internal/libh2o"
)

var (
	libh2oSeed = flag.Uint64("libh2o.seed", 0, "seed of the cookies compared with libh2o; 0 takes the clock's")
	libh2oRuns = flag.Int("libh2o.n", 0, "number of cookie sets compared with libh2o; 0 means 1,000,000 where peers are required, else 100,000")
)

// A dialogue is what one fingerprint of H2O's is told and asked: cookies first,
// then paths.
type dialogue struct {
	bits    uint8
	cookies []string // values
	paths   []lookup
}

type lookup struct {
	path string
	set  bool // put it there if it is not
}

func (d dialogue) String() string {
	return fmt.Sprintf("capacity bits %d, cookies %.400q, paths %v", d.bits, d.cookies, d.paths)
}

// An outcome is all that can be seen of a fingerprint from outside. That a cookie
// was refused shows in the keys alone: H2O has no error for it.
type outcome struct {
	has   []bool
	n     int
	value string
}

// ours is what casper makes of the dialogue. The census, which may be nil, counts
// what it met.
func (d dialogue) ours(c *census) outcome {
	p := casper.Params{CapacityBits: d.bits}
	f := casper.New(p)
	for _, cookie := range d.cookies {
		g, err := casper.ParseLenient(cookie, p)
		c.cookie(cookie, g, err)
		if err == nil {
			f = f.Merge(g)
		}
	}
	var o outcome
	for _, l := range d.paths {
		k := p.Key(l.path)
		o.has = append(o.has, f.Has(k))
		if l.set {
			f = f.With(k)
		}
	}
	o.n, o.value = f.Len(), f.String()
	c.outcome(d, o)
	return o
}

// theirs is H2O's own code, running.
type theirs struct {
	libh2o.Program
}

func startLibh2o(t testing.TB) *theirs { return &theirs{Program: libh2o.Start(t, libh2o.Casper)} }

// ask sends a dialogue, its answer is to be read by answer. The writer's error
// sticks, so that the last flush tells it.
func (h *theirs) ask(d dialogue) {
	h.In.WriteByte('N')
	h.In.WriteByte(d.bits)
	for _, cookie := range d.cookies {
		h.say('C', cookie)
	}
	for _, l := range d.paths {
		if l.set {
			h.say('S', l.path)
		} else {
			h.say('L', l.path)
		}
	}
	h.In.WriteByte('G')
}

func (h *theirs) say(what byte, s string) {
	var head [5]byte
	head[0] = what
	binary.LittleEndian.PutUint32(head[1:], uint32(len(s)))
	h.In.Write(head[:])
	h.In.WriteString(s)
}

// flush makes all that was asked so far answered.
func (h *theirs) flush() error {
	h.In.WriteByte('F')
	return h.In.Flush()
}

func (h *theirs) answer(d dialogue) (o outcome, err error) {
	for range d.paths {
		there, err := h.Out.ReadByte()
		if err != nil {
			return o, err
		}
		o.has = append(o.has, there == 1)
	}
	var head [8]byte
	if _, err := io.ReadFull(h.Out, head[:]); err != nil {
		return o, err
	}
	o.n = int(binary.LittleEndian.Uint32(head[:4]))
	field := make([]byte, binary.LittleEndian.Uint32(head[4:]))
	if _, err := io.ReadFull(h.Out, field); err != nil {
		return o, err
	}
	o.value, err = setCookieValue(string(field))
	return o, err
}

// setCookieValue returns the fingerprint's text in the value of one of H2O's
// Set-Cookie fields, which is the empty string for the empty set.
func setCookieValue(field string) (string, error) {
	if field == "" {
		return "", nil
	}
	value, ok := strings.CutSuffix(field, "; Path=/; Expires=Tue, 01 Jan 2030 00:00:00 GMT; Secure")
	if ok {
		value, ok = strings.CutPrefix(value, casper.CookieName+"=")
	}
	if !ok {
		return "", fmt.Errorf("H2O's Set-Cookie is %q", field)
	}
	return value, nil
}

// compare reports a difference between H2O's outcome and casper's.
func compare(t testing.TB, d dialogue, theirs outcome, c *census) {
	t.Helper()
	ours := d.ours(c)
	if ours.n != theirs.n || ours.value != theirs.value || !slices.Equal(ours.has, theirs.has) {
		t.Errorf("%v:\nH2O:    %d keys, %v, %.400q\ncasper: %d keys, %v, %.400q",
			d, theirs.n, theirs.has, theirs.value, ours.n, ours.has, ours.value)
	}
}

// TestLibh2o compares ParseLenient, Merge, Has, With, Len and String with the code
// in Debian's libh2o, over every capacity and kind of cookie. There is no
// tolerance. A failure is repeated by -libh2o.seed.
func TestLibh2o(t *testing.T) {
	h := startLibh2o(t)
	seed, n := *libh2oSeed, *libh2oRuns
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	if n == 0 {
		if n = 100_000; libh2o.Required() {
			n = 1_000_000
		}
	}
	t.Logf("comparing %d cookie sets: -libh2o.n=%d -libh2o.seed=%d", n, n, seed)

	// One goroutine invents, one asks, this one reads and compares. A batch is
	// handed over before it is sent, so that the answers are read meanwhile: else
	// both pipes could fill up.
	const batch = 500
	stop := make(chan struct{})
	defer close(stop)
	invented := make(chan []dialogue, 4)
	go func() {
		defer close(invented)
		in := newInventor(seed)
		for left := n; left > 0; left -= batch {
			ds := make([]dialogue, min(batch, left))
			for i := range ds {
				ds[i] = in.dialogue()
			}
			select {
			case invented <- ds:
			case <-stop:
				return
			}
		}
	}()
	asked := make(chan []dialogue)
	go func() {
		defer close(asked)
		for ds := range invented {
			select {
			case asked <- ds:
			case <-stop:
				return
			}
			for _, d := range ds {
				h.ask(d)
			}
			h.flush() // an error here is the end of the answers there
		}
	}()

	seen := new(census)
	for ds := range asked {
		for _, d := range ds {
			theirs, err := h.answer(d)
			if err != nil {
				t.Fatalf("libh2o gives no more answers: %v, at %v", err, d)
			}
			compare(t, d, theirs, seen)
		}
		if t.Failed() {
			return
		}
	}
	seen.check(t, n)
}

// A census counts what the comparison met, so that an inventor who only made
// boring cookies cannot pass for a proof.
type census struct {
	bits                                               [casper.MaxCapacityBits + 1]int
	cookies, refused, empty, above, atLimit, overLimit int
	merged, there, notThere, longest, most             int
}

// cookie counts one cookie and what ParseLenient made of it.
func (c *census) cookie(value string, f casper.Fingerprint, err error) {
	if c == nil {
		return
	}
	c.cookies++
	c.longest = max(c.longest, len(value))
	if err != nil {
		c.refused++
		if errors.Is(err, gcs.TooMany) {
			c.overLimit++
		}
		return
	}
	if f.Len() == 0 {
		c.empty++
	}
	if f.Len() == max(128, f.Params().Capacity()) {
		c.atLimit++
	}
	for k := range f.All() {
		if int(k) >= f.Params().Capacity() {
			c.above++
			break
		}
	}
}

// outcome counts what came of a dialogue.
func (c *census) outcome(d dialogue, o outcome) {
	if c == nil {
		return
	}
	c.bits[d.bits]++
	if len(d.cookies) > 1 {
		c.merged++
	}
	for _, there := range o.has {
		if there {
			c.there++
		} else {
			c.notThere++
		}
	}
	c.most = max(c.most, o.n)
}

// check wants each kind at least once in two thousand, where that many were run.
func (c *census) check(t *testing.T, n int) {
	t.Helper()
	t.Logf("no difference; met %+v", *c)
	kinds := map[string]int{
		"refused": c.refused, "empty": c.empty, "a key above the capacity": c.above, "as many keys as H2O takes": c.atLimit,
		"more keys than H2O takes": c.overLimit, "merged": c.merged, "path there": c.there, "path not there": c.notThere,
	}
	for bits := 1; bits <= casper.MaxCapacityBits; bits++ {
		kinds[fmt.Sprintf("capacity bits %d", bits)] = c.bits[bits]
	}
	for kind, met := range kinds {
		if least := n / 2000; met < least {
			t.Errorf("%s: met %d times, want at least %d", kind, met, least)
		}
	}
}

// An inventor makes up cookies and paths, the same ones for the same seed.
type inventor struct{ *rand.Rand }

func newInventor(seed uint64) *inventor {
	return &inventor{rand.New(rand.NewPCG(seed, 0))}
}

func (in *inventor) dialogue() dialogue {
	d := dialogue{bits: uint8(1 + in.IntN(casper.MaxCapacityBits))}
	for range 1 + max(0, in.IntN(8)-5) { // mostly one, sometimes up to three
		d.cookies = append(d.cookies, in.cookie(d.bits))
	}
	if in.IntN(2) == 0 {
		for range 1 + in.IntN(4) {
			d.paths = append(d.paths, lookup{fmt.Sprintf("/%d.css", in.IntN(2<<d.bits)), in.IntN(2) == 0})
		}
	}
	return d
}

// cookie returns a value of some kind, often damaged.
func (in *inventor) cookie(bits uint8) string {
	switch kind := in.IntN(1000); {
	case kind < 100: // octets without meaning
		return in.text(in.octets(in.IntN(60)))
	case kind < 150: // characters without meaning
		return string(in.octets(in.IntN(12)))
	case kind < 160 && bits <= 10 || kind == 150: // large ones take their time
		return in.damage(in.text(encodeKeys(in.crowd(bits))))
	case kind < 190: // a long way to the first key, or none at all
		zeros := make([]byte, in.IntN(2000))
		return in.text(slices.Concat(in.octets(in.IntN(3)), zeros, in.octets(in.IntN(3))))
	case kind < 240: // the other generation, which is garbage here
		p := casper.Params{CapacityBits: bits, Generation: casper.H2O20}
		f := casper.New(p)
		for range in.IntN(40) {
			f = f.With(casper.Key(in.Uint32()))
		}
		return f.String()
	case kind < 300: // far above the capacity
		keys := in.keys(in.IntN(10), 1<<bits)
		next := uint64(1) << in.IntN(20)
		for range 1 + in.IntN(5) {
			keys = append(keys, uint64(1)<<bits+next)
			next += 1 + in.Uint64N(1<<in.IntN(16))
		}
		return in.damage(in.text(encodeKeys(keys)))
	default: // what H2O would write itself
		most := min(1<<bits, 1<<in.IntN(8))
		return in.damage(in.text(encodeKeys(in.keys(in.IntN(most+1), 1<<bits))))
	}
}

// keys returns up to n sorted, distinct keys below the universe, the edges more
// often than their share.
func (in *inventor) keys(n, universe int) []uint64 {
	keys := make([]uint64, 0, n)
	for range n {
		k := in.IntN(universe)
		switch in.IntN(16) {
		case 0:
			k = 0
		case 1:
			k = universe - 1
		case 2:
			k &^= 63 // remainder 0
		case 3:
			k |= 63 // remainder 63
		case 4:
			if len(keys) > 0 {
				k = int(keys[len(keys)-1]) + 1 // a neighbour
			}
		}
		keys = append(keys, uint64(min(k, universe-1)))
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// crowd returns keys around the number that H2O takes, a few more or less.
func (in *inventor) crowd(bits uint8) []uint64 {
	n := max(128, 1<<bits) - 2 + in.IntN(5)
	keys := make([]uint64, n)
	next := uint64(in.IntN(3))
	for i := range keys {
		keys[i] = next
		next++
		if in.IntN(64) == 0 {
			next += in.Uint64N(100)
		}
	}
	return keys
}

func (in *inventor) octets(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(in.Uint32())
	}
	return b
}

// text returns the base64 text of octets some of which may have been damaged.
func (in *inventor) text(b []byte) string {
	switch in.IntN(12) {
	case 0:
		if len(b) > 0 {
			b[in.IntN(len(b))] ^= 1 << in.IntN(8)
		}
	case 1:
		b = b[:in.IntN(len(b)+1)]
	case 2:
		b = append(b, in.octets(1+in.IntN(4))...)
	case 3:
		b = append(b, make([]byte, in.IntN(20))...)
	}
	switch in.IntN(8) {
	case 0:
		return base64.RawStdEncoding.EncodeToString(b)
	case 1: // with padding, which H2O refuses
		return base64.URLEncoding.EncodeToString(b)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// damage returns the text as it is, or in one of the ways in which texts get
// spoilt on their way.
func (in *inventor) damage(s string) string {
	if len(s) == 0 {
		return s
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/"
	any := func() string {
		i := in.IntN(len(alphabet))
		return alphabet[i : i+1]
	}
	at := in.IntN(len(s))
	switch in.IntN(20) {
	case 0: // another character
		return s[:at] + any() + s[at+1:]
	case 1: // one too many
		return s[:at] + any() + s[at:]
	case 2: // one too few
		return s[:at] + s[at+1:]
	case 3: // the last characters missing
		return s[:at]
	case 4: // bits in the unused part of the last character
		return s[:len(s)-1] + any()
	case 5: // both alphabets at once
		swapped := []byte(s)
		for i, c := range swapped {
			if j := strings.IndexByte("-_+/", c); j >= 0 && in.IntN(2) == 0 {
				swapped[i] = "+/-_"[j]
			}
		}
		return string(swapped)
	case 6: // a character of no alphabet
		return s[:at] + string(in.octets(1)) + s[at:]
	case 7: // what a careless reader of headers leaves there
		return s + []string{"=", "==", " ", ";", "; a=b", "\"", "\x00", "\r\n", ","}[in.IntN(9)]
	case 8: // twice
		return s + s
	}
	return s
}

// encodeKeys encodes sorted keys one bit at a time, with no regard to any
// capacity: quotient in zeros and a one, six bits of remainder, gap minus one.
func encodeKeys(keys []uint64) []byte {
	var b []byte
	used := 0
	bit := func(one uint64) {
		if used%8 == 0 {
			b = append(b, 0)
		}
		b[used/8] |= byte(one << (7 - used%8))
		used++
	}
	next := uint64(0)
	for _, k := range keys {
		v := k - next
		for range v >> 6 {
			bit(0)
		}
		bit(1)
		for i := 5; i >= 0; i-- {
			bit(v >> i & 1)
		}
		next = k + 1
	}
	return b
}

// TestLibh2oWhereItChanges are the cases that a person would think of.
func TestLibh2oWhereItChanges(t *testing.T) {
	h := startLibh2o(t)
	tests := []struct {
		name    string
		bits    uint8
		cookies []string
		paths   []lookup
		want    outcome // known beforehand, where it is
	}{
		{"worked example A", 8, []string{"qF0"}, []lookup{{"/css/0.css", false}, {"/js/0.js", false}}, outcome{[]bool{true, false}, 2, "qF0"}},
		{"worked example B", 13, nil, []lookup{{"/index.html", true}, {"/index.html", false}}, outcome{[]bool{false, true}, 1, "AAAAAAAAAAAAAAAAAAAAqA"}},
		{"no cookie", 13, nil, nil, outcome{}},
		{"empty value", 13, []string{""}, nil, outcome{}},
		{"one character", 13, []string{"g"}, nil, outcome{}},
		{"zeros only", 13, []string{"AAAA"}, nil, outcome{}},
		{"{0}", 1, []string{"gA"}, nil, outcome{nil, 1, "gA"}},
		{"{0}, spare bits", 1, []string{"gP"}, nil, outcome{nil, 1, "gA"}},
		{"{63}, standard alphabet", 1, []string{"/g"}, nil, outcome{nil, 1, "_g"}},
		{"{0,1,2}, standard and URL", 2, []string{"gQIA"}, nil, outcome{nil, 3, "gQIA"}},
		{"padding", 2, []string{"gA=="}, nil, outcome{}},
		{"line feed, which Go's own decoder skips", 2, []string{"g\nA"}, nil, outcome{}},
		{"one in the padding, but no remainder", 13, []string{"gQ"}, nil, outcome{nil, 1, "gA"}},
		{"merged", 2, []string{"gQA", "QA"}, nil, outcome{nil, 3, "gQPw"}},
		{"merged with an invalid one", 2, []string{"gQA", "=", "gQA"}, nil, outcome{nil, 2, "gQA"}},
	}
	for _, tt := range tests {
		d := dialogue{tt.bits, tt.cookies, tt.paths}
		h.ask(d)
		if err := h.flush(); err != nil {
			t.Fatal(err)
		}
		theirs, err := h.answer(d)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		compare(t, d, theirs, nil)
		if theirs.n != tt.want.n || theirs.value != tt.want.value || !slices.Equal(theirs.has, tt.want.has) {
			t.Errorf("%s: H2O itself gives %+v, want %+v", tt.name, theirs, tt.want)
		}
	}
}

// TestLibh2oLimit finds H2O's limit on keys for every capacity: max(128, 2^bits)
// are taken, one more voids the cookie, a code that is cut short is not counted.
func TestLibh2oLimit(t *testing.T) {
	h := startLibh2o(t)
	for bits := uint8(1); bits <= casper.MaxCapacityBits; bits++ {
		limit := max(128, 1<<bits)
		for _, n := range []int{limit - 1, limit, limit + 1} {
			full := encodeKeys(adjacent(n))
			for name, b := range map[string][]byte{"": full, " and a cut code": append(slices.Clone(full), 0, 1)} {
				d := dialogue{bits: bits, cookies: []string{base64.RawURLEncoding.EncodeToString(b)}}
				h.ask(d)
				if err := h.flush(); err != nil {
					t.Fatal(err)
				}
				theirs, err := h.answer(d)
				if err != nil {
					t.Fatal(err)
				}
				compare(t, d, theirs, nil)
				want := n
				if n > limit {
					want = 0
				}
				if theirs.n != want {
					t.Errorf("capacity bits %d, %d keys%s: H2O has %d, want %d", bits, n, name, theirs.n, want)
				}
			}
		}
	}
}

// TestLibh2oKeepsOldText pins a habit of H2O's that casper does not share: once it
// has written a cookie, keys that come in another cookie are known but do not
// show, until a key is entered that no cookie brought.
func TestLibh2oKeepsOldText(t *testing.T) {
	h := startLibh2o(t)
	first := dialogue{bits: 13, cookies: []string{"gA"}}
	h.ask(first)
	h.say('C', "QA") // to the same fingerprint
	h.In.WriteByte('G')
	h.say('S', "/index.html")
	h.In.WriteByte('G')
	if err := h.flush(); err != nil {
		t.Fatal(err)
	}
	all := casper.New(casper.Params{}, 0, 64, 7700).String()
	for i, want := range []outcome{{nil, 1, "gA"}, {nil, 2, "gA"}, {[]bool{false}, 3, all}} {
		got, err := h.answer(dialogue{paths: make([]lookup, len(want.has))})
		if err != nil {
			t.Fatal(err)
		}
		if got.n != want.n || got.value != want.value || !slices.Equal(got.has, want.has) {
			t.Errorf("answer %d: %+v, want %+v", i, got, want)
		}
	}
}

// FuzzLibh2o lets the fuzzer look for a difference from H2O's own code.
func FuzzLibh2o(f *testing.F) {
	f.Add(uint8(13), "AAAAAAAAAAAAAAAAAAAAqA", "AAAAAAAAAAAAAAAAAAADkA", "/index.html") // both worked examples, merged
	f.Add(uint8(8), "qF0", "", "/css/0.css")                                            // two keys without padding
	f.Add(uint8(1), "gQA", "/g==", "/")                                                 // the full universe, and padding
	f.Add(uint8(3), "_gE", "g", "")                                                     // a key above the capacity; one character
	f.Add(uint8(15), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAf_-+", "AAAA", "/a?b=c")      // a long run, ones, mixed alphabets; zeros
	f.Add(uint8(7), strings.Repeat("gQIECBAg", 22), "gA", "/x")                         // 150 adjacent keys: over the limit
	h := startLibh2o(f)
	f.Fuzz(func(t *testing.T, bits uint8, a, b, path string) {
		d := dialogue{1 + bits%casper.MaxCapacityBits, []string{a, b}, []lookup{{path, false}, {path, true}}}
		h.ask(d)
		if err := h.flush(); err != nil {
			t.Fatal(err)
		}
		theirs, err := h.answer(d)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, d, theirs, nil)
	})
}

// adjacent returns the keys 0 to n-1.
func adjacent(n int) []uint64 {
	keys := make([]uint64, n)
	for i := range keys {
		keys[i] = uint64(i)
	}
	return keys
}
