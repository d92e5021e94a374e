package capture

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const jarHead = "# Netscape HTTP Cookie File\n# https://curl.se/docs/http-cookies.html\n\n"

var jarTests = []struct{ name, in, want string }{
	{"empty", "", ""},
	{"only comments", jarHead + "#\n#  HttpOnly_x\n \t \n", ""},
	{"one", jarHead + "example.com\tFALSE\t/\tTRUE\t1893456000\th2o_casper\tqF0\n", "4 h2o_casper=qF0@47 line 4, example.com/"},
	{"HttpOnly is no comment", "#HttpOnly_.example.com\tTRUE\t/css\tFALSE\t0\th2o_casper\tqF0", "4 h2o_casper=qF0@52 line 1, .example.com/css"},
	{"CR, a byte order mark, flags in lower case", "\ufeffe\ttrue\t/\tfalse\t0\ta\tb\r\n", "4 a=b@22 line 1, e/"},
	{"parts of seconds", "e\tTRUE\t/\tTRUE\t1893456000.25\ta\tb", "4 a=b@30 line 1, e/"},
	{"a cookie of the session, without its time", "e\tTRUE\t/\tTRUE\t\ta\tb\ne\tTRUE\t/\tTRUE\tSession\ta\tb", "4 a=b@17 line 1, e/\n4 a=b@24 line 2, e/"},
	{"JSON", `{"cookies":[{"name":"a","value":"b","domain":"e","path":"/"},{"name":"c","value":"d"}],"origins":[]}`, "4 a=b@0 e/"},
	{"JSON without any", `{"cookies":[],"origins":[]}`, ""},
	{"JSON of something else", `{"a":1}`, "! not JSON of cookies: JSON without cookies: nothing in it has a name, a value and a domain"},
	{"no value", "e\tTRUE\t/\tTRUE\t0\ta\t\ne\tTRUE\t/\tTRUE\t0\ta\r\n", "4 a=@18 line 1, e/\n4 a=@17 line 2, e/"},
	{"spaces and '=' in a value", "e\tTRUE\t/\tTRUE\t0\ta\tb = c", "4 a=b = c@18 line 1, e/"},
	{"quotes", "e\tTRUE\t/\tTRUE\t0\ta\t\"b\"", "4 a=b@19 quoted line 1, e/"},
	{
		"broken lines between good ones",
		"a\tb\n" + "e\tTRUE\t/\tTRUE\t0\ta\tb\n" + "e TRUE / TRUE 0 a b\n" + "e\tTRUE\t/\tTRUE\t0\ta\tb\tc\n" + "e\tyes\t/\tTRUE\t0\ta\tb\n" +
			"e\tTRUE\t/\t\t0\ta\tb\n" + "e\tTRUE\t/\tTRUE\tsoon\ta\tb\n" + "\tTRUE\t/\tTRUE\t0\ta\tb\n" + "e\tTRUE\t/\tTRUE\t0\t\tb\n" + "e\tTRUE\t/\tTRUE\t0\tc\td",
		"4 a=b@18 line 2, e/\n4 c=d@18 line 10, e/\n" +
			"! line 1: not a line of a Netscape cookie jar: 2 fields, want 7 with tabs between them\n" +
			"! line 3: not a line of a Netscape cookie jar: spaces stand where tabs belong\n" +
			"! line 4: not a line of a Netscape cookie jar: 8 fields, want 7 with tabs between them\n" +
			"! line 5: not a line of a Netscape cookie jar: field 2 is \"yes\", want TRUE or FALSE\n" +
			"! line 6: not a line of a Netscape cookie jar: field 4 is \"\", want TRUE or FALSE\n" +
			"! line 7: not a line of a Netscape cookie jar: field 5 is \"soon\", want seconds since 1970\n" +
			"! line 8: not a line of a Netscape cookie jar: field 1 is empty, want a domain\n" +
			"! line 9: not a line of a Netscape cookie jar: field 6 is empty, want a cookie's name",
	},
}

func TestJar(t *testing.T) {
	for _, tt := range jarTests {
		t.Run(tt.name, func(t *testing.T) {
			for _, reading := range readings {
				got := collect(Jar(reading.of(strings.NewReader(tt.in))))
				if got.show() != tt.want {
					t.Fatalf("%s:\n%s\nwant:\n%s", reading.name, got.show(), tt.want)
				}
				for _, err := range got.errs {
					if place := (&Error{}); !errors.Is(err, ErrExport) && (!errors.Is(err, ErrJar) || !errors.As(err, &place)) {
						t.Errorf("%v does not match", err)
					}
				}
			}
		})
	}
}

func TestJarLongLine(t *testing.T) {
	const good = "e\tTRUE\t/\tTRUE\t0\ta\tb\n"
	got := collect(Jar(strings.NewReader(good + "#" + strings.Repeat("x", MaxLine) + "\n" + good)))
	if want := "4 a=b@18 line 1, e/\n4 a=b@18 line 3, e/\n! line 2: over-long line"; got.show() != want {
		t.Errorf("got:\n%s\nwant:\n%s", got.show(), want)
	}
}

