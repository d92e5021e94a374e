// Package h2o drives a real H2O, over TLS on loopback, with cookies that casper has written,
// cookies that H2O has written, and cookies that nobody should write. It holds tests alone.
package h2o

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/h2client"
	"github.com/cache-aware/casper/server/internal/peer"
)

// The tests know what H2O must do from a model of their own, [visit], which hashes with
// crypto/sha1 and keeps keys in a map: package casper only reads and writes cookies.

// scene is one host of the running H2O: its parameters decide everything.
type scene struct {
	bits     uint8
	tracking peer.Tracking
}

func (s scene) host() string          { return fmt.Sprintf("%s-%d.test", s.tracking, s.bits) }
func (s scene) params() casper.Params { return casper.Params{CapacityBits: s.bits} }

// key is H2O's rule, said once more: the first four octets of the path's SHA-1,
// little-endian, of which the low bits count.
func (s scene) key(path string) casper.Key {
	digest := sha1.Sum([]byte(path))
	return casper.Key(binary.LittleEndian.Uint32(digest[:]) & (1<<s.bits - 1))
}

// tracks reports whether a static file enters the fingerprint.
func (s scene) tracks(path string) bool {
	if s.tracking == peer.All {
		return true
	}
	for _, blocking := range []string{".css", ".js", ".mjs"} {
		if strings.HasSuffix(path, blocking) {
			return true
		}
	}
	return false
}

// scenes returns every capacity with both tracking types.
func scenes() []scene {
	var all []scene
	for bits := uint8(1); bits <= casper.MaxCapacityBits; bits++ {
		all = append(all, scene{bits, peer.BlockingAssets}, scene{bits, peer.All})
	}
	return all
}

// site is what the running H2O serves, and what its pages link to.
type site struct {
	files []peer.File
	links map[string][]string // page to paths, in the order of its Link fields
	pages []string
}

// newSite makes up pages of a few to many assets, the same ones every time.
func newSite() *site {
	var assets []string
	s := &site{links: make(map[string][]string)}
	for i := range 30 {
		for _, path := range []string{
			fmt.Sprintf("/css/%d.css", i), fmt.Sprintf("/js/%d.js", i),
			fmt.Sprintf("/js/%d.mjs", i), fmt.Sprintf("/img/%d.png", i), fmt.Sprintf("/font/%d.woff2", i),
		} {
			assets = append(assets, path)
			f := peer.File{Path: path, Body: path}
			if strings.HasSuffix(path, ".mjs") {
				f.Type = "text/javascript" // H2O 2.2.5 does not know the extension
			}
			s.files = append(s.files, f)
		}
	}
	in := rand.New(rand.NewPCG(2, 2))
	page := func(path string, links []string) {
		s.links[path] = links
		s.pages = append(s.pages, path)
		f := peer.File{Path: path, Body: path}
		for i, link := range links {
			f.Links = append(f.Links, "<"+link+">; rel=preload")
			if i%3 == 2 { // several in one field, as applications also write them
				last := len(f.Links) - 1
				f.Links[last-1] += ", " + f.Links[last]
				f.Links = f.Links[:last]
			}
		}
		s.files = append(s.files, f)
	}
	for i := range 8 {
		in.Shuffle(len(assets), func(a, b int) { assets[a], assets[b] = assets[b], assets[a] })
		page(fmt.Sprintf("/page/%d.html", i), slices.Clone(assets[:1+i*i/2]))
	}
	page("/same.html", []string{"/css/1.css", "/css/1.css", "/js/2.js", "/css/1.css?v=2", "/css/%31.css", "/css/./1.css"})
	page("/missing.html", []string{"/no/such.css", "/css/3.css"})
	page("/images.html", []string{"/img/1.png", "/img/2.png"})
	return s
}

// A visit is one connection to H2O, with a model of what H2O must do on it: its
// fingerprint is per connection, and starts with the first link that is tried.
type visit struct {
	t *testing.T
	scene
	site    *site
	connect func() func(page string, cookies []string) *h2client.Exchange
	log     map[peer.Access]int // what H2O must log, over all visits

	get    func(page string, cookies []string) *h2client.Exchange
	keys   map[casper.Key]bool
	shown  map[casper.Key]bool // the keys of the cookie text that H2O has ready, if any
	tried  map[string]bool
	active bool
}

// begin opens a new connection.
func (v *visit) begin() {
	v.get = v.connect()
	v.keys, v.shown, v.tried, v.active = make(map[casper.Key]bool), nil, make(map[string]bool), false
}

