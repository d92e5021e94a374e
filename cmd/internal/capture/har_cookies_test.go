package capture

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// har wraps entries in what a HAR file has around them.
func har(entries ...string) string {
	return `{"log": {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "pages": [{"id": "page_1"}], "entries": [` +
		strings.Join(entries, ",\n") + `]}}`
}

// message is an entry with request and response given by the inside of their objects.
func message(request, response string) string {
	return `{"startedDateTime": "2026-11-23T02:08:33.000Z", "time": 1.5, "request": {"method": "GET", "url": "https://example.com/", ` + request +
		`}, "response": {"status": 200, ` + response + `, "content": {"size": 4, "text": "\"\\{[" }}, "cache": {}, "timings": {"wait": -1}}`
}

const (
	noCookies = `"headers": [], "cookies": []`
	atEntry0  = "entries[0].request https://example.com/"
	setEntry0 = "entries[0].response https://example.com/"
)

var harTests = []struct{ name, in, want string }{
	{"no entries", har(), ""},
	{"no cookies", har(message(noCookies, noCookies)), ""},
	{
		"headers and lists say the same",
		har(message(
			`"headers": [{"name": "Accept", "value": "a=b"}, {"name": "cookie", "value": "a=b; h2o_casper=qF0"}], "cookies": [{"name": "a", "value": "b", "path": "/"}, {"name": "h2o_casper", "value": "qF0"}]`,
			`"headers": [{"name": "Set-Cookie", "value": "h2o_casper=gA; Path=/; Secure"}], "cookies": [{"name": "h2o_casper", "value": "gA", "expires": null}]`)),
		"2 a=b@2 " + atEntry0 + "\n2 h2o_casper=qF0@16 " + atEntry0 + "\n3 h2o_casper=gA@11 " + setEntry0,
	},
	{
		"lists before headers, and the headers' value counts",
		har(message(`"cookies": [{"value": "decoded", "name": "h2o_casper"}], "headers": [{"value": "h2o_casper=qF0", "name": "COOKIE"}]`, noCookies)),
		"2 h2o_casper=qF0@11 " + atEntry0,
	},
	{
		"only lists",
		har(message(`"headers": [], "cookies": [{"name": "h2o_casper", "value": "qF0"}]`, `"cookies": [{"name": "h2o_casper", "value": "\"gA\""}]`)),
		"2 h2o_casper=qF0@0 " + atEntry0 + "\n3 h2o_casper=gA@1 quoted " + setEntry0,
	},
	{
		"a list knows more than the headers",
		har(message(`"headers": [{"name": "Cookie", "value": "a=b"}], "cookies": [{"name": "a", "value": "b"}, {"name": "h2o_casper", "value": "qF0"}]`, noCookies)),
		"2 a=b@2 " + atEntry0 + "\n2 h2o_casper=qF0@0 " + atEntry0,
	},
	{
		"HTTP/2 crumbs, each a header",
		har(message(`"headers": [{"name": ":path", "value": "/"}, {"name": "cookie", "value": "h2o_casper=qF0"}, {"name": "cookie", "value": "h2o_casper=gA"}]`, noCookies)),
		"2 h2o_casper=qF0@11 " + atEntry0 + "\n2 h2o_casper=gA@11 " + atEntry0,
	},
	{
		"several Set-Cookie headers in one value, as browsers write them",
		har(message(noCookies, `"headers": [{"name": "set-cookie", "value": "a=b; Path=/\nh2o_casper=gA; Path=/"}]`)),
		"3 a=b@2 " + setEntry0 + "\n3 h2o_casper=gA@23 " + setEntry0,
	},
	{
		"the next entry is another capture; the URL comes last; no response",
		har(message(`"headers": [{"name": "Cookie", "value": "h2o_casper=qF0"}]`, noCookies),
			`{"response": null, "request": {"headers": [{"name": "Cookie", "value": "h2o_casper=qF0"}], "url": "https://example.com/2"}}`),
		"2 h2o_casper=qF0@11 " + atEntry0 + "\n2 h2o_casper=qF0@11 entries[1].request https://example.com/2",
	},
	{
		"a header without a cookie, a cookie without a name",
		har(message(`"headers": [{"name": "Cookie", "value": ""}, {"name": "Cookie"}, {}, null, 3], "cookies": [{"value": "x"}, {"name": "a", "value": null}]`, noCookies)),
		"2 a=@0 " + atEntry0,
	},
	{
		"escapes in keys and values",
		`{"\u006cog":{"entries":[{"request":{"\u0068eaders":[{"na\u006de":"\u0043ookie","value":"h2o_casper=q\u00460\u003b x=\ud83d\ude00"}]}}]}}`,
		"2 h2o_casper=qF0@11 entries[0].request \n2 x=😀@18 entries[0].request ",
	},
	{"a byte order mark and white space", "\ufeff \r\n\t" + har(message(`"headers": [{"name": "Cookie", "value": "h2o_casper=qF0"}]`, noCookies)) + "\n ", "2 h2o_casper=qF0@11 " + atEntry0},
	{"entries of other kinds", `{"log":{"entries":[{}, {"request":7,"response":"x"}, {"request":{"url":[]}}]}}`, ""},
	{"headers of another kind are not none", `{"log":{"entries":[{"request":{"headers":{},"cookies":"no"}}]}}`, "! byte 41: entries[0] has '{' in the place of a list"},
	{"nor is a Cookie of another kind", `{"log":{"entries":[{"request":{"headers":[{"name":"Cookie","value":["a=b"]},{"name":"Age","value":7}]}}]}}`, "! byte 67: entries[0] has '[' in the place of a string"},
	{"a digest", `{"log":{"entries":[{"request":{"headers":[{"name":"cache-digest","value":"AfdA; complete"}]}}]}}`, "5 =AfdA; complete@0 entries[0].request "},
	{"entries twice", `{"log":{"entries":[]},"log":{"entries":[{"response":{"cookies":[{"name":"a","value":"b"}]}}]}}`, "3 a=b@0 entries[0].response "},

	{"empty", "", "! byte 0: JSON ends early: unexpected EOF"},
	{"not JSON", "Cookie: h2o_casper=qF0", "! byte 0: not a HAR file: found 'C', want one of \"{\""},
	{"JSON, not HAR", `{"cookies":[]}`, "! byte 14: not a HAR file: it has no log.entries"},
	{"a log of another kind", `{"log":"x"}`, "! byte 7: not a HAR file: found '\"', want one of \"{\""},
	{"entries of another kind", `{"log":{"entries":{}}}`, "! byte 18: not a HAR file: found '{', want one of \"[\""},
	{"an entry of another kind", `{"log":{"entries":[1]}}`, "! byte 19: not a HAR file: found '1', want one of \"{\""},
	{"more behind the end", `{"log":{"entries":[]}} x`, "! byte 23: not a HAR file: found 'x' after the end"},
	{"wrong bracket", `{"log":{"entries":[}]}`, "! byte 19: not a HAR file: found '}', want one of \"{\""},
	{"comma before the end", `{"log":{"entries":[{},]}}`, "! byte 22: not a HAR file: found ']', want one of \"{\""},
	{"no comma", `{"log":{"entries":[{}{}]}}`, "! byte 21: not a HAR file: found '{', want one of \",]\""},
	{"no value", `{"log":{"version":,"entries":[]}}`, "! byte 18: not a HAR file: found ',', want a value"},
	{"no colon", `{"log" {"entries":[]}}`, "! byte 7: not a HAR file: found '{', want one of \":\""},
	{"bad escape where it matters", `{"log":{"entries":[{"request":{"url":"\x"}}]}}`, "! byte 41: not a HAR file: a string has a bad character or escape"},
	{"half a byte order mark", "\xef\xbb{}", "! byte 2: not a HAR file: found '{', want a JSON object"},
	{"too deep", `{"log":{"x":` + strings.Repeat("[", 200), "! byte 139: not a HAR file: nested more than 128 deep"},
	{
		"the fault comes after a good entry",
		`{"log":{"entries":[{"request":{"headers":[{"name":"Cookie","value":"a=b"}]}}, nonsense]}}`,
		"2 a=b@2 entries[0].request \n! byte 78: not a HAR file: found 'n', want one of \"{\"",
	},
}

