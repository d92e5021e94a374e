package server_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/gcs"
	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/internal/testkit"
	"github.com/cache-aware/casper/server/link"
)

// malformed are cookie values that even H2O refuses.
func malformed() []string {
	const good = "A5AAAAAAAAAAAkgAAAAAAB1A"
	var all []string
	for _, c := range "!#$%&'()*,.:<>?@[]^`{|}~\\\x00\x01\t\n\r\x7f\u00e9\u2028" {
		all = append(all, good[:9]+string(c)+good[10:])
	}
	for n := 1; n < len(good); n += 4 {
		all = append(all, good[:n]) // a length that no octets have
	}
	all = append(all,
		"=", "==", "A5==", good+"=", good+"==", "A===", "=A5A", "A5=A",
		"A5AA AAAA", "A5AA\r\nAAAA", "JA\r\n", "%41%35", "A5AA,A5AA", "nulls", "undefined!", "[object Object]",
		"!!", "!!!!", "A", "-", "_____", "{}", "<script>", "../../etc/passwd", "\xff\xfe", strings.Repeat("A", 9601),
		strings.Repeat("_", 10_924), // 8,193 keys and more: one above the limit
		strings.Repeat("A5AA", 3_000), strings.Repeat("=", 4096), strings.Repeat("\x00", 100),
	)
	return all
}

// T1. A cookie that cannot be read gets the very answer that no cookie gets, which
// overwrites it; reading it strictly says which layer failed, and at which bit.
func TestCookieMalformed(t *testing.T) {
	h := &server.Handler{Next: site("</a.css>; rel=preload; as=style", "</i.png>; rel=preload; as=image")}
	want := ask(h, "/")
	if len(want.pushed) != 2 {
		t.Fatalf("without a cookie: pushed %q", want.pushed)
	}
	vectors := malformed()
	if len(vectors) < 60 {
		t.Fatalf("only %d vectors", len(vectors))
	}
	for _, v := range vectors {
		var bad *gcs.Error
		if _, err := casper.Parse(v, casper.Params{}); !errors.As(err, &bad) || bad.Layer == 0 ||
			!strings.Contains(err.Error(), bad.Layer.String()) || !strings.Contains(err.Error(), bad.At.String()) {
			t.Errorf("%.40q: error %v names no layer and bit offset", v, err)
		}
		before := h.Stats().BadCookie.Load()
		got := ask(h, "/", "Cookie: a=b; h2o_casper="+v)
		if got.code != want.code || string(got.body) != string(want.body) || !reflect.DeepEqual(got.final, want.final) || !slices.Equal(got.pushed, want.pushed) {
			t.Errorf("%.40q: %d %q pushed %q, unlike without a cookie: %q pushed %q", v, got.code, got.final, got.pushed, want.final, want.pushed)
		}
		if h.Stats().BadCookie.Load() != before+1 {
			t.Errorf("%.40q: not counted as bad", v)
		}
	}
}

// T1. What is not ours is not read, and what is ours is found wherever it stands.
func TestCookieFound(t *testing.T) {
	h := &server.Handler{Next: site("</a.css>; rel=preload; as=style")}
	mine := held("/a.css")
	for cookie, isHeld := range map[string]bool{
		mine:                                 true,
		"a=b; " + mine:                       true,
		mine + "; a=b":                       true,
		"a=b;" + mine + ";c=d":               true,
		"a=b;  \t" + mine + "  ; c=d":        true,
		"h2o_casper=!!; " + mine:             true,
		`h2o_casper="` + mine[11:] + `"`:     true,
		"h2o_casper=; " + mine:               true,
		"x" + mine:                           false,
		"__Host-" + mine:                     false,
		"a=" + mine:                          false,
		"a=b " + mine:                        false,
		"H2O_CASPER=" + mine[11:]:            false,
		"h2o_casper2=" + mine[11:]:           false,
		"h2o_casper =" + mine[11:]:           false,
		"h2o_casper":                         false,
		"h2o_casperh2o_casper=" + mine[11:]:  false,
		strings.Repeat("a=b; ", 3000) + mine: true,
	} {
		if got := len(ask(h, "/", "Cookie: "+cookie).pushed) == 0; got != isHeld {
			t.Errorf("%.60q: held %v, want %v", cookie, got, isHeld)
		}
	}
	if got := ask(h, "/", "Cookie: a=b", "Cookie: "+mine, "Cookie: c=d"); len(got.pushed) != 0 {
		t.Error("a crumb of its own is not found")
	}
}

// least is the shortest of several runs: what the work takes when nobody disturbs it.
func least(f func()) time.Duration {
	best := time.Hour
	for range 30 {
		start := time.Now()
		f()
		best = min(best, time.Since(start))
	}
	return best
}