// mark enters a key that H2O itself found. It then writes the cookie's text anew,
// which it does not do for keys that come with a cookie: after those it may go on
// to show an older text (h2o_http2_casper_consume_cookie leaves the one that it
// keeps alone).
func (v *visit) mark(k casper.Key) {
	if !v.keys[k] {
		v.keys[k] = true
		v.shown = nil
	}
}

// page asks for a page, with cookies that H2O must understand as the given keys,
// and compares all that it does with the model.
func (v *visit) page(path string, understood []casper.Key, cookies ...string) *h2client.Exchange {
	v.t.Helper()
	pushed := []string{}
	fresh := func(link string) bool { return !v.tried[link] }
	if slices.ContainsFunc(v.site.links[path], fresh) {
		v.active = true
		for _, k := range understood {
			v.keys[k] = true
		}
	}
	for _, link := range v.site.links[path] {
		if v.tried[link] {
			continue
		}
		v.tried[link] = true
		access := peer.Access{Host: v.host(), Path: link, Status: 200, Push: "pushed"}
		switch k := v.key(link); {
		case strings.HasPrefix(link, "/no/"):
			access.Status, access.Push = 404, "cancelled"
		case !v.tracks(strings.TrimSuffix(link, "?v=2")):
			pushed = append(pushed, link)
		case v.keys[k]:
			access.Push = "cancelled"
		default:
			v.mark(k)
			pushed = append(pushed, link)
		}
		v.log[access]++
	}
	if v.active && v.tracks(path) {
		v.mark(v.key(path)) // after its pushes: those are never cancelled for its sake
	}
	v.log[peer.Access{Host: v.host(), Path: path, Status: 200}]++

	e := v.get(path, cookies)
	if e.Status() != 200 {
		v.t.Errorf("%s: status %d", path, e.Status())
	}
	if got := e.Pushed(); !slices.Equal(got, pushed) || len(e.Cancelled()) > 0 {
		v.t.Errorf("%s, cookies %.200q: pushed %q, cancelled %q, want pushed %q", path, cookies, got, e.Cancelled(), pushed)
	}
	v.checkCookie(path, e)
	return e
}

// checkCookie compares the fingerprint that H2O hands out with the model's.
func (v *visit) checkCookie(path string, e *h2client.Exchange) {
	v.t.Helper()
	fields := e.Header.Values("set-cookie")
	if !v.active {
		if len(fields) > 0 {
			v.t.Errorf("%s: set-cookie %q, but nothing was tried", path, fields)
		}
		return
	}
	if len(fields) != 1 {
		v.t.Errorf("%s: set-cookie %q, want one", path, fields)
		return
	}
	value, err := setCookieValue(fields[0])
	if err != nil {
		v.t.Error(err)
		return
	}
	v.checkValue(path, value)
}

// checkValue decodes a value to exactly the model's keys, and encodes it again.
func (v *visit) checkValue(path, value string) {
	v.t.Helper()
	if v.shown == nil && len(v.keys) > 0 {
		v.shown = maps.Clone(v.keys)
	}
	want := slices.Sorted(maps.Keys(v.shown))
	// A key above the capacity comes out of a cookie that was let in.
	foreign := len(want) > 0 && int(want[len(want)-1]) >= v.params().Capacity()
	parse := casper.Parse
	if foreign {
		parse = casper.ParseLenient
	}
	f, err := parse(value, v.params())
	if err != nil {
		v.t.Errorf("%s: H2O's cookie %.200q: %v", path, value, err)
		return
	}
	if got := slices.Collect(f.All()); !slices.Equal(got, want) {
		v.t.Errorf("%s: H2O's cookie %.200q holds %s, want %s", path, value, show(got), show(want))
	}
	if got := f.String(); got != value {
		v.t.Errorf("%s: H2O's cookie %.200q encodes to %.200q", path, value, got)
	}
}

// show prints keys, but not thousands of them.
func show(keys []casper.Key) string {
	if len(keys) > 40 {
		return fmt.Sprintf("%d keys %v...", len(keys), keys[:40])
	}
	return fmt.Sprint(keys)
}

// cookie is the field that carries a fingerprint.
func cookie(value string) string { return casper.CookieName + "=" + value }

// keysOf returns the paths' keys by the model's own rule.
func (s scene) keysOf(paths []string) []casper.Key {
	var keys []casper.Key
	for _, path := range paths {
		keys = append(keys, s.key(path))
	}
	return keys
}

