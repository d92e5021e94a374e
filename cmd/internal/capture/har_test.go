package capture

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// keepAll keeps whatever can be kept.
var keepAll = HARReader{
	RequestHeaders:  func(string) bool { return true },
	ResponseHeaders: func(string) bool { return true },
	Cookies:         true,
}

// entriesOf reads a file to its end; last is the entry that came with the error.
func entriesOf(h *HARReader, r io.Reader) (whole []HAREntry, last *HAREntry, err error) {
	for e, fault := range h.All(r) {
		if err = fault; err != nil {
			return whole, e, err
		}
		whole = append(whole, *e)
	}
	return whole, nil, nil
}

const wholeEntry = `{"startedDateTime": "2026-11-20T08:00:00.000Z", "time": 120.5, "timings": {"wait": 90, "receive": 20.25}, "_fromCache": "disk", "pageref": "page_1",
	"request": {"method": "POST", "url": "https://h/?\u0061=b#c", "httpVersion": "h2", "headersSize": -1, "postData": {"text": "x"},
		"headers": [{"name": ":path", "value": "/?a=b"}, {"name": "Cookie", "value": "a=b", "comment": ""}], "cookies": [{"name": "a", "value": "b"}]},
	"response": {"status": 404, "statusText": "Not Found", "bodySize": -1, "_transferSize": 900, "content": {"size": 2000, "mimeType": "text/html", "text": "<p>"},
		"headers": [{"name": "set-cookie", "value": "a=b\nc=d"}], "cookies": [{"name": "a", "value": "b"}, {"name": "", "value": "c"}]}}`

func TestHARReader(t *testing.T) {
	want := HAREntry{
		Started: "2026-11-20T08:00:00.000Z", Time: 120.5, Receive: 20.25, FromCache: "disk",
		Request: HARRequest{
			Method: "POST", URL: "https://h/?a=b#c", Version: "h2",
			HARMessage: HARMessage{Headers: []HARPair{{":path", "/?a=b"}, {"Cookie", "a=b"}}, Cookies: []HARPair{{"a", "b"}}},
		},
		Response: HARResponse{
			Status: 404, BodySize: -1, TransferSize: 900, ContentSize: 2000, MimeType: "text/html",
			HARMessage: HARMessage{Headers: []HARPair{{"set-cookie", "a=b\nc=d"}}, Cookies: []HARPair{{"a", "b"}}},
		},
	}
	check := func(h HARReader, want HAREntry) {
		t.Helper()
		for _, reading := range readings {
			all, _, err := entriesOf(&h, reading.of(strings.NewReader(har(wholeEntry, wholeEntry))))
			if err != nil || len(all) != 2 {
				t.Fatalf("%s: %d entries, %v", reading.name, len(all), err)
			}
			for i, e := range all {
				want.Index, e.left = i, 0
				if !reflect.DeepEqual(e, want) {
					t.Errorf("%s:\n%+v, want\n%+v", reading.name, e, want)
				}
			}
		}
	}
	check(keepAll, want)
	want.Request.Cookies, want.Response.Cookies = nil, nil
	check(HARReader{RequestHeaders: keepAll.RequestHeaders, ResponseHeaders: keepAll.ResponseHeaders}, want)
	want.Request.Headers, want.Response.Headers = want.Request.Headers[1:], nil
	check(HARReader{RequestHeaders: func(name string) bool { return name == "Cookie" }}, want)
	want.Request.Headers = nil
	check(HARReader{}, want)
}

