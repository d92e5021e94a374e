package redisstore

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/link"
)

// record is a value of a hash: the evidence about one asset of a page or, in
// the field without an asset, about the page itself. It is a header of fixed
// size that the script adds up, all big-endian, and a tail that it only
// carries along:
//
//	 0  float64  used      in thousandths of a view, so sums are whole numbers and exact
//	 8  float64  views
//	16  float64  held
//	24  uint64   for       voters of the day, one bit each bucket of clients
//	32  uint64   against
//	40  uint32   day       the voters', in days since 1970
//	44  uint32   time      of the last report, in seconds since 1970
//	48  JSON               a [evidence.Vote] without its counts, or a pageTail
type record struct {
	header
	tail []byte
}

// header is the part of fixed size.
type header struct {
	counts
	For, Against uint64
	Day, Time    uint32
}

// counts are in thousandths of a view.
type counts struct{ Used, Views, Held float64 }

// headerLen is the length of a record's header, in octets. The script knows it too.
const headerLen = 48

// maxTail bounds a tail, in octets: a path and a version are bounded themselves, and both may
// be escaped.
const maxTail = 16 << 10

// pageTail is the tail of a page's own record.
type pageTail struct {
	Members int `json:"members,omitempty"`
}

// entry is a field of a hash and its record.
type entry struct {
	field string
	record
}

// fieldOf names an asset of a page, or the page itself when the asset is empty.
func fieldOf(page, asset string) string { return page + "\n" + asset }

// sightingField names a sighting: no page has such a name, since the line feed is missing. Its record has
// the day, and no tail.
func sightingField(x evidence.Sighting) string { return fmt.Sprintf("#%016x.%016x", x.Page, x.Mark) }

// sighting reads a sighting.
func (e *entry) sighting() (x evidence.Sighting, ok bool) {
	if len(e.field) != len("#.")+2*16 || e.field[0] != '#' {
		return x, false
	}
	n, err := fmt.Sscanf(e.field, "#%016x.%016x", &x.Page, &x.Mark)
	x.Day = uint16(min(e.Day, math.MaxUint16))
	return x, err == nil && n == 2 && sightingField(x) == e.field && len(e.tail) == 0
}

// cutField takes a field's name apart. Paths hold no line feed.
func cutField(field string) (page, asset string, ok bool) { return strings.Cut(field, "\n") }

func (r *record) append(dst []byte) []byte {
	dst, _ = binary.Append(dst, binary.BigEndian, &r.header) // no error: its size is fixed
	return append(dst, r.tail...)
}

// parseRecord reads a record. What is no record, or claims what cannot be, is
// not ok; the tail is judged by whoever needs it.
func parseRecord(text string) (r record, ok bool) {
	if len(text) > headerLen+maxTail {
		return record{}, false
	}
	b := []byte(text)
	if _, err := binary.Decode(b, binary.BigEndian, &r.header); err != nil { // it is shorter
		return record{}, false
	}
	r.tail = b[headerLen:]
	return r, sane(r.Used) && sane(r.Views) && sane(r.Held)
}

// sane reports whether a count may be one: neither negative, nor NaN, nor above what float64
// counts exactly.
func sane(thousandths float64) bool { return thousandths >= 0 && thousandths <= 1<<53 }

func thousandths(views float64) float64 { return math.Round(views * 1000) }

// appendEntries appends what a delta comes to. Names that cannot be fields, and votes whose
// asset is no valid link, are left out: the model would refuse them too.
func appendEntries(dst []entry, d *evidence.Delta) []entry {
	if d.Sighting != (evidence.Sighting{}) {
		return append(dst, entry{sightingField(d.Sighting), record{header: header{Day: uint32(d.Sighting.Day)}}})
	}
	if d.Page == "" || strings.Contains(d.Page, "\n") {
		return dst
	}
	at := uint32(min(max(0, d.Time.Unix()), math.MaxUint32))
	tail, err := json.Marshal(pageTail{d.Members})
	if err != nil {
		return dst
	}
	dst = append(dst, entry{fieldOf(d.Page, ""), record{header{counts: counts{Views: thousandths(d.Views)}, Time: at}, tail}})
	for _, v := range d.Assets {
		r := record{header: header{
			counts{thousandths(v.Used), thousandths(v.Views), thousandths(v.Held)},
			v.For, v.Against, uint32(v.Day), at,
		}}
		v.Used, v.Views, v.Held, v.For, v.Against, v.Day = 0, 0, 0, 0, 0, 0
		if path := v.Asset.Path; path == "" || strings.Contains(path, "\n") {
			continue
		}
		if r.tail, err = json.Marshal(v); err != nil || len(r.tail) > maxTail {
			continue
		}
		dst = append(dst, entry{fieldOf(d.Page, v.Asset.Path), r})
	}
	return dst
}

// addTo adds an entry to the delta of its page, and reports whether it was a sound one.
func (e *entry) addTo(d *evidence.Delta) bool {
	_, asset, ok := cutField(e.field)
	if !ok {
		return false
	}
	if t := time.Unix(int64(e.Time), 0).UTC(); e.Time != 0 && t.After(d.Time) {
		d.Time = t
	}
	if asset == "" {
		var tail pageTail
		if json.Unmarshal(e.tail, &tail) != nil {
			return false
		}
		d.Views += e.Views / 1000
		d.Members = max(d.Members, tail.Members)
		return true
	}
	var v evidence.Vote
	if json.Unmarshal(e.tail, &v) != nil || v.Asset.Path != asset || v.Asset.Rel == link.Preconnect {
		return false
	}
	v.Used, v.Views, v.Held = e.Used/1000, e.Views/1000, e.Held/1000
	v.For, v.Against, v.Day = e.For, e.Against, uint16(min(e.Day, math.MaxUint16))
	d.Assets = append(d.Assets, v)
	return true
}
