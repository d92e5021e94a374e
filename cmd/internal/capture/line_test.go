package capture

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// result is what an iterator over cookies gave.
type result struct {
	cookies []Cookie
	errs    []error
}

func collect(seq iter.Seq2[Cookie, error]) (r result) {
	for c, err := range seq {
		if err != nil {
			r.errs = append(r.errs, err)
			continue
		}
		c.Value, c.Name = strings.Clone(c.Value), strings.Clone(c.Name)
		r.cookies = append(r.cookies, c)
	}
	return r
}

// show writes cookies one a line, forms as numbers, offsets after '@'.
func (r result) show() string {
	var b strings.Builder
	for _, c := range r.cookies {
		fmt.Fprintf(&b, "%d %s=%s@%d", c.Form, c.Name, c.Value, c.Offset)
		if c.Quoted {
			b.WriteString(" quoted")
		}
		if c.Where != "" {
			b.WriteString(" " + c.Where)
		}
		b.WriteByte('\n')
	}
	for _, err := range r.errs {
		fmt.Fprintf(&b, "! %v\n", err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

var lineTests = []struct{ name, in, want string }{
	{"bare value", "qF0", "0 =qF0@0"},
	{"empty: the empty value", "", "0 =@0"},
	{"bare, spaces and CR around it", "  qF0 \r\n", "0 =qF0@2"},
	{"bare, padded once", "qF0=", "0 =qF0=@0"},
	{"bare, padded twice", "qA==", "0 =qA==@0"},
	{"bare, padded, standard alphabet", "+/+=", "0 =+/+=@0"},
	{"bare, begins with a dash", "-F0", "0 =-F0@0"},
	{"bare, in quotes", `"qF0"`, `0 =qF0@1 quoted`},
	{"bare, in single quotes", ` 'qF0' `, `0 =qF0@2 quoted`},
	{"bare, one quote", `"qF0`, `0 ="qF0@0`},
	{"bare, a quote alone", `"`, `0 ="@0`},
	{"copied, of Firefox", `h2o_casper:"qF0"`, `1 h2o_casper=qF0@12 quoted`},
	{"copied, a row of a table", "h2o_casper\tqF0\texample.com\t/", `1 h2o_casper=qF0@11`},
	{"copied, a row without a value", "h2o_casper\t\texample.com\t/", `1 h2o_casper=@11`},
	{"found in a command", `curl https://x.example/ -b 'a=b; h2o_casper=qF0'`, `6 h2o_casper=qF0@0`},
	{"found, escaped", `"a=b; h2o_casper%3DqF%30"`, `6 h2o_casper=qF0@0`},
	{"found, twice", `x(h2o_casper=qF0) y(h2o_casper=gA)`, "6 h2o_casper=qF0@0\n6 h2o_casper=gA@0"},
	{"another name, and this as a word", `x: h2o_casper`, `! no cookie in this line: x is not a cookie header`},
	{"bare hex", "0017fa8e", "0 =0017fa8e@0"},
	{"bare, not a cookie's name before '='", "a/b=c", "0 =a/b=c@0"},
	{"bare, nothing before '='", "=qF0", "0 ==qF0@0"},
	{"bare, flags behind a digest", "EeUM-QA; complete", "0 =EeUM-QA; complete@0"},

	{"pair", "h2o_casper=qF0", "1 h2o_casper=qF0@11"},
	{"pair, unknown name", "other=qF0", "1 other=qF0@6"},
	{"pair, known name, empty value", "h2o_casper=", "1 h2o_casper=@11"},
	{"pair, known name, value is '='", "h2o_casper==", "1 h2o_casper==@11"},
	{"pair, unknown name, empty value: a padded value", "other=", "0 =other=@0"},
	{"pair, padded value", "h2o_casper=qF0=", "1 h2o_casper=qF0=@11"},
	{"pair, spaces", " h2o_casper = qF0 ", "1 h2o_casper=qF0@14"},
	{"pair, quotes", `h2o_casper="qF0"`, "1 h2o_casper=qF0@12 quoted"},
	{"pair, one quote is no pair of quotes", `h2o_casper="`, `1 h2o_casper="@11`},
	{"pair, empty in quotes", `h2o_casper=""`, "1 h2o_casper=@12 quoted"},
	{"pair, colon in its value", "h2o_casper=a:b", "1 h2o_casper=a:b@11"},
	{"pair, semicolon behind it", "h2o_casper=qF0;", "1 h2o_casper=qF0@11"},
	{"pairs without a header", "a=b; h2o_casper=qF0", "2 a=b@2\n2 h2o_casper=qF0@16"},
	{"a Set-Cookie without its header", "h2o_casper=qF0; path=/; Secure", "3 h2o_casper=qF0@11"},
	{"the same, valueless attribute first", "h2o_casper=qF0; SECURE", "3 h2o_casper=qF0@11"},

	{"header", "Cookie: h2o_casper=qF0", "2 h2o_casper=qF0@19"},
	{"header, several", "cookie: a=b; h2o_casper=qF0; c=", "2 a=b@10\n2 h2o_casper=qF0@24\n2 c=@31"},
	{"header, the same name twice", "COOKIE: h2o_casper=qF0;h2o_casper=gA", "2 h2o_casper=qF0@19\n2 h2o_casper=gA@34"},
	{"header, no space, tab, CR", "Cookie:h2o_casper=qF0\t\r", "2 h2o_casper=qF0@18"},
	{"header, one HTTP/2 crumb", "cookie: h2o_casper=gA", "2 h2o_casper=gA@19"},
	{"header, quotes", `Cookie: a="b"; h2o_casper="qF0"`, "2 a=b@11 quoted\n2 h2o_casper=qF0@27 quoted"},
	{"header, pieces that are no pairs", "Cookie: ; x;; =y; h2o_casper=qF0", "2 h2o_casper=qF0@29"},
	{"header, padding stays", "Cookie: h2o_casper=qF0==", "2 h2o_casper=qF0==@19"},
	{"header, empty", "Cookie:", "! no cookie in this line"},
	{"header, no pair", "Cookie: qF0", "! no cookie in this line"},
	{"a header of digests", "Cache-Digest: EeUM-QA", "5 =EeUM-QA@14"},
	{"another header", "Accept: text/html", "! no cookie in this line: Accept is not a cookie header"},
	{"folded", "Set-Cookie: a=b; Expires=Tue, 01 Jan 2030 00:00:00 GMT, h2o_casper=c,d; path=/,h2o_casper=e", "3 a=b@14\n3 h2o_casper=c,d@67\n3 h2o_casper=e@90"},

	// As H2O 2.2.5 sent it.
	{"set", "set-cookie: h2o_casper=qF0; Path=/; Expires=Tue, 01 Jan 2030 00:00:00 GMT; Secure", "3 h2o_casper=qF0@23"},
	// H2O's reset, on a connection with a valid Cache-Digest.
	{"set, empty", "Set-Cookie: h2o_casper=; Path=/; Expires=Sat, 01 Jan 2000 00:00:00 GMT", "3 h2o_casper=@23"},
	{"set, attributes are no cookies", "Set-Cookie: a=b; h2o_casper=qF0", "3 a=b@14"},
	// H2O's answer when casper is on and no key is tracked yet.
	{"set, nothing", "set-cookie:", "! no cookie in this line"},
	{"set, no name", "Set-Cookie: =qF0; Path=/", "! no cookie in this line"},
}

func TestLine(t *testing.T) {
	for _, tt := range lineTests {
		t.Run(tt.name, func(t *testing.T) {
			got := collect(Line(tt.in, "x-go-casper", "h2o_casper"))
			if got.show() != tt.want {
				t.Errorf("Line(%q):\n%s\nwant:\n%s", tt.in, got.show(), tt.want)
			}
			for _, err := range got.errs {
				if !errors.Is(err, ErrNoCookie) {
					t.Errorf("%v is not ErrNoCookie", err)
				}
			}
		})
	}
}

func TestLineStopsWhenTold(t *testing.T) {
	n := 0
	for range Line("Cookie: a=1; b=2; c=3") {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d cookies, want 2", n)
	}
}

func TestLines(t *testing.T) {
	const in = "qF0\r\n\nCookie: h2o_casper=gA; a=b\nHost: h\n0123456789012345678901234567890123456789\nh2o_casper=_g"
	const want = `0 =qF0@0 line 1
0 =@0 line 2
2 h2o_casper=gA@19 line 3
2 a=b@25 line 3
1 h2o_casper=_g@11 line 6
! line 4: no cookie in this line: Host is not a cookie header
! line 5: over-long line`
	got := collect(Lines(strings.NewReader(in), 36, "h2o_casper"))
	if got.show() != want {
		t.Errorf("got:\n%s\nwant:\n%s", got.show(), want)
	}
	if !errors.Is(got.errs[0], ErrNoCookie) || !errors.Is(got.errs[1], ErrLong) {
		t.Errorf("errors do not match: %v", got.errs)
	}
}

func TestLinesLimit(t *testing.T) {
	for limit, want := range map[int]string{
		0:           "0 =@0 line 2\n! line 1: over-long line",
		-1:          "0 =@0 line 2\n! line 1: over-long line",
		math.MaxInt: "0 =x@0 line 1\n0 =@0 line 2",
	} {
		if got := collect(Lines(strings.NewReader("x\n\n"), limit)); got.show() != want {
			t.Errorf("limit %d:\n%s\nwant:\n%s", limit, got.show(), want)
		}
	}
}

func TestLinesReaderFails(t *testing.T) {
	broken := errors.New("cable pulled")
	got := collect(Lines(io.MultiReader(strings.NewReader("qF0\ngA\nhalf a li"), failing{broken}), MaxLine))
	if want := "0 =qF0@0 line 1\n0 =gA@0 line 2\n! line 3: cable pulled"; got.show() != want {
		t.Errorf("got:\n%s\nwant:\n%s", got.show(), want)
	}
	if !errors.Is(got.errs[0], broken) {
		t.Error("the reader's error is lost")
	}
}

// failing is a reader that fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func FuzzLine(f *testing.F) {
	for _, tt := range lineTests {
		f.Add(tt.in)
	}
	f.Add("Cookie: a=\"b;c\"; d=e")                // a ';' ends a value in quotes too
	f.Add("Cookie: a=b, c=d")                      // a comma does not
	f.Add("set-cookie2: a=b")                      // RFC 2965, gone
	f.Add("Cookie\t: a=b")                         // no space may stand before the colon
	f.Add("\xef\xbb\xbfh2o_casper=qF0")            // a byte order mark
	f.Add("h2o_casper=\xff\x00\x7f")               // not text at all
	f.Add(strings.Repeat("=;", 100))               // only structure
	f.Add("GET / HTTP/1.1\r\nCookie: a=b\r\n\r\n") // a whole request is not a line
	f.Fuzz(func(t *testing.T, s string) {
		got := collect(Line(s, "h2o_casper"))
		if len(got.cookies)+len(got.errs) == 0 {
			t.Fatal("neither a cookie nor an error")
		}
		if len(got.cookies) > 0 && len(got.errs) > 0 {
			t.Fatal("both cookies and an error")
		}
		for _, c := range got.cookies {
			if c.Form != Found && s[c.Offset:c.Offset+len(c.Value)] != c.Value {
				t.Fatalf("%q is not at offset %d", c.Value, c.Offset)
			}
			if (c.Form == Bare || c.Form == Digest) != (c.Name == "") {
				t.Fatalf("form %d with name %q", c.Form, c.Name)
			}
			if strings.ContainsAny(c.Name, "=;") || c.Form != Bare && c.Form != Digest && strings.Contains(c.Value, ";") {
				t.Fatalf("%q=%q holds structure", c.Name, c.Value)
			}
		}
		agreeWithNetHTTP(t, s)
	})
}

// agreeWithNetHTTP holds Line against the standard library's parsers wherever
// those accept the text. They keep spaces around a value, which no base64 has.
func agreeWithNetHTTP(t *testing.T, s string) {
	same := func(c Cookie, h *http.Cookie) bool {
		value := h.Value
		if !h.Quoted {
			value = strings.Trim(value, " \t")
		}
		return c.Name == h.Name && c.Value == value && c.Quoted == h.Quoted
	}
	if want, err := http.ParseCookie(s); err == nil {
		got := collect(Line("Cookie: " + s)).cookies
		if !slices.EqualFunc(got, want, same) {
			t.Fatalf("Cookie: %q: got %v, net/http %v", s, got, want)
		}
	}
	if want, err := http.ParseSetCookie(s); err == nil {
		got := collect(Line("Set-Cookie: " + s)).cookies
		if len(got) != 1 || !same(got[0], want) {
			t.Fatalf("Set-Cookie: %q: got %v, net/http %v", s, got, want)
		}
	}
}