// TestHARReaderFaults has entries with something wrong in them, each between two good ones.
func TestHARReaderFaults(t *testing.T) {
	digits := strings.Repeat("1", maxNumber)
	for _, tt := range []struct{ name, entry, lost, odd string }{
		{"nothing", `{}`, "", ""},
		{"null is nothing", `{"startedDateTime":null,"time":null,"timings":null,"request":null,"response":{"status":null,"headers":null,"cookies":[null,{"name":null}]}}`, "", ""},
		{"no object", `7`, "found '7', want one of \"{\"", ""},
		{"null", `null`, "found 'n', want one of \"{\"", ""},
		{"a list", `[{"request":{}}]`, "found '[', want one of \"{\"", ""},
		{"a number for a text", `{"startedDateTime":1795161602}`, "", "'1' in the place of a string"},
		{"a text for a number", `{"time":"7"}`, "", "'\"' in the place of a number"},
		{"a text for an object", `{"timings":"7"}`, "", "'\"' in the place of an object"},
		{"an object for a list", `{"request":{"headers":{"Cookie":"a=b"}}}`, "", "'{' in the place of a list"},
		{"a number for a pair", `{"request":{"headers":[{"name":"a"},3]}}`, "", "'3' in the place of an object"},
		{"the first counts", `{"response":{"content":{"size":true,"mimeType":3}}}`, "", "'t' in the place of a number"},
		{"half a status", `{"response":{"status":200.5}}`, "", "'2' in the place of a number"},
		{"no float64 is so large", `{"time":1e999}`, "", "'1' in the place of a number"},
		{"no number", `{"time":-1-1}`, "", "'-' in the place of a number"},
		{"a long number", `{"time":0.` + digits[2:] + `}`, "", ""},
		{"a longer one", `{"time":0.` + digits[1:] + `}`, "", "'0' in the place of a number"},
		{"a text of another use", `{"request":{"method":"` + strings.Repeat("G", maxName+1) + `"}}`, "", ""},
		{"a data: URL", `{"request":{"url":"data:,` + strings.Repeat("x", maxURL) + `"}}`, "", ""},
		{"a long name", `{"request":{"headers":[{"name":"` + strings.Repeat("x", maxName) + `","value":"a"}]}}`, "", ""},
		{"too much", `{"request":{"headers":[{"name":"a","value":"` + strings.Repeat("x", MaxLine-pairCost) + `"}]}}`, "over-long line: entries[1] has more than 1048576 bytes of headers and cookies", ""},
		{"as much as may be", `{"request":{"headers":[{"name":"a","value":"` + strings.Repeat("x", MaxLine-pairCost-1) + `"}]}}`, "", ""},
	} {
		text := func(err error) string {
			if err == nil {
				return ""
			}
			if place := (*Error)(nil); !errors.As(err, &place) || place.Offset == 0 {
				t.Errorf("%s: %v has no place", tt.name, err)
			}
			return err.Error()
		}
		for _, reading := range readings[:2] { // whole, and in the smallest pieces
			all, _, err := entriesOf(&keepAll, reading.of(strings.NewReader(har(wholeEntry, tt.entry, wholeEntry))))
			if err != nil || len(all) != 3 {
				t.Fatalf("%s: %d entries, %v", tt.name, len(all), err)
			}
			if got := text(all[1].Lost); !strings.HasSuffix(got, tt.lost) || got != "" && tt.lost == "" {
				t.Errorf("%s: lost %q, want %q", tt.name, got, tt.lost)
			}
			if got := text(all[1].Odd); !strings.HasSuffix(got, tt.odd) || got != "" && tt.odd == "" {
				t.Errorf("%s: odd %q, want %q", tt.name, got, tt.odd)
			}
			for _, e := range []HAREntry{all[0], all[2]} {
				if e.Lost != nil || e.Odd != nil || e.Response.Status != 404 {
					t.Errorf("%s: beside it %+v", tt.name, e)
				}
			}
		}
	}
}