func TestHAR(t *testing.T) {
	for _, tt := range harTests {
		t.Run(tt.name, func(t *testing.T) {
			for _, reading := range readings {
				got := collect(HAR(reading.of(strings.NewReader(tt.in))))
				if got.show() != tt.want {
					t.Fatalf("%s:\n%s\nwant:\n%s", reading.name, got.show(), tt.want)
				}
				for _, err := range got.errs {
					if place := (&Error{}); !errors.As(err, &place) || !strings.Contains(err.Error(), "in the place of") && !errors.Is(err, ErrHAR) && !errors.Is(err, io.ErrUnexpectedEOF) {
						t.Errorf("%v does not match", err)
					}
				}
			}
		})
	}
}

// TestHARTruncated cuts a file at every byte: what was whole before the cut is
// yielded, and then one error.
func TestHARTruncated(t *testing.T) {
	whole := har(
		message(`"headers": [{"name": "Cookie", "value": "a=1; b=2"}]`, `"headers": [{"name": "Set-Cookie", "value": "c=3"}]`),
		message(`"cookies": [{"name": "d", "value": "4"}]`, noCookies))
	const want = "a=1 b=2 c=3 d=4 "
	longest := 0
	for cut := range len(whole) {
		got := collect(HAR(strings.NewReader(whole[:cut])))
		var names strings.Builder
		for _, c := range got.cookies {
			names.WriteString(c.Name + "=" + c.Value + " ")
		}
		if !strings.HasPrefix(want, names.String()) || names.Len() < longest {
			t.Fatalf("cut at %d: %s", cut, names.String())
		}
		longest = names.Len()
		if len(got.errs) != 1 || !errors.Is(got.errs[0], io.ErrUnexpectedEOF) {
			t.Fatalf("cut at %d: %v", cut, got.errs)
		}
	}
	if longest != len(want) {
		t.Errorf("without its last byte the file gives %d bytes, want %d", longest, len(want))
	}
}