// fingerprint returns what casper makes of the paths.
func (s scene) fingerprint(paths []string) casper.Fingerprint {
	f := casper.New(s.params())
	for _, path := range paths {
		f = f.With(s.params().Key(path))
	}
	return f
}

// every returns the paths whose index leaves that remainder.
func every(n, remainder int, paths []string) []string {
	var some []string
	for i, path := range paths {
		if i%n == remainder {
			some = append(some, path)
		}
	}
	return some
}

// others are paths that no page links to.
var others = []string{"/other/1.css", "/other/2.css", "/other/3.css"}

// scenarios are the scenarios that every capacity and tracking type goes
// through; each has a connection to itself.
var scenarios = []struct {
	name string
	play func(v *visit)
}{
	{"no cookie", func(v *visit) { v.page("/page/5.html", nil) }},
	{"a cookie for half of the page", func(v *visit) {
		held := every(2, 0, v.site.links["/page/5.html"])
		v.page("/page/5.html", v.keysOf(held), cookie(v.fingerprint(held).String()))
	}},
	{"a cookie for all of the page", func(v *visit) {
		held := v.site.links["/page/6.html"]
		v.page("/page/6.html", v.keysOf(held), cookie(v.fingerprint(held).String()))
	}},
	{"a cookie for other things", func(v *visit) {
		v.page("/page/4.html", v.keysOf(others), cookie(v.fingerprint(others).String()))
	}},
	{"two cookies, which H2O merges", func(v *visit) {
		links := v.site.links["/page/5.html"]
		a, b := every(3, 0, links), every(2, 1, links)
		v.page("/page/5.html", v.keysOf(slices.Concat(a, b)), cookie(v.fingerprint(a).String()), cookie(v.fingerprint(b).String()))
	}},
	{"two cookies, which casper merged", func(v *visit) {
		links := v.site.links["/page/5.html"]
		a, b := every(3, 0, links), every(2, 1, links)
		v.page("/page/5.html", v.keysOf(slices.Concat(a, b)), cookie(v.fingerprint(a).Merge(v.fingerprint(b)).String()))
	}},
	{"a cookie that casper trimmed", func(v *visit) {
		links := v.site.links["/page/7.html"]
		keep := v.keysOf(links[:3])
		f := v.fingerprint(links)
		most := max(len(f.String())/2, len(v.fingerprint(links[:3]).String()))
		trimmed := f.Trim(most, keep...)
		for _, k := range keep {
			if !trimmed.Has(k) {
				v.t.Errorf("Trim(%d) lost %d, which was to be kept", most, k)
			}
		}
		if n := len(trimmed.String()); n > most {
			v.t.Errorf("Trim(%d) left %d characters", most, n)
		}
		v.page("/page/7.html", slices.Collect(trimmed.All()), cookie(trimmed.String()))
	}},
	{"H2O's own cookie, and H2O's with more in it", func(v *visit) {
		e := v.page("/page/5.html", nil)
		value, err := setCookieValue(e.Header.Get("set-cookie"))
		if err != nil {
			v.t.Fatal(err)
		}
		f, err := casper.Parse(value, v.params())
		if err != nil {
			v.t.Fatal(err)
		}
		understood := append(slices.Collect(f.All()), v.keysOf(others)...)
		v.begin()
		v.page("/page/5.html", understood, cookie(value), cookie(f.Merge(v.fingerprint(others)).String()))
	}},
	{"pages one after another on a connection", func(v *visit) {
		v.page("/page/2.html", nil)
		v.page("/css/9.css", nil) // asked for, not pushed: enters the fingerprint, too
		v.page("/page/2.html", nil)
		held := every(3, 0, v.site.links["/page/6.html"])
		v.page("/page/6.html", v.keysOf(held), cookie(v.fingerprint(held).String()))
	}},
	{"a cookie that comes later", func(v *visit) {
		v.page("/page/5.html", nil)
		v.page("/images.html", v.keysOf(others), cookie(v.fingerprint(others).String()))
	}},
	{"one asset under several names, and one that is not there", func(v *visit) {
		v.page("/same.html", nil)
		v.page("/missing.html", nil)
	}},
	{"nothing that blocks", func(v *visit) { v.page("/images.html", nil) }},
}