// TestJarFromCurl reads the jar that the real curl writes after a visit.
func TestJarFromCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		if os.Getenv("CASPER_REQUIRE_PEERS") == "1" {
			t.Fatal("curl is required and not installed")
		}
		t.Skip("curl is not installed")
	}
	set := []string{
		"h2o_casper=qF0; Path=/; Expires=Tue, 01 Jan 2030 00:00:00 GMT",
		"hidden=AA-_; Path=/; HttpOnly; Max-Age=3600",
		"quoted=\"b\"",
		"empty=; Path=/css",
		"padded=qF0==; Domain=127.0.0.1",
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Set-Cookie"] = set
	}))
	defer server.Close()
	jar := filepath.Join(t.TempDir(), "jar")
	if out, err := exec.Command(curl, "--silent", "--show-error", "--noproxy", "*", "--cookie-jar", jar, server.URL+"/css/0.css").CombinedOutput(); err != nil {
		t.Fatalf("curl: %v: %s", err, out)
	}
	text, err := os.ReadFile(jar)
	if err != nil {
		t.Fatal(err)
	}
	got := collect(Jar(strings.NewReader(string(text))))
	if len(got.errs) > 0 {
		t.Fatalf("%v in:\n%s", got.errs, text)
	}
	var have, want []string
	lines := strings.Split(string(text), "\n")
	for _, c := range got.cookies {
		have = append(have, fmt.Sprintf("%s=%s %v", c.Name, c.Value, c.Quoted))
		number, _, _ := strings.Cut(strings.TrimPrefix(c.Where, "line "), ",")
		n, err := strconv.Atoi(number)
		if err != nil || !strings.HasPrefix(lines[n-1][c.Offset:], c.Value) {
			t.Errorf("%s: %q is not there", c.Where, c.Value)
		}
	}
	for _, header := range set {
		for c := range Line("Set-Cookie: " + header) {
			want = append(want, fmt.Sprintf("%s=%s %v", c.Name, c.Value, c.Quoted))
		}
	}
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("got %q, want %q, from:\n%s", have, want, text)
	}
}

func FuzzJar(f *testing.F) {
	for _, tt := range jarTests {
		f.Add([]byte(tt.in))
	}
	f.Add([]byte("#HttpOnly_\n#HttpOnly_#HttpOnly_e\tTRUE\t/\tTRUE\t0\ta\tb\n")) // the mark alone, and twice
	f.Add([]byte("\t\t\t\t\t\t\n\t\t\t\t\t\n"))                                  // fields without content
	f.Add([]byte("e\tTRUE\t/\tTRUE\tNaN\ta\tb\ne\tTRUE\t/\tTRUE\t-1\ta\tb"))     // times that are none
	f.Add([]byte("e\tTRUE\t/\tTRUE\t0\ta\t\xff\x00\xfe\n"))                      // not text
	f.Add([]byte("e\tTRUE\t/\tTRUE\t0\ta\t\r\r\n"))                              // carriage returns
	f.Fuzz(func(t *testing.T, in []byte) {
		if isJSON(bufio.NewReader(strings.NewReader(string(in)))) {
			drain(Jar(strings.NewReader(string(in))))
			return
		}
		lines := strings.Split(string(in), "\n")
		seen, last := 0, int64(0)
		for c, err := range Jar(strings.NewReader(string(in))) {
			seen++
			if err != nil {
				place := &Error{}
				if !errors.As(err, &place) || place.Line <= last || place.Line > int64(len(lines)) {
					t.Fatalf("%q: %v", in, err)
				}
				last = place.Line
				continue
			}
			number, _, _ := strings.Cut(strings.TrimPrefix(c.Where, "line "), ",")
			n, err := strconv.ParseInt(number, 10, 64)
			if err != nil || n <= last {
				t.Fatalf("%q: %s after line %d", in, c.Where, last)
			}
			last = n
			// The plain way: fields are what is between tabs.
			fields := strings.Split(strings.TrimSuffix(lines[n-1], "\r"), "\t")
			if fields = append(fields, ""); fields[5] != c.Name || !c.Quoted && fields[6] != c.Value {
				t.Fatalf("%q: line %d gives %q=%q", in, n, c.Name, c.Value)
			}
			if !strings.HasPrefix(lines[n-1][c.Offset:], c.Value) {
				t.Fatalf("%q: offset %d", in, c.Offset)
			}
		}
		content := 0
		for i, l := range lines {
			if i == 0 {
				l = strings.TrimPrefix(l, byteOrderMark)
			}
			l = strings.TrimSuffix(l, "\r")
			if strings.TrimSpace(l) != "" && (l[0] != '#' || strings.HasPrefix(l, "#HttpOnly_")) {
				content++
			}
		}
		if seen != content {
			t.Fatalf("%q: %d results for %d lines", in, seen, content)
		}
	})
}