// TestHARGoesOn finds the cookies and paths on both sides of what is no entry.
func TestHARGoesOn(t *testing.T) {
	in := `{"log":{"entries":[{"request":{"url":"https://h/a","cookies":[{"name":"a","value":"1"}]}},null,[[{}]],` +
		`{"request":{"url":"https://h/b","cookies":[{"name":"b","value":"2"}]}}]}}`
	faults := fmt.Sprintf("! byte %d: not a HAR file: found 'n', want one of \"{\"\n! byte %d: not a HAR file: found '[', want one of \"{\"",
		strings.Index(in, "null"), strings.Index(in, "[[{}"))
	if got, want := collect(HAR(strings.NewReader(in))).show(), "2 a=1@0 entries[0].request https://h/a\n2 b=2@0 entries[3].request https://h/b\n"+faults; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if got, want := showNames(HARPaths(strings.NewReader(in))), "/a\n"+faults+"\n/b\n"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	// Where the file breaks off in what is no entry, both are told.
	const cut = "! byte 19: not a HAR file: found '[', want one of \"{\"\n! byte 22: JSON ends early: unexpected EOF"
	if got := collect(HAR(strings.NewReader(`{"log":{"entries":[[7,`))).show(); got != cut {
		t.Errorf("got:\n%s\nwant:\n%s", got, cut)
	}
}

// TestHARReaderBreaksOff cuts a file at every byte. Entries before the cut are whole; the one that it
// goes through comes with the error, and none comes where it goes between two.
func TestHARReaderBreaksOff(t *testing.T) {
	file := har(wholeEntry, `{"request":{"method":"GET"}}`)
	first, second := strings.Index(file, wholeEntry), strings.LastIndex(file, `{"request":{"method"`)
	for cut := range len(file) {
		all, last, err := entriesOf(&keepAll, strings.NewReader(file[:cut]))
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		whole, inside := 0, cut > first
		if cut >= first+len(wholeEntry) {
			whole, inside = 1, cut > second
		}
		if cut >= len(file)-len("]}}") {
			whole, inside = 2, false
		}
		if len(all) != whole || (last != nil) != inside {
			t.Fatalf("cut at %d: %d entries and %+v, want %d", cut, len(all), last, whole)
		}
		if inside && last.Index != whole {
			t.Fatalf("cut at %d: entry %d, want %d", cut, last.Index, whole)
		}
	}
}

// TestHARReaderIsBounded has an entry with 10 MiB of headers, of which MaxLine is kept.
func TestHARReaderIsBounded(t *testing.T) {
	const pair = `{"name":"accept","value":"0123456789"},`
	in := io.MultiReader(strings.NewReader(`{"log":{"entries":[{"request":{"headers":[`),
		io.LimitReader(&junk{pattern: []byte(pair)}, 10<<20/int64(len(pair))*int64(len(pair))), strings.NewReader(`null]}}]}}`))
	w := &weighing{r: in}
	all, _, err := entriesOf(&keepAll, w)
	if err != nil || len(all) != 1 || !errors.Is(all[0].Lost, ErrLong) {
		t.Fatalf("%d entries, %v", len(all), err)
	}
	if got, want := len(all[0].Request.Headers), MaxLine/(len("accept0123456789")+pairCost); got != want {
		t.Errorf("%d headers, want %d", got, want)
	}
	if w.heap > w.base+4<<20 {
		t.Errorf("heap grew by %d KiB", (w.heap-w.base)>>10)
	}
}

// slowReader reads the fields of entries from trees that encoding/json made.
type slowReader struct{ odd bool }

// of returns the members with a name that are of a kind.
func (s *slowReader) of(parents []tree, name string, kind json.Delim) (found []tree) {
	for _, parent := range parents {
		for _, m := range parent.all(name) {
			if m.kind == kind {
				found = append(found, m)
			} else if m.kind != 0 || m.value != nil {
				s.odd = true
			}
		}
	}
	return found
}

// scalars hands every value with that name to set, which reports whether it is of its kind.
func (s *slowReader) scalars(parents []tree, name string, set func(any) bool) {
	for _, parent := range parents {
		for _, m := range parent.all(name) {
			if !set(m.value) && (m.kind != 0 || m.value != nil) {
				s.odd = true
			}
		}
	}
}

func (s *slowReader) text(parents []tree, name string) (text string) {
	s.scalars(parents, name, func(v any) (ok bool) { text, ok = v.(string); return ok })
	return text
}