func TestHARReaderFails(t *testing.T) {
	broken := errors.New("cable pulled")
	in := io.MultiReader(strings.NewReader(har()), failing{broken})
	if got := collect(HAR(in)); len(got.errs) != 1 || !errors.Is(got.errs[0], broken) {
		t.Errorf("got %v, want %v", got.errs, broken)
	}
	if got := collect(HAR(idle{})); len(got.errs) != 1 || !errors.Is(got.errs[0], io.ErrNoProgress) {
		t.Errorf("got %v, want %v", got.errs, io.ErrNoProgress)
	}
}

func TestHARStopsWhenTold(t *testing.T) {
	in := har(message(`"headers": [{"name": "Cookie", "value": "a=1; b=2"}], "cookies": [{"name": "c", "value": "3"}, {"name": "d", "value": "4"}]`,
		`"headers": [{"name": "Set-Cookie", "value": "e=5\nf=6"}]`))
	for stop := 1; stop <= 6; stop++ {
		n := 0
		for range HAR(strings.NewReader(in)) {
			if n++; n == stop {
				break
			}
		}
		if n != stop {
			t.Errorf("%d cookies, want %d", n, stop)
		}
	}
}

// TestHARTooManyCookies fills an entry beyond its bound: what fits is there,
// the loss is told, and the next entry is read.
func TestHARTooManyCookies(t *testing.T) {
	big := `{"name": "Cookie", "value": "a=` + strings.Repeat("A", MaxLine/2) + `"}`
	huge := `{"name": "Cookie", "value": "a=` + strings.Repeat("A", MaxLine+1) + `"}`
	last := message(`"headers": [{"name": "Cookie", "value": "h2o_casper=qF0"}]`, noCookies)
	for _, tt := range []struct {
		name, headers string
		cookies       int
	}{
		{"two that are too much together", big + "," + big, 1},
		{"one that is too long", huge, 0},
		{"many that are empty", strings.Repeat(`{"name": "cookie", "value": "a="},`, 100_000) + `{}`, MaxLine / (len("cookie"+"a=") + pairCost)},
	} {
		got := collect(HAR(strings.NewReader(har(message(`"headers": [`+tt.headers+`]`, noCookies), last))))
		if len(got.cookies) != tt.cookies+1 || got.cookies[tt.cookies].Value != "qF0" {
			t.Errorf("%s: %d cookies, want %d and the one after", tt.name, len(got.cookies), tt.cookies)
		}
		if len(got.errs) != 1 || !errors.Is(got.errs[0], ErrLong) || !strings.Contains(got.errs[0].Error(), "entries[0]") {
			t.Errorf("%s: %v", tt.name, got.errs)
		}
	}
}