// TestH2O plays every scenario on one running H2O, and at the end compares H2O's
// own account of what it pushed and cancelled with the model's.
func TestH2O(t *testing.T) {
	site := newSite()
	conf := peer.Config{Files: site.files}
	for _, s := range scenes() {
		conf.Hosts = append(conf.Hosts, peer.Host{Name: s.host(), CapacityBits: int(s.bits), Tracking: s.tracking})
	}
	h2o := peer.StartH2O(t, conf)
	log := make(map[peer.Access]int)

	// arrive begins a visit by our own client.
	arrive := func(t *testing.T, s scene) *visit {
		v := &visit{t: t, scene: s, site: site, log: log}
		v.connect = func() func(string, []string) *h2client.Exchange {
			c := peer.Dial(t, h2o.Addr, h2client.Options{TLS: h2o.ClientTLS()})
			return func(page string, cookies []string) *h2client.Exchange {
				e, err := c.Get(h2o.Authority(s.host()), page, cookies...)
				if err != nil {
					t.Fatal(err)
				}
				return e
			}
		}
		v.begin()
		return v
	}

	t.Run("pages", func(t *testing.T) {
		for _, s := range scenes() {
			for _, tt := range scenarios {
				t.Run(fmt.Sprintf("%s, %d bits, %s", s.tracking, s.bits, tt.name), func(t *testing.T) {
					tt.play(arrive(t, s))
				})
			}
		}
	})
	t.Run("odd cookies", func(t *testing.T) {
		for _, tt := range oddCookies() {
			t.Run(fmt.Sprintf("%d bits, %s", tt.bits, tt.name), func(t *testing.T) {
				v := arrive(t, scene{tt.bits, peer.BlockingAssets})
				for _, field := range tt.fields {
					value, named := strings.CutPrefix(field, casper.CookieName+"=")
					if f, err := casper.ParseLenient(value, v.params()); named && len(tt.fields) == 1 &&
						(err != nil && len(tt.keys) > 0 || err == nil && !slices.Equal(slices.Collect(f.All()), tt.keys)) {
						t.Errorf("ParseLenient(%.100q) = %s, %v, want %s", value, show(slices.Collect(f.All())), err, show(tt.keys))
					}
				}
				v.page("/page/5.html", tt.keys, tt.fields...)
			})
		}
	})
	t.Run("spoilt cookies", func(t *testing.T) {
		in := rand.New(rand.NewPCG(2, 0))
		for i := range 200 {
			s := scene{uint8(1 + i%casper.MaxCapacityBits), peer.BlockingAssets}
			value := spoilt(in, s.bits)
			if !fieldSafe(value) {
				continue
			}
			t.Run(fmt.Sprintf("%d", i), func(t *testing.T) {
				f, err := casper.ParseLenient(value, s.params())
				if err != nil {
					f = casper.Fingerprint{}
				}
				arrive(t, s).page("/page/5.html", slices.Collect(f.All()), cookie(value))
			})
		}
	})
	t.Run("nghttp", func(t *testing.T) {
		for _, s := range []scene{{1, peer.All}, {7, peer.BlockingAssets}, {8, peer.All}, {13, peer.BlockingAssets}, {15, peer.All}} {
			for _, tt := range scenarios[:4] {
				t.Run(fmt.Sprintf("%s, %d bits, %s", s.tracking, s.bits, tt.name), func(t *testing.T) {
					v := &visit{t: t, scene: s, site: site, log: log}
					v.connect = func() func(string, []string) *h2client.Exchange {
						return func(page string, cookies []string) *h2client.Exchange {
							flags := []string{"-H:authority: " + h2o.Authority(s.host())}
							for _, c := range cookies {
								flags = append(flags, "-Hcookie: "+c)
							}
							return peer.Nghttp(t, "https://"+h2o.Addr+page, flags...)[0]
						}
					}
					v.begin()
					tt.play(v)
				})
			}
		}
	})

	h2o.Stop(t)
	logged := make(map[peer.Access]int)
	for _, a := range h2o.AccessLog(t) {
		logged[a]++
	}
	for a, n := range log {
		if logged[a] != n {
			t.Errorf("H2O logged %+v %d times, want %d", a, logged[a], n)
		}
	}
	for a, n := range logged {
		if log[a] == 0 {
			t.Errorf("H2O logged %+v %d times, want none", a, n)
		}
	}
}

