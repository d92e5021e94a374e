package casper

import (
	"github.com/cache-aware/casper/gcs/internal/testkit"
	"slices"
	"strings"
	"testing"
)

// The real cookies of testdata/h2o-2.2.5.json, whose own fields say where they come
// from.
type captures struct {
	Source         string
	Vectors        []capture
	Feedback       []capture
	InvalidCookies []capture `json:"invalid_cookies"`
	CacheDigest    []struct {
		Name         string
		CapacityBits uint8    `json:"capacity_bits"`
		CookiesIn    []string `json:"cookies_in"`
		Offered      []string
		Pushed       []string
		Cancelled    []string
	} `json:"cache_digest"`
}

type capture struct {
	Name         string
	CapacityBits uint8  `json:"capacity_bits"`
	TrackingType string `json:"tracking_types"`
	Assets       []struct {
		Path        string
		ContentType string `json:"content_type"`
	}
	Untracked []struct{ Path string }
	Cookie    string
	SetCookie string `json:"set_cookie"`
	Keys      []Key
	CookiesIn []string `json:"cookies_in"`
	Outcome   []string `json:"cookies_in_outcome"`
	Pushed    []string
	Cancelled []string
}

func (c capture) params() Params { return Params{CapacityBits: c.CapacityBits} }

// tracked reports whether a response on the path entered the fingerprint.
func (c capture) tracked(path string) bool {
	return !slices.ContainsFunc(c.Untracked, func(a struct{ Path string }) bool { return a.Path == path })
}

func loadCaptures(t *testing.T) captures {
	t.Helper()
	var c captures
	testkit.Published(t, "testdata/h2o-2.2.5.json", &c)
	if len(c.Vectors) != 26 || len(c.Feedback) != 14 || len(c.InvalidCookies) != 7 || len(c.CacheDigest) != 4 {
		t.Fatalf("%d vectors, %d feedback, %d invalid, %d digests: a section is missing",
			len(c.Vectors), len(c.Feedback), len(c.InvalidCookies), len(c.CacheDigest))
	}
	return c
}

// Every cookie that H2O sent: the lenient reader finds its keys and writes it
// again; so does the strict one, unless keys above the capacity were forced on H2O;
// and the paths that H2O tracked have exactly those keys.
func TestCapturedCookies(t *testing.T) {
	c := loadCaptures(t)
	for _, v := range slices.Concat(c.Vectors, c.Feedback, c.InvalidCookies) {
		t.Run(v.Name, func(t *testing.T) {
			p := v.params()
			if !strings.HasPrefix(v.SetCookie, CookieName+"="+v.Cookie+"; ") {
				t.Fatalf("the capture contradicts itself: %s", v.SetCookie)
			}
			f, err := ParseLenient(v.Cookie, p)
			if err != nil {
				t.Fatal(err)
			}
			if got := slices.Collect(f.All()); !slices.Equal(got, v.Keys) || f.Len() != len(v.Keys) {
				t.Fatalf("keys %d, want %d", got, v.Keys)
			}
			if f.String() != v.Cookie {
				t.Errorf("written again as %s, want %s", f, v.Cookie)
			}
			above := v.Keys[len(v.Keys)-1] >= Key(p.Capacity())
			if g, err := Parse(v.Cookie, p); above != (err != nil) || err == nil && g.String() != v.Cookie {
				t.Errorf("strictly: %v, %v; a key above the capacity: %v", g, err, above)
			}
			keys, err := p.AppendKeys([]Key{99}, v.Cookie)
			if want := append([]Key{99}, v.Keys...); err == nil && !slices.Equal(keys, want) || above != (err != nil) {
				t.Errorf("AppendKeys: %d, %v", keys, err)
			}
			if got := string(p.AppendValue([]byte("x="), v.Keys)); got != "x="+v.Cookie {
				t.Errorf("AppendValue: %s", got)
			}
			for _, a := range v.Assets {
				if !f.Has(p.Key(a.Path)) {
					t.Errorf("%s is missing", a.Path)
				}
			}
		})
	}
	for _, v := range c.Vectors {
		p := v.params()
		f := New(p)
		for _, a := range v.Assets {
			f = f.With(p.Key(a.Path))
		}
		if f.String() != v.Cookie {
			t.Errorf("%s: made from its assets: %s, want %s", v.Name, f, v.Cookie)
		}
	}
}