// TestHARBodyCostsNoMemory reads a file that is one response body of 8 MiB.
// json.Decoder, which holds each token whole, allocates 50 times as much.
func TestHARBodyCostsNoMemory(t *testing.T) {
	const size = 8 << 20
	in := func() io.Reader {
		return io.MultiReader(
			strings.NewReader(`{"log":{"entries":[{"response":{"content":{"text":"`),
			io.LimitReader(&junk{pattern: []byte(`SGVsbG8\/+\n`)}, size/11*11),
			strings.NewReader(`"}},"request":{"cookies":[{"name":"a","value":"b"}]}}]}}`))
	}
	var got result
	ours := allocated(func() { got = collect(HAR(in())) })
	if want := "2 a=b@0 entries[0].request "; got.show() != want {
		t.Fatalf("got %q, want %q", got.show(), want)
	}
	tokens := allocated(func() {
		d := json.NewDecoder(in())
		for {
			if _, err := d.Token(); err != nil {
				break
			}
		}
	})
	t.Logf("%d KiB, json.Decoder %d KiB", ours>>10, tokens>>10)
	if ours > 256<<10 || tokens < 50*ours {
		t.Errorf("%d bytes allocated, json.Decoder %d", ours, tokens)
	}
}

// allocated is how many bytes f allocates in all.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// tree is a JSON value with the members of its objects in order, as a
// capture may repeat them.
type tree struct {
	value   any // of a scalar
	keys    []string
	members []tree
	kind    json.Delim // '{', '[' or 0
}

// treeOf parses valid JSON. Numbers stay as written: there are some that no float64 holds.
func treeOf(in []byte) tree {
	d := json.NewDecoder(bytes.NewReader(in))
	d.UseNumber()
	return parseTree(d)
}

func parseTree(d *json.Decoder) tree {
	token, _ := d.Token()
	node := tree{value: token}
	open, ok := token.(json.Delim)
	if !ok {
		return node
	}
	node.kind = open
	for d.More() {
		if open == '{' {
			key, _ := d.Token()
			node.keys = append(node.keys, key.(string))
		}
		node.members = append(node.members, parseTree(d))
	}
	d.Token()
	return node
}

// all returns the members with that name.
func (n tree) all(key string) (found []tree) {
	for i, k := range n.keys {
		if k == key {
			found = append(found, n.members[i])
		}
	}
	return found
}

// last returns the last text with that name; JSON of another kind resets it.
func (n tree) last(key string) string {
	text := ""
	for _, m := range n.all(key) {
		text, _ = m.value.(string)
	}
	return text
}

// slowHAR reads a whole HAR file as a tree; ok is false when it is none.
func slowHAR(in []byte) (cookies []Cookie, ok bool) {
	if !json.Valid(in) {
		return nil, false
	}
	root := treeOf(in)
	if root.kind != '{' {
		return nil, false
	}
	for _, log := range root.all("log") {
		if log.kind != '{' {
			return nil, false
		}
		for _, entries := range log.all("entries") {
			if entries.kind != '[' {
				return nil, false
			}
			ok = true
			for i, entry := range entries.members {
				if entry.kind != '{' {
					return nil, false
				}
				cookies = append(cookies, slowEntry(i, entry)...)
			}
		}
	}
	return cookies, ok
}

