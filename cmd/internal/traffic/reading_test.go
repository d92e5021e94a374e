package traffic_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/cmd/internal/capture"
	"github.com/cache-aware/casper/cmd/internal/traffic"
)

// read returns the records of a capture.
func read(t testing.TB, s *traffic.Reading, text string) ([]*traffic.Record, error) {
	t.Helper()
	var all []*traffic.Record
	for rec, err := range s.All(strings.NewReader(text)) {
		if err != nil {
			return all, err
		}
		all = append(all, rec)
	}
	return all, nil
}

func TestLines(t *testing.T) {
	at := time.Date(2026, 11, 20, 8, 0, 1, 0, time.UTC)
	v4 := netip.MustParseAddr("192.0.2.7")
	for _, tt := range []struct {
		name, line, format string
		target, host       string
		status             int
		size               int64
		began, ended       time.Time
		addr               netip.Addr
		header, answer     map[string]string
		silent             bool
	}{
		{
			name: "common", format: "common",
			line:   `192.0.2.7 - - [20/Nov/2026:09:00:01 +0100] "GET /a.css?v=3 HTTP/1.1" 200 120`,
			target: "/a.css?v=3", status: 200, size: 120, began: at, ended: at, addr: v4, silent: true,
			answer: map[string]string{"Content-Type": "text/css"},
		},
		{
			name: "combined, Apache's escapes and a user with a space", format: "combined",
			line:   `192.0.2.7 - John Doe [20/Nov/2026:08:00:01 +0000] "GET /x HTTP/2.0" 304 - "https://h/\"q\"" "U\x41" "10.0.0.1"`,
			target: "/x", status: 304, size: 0, began: at, ended: at, addr: v4, silent: true,
			header: map[string]string{"Referer": `https://h/"q"`, "User-Agent": "UA", "Accept": "text/html"},
			answer: map[string]string{"Content-Type": "text/html"},
		},
		{
			name: "vhost_combined", format: "combined",
			line:   `WWW.example.com:443 192.0.2.7 - - [20/Nov/2026:08:00:01 +0000] "GET / HTTP/2.0" 200 9 "-" "-"`,
			target: "/", host: "www.example.com:443", status: 200, size: 9, began: at, ended: at, addr: v4, silent: true,
			header: map[string]string{"Referer": "", "User-Agent": ""},
		},
		{
			name: "nginx JSON", format: "json",
			line:   `{"time_iso8601":"2026-11-20T08:00:02+00:00","remote_addr":"192.0.2.7","request":"GET /a.js HTTP/2.0","status":"200","body_bytes_sent":"7","request_time":"1.000","http_host":"h","http_referer":"https://h/","http_sec_fetch_dest":"script","sent_http_cache_control":"max-age=60"}`,
			target: "/a.js", host: "h", status: 200, size: 7, began: at, ended: at.Add(time.Second), addr: v4,
			header: map[string]string{"Referer": "https://h/", "Sec-Fetch-Dest": "script"},
			answer: map[string]string{"Cache-Control": "max-age=60", "Content-Type": "text/javascript"},
		},
		{
			name: "Caddy", format: "json",
			line:   `{"level":"info","ts":1795161602.5,"request":{"remote_ip":"10.0.0.1","client_ip":"192.0.2.7","proto":"HTTP/2.0","method":"GET","host":"h","uri":"/","headers":{"Sec-Fetch-Mode":["navigate"],"Cookie":["REDACTED"]}},"duration":1.5,"size":5,"status":200,"resp_headers":{"Content-Type":["text/html; charset=utf-8"]}}`,
			target: "/", host: "h", status: 200, size: 5, began: at, ended: at.Add(1500 * time.Millisecond), addr: v4,
			header: map[string]string{"Sec-Fetch-Mode": "navigate", "Cookie": ""},
			answer: map[string]string{"Content-Type": "text/html; charset=utf-8"},
		},
		{
			name: "Traefik", format: "json",
			line:   `{"ClientHost":"192.0.2.7","DownstreamContentSize":3,"DownstreamStatus":200,"Duration":1000000000,"RequestHost":"h","RequestMethod":"GET","RequestPath":"/","RequestProtocol":"HTTP/2.0","StartUTC":"2026-11-20T08:00:01Z","time":"2026-11-20T08:00:02Z"}`,
			target: "/", host: "h", status: 200, size: 3, began: at, ended: at.Add(time.Second), addr: v4, silent: true,
		},
		{
			name: "casper serve", format: "json",
			line:   `{"time":"2026-11-20T08:00:02Z","level":"INFO","msg":"request","method":"GET","path":"/?a=b","status":200,"proto":"HTTP/2.0","from":"192.0.2.7","ms":1000}`,
			target: "/?a=b", status: 200, size: -1, began: at, ended: at.Add(time.Second), addr: v4, silent: true,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s traffic.Reading
			all, err := read(t, &s, tt.line+"\r\n\n")
			if err != nil || len(all) != 1 || s.Broken+s.Skipped != 0 {
				t.Fatalf("%d records, %v; first fault %v", len(all), err, s.First)
			}
			rec := all[0]
			if s.Format != tt.format || rec.Request.URL.RequestURI() != tt.target || rec.Request.Host != tt.host || rec.Request.Method != "GET" {
				t.Errorf("%s: %s %s %s", s.Format, rec.Request.Method, rec.Request.Host, rec.Request.URL.RequestURI())
			}
			if rec.Status != tt.status || rec.Size != tt.size || rec.Addr != tt.addr || rec.Silent != tt.silent {
				t.Errorf("status %d, size %d, from %v, silent %v", rec.Status, rec.Size, rec.Addr, rec.Silent)
			}
			if !rec.Began.Equal(tt.began) || !rec.Ended.Equal(tt.ended) {
				t.Errorf("began %v, ended %v", rec.Began, rec.Ended)
			}
			for name, want := range tt.header {
				if got := rec.Request.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			for name, want := range tt.answer {
				if got := rec.Answer.Get(name); got != want {
					t.Errorf("answer's %s: %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestJunkIsCountedAndReadingGoesOn(t *testing.T) {
	good := `192.0.2.7 - - [20/Nov/2026:08:00:01 +0000] "GET / HTTP/1.1" 200 1` + "\n"
	text := good +
		`192.0.2.7 - - [20/Nov/2026:08:00:01 +0000] "\x16\x03\x01" 400 0` + "\n" + // TLS on a port that speaks none
		`192.0.2.7 - - [20/Nov/2026:08:00:01 +0000] "-" 408 0` + "\n" +
		"{\"level\":\"info\",\"msg\":\"started\"}\n" + // another line of a JSON log
		"{broken\n" +
		"what is this\n" +
		`192.0.2.7 - - [yesterday] "GET / HTTP/1.1" 200 1` + "\n" +
		strings.Repeat("x", capture.MaxLine+1) + "\n" +
		strings.TrimSuffix(good, "\n") // without an end
	var s traffic.Reading
	all, err := read(t, &s, text)
	if err != nil || len(all) != 2 || s.Lines != 9 || s.Skipped != 3 || s.Broken != 4 || !errors.Is(s.First, traffic.ErrLine) {
		t.Errorf("%d records, %v, %+v", len(all), err, s)
	}
}

func TestGzip(t *testing.T) {
	line := `192.0.2.7 - - [20/Nov/2026:08:00:01 +0000] "GET / HTTP/1.1" 200 1` + "\n"
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, strings.Repeat(line, 1000))
	z.Close()
	told := int64(0)
	s := traffic.Reading{Progress: func(n int64) { told = n }}
	if all, err := read(t, &s, b.String()); err != nil || len(all) != 1000 || told != int64(b.Len()) {
		t.Errorf("%d records, %v; told of %d of %d bytes", len(all), err, told, b.Len())
	}
	if _, err := read(t, &s, b.String()[:b.Len()-9]); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut short: %v", err)
	}
}

const har = "\uFEFF" + `{
 "log": {"version":"1.2","pages":[{"id":"p"}],"entries":[
  {"startedDateTime":"2026-11-20T08:00:00.000Z","time":120,"timings":{"receive":20},
   "request":{"method":"GET","url":"https://h/","httpVersion":"h2","headers":[{"name":":authority","value":"h"},{"name":"sec-fetch-dest","value":"document"}]},
   "response":{"status":200,"headers":[{"name":"content-type","value":"text/html"},{"name":"Set-Cookie","value":"a=b\nc=d"}],"bodySize":900,"content":{"size":2000,"text":"<p>"}}},
  {"startedDateTime":"2026-11-20T08:00:00.110Z","time":10,"_fromCache":"disk",
   "request":{"method":"GET","url":"https://h/a.css","headers":[]},"response":{"status":200,"headers":[],"bodySize":0,"_transferSize":0,"content":{"size":70,"mimeType":"text/css"}}},
  {"startedDateTime":"2026-11-20T08:00:00.110Z","request":{"method":"GET","url":"data:,x"},"response":{"status":200}},
  {"startedDateTime":"2026-11-20T08:00:00.110Z","request":{"method":"GET","url":"https://h/blocked"},"response":{"status":0}},
  {"startedDateTime":7,"request":{"method":"GET","url":"https://h/"},"response":{"status":200}}
 ]}}`

func TestHAR(t *testing.T) {
	var s traffic.Reading
	all, err := read(t, &s, har)
	if err != nil || len(all) != 2 || s.Format != "har" || s.Lines != 5 || s.Skipped != 2 || s.Broken != 1 {
		t.Fatalf("%d records, %v, %+v", len(all), err, s)
	}
	page, css := all[0], all[1]
	if got := page.Ended.Sub(page.Began); got != 100*time.Millisecond {
		t.Errorf("the header came after %v", got)
	}
	if page.Size != 900 || page.Request.Host != "h" || len(page.Answer["Set-Cookie"]) != 2 || len(page.Request.Header) != 1 {
		t.Errorf("page: %+v, header %v, answer %v", page, page.Request.Header, page.Answer)
	}
	if !css.Cached || css.Size != 70 || css.Answer.Get("Content-Type") != "text/css" || !css.Silent {
		t.Errorf("css: %+v", css)
	}
	for _, bad := range []struct {
		text string
		want error
	}{
		{har[:len(har)-40], io.ErrUnexpectedEOF},
		{`{"log":{}}`, capture.ErrHAR},
		{`{"log":7}`, capture.ErrHAR},
		{`{"log":{"entries":[{]}}`, capture.ErrHAR},
	} {
		if _, err := read(t, &s, bad.text); !errors.Is(err, bad.want) {
			t.Errorf("%.30q: %v, want %v", bad.text, err, bad.want)
		}
	}
}

// TestHAREntriesThatAreNone puts what is no record between two that are: it is counted, and
// reading goes on.
func TestHAREntriesThatAreNone(t *testing.T) {
	entry := func(request, response string) string {
		return `{"startedDateTime":"2026-11-20T08:00:00.000Z","request":{"method":"GET","url":"https://h/",` + request + `},"response":{"status":200` + response + `}}`
	}
	good := entry(`"headers":[]`, "")
	long := strings.Repeat("x", capture.MaxLine)
	for _, tt := range []struct {
		name, entry     string
		broken, skipped int64
		first           string
	}{
		{"a number", "7", 1, 0, "found '7'"},
		{"null", "null", 1, 0, "found 'n'"},
		{"nothing known", "{}", 0, 1, ""},
		{"no answer", `{"request":{"method":"GET","url":"https://h/"},"response":null}`, 0, 1, ""},
		{"no time", `{"request":{"method":"GET","url":"https://h/"},"response":{"status":200}}`, 1, 0, "entries[1]: startedDateTime"},
		{"a status in quotes", entry(`"headers":[]`, `,"status":"200"`), 1, 0, "entries[1] has '\"' in the place of a number"},
		{"headers as an object", entry(`"headers":{"Accept":"*/*"}`, ""), 1, 0, "entries[1] has '{' in the place of a list"},
		{"cookies of any kind: nobody asks for them", entry(`"cookies":7`, `,"cookies":[7]`), 0, 0, ""},
		{"headers without end", entry(`"headers":[{"name":"a","value":"`+long+`"}]`, ""), 1, 0, "entries[1] has more than"},
		{"a data: URL without end", `{"request":{"method":"GET","url":"data:,` + long + `"},"response":{"status":200}}`, 0, 1, ""},
		{"pseudo-header fields, with less than no name", entry(`"headers":[{"name":":path","value":"/"},{"name":"","value":"x"},{"value":"x"}]`, ""), 0, 0, ""},
	} {
		var s traffic.Reading
		all, err := read(t, &s, `{"log":{"entries":[`+good+`,`+tt.entry+`,`+good+`]}}`)
		if err != nil || int64(len(all)) != 3-tt.broken-tt.skipped || s.Lines != 3 || s.Broken != tt.broken || s.Skipped != tt.skipped {
			t.Errorf("%s: %d records, %v, %+v", tt.name, len(all), err, s)
		}
		if tt.broken > 0 && (s.First == nil || !strings.Contains(s.First.Error(), tt.first)) {
			t.Errorf("%s: first fault %v, want %q", tt.name, s.First, tt.first)
		}
		for _, rec := range all {
			if len(rec.Request.Header) > 1 || rec.Request.Header.Get("Accept") != "text/html" {
				t.Errorf("%s: header %v", tt.name, rec.Request.Header)
			}
		}
	}
}

// TestHARBreaksOff cuts a capture at every byte: entries before the cut are records, and the
// one that it goes through is none.
func TestHARBreaksOff(t *testing.T) {
	const start = `{"startedDateTime"`
	second := strings.Index(har, `{"startedDateTime":"2026-11-20T08:00:00.110Z"`)
	third := strings.Index(har, `{"startedDateTime":"2026-11-20T08:00:00.110Z","request":{"method":"GET","url":"data:`)
	for cut := strings.Index(har, `"log"`) + len(`"log"`); cut < len(har); cut++ {
		var s traffic.Reading
		all, err := read(t, &s, har[:cut])
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		want := 0
		if cut >= third-len(",\n  ") {
			want = 2
		} else if cut >= second-len(",\n  ") {
			want = 1
		}
		begun := strings.Count(har[:min(cut+len(start)-1, len(har))], start)
		if len(all) != want || s.Lines != int64(begun) {
			t.Fatalf("cut at %d: %d records, want %d; %d entries have begun: %+v", cut, len(all), want, begun, s)
		}
	}
	var s traffic.Reading
	if all, err := read(t, &s, har+har); len(all) != 2 || !errors.Is(err, capture.ErrHAR) {
		t.Errorf("two files in one: %d records, %v", len(all), err)
	}
}

// TestHARBodiesAreNotHeld reads an answer whose body has 16 MiB.
func TestHARBodiesAreNotHeld(t *testing.T) {
	head, tail, ok := strings.Cut(har, "<p>")
	if !ok {
		t.Fatal("no body")
	}
	body := strings.Repeat(`aGVsbG8\/\n`, 16<<20/11)
	var s traffic.Reading
	n := 0
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, err := range s.All(io.MultiReader(strings.NewReader(head), strings.NewReader(body), strings.NewReader(tail))) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; n != 2 || got > 1<<20 {
		t.Errorf("%d records, %d KiB allocated", n, got>>10)
	}
}

// TestErrorsOfTheReader are told, whatever was read before them: what looks ahead must not
// swallow one.
func TestErrorsOfTheReader(t *testing.T) {
	broken := errors.New("cable pulled")
	line := `192.0.2.7 - - [20/Nov/2026:08:00:01 +0000] "GET / HTTP/1.1" 200 1` + "\n"
	for _, tt := range []struct {
		text string
		err  error
		want int
	}{
		{"", broken, 0}, {"x", broken, 0}, {line, broken, 1}, {line + line[:9], broken, 1}, {har[:600], broken, 1}, {"\x1f\x8b\x08", broken, 0},
		{"\x1f\x8b\x08", io.ErrUnexpectedEOF, 0},
	} {
		told := tt.err
		once := readerFunc(func([]byte) (int, error) {
			err := told
			told = io.EOF // of those who ask again
			return 0, err
		})
		var s traffic.Reading
		n := 0
		var last error
		for _, last = range s.All(io.MultiReader(strings.NewReader(tt.text), once)) {
			n++
		}
		if n != tt.want+1 || !errors.Is(last, tt.err) {
			t.Errorf("%.20q: %d records, %v, want %d and %v", tt.text, n-1, last, tt.want, tt.err)
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestLongestLine(t *testing.T) {
	good := `192.0.2.7 - - [20/Nov/2026:08:00:01 +0000] "GET / HTTP/1.1" 200 1 "-" "UA" `
	for _, tt := range []struct {
		size   int
		broken int64
	}{{capture.MaxLine, 0}, {capture.MaxLine + 1, 1}} {
		var s traffic.Reading
		line := good + strings.Repeat("x", tt.size-len(good)) + "\n"
		if all, err := read(t, &s, line+line); err != nil || int64(len(all)) != 2-2*tt.broken || s.Broken != 2*tt.broken {
			t.Errorf("%d bytes: %d records, %v, %+v", tt.size, len(all), err, s)
		}
	}
}

func BenchmarkHAR(b *testing.B) {
	head, tail, _ := strings.Cut(har, "<p>")
	text := head + strings.Repeat("x", 64<<10) + tail
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		var s traffic.Reading
		if all, err := read(b, &s, text); err != nil || len(all) != 2 {
			b.Fatal(len(all), err)
		}
	}
}

func FuzzReading(f *testing.F) {
	f.Add([]byte(har))
	f.Add([]byte(`192.0.2.7 - - [20/Nov/2026:08:00:01 +0000] "GET /a\x` + `" 200 1 "-" "\`))
	f.Add([]byte(`{"ts":1e300,"duration":"NaN","method":"GET","uri":"/","status":200,"resp_headers":{"A":[7]}}`)) // a time that is none
	f.Add([]byte(`{"ts":"Inf","method":"GET","uri":"/","status":200}`))                                           // had no end once
	f.Add([]byte("\x1f\x8b\x08"))
	for _, name := range forms(f) {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"log":{"entries":[null,{"response":{"status":7,"headers":[[]]}},` + har[3:] + `]}}`)) // entries that are none
	f.Fuzz(func(t *testing.T, data []byte) {
		var s traffic.Reading
		n := int64(0)
		for _, err := range s.All(bytes.NewReader(data)) {
			if err != nil {
				break
			}
			n++
		}
		if n+s.Broken+s.Skipped > s.Lines {
			t.Fatalf("%d records of %+v", n, s)
		}
	})
}