// spoilt returns a cookie's text in one of the ways in which texts get spoilt on their way,
// or as it was. (The tests of package casper invent far more, for H2O's library.)
func spoilt(in *rand.Rand, bits uint8) string {
	keys := make([]uint64, in.IntN(min(1<<bits, 128)+1))
	for i := range keys {
		keys[i] = in.Uint64N(1 << bits)
	}
	if in.IntN(8) == 0 { // far above the capacity
		keys = append(keys, 1<<bits+in.Uint64N(1<<16))
	}
	slices.Sort(keys)
	text := base64.RawURLEncoding.EncodeToString(encodeKeys(slices.Compact(keys)))
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/"
	n := in.IntN(len(alphabet))
	any, at := alphabet[n:n+1], in.IntN(len(text)+1)
	switch in.IntN(6) {
	case 0: // another character
		return text[:at] + any + text[min(at+1, len(text)):]
	case 1: // one too many
		return text[:at] + any + text[at:]
	case 2: // the last characters missing
		return text[:at]
	case 3: // twice
		return text + text
	case 4: // what a careless reader of headers leaves there
		return text + []string{"=", "==", ";", "\"", ","}[in.IntN(5)]
	}
	return text
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

// adjacent returns the keys 0 to n-1.
func adjacent(n int) []uint64 {
	keys := make([]uint64, n)
	for i := range keys {
		keys[i] = uint64(i)
	}
	return keys
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

// fieldSafe reports whether a value can travel in a header field.
func fieldSafe(value string) bool {
	for _, c := range []byte(value) {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// An oddCookie is what no H2O and no casper writes, with what H2O makes of it.
type oddCookie struct {
	name   string
	bits   uint8
	fields []string
	keys   []casper.Key // none: ignored
}

func oddCookies() []oddCookie {
	text := base64.RawURLEncoding.EncodeToString
	const both = "_v-" // has both characters that the alphabets disagree on
	odd := []oddCookie{
		{"empty value", 13, []string{"h2o_casper="}, nil},
		{"zero octets", 13, []string{"h2o_casper=AAAAAAAA"}, nil},
		{"one character", 13, []string{"h2o_casper=A"}, nil},
		{"length 5, no text has it", 13, []string{"h2o_casper=gQIAA"}, nil},
		{"padding", 13, []string{"h2o_casper=gA=="}, nil},
		{"spare bits", 13, []string{"h2o_casper=gP"}, []casper.Key{0}},
		{"a code cut short", 13, []string{"h2o_casper=gf"}, []casper.Key{0}},
		{"a key above the capacity", 3, []string{"h2o_casper=_gE"}, []casper.Key{63}},
		{"character outside", 13, []string{"h2o_casper=g.A"}, nil},
		{"quoted", 13, []string{`h2o_casper="gA"`}, nil},
		{"trailing semicolon", 13, []string{"h2o_casper=gA;"}, nil},
		{"another cookie behind it", 13, []string{"h2o_casper=gA; a=b"}, nil},
		{"another cookie before it", 13, []string{"a=b; h2o_casper=gA"}, nil},
		{"another cookie in its own field", 13, []string{"a=b", "h2o_casper=gA"}, []casper.Key{0}},
		{"another name", 13, []string{"x_casper=gA"}, nil},
		{"name in capitals", 13, []string{"H2O_CASPER=gA"}, nil},
		{"URL alphabet", 13, []string{"h2o_casper=" + both}, []casper.Key{63, 191}},
		{"standard alphabet", 13, []string{"h2o_casper=" + strings.NewReplacer("-", "+", "_", "/").Replace(both)}, []casper.Key{63, 191}},
		{"both alphabets", 13, []string{"h2o_casper=" + strings.Replace(both, "-", "+", 1)}, []casper.Key{63, 191}},
		{"a valid one between two invalid", 13, []string{"h2o_casper==", "h2o_casper=gA", "h2o_casper=!"}, []casper.Key{0}},
	}
	// The generation before, whose ones read as many small gaps.
	old := casper.New(casper.Params{Generation: casper.H2O20}, 20, 178, 7700).String()
	garbage, err := casper.ParseLenient(old, casper.Params{})
	if err != nil || garbage.Len() == 0 {
		panic(fmt.Sprint("the older generation's text is no garbage: ", garbage, err))
	}
	odd = append(odd, oddCookie{"the older generation", 13, []string{cookie(old)}, slices.Collect(garbage.All())})

	// How much H2O takes.
	for _, bits := range []uint8{1, 5, 7, 8, 9, 13, 15} {
		limit := max(128, 1<<bits)
		var taken []casper.Key
		for k := range limit {
			taken = append(taken, casper.Key(k))
		}
		odd = append(odd,
			oddCookie{fmt.Sprintf("%d keys, as many as it takes", limit), bits, []string{cookie(text(encodeKeys(adjacent(limit))))}, taken},
			oddCookie{fmt.Sprintf("%d keys, one too many", limit+1), bits, []string{cookie(text(encodeKeys(adjacent(limit + 1))))}, nil})
	}
	// What a cut does to a cookie of 16 keys: whole codes stay, and a length of
	// 1 modulo 4 voids it.
	keys := []uint64{3, 80, 300, 301, 900, 1500, 1564, 2100, 2222, 3000, 3333, 4444, 5000, 6000, 7000, 8191}
	whole := text(encodeKeys(keys))
	for cut := 1; cut <= 8; cut++ {
		left := whole[:len(whole)-cut]
		var understood []casper.Key
		if len(left)%4 != 1 {
			bits := 8 * (6 * len(left) / 8)
			for i := range keys {
				if len(encodeKeys(keys[:i+1]))*8-padding(keys[:i+1]) <= bits {
					understood = append(understood, casper.Key(keys[i]))
				}
			}
		}
		odd = append(odd, oddCookie{fmt.Sprintf("the last %d characters missing", cut), 13, []string{cookie(left)}, understood})
	}
	return odd
}

// padding returns the number of unused bits in the last octet of the encoded keys.
func padding(keys []uint64) int {
	bits, next := 0, uint64(0)
	for _, k := range keys {
		bits += 7 + int((k-next)>>6)
		next = k + 1
	}
	return (8 - bits%8) % 8
}

// A proxied application's pushes are promised before H2O knows whether they are
// wanted: what the cookie has is cancelled on the wire.
func TestH2OProxied(t *testing.T) {
	assets := []string{"/a.css", "/b.js", "/c.png", "/d.css", "/e.js"}
	application := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/page":
			for _, a := range assets {
				w.Header().Add("Link", "</app"+a+">; rel=preload")
			}
		case strings.HasSuffix(r.URL.Path, ".css"):
			w.Header().Set("Content-Type", "text/css")
		case strings.HasSuffix(r.URL.Path, ".js"):
			w.Header().Set("Content-Type", "application/javascript")
		case strings.HasSuffix(r.URL.Path, ".png"):
			w.Header().Set("Content-Type", "image/png")
		}
	})
	var hosts []peer.Host
	for _, s := range scenes() {
		hosts = append(hosts, peer.Host{Name: s.host(), CapacityBits: int(s.bits), Tracking: s.tracking,
			Backends: map[string]http.Handler{"/app/": application}})
	}
	h2o := peer.StartH2O(t, peer.Config{Hosts: hosts})
	for _, s := range scenes() {
		if s.bits < 7 {
			continue // the paths' keys collide, and which of two is cancelled is left to chance
		}
		for held := range 1 << len(assets) {
			if held%5 != int(s.bits)%5 {
				continue // each capacity its share of the subsets
			}
			t.Run(fmt.Sprintf("%s, %d bits, assets %05b", s.tracking, s.bits, held), func(t *testing.T) {
				var paths []string
				keys := make(map[casper.Key]bool)
				for i, a := range assets {
					// H2O hashes the path that the upstream sees.
					if held>>i&1 == 1 {
						paths = append(paths, a)
						keys[s.key(a)] = true
					}
				}
				pushed, cancelled := []string{}, []string{}
				for _, a := range assets {
					if keys[s.key(a)] && s.tracks(a) {
						cancelled = append(cancelled, "/app"+a)
					} else {
						pushed = append(pushed, "/app"+a)
					}
				}
				e, err := peer.Dial(t, h2o.Addr, h2client.Options{TLS: h2o.ClientTLS()}).Get(h2o.Authority(s.host()), "/app/page", cookie(s.fingerprint(paths).String()))
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(e.Pushed(), pushed) || !slices.Equal(e.Cancelled(), cancelled) {
					t.Errorf("pushed %q, cancelled %q, want %q, %q", e.Pushed(), e.Cancelled(), pushed, cancelled)
				}
				for _, p := range e.Pushes {
					if p.Reset != nil && *p.Reset != http2.ErrCodeInternal {
						t.Errorf("%s: cancelled by %v", p.Path(), *p.Reset)
					}
				}
			})
		}
	}
}