// slack is what a shared machine, and the race detector, may cost besides.
func slack() time.Duration {
	if testkit.Race {
		return 60
	}
	return 3
}

// T2. No cookie costs time or memory out of proportion.
func TestHostileBudget(t *testing.T) {
	in := rand.New(rand.NewPCG(2, 2))
	random := make([]byte, 4096)
	for i := range random {
		random[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[in.IntN(64)]
	}
	dense := casper.New(casper.Params{}, func() (keys []casper.Key) {
		for k := range casper.Key(3400) {
			keys = append(keys, k)
		}
		return keys
	}()...).String()
	decoded := func(value string) (keys int) {
		f, err := casper.ParseLenient(value, casper.Params{})
		if err != nil {
			return 0
		}
		return f.Known().Len()
	}
	for _, c := range []struct {
		name, value string
		time        time.Duration
		keys        int // at most
	}{
		{"all ones", strings.Repeat("_", 4096), 200 * time.Microsecond, 3511},
		{"all zeros", strings.Repeat("A", 4096), 5 * time.Microsecond, 0},
		{"random", string(random), 200 * time.Microsecond, 8192},
		{"dense", dense, 200 * time.Microsecond, 3400},
		{"longer than any", strings.Repeat("_", 9_559), 5 * time.Microsecond, 0},
		{"1 MiB of our cookie", strings.Repeat("A", 1<<20), 10 * time.Microsecond, 0},
		{"1 MiB of our name", strings.Repeat("h2o_casper", 1<<20/10), 10 * time.Microsecond, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			read := server.CookieReader(casper.CookieName + "=" + c.value)
			if keys := read(); keys > c.keys || len(c.value) <= 4096 && keys != decoded(c.value) {
				t.Errorf("%d keys, at most %d expected", keys, c.keys)
			}
			took := least(func() { read() })
			if took > c.time*slack() {
				t.Errorf("took %v, more than %v", took, c.time*slack())
			}
			if testkit.Race {
				return
			}
			bytes, allocs := cost(func() { read() })
			t.Logf("%v, %d allocations of %d bytes", took, allocs, bytes)
			if allocs > 10 || bytes > 64<<10+1024 {
				t.Errorf("%d allocations of %d bytes", allocs, bytes)
			}
		})
	}
}

func cost(f func()) (bytes, allocs int64) {
	r := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for range min(b.N, 100) {
			f()
		}
	})
	n := int64(min(r.N, 100))
	return int64(r.MemBytes) / n, int64(r.MemAllocs) / n
}

// T3. One cookie among three thousand costs next to nothing, and of ten of our name four
// are decoded.
func TestManyCookies(t *testing.T) {
	var line strings.Builder
	for i := range 2_999 {
		fmt.Fprintf(&line, "cookie%04d=value%04d; ", i, i)
	}
	line.WriteString(held("/a.css"))
	h := &server.Handler{Next: site("</a.css>; rel=preload; as=style")}
	if got := ask(h, "/", "Cookie: "+line.String()); len(got.pushed) != 0 {
		t.Errorf("ours among 3,000 was not found: pushed %q", got.pushed)
	}
	read := server.CookieReader(line.String())
	ours := least(func() { read() })
	addr := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	r, err := http.NewRequest(http.MethodGet, "http://"+addr+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", line.String())
	request := least(func() {
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	})
	if ours*100 > request*slack() {
		t.Errorf("reading took %v of a request's %v", ours, request)
	}
	t.Logf("reading ours among 3,000 cookies: %v of a request's %v", ours, request)

	var ten []string
	var links []string
	for i := range 10 {
		p := fmt.Sprintf("/%d.css", i)
		ten = append(ten, held(p))
		links = append(links, "<"+p+">; rel=preload; as=style")
	}
	h = &server.Handler{Next: site(links...), Policy: server.Policy{MaxAssets: 10}}
	if got := ask(h, "/", "Cookie: "+strings.Join(ten, "; ")); len(got.pushed) != 6 {
		t.Errorf("of ten cookies %d were decoded, want 4", 10-len(got.pushed))
	}
}

// T4. A cookie, forged or not, changes what goes ahead and nothing else.
func TestCookieIsOnlyAHint(t *testing.T) {
	paths := []string{"/a.css", "/b.js", "/c.css"}
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("X-Its-Own", "header")
		w.Header().Set("Etag", `"page"`)
		if r.URL.Path == "/secret" {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, "<p>", r.URL.Path)
	})
	h := &server.Handler{Next: page, Sources: wants(paths...)}
	everything := casper.New(casper.Params{}, func() (all []casper.Key) {
		for k := range casper.Key(8192) {
			all = append(all, k)
		}
		return all
	}()...).String()
	if got := ask(h, "/", "Cookie: h2o_casper="+everything); len(got.pushed) != 0 {
		t.Errorf("who holds everything was pushed %q", got.pushed)
	}
	in := rand.New(rand.NewPCG(4, 4))
	for _, path := range []string{"/", "/secret"} {
		want := ask(h, path)
		for i := range 5_000 {
			value := everything
			if i > 0 {
				raw := make([]byte, in.IntN(120))
				for j := range raw {
					raw[j] = byte(in.Uint32())
					if i%3 > 0 {
						raw[j] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[raw[j]&63]
					}
				}
				value = string(raw)
			}
			got := ask(h, path, "Cookie: h2o_casper="+value)
			if got.code != want.code || string(got.body) != string(want.body) || !reflect.DeepEqual(got.rest(), want.rest()) {
				t.Fatalf("cookie %q: %d %v %q, want %d %v %q", value, got.code, got.rest(), got.body, want.code, want.rest(), want.body)
			}
			for _, p := range got.pushed {
				if !slices.Contains(paths, p) {
					t.Fatalf("cookie %q: pushed %q", value, p)
				}
			}
		}
	}
}