func slowNumber[T int | float64](s *slowReader, parents []tree, name string) (n T) {
	s.scalars(parents, name, func(v any) bool {
		n = 0
		text, ok := v.(json.Number)
		return ok && len(text) <= maxNumber && json.Unmarshal([]byte(text), &n) == nil
	})
	return n
}

func (s *slowReader) pairs(parents []tree, name string, choose func(string) bool) (pairs []HARPair) {
	for _, list := range s.of(parents, name, '[') {
		for _, m := range list.members {
			pair := s.of([]tree{{keys: []string{""}, members: []tree{m}}}, "", '{')
			if p := (HARPair{s.text(pair, "name"), s.text(pair, "value")}); choose(p.Name) {
				pairs = append(pairs, p)
			}
		}
	}
	return pairs
}

// entries returns ok false for what is no HAR file.
func (s *slowReader) entries(in []byte) (all []HAREntry, odd []bool, ok bool) {
	if _, ok = slowHAR(in); !ok {
		return nil, nil, false
	}
	for _, log := range treeOf(in).all("log") {
		for _, entries := range log.all("entries") {
			for i, m := range entries.members {
				s.odd = false
				one := []tree{m}
				request, response := s.of(one, "request", '{'), s.of(one, "response", '{')
				content := s.of(response, "content", '{')
				e := HAREntry{
					Index: i, Started: s.text(one, "startedDateTime"), Time: slowNumber[float64](s, one, "time"), FromCache: s.text(one, "_fromCache"),
					Receive: slowNumber[float64](s, s.of(one, "timings", '{'), "receive"),
					Request: HARRequest{
						Method: s.text(request, "method"), URL: s.text(request, "url"), Version: s.text(request, "httpVersion"),
						HARMessage: HARMessage{Headers: s.pairs(request, "headers", keepAll.RequestHeaders), Cookies: s.pairs(request, "cookies", hasName)},
					},
					Response: HARResponse{
						Status: slowNumber[int](s, response, "status"), BodySize: slowNumber[float64](s, response, "bodySize"),
						TransferSize: slowNumber[float64](s, response, "_transferSize"), ContentSize: slowNumber[float64](s, content, "size"), MimeType: s.text(content, "mimeType"),
						HARMessage: HARMessage{Headers: s.pairs(response, "headers", keepAll.ResponseHeaders), Cookies: s.pairs(response, "cookies", hasName)},
					},
				}
				all, odd = append(all, e), append(odd, s.odd)
			}
		}
	}
	return all, odd, true
}

// agreeOnFields holds HARReader against a reader that parses the file with encoding/json, where
// that takes it and nothing in it is beyond a bound.
func agreeOnFields(t *testing.T, in []byte) {
	t.Helper()
	all, _, err := entriesOf(&keepAll, bytes.NewReader(in))
	in = bytes.TrimPrefix(in, []byte(byteOrderMark))
	want, odd, ok := new(slowReader).entries(in)
	if !ok || len(in) > maxName || bytes.Count(in, []byte("["))+bytes.Count(in, []byte("{")) > maxDepth {
		return
	}
	if err != nil || len(all) != len(want) {
		t.Fatalf("%q: %d entries, want %d; %v", in, len(all), len(want), err)
	}
	for i, e := range all {
		if e.Lost != nil || (e.Odd != nil) != odd[i] {
			t.Fatalf("%q: entry %d lost %v, odd %v, want %v", in, i, e.Lost, e.Odd, odd[i])
		}
		e.left, e.Odd, e.Unread = 0, nil, nil
		if !reflect.DeepEqual(e, want[i]) {
			t.Fatalf("%q:\n%+v\nencoding/json:\n%+v", in, e, want[i])
		}
	}
}