func slowEntry(i int, entry tree) (cookies []Cookie) {
	url := ""
	for _, request := range entry.all("request") {
		if len(request.all("url")) > 0 {
			url = request.last("url")
		}
	}
	for _, side := range []struct {
		name, header string
	}{{"request", "Cookie"}, {"response", "Set-Cookie"}} {
		var inHeaders, listed []Cookie
		for _, m := range entry.all(side.name) {
			for _, headers := range m.all("headers") {
				for _, h := range headers.members {
					if headers.kind == '[' && strings.EqualFold(h.last("name"), side.header) {
						for line := range strings.SplitSeq(h.last("value"), "\n") {
							inHeaders = append(inHeaders, collect(Line(side.header+":"+line)).cookies...)
						}
					}
				}
			}
			for _, list := range m.all("cookies") {
				for _, c := range list.members {
					if list.kind == '[' && c.last("name") != "" {
						listed = append(listed, Cookie{Name: c.last("name"), Value: c.last("value")})
					}
				}
			}
		}
		for _, c := range listed {
			if !slices.ContainsFunc(inHeaders, func(h Cookie) bool { return h.Name == c.Name }) {
				cookies = append(cookies, c)
			}
		}
		cookies = append(cookies, inHeaders...)
	}
	for k := range cookies {
		cookies[k].Where = fmt.Sprintf("%d %s", i, url)
	}
	return cookies
}

func FuzzHAR(f *testing.F) {
	for _, tt := range harTests {
		f.Add([]byte(tt.in))
	}
	f.Add([]byte(`{"log":{"entries":[{"request":{"url":"\ud800","cookies":[{"name":"\\","value":"\""}]}}]}}`))        // half a surrogate pair
	f.Add([]byte(`{"log":{"entries":[{"request":{"cookies":[{"name":"a","name":"b","value":"c","value":null}]}}]}}`)) // members twice
	f.Add([]byte(`{"log":{"entries":[{"time":1e999}]}}`))                                                             // a number that is no float64
	f.Add([]byte(`{"log":{"entries":[{"request":{"cookies":[{"name":"a"}]},"request":{"url":"x"}}]}}`))               // a message in two pieces
	f.Add([]byte(strings.Repeat(`\`, 100)))                                                                           // nothing but escapes
	f.Add([]byte(`{"` + strings.Repeat(`k`, 100) + `":0,"log":{"entries":[]}}`))                                      // a key longer than any
	f.Fuzz(func(t *testing.T, in []byte) {
		got := collect(HAR(bytes.NewReader(in)))
		halves := collect(HAR(readings[2].of(bytes.NewReader(in))))
		if got.show() != halves.show() {
			t.Fatalf("%q:\n%s\nin halves:\n%s", in, got.show(), halves.show())
		}
		for _, err := range got.errs {
			if place := (&Error{}); !errors.As(err, &place) || place.Offset > int64(len(in)) {
				t.Fatalf("%q: %v has no place", in, err)
			}
		}
		agreeWithJSON(t, in, got)
		pathsOf(t, in)
	})
}

// agreeWithJSON holds HAR against a reader that parses the file with encoding/json.
func agreeWithJSON(t *testing.T, in []byte, got result) {
	in = bytes.TrimPrefix(in, []byte(byteOrderMark))
	want, ok := slowHAR(in)
	if !ok {
		if json.Valid(in) && len(got.errs) == 0 {
			t.Fatalf("%q is taken for a HAR file", in)
		}
		return
	}
	if bytes.Count(in, []byte("["))+bytes.Count(in, []byte("{")) > maxDepth && len(got.errs) > 0 {
		return
	}
	for _, err := range got.errs {
		if !strings.Contains(err.Error(), "in the place of") { // that encoding/json passes over
			t.Fatalf("%q: %v", in, err)
		}
	}
	text := func(cookies []Cookie) (all []string) {
		for _, c := range cookies {
			value := c.Value
			if c.Form == Digest {
				continue
			}
			if !c.Quoted {
				value = makeCookie("", trim(part{value, 0}), Bare).Value
			}
			all = append(all, fmt.Sprintf("%q=%q", strings.Trim(c.Name, " \t\r\n"), value))
		}
		slices.Sort(all)
		return all
	}
	if a, b := text(got.cookies), text(want); !slices.Equal(a, b) {
		t.Fatalf("%q:\n%q\nencoding/json:\n%q", in, a, b)
	}
}

// pathsOf checks the paths of a HAR file for what every one must be.
func pathsOf(t *testing.T, in []byte) {
	seen := map[string]bool{}
	for name, err := range HARPaths(bytes.NewReader(in)) {
		if err != nil {
			continue
		}
		if seen[name] || name[0] != '/' || strings.Contains(name, "#") {
			t.Fatalf("%q: path %q", in, name)
		}
		seen[name] = true
	}
}