// T5. What the cookie looks like, and what is in it.
func TestCookieAttributes(t *testing.T) {
	next := site("</a.css>; rel=preload; as=style", "</i.png>; rel=preload; as=image", "</page2>; rel=preload; as=document")
	value := held("/a.css")[len("h2o_casper="):]
	for name, c := range map[string]struct {
		cookie server.Cookie
		want   string
	}{
		"default":  {server.Cookie{}, "h2o_casper=" + value + "; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"},
		"host":     {server.Cookie{Name: "__Host-casper"}, "__Host-casper=" + value + "; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"},
		"all else": {server.Cookie{Path: "/app", Domain: "example.com", MaxAge: time.Hour}, "h2o_casper=" + value + "; Path=/app; Domain=example.com; Max-Age=3600; HttpOnly; Secure; SameSite=Lax"},
	} {
		got := ask(&server.Handler{Next: next, Cookie: c.cookie}, "/")
		if v := got.final.Values("Set-Cookie"); !slices.Equal(v, []string{c.want}) {
			t.Errorf("%s: Set-Cookie %q, want %q", name, v, c.want)
		}
	}
	// Pages and images stay out of it by default; the query of a page always does.
	if v, _ := ask(&server.Handler{Next: next}, "/?user=42").cookie(); v != value {
		t.Errorf("the cookie holds %q, want /a.css alone: %q", v, value)
	}
	// A site that stops using it takes it back.
	off := &server.Handler{Next: next, Cookie: server.Cookie{Off: true, Forget: true}}
	got := ask(off, "/", "Cookie: "+held("/a.css"))
	if v, want := got.final.Get("Set-Cookie"), "h2o_casper=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"; v != want {
		t.Errorf("forgetting sets %q, want %q", v, want)
	}
	if !slices.Contains(got.pushed, "/a.css") {
		t.Error("a cookie that is off was read")
	}
	if v := ask(off, "/").final.Get("Set-Cookie"); v != "" {
		t.Errorf("forgetting sets %q where there was none", v)
	}
}

// T20. Whatever the sets, the cookie stays below what browsers store, and what was just
// sent stays in it.
func TestCookieNeverTooLong(t *testing.T) {
	in := rand.New(rand.NewPCG(20, 20))
	for i := range scaled(t, 1_000_000, 10_000) {
		p := casper.Params{CapacityBits: uint8(1 + in.IntN(15))}
		keys := make([]casper.Key, in.IntN(1+min(p.Capacity(), 1<<in.IntN(14))))
		for j := range keys {
			keys[j] = casper.Key(in.Uint32N(uint32(p.Capacity())))
		}
		var want []*server.Asset
		for j := range 8 {
			want = append(want, server.Prepare(link.Asset{Path: fmt.Sprintf("/%d/%d.css", i, j), As: "style"}, p))
		}
		c := &server.Client{Held: casper.New(p, keys...), CanPush: true}
		plan := new(server.Policy).Decide(c, want, nil)
		if n := len(plan.Next.String()); plan.Changed && n > 3_800 { // what did not change is not written
			t.Fatalf("%d keys of %d bits: %d characters", len(keys), p.CapacityBits, n)
		}
		for _, v := range plan.Verdicts {
			if v.Means == server.ByPush && !plan.Next.Has(v.Asset.Key) {
				t.Fatalf("%d keys of %d bits: what was sent is not in it", len(keys), p.CapacityBits)
			}
		}
	}
}