// TestHARReaderAgreesWithJSON makes entries in which every value may be of another kind, absent or there twice.
func TestHARReaderAgreesWithJSON(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	pick := func(from ...string) string { return from[rng.IntN(len(from))] }
	other := func() string {
		return pick("null", "true", "7", "-1.5e3", "1e999", "0", `""`, `"x"`, `"\u00e9\ud83d\ude00\n"`, "[]", "[[7]]", "{}", `{"name":"a","size":1}`)
	}
	var object func(depth int, members ...string) string
	value := func(depth int, kind string) string {
		if rng.IntN(30) == 0 {
			return other()
		}
		switch kind {
		case "text":
			return pick(`"GET"`, `"https://h/"`, `"a=b"`, `"\u0041\n"`, `""`)
		case "number":
			return pick("200", "200", "0", "0", "-1", "-1", "7", "7", "12.75", "1E2", "9007199254740993", "18446744073709551616")
		case "pairs":
			var list []string
			for range rng.IntN(3) {
				list = append(list, object(depth+1, "name", "text", "value", "text", "comment", "text"))
			}
			return "[" + strings.Join(list, ",") + "]"
		case "timings":
			return object(depth+1, "receive", "number", "wait", "number")
		case "content":
			return object(depth+1, "size", "number", "mimeType", "text", "text", "text")
		case "request":
			return object(depth+1, "method", "text", "url", "text", "httpVersion", "text", "headers", "pairs", "cookies", "pairs", "content", "content")
		default:
			return object(depth+1, "status", "number", "bodySize", "number", "_transferSize", "number", "content", "content", "headers", "pairs", "cookies", "pairs", "url", "text")
		}
	}
	object = func(depth int, members ...string) string {
		var list []string
		for i := 0; i < len(members); i += 2 {
			for range []int{0, 1, 1, 1, 1, 1, 1, 2}[rng.IntN(8)] {
				list = append(list, fmt.Sprintf("%q:%s", members[i], value(depth, members[i+1])))
			}
		}
		rng.Shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] })
		return "{" + strings.Join(list, ",") + "}"
	}
	odd := 0
	for range 1000 {
		in := `{"log":{"entries":[` + object(0, "startedDateTime", "text", "time", "number", "_fromCache", "text", "timings", "timings", "request", "request", "response", "response") + `]}}`
		agreeOnFields(t, []byte(in))
		if all, _, err := entriesOf(&keepAll, strings.NewReader(in)); err != nil || len(all) != 1 {
			t.Fatalf("%s: %v", in, err)
		} else if all[0].Odd != nil {
			odd++
		}
	}
	if odd < 100 || odd > 900 {
		t.Errorf("%d of 1000 entries are odd: the others prove little, or they do", odd)
	}
}

func FuzzHARReader(f *testing.F) {
	for _, tt := range harTests {
		f.Add([]byte(tt.in))
	}
	f.Add([]byte(har(wholeEntry)))
	f.Add([]byte(`{"log":{"entries":[{"time":1,"time":null,"time":"x","request":{"method":"a","method":7}}]}}`)) // the last counts
	f.Add([]byte(`{"log":{"entries":[{"response":{"status":2e2}},{"response":{"status":-0}},null]}}`))           // numbers that are no int, and one that is
	f.Fuzz(func(t *testing.T, in []byte) {
		all, last, err := entriesOf(&keepAll, bytes.NewReader(in))
		again, lastAgain, errAgain := entriesOf(&keepAll, readings[2].of(bytes.NewReader(in)))
		if !reflect.DeepEqual(all, again) || !reflect.DeepEqual(last, lastAgain) || fmt.Sprint(err) != fmt.Sprint(errAgain) {
			t.Fatalf("%q: in halves it is another file", in)
		}
		if place := (*Error)(nil); err != nil && (!errors.As(err, &place) || place.Offset > int64(len(in))) {
			t.Fatalf("%q: %v has no place", in, err)
		}
		if slices.ContainsFunc(all, func(e HAREntry) bool { return e.left < 0 || e.left > MaxLine }) {
			t.Fatalf("%q: more is kept than may be", in)
		}
		agreeOnFields(t, in)
	})
}