// What H2O did with the cookies that it was sent. The client's cookies and the
// assets delivered since, merged, are the cookie that comes back; and an asset was
// pushed or cancelled as Has says.
func TestCapturedFeedback(t *testing.T) {
	c := loadCaptures(t)
	for _, v := range slices.Concat(c.Feedback, c.InvalidCookies) {
		t.Run(v.Name, func(t *testing.T) {
			p := v.params()
			held := New(p)
			for i, in := range v.CookiesIn {
				// H2O wants the field to begin with the name, and takes all the
				// rest of it for the value.
				value, named := strings.CutPrefix(in, CookieName+"=")
				f, err := ParseLenient(value, p)
				outcome := "accepted"
				if !named {
					outcome = "ignored"
				} else if err != nil {
					outcome = "rejected"
				}
				if outcome != v.Outcome[i] {
					t.Fatalf("%.60s was %s by H2O, here %s: %v", in, v.Outcome[i], outcome, err)
				}
				if outcome == "accepted" {
					held = held.Merge(f)
				}
			}
			before := held
			for _, a := range v.Assets {
				held = held.With(p.Key(a.Path))
			}
			if held.String() != v.Cookie {
				t.Errorf("merged: %s, want %s", held, v.Cookie)
			}
			for _, path := range v.Pushed {
				if v.tracked(path) && before.Has(p.Key(path)) {
					t.Errorf("%s was pushed, though it is held", path)
				}
			}
			for _, path := range v.Cancelled {
				if !held.Has(p.Key(path)) {
					t.Errorf("%s was cancelled, though it is not held", path)
				}
			}
		})
	}
}

// With a cache digest H2O still honours the casper cookie of that request: what the
// cookie holds was not pushed. (The digest itself is gcs/cachedigest's.)
func TestCapturedBesideACacheDigest(t *testing.T) {
	seen := false
	for _, v := range loadCaptures(t).CacheDigest {
		p := Params{CapacityBits: v.CapacityBits}
		for _, in := range v.CookiesIn {
			f, err := Parse(strings.TrimPrefix(in, CookieName+"="), p)
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range v.Pushed {
				if strings.HasSuffix(path, ".css") && f.Has(p.Key(path)) {
					t.Errorf("%s: %s was pushed, though it is held", v.Name, path)
				}
			}
			for _, path := range v.Cancelled {
				seen = seen || f.Has(p.Key(path))
			}
		}
	}
	if !seen {
		t.Error("no capture shows a cookie at work beside a digest")
	}
}

// A proxied is what a running H2O did as a reverse proxy, page by page.
type proxied struct {
	H2O    string `json:"h2o"`
	Scenes []struct {
		CapacityBits uint8 `json:"capacity_bits"`
		Tracking     string
		Page         string
		Cookie       []string // sent by the client
		Pushed       []string // offered by the page's Link fields, in their order
		Cancelled    []string // of these
		SetCookie    []string `json:"pushed_set_cookie"` // on the answer of a push
	}
}

// TestCapturedScenes holds both generations to the oldest and the newest H2O that could be run. Of
// the pushes that a page offers, those are cancelled whose key the client holds; and the cookie that
// is set has the keys of the client, of what was tracked, and no other.
func TestCapturedScenes(t *testing.T) {
	for _, tt := range []struct {
		file               string
		generation         Generation
		cookies, cancelled int
	}{{"h2o-2.0.6", H2O20, 117, 357}, {"h2o-2.3.0-dev", H2O21, 116, 359}} {
		var c proxied
		testkit.Published(t, "testdata/"+tt.file+".json", &c)
		cookies, cancelled := 0, 0
		for i, s := range c.Scenes {
			p := Params{CapacityBits: s.CapacityBits, Generation: tt.generation}
			held := New(p)
			for _, value := range s.Cookie {
				f, err := Parse(value, p)
				if err != nil {
					t.Errorf("%s, scene %d: %v", tt.file, i, err)
				}
				held = held.Merge(f)
			}
			// Only the types that a browser blocks on are tracked, unless all are, pages among them.
			tracked := slices.Clone(s.Pushed)
			if s.Tracking == "all" {
				tracked = append(tracked, s.Page)
			} else {
				tracked = slices.DeleteFunc(tracked, func(path string) bool { return strings.HasSuffix(path, ".png") })
			}
			times, after := map[Key]int{}, held
			for _, path := range tracked {
				times[p.Key(path)]++
				after = after.With(p.Key(path))
			}
			for _, path := range s.Pushed {
				has, was := held.Has(p.Key(path)) && slices.Contains(tracked, path), slices.Contains(s.Cancelled, path)
				// Answers come in any order: of two with the same key the second is held.
				if has != was && (has || times[p.Key(path)] < 2) {
					t.Errorf("%s, scene %d: %s: held %t, cancelled %t", tt.file, i, path, has, was)
				}
			}
			cancelled += len(s.Cancelled)
			for _, set := range s.SetCookie {
				cookies++
				if want := CookieName + "=" + after.String() + "; "; !strings.HasPrefix(set, want) {
					t.Errorf("%s, scene %d: H2O set %s, want %s", tt.file, i, set, want)
				}
			}
		}
		if cookies != tt.cookies || cancelled != tt.cancelled {
			t.Errorf("%s: %d cookies, %d pushes cancelled", tt.file, cookies, cancelled)
		}
	}
}
