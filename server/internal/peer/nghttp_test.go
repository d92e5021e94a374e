package peer

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"github.com/cache-aware/casper/server/h2client"
)

// What nghttp 1.52.0 prints, shortened to the lines that matter.
const nghttpOutput = `[  0.001] Connected
[  0.002] send HEADERS frame <length=43, flags=0x25, stream_id=13>
          ; END_STREAM | END_HEADERS | PRIORITY
          (padlen=0, dep_stream_id=11, weight=16, exclusive=0)
          ; Open new stream
          :method: GET
          :path: /page
[  0.003] recv (stream_id=13) :status: 103
[  0.003] recv (stream_id=13) link: </a.css>; rel=preload
[  0.003] recv HEADERS frame <length=9, flags=0x04, stream_id=13>
          ; END_HEADERS
[  0.004] recv (stream_id=13) :method: GET
[  0.004] recv (stream_id=13) :path: /a.css?x: y
[  0.004] recv PUSH_PROMISE frame <length=44, flags=0x04, stream_id=13>
          ; END_HEADERS
          (padlen=0, promised_stream_id=2)
[  0.005] recv (stream_id=13) :path: /b.css
[  0.005] recv PUSH_PROMISE frame <length=44, flags=0x04, stream_id=13>
          ; END_HEADERS
          (padlen=0, promised_stream_id=4)
[  0.006] recv (stream_id=13) :path: /c.css
[  0.006] recv PUSH_PROMISE frame <length=44, flags=0x04, stream_id=13>
          ; END_HEADERS
          (padlen=0, promised_stream_id=6)
[  0.007] recv (stream_id=13) :status: 200
[  0.007] recv (stream_id=13, sensitive) set-cookie: a=b
[  0.007] recv (stream_id=13) set-cookie: c=d; Path=/; Expires=Tue, 01 Jan 2030 00:00:00 GMT
[  0.007] recv HEADERS frame <length=127, flags=0x04, stream_id=13>
          ; END_HEADERS
          ; First response header
[  0.007] recv DATA frame <length=2, flags=0x01, stream_id=13>
          ; END_STREAM
[  0.008] recv RST_STREAM frame <length=4, flags=0x00, stream_id=2>
          (error_code=INTERNAL_ERROR(0x02))
[  0.009] recv (stream_id=4) :status: 200
[  0.009] recv HEADERS frame <length=105, flags=0x04, stream_id=4>
          ; END_HEADERS
          ; First push response header
[  0.010] send RST_STREAM frame <length=4, flags=0x00, stream_id=6>
          (error_code=CANCEL(0x08))
[  0.011] send GOAWAY frame <length=8, flags=0x00, stream_id=0>
          (last_stream_id=6, error_code=NO_ERROR(0x00), opaque_data(0)=[])
`

func TestParseNghttp(t *testing.T) {
	found, err := parseNghttp(nghttpOutput)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 {
		t.Fatalf("%d exchanges", len(found))
	}
	e := found[0]
	if e.Status() != 200 || len(e.Early) != 1 || e.Early[0].Get("link") != "</a.css>; rel=preload" {
		t.Errorf("header %v, early %v", e.Header, e.Early)
	}
	if got := e.Header.Values("set-cookie"); len(got) != 2 || got[0] != "a=b" || !strings.HasSuffix(got[1], "00:00:00 GMT") {
		t.Errorf("cookies %q", got)
	}
	if got := e.Cancelled(); !slices.Equal(got, []string{"/a.css?x: y"}) || *e.Pushes[0].Reset != http2.ErrCodeInternal {
		t.Errorf("cancelled %q", got)
	}
	if got := e.Pushed(); !slices.Equal(got, []string{"/b.css"}) {
		t.Errorf("pushed %q", got)
	}
	if !e.Pushes[2].Refused || e.Pushes[2].Status() != 0 {
		t.Errorf("the refused push: %+v", e.Pushes[2])
	}
	for _, broken := range []string{
		"",
		"[  0.001] recv HEADERS frame <length=9, flags=0x04, stream_id=13>\n",
		"[  0.001] recv PUSH_PROMISE frame <length=9, flags=0x04, stream_id=13>\n          (padlen=0, promised_stream_id=2)\n",
		"[  0.001] recv RST_STREAM frame <length=4, flags=0x00, stream_id=2>\n          (error_code=CANCEL(0x08))\n",
		"[  0.001] recv HEADERS frame <length=9, flags=0x04, stream_id=99999999999>\n",
	} {
		if found, err := parseNghttp(broken); err == nil {
			t.Errorf("%q gave %+v", broken, found)
		}
	}
}

// goServer runs net/http's own HTTP/2 on loopback and returns its address.
func goServer(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// The real nghttp and our client see the same server in the same way.
func TestNghttpAgreesWithClient(t *testing.T) {
	Find(t, "nghttp")
	addr := goServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/page" {
			io.WriteString(w, "body of "+r.URL.RequestURI())
			return
		}
		w.Header().Set("Link", "</a.css>; rel=preload; as=style")
		w.WriteHeader(http.StatusEarlyHints)
		for _, path := range []string{"/a.css", "/b.js?v=1"} {
			if err := w.(http.Pusher).Push(path, nil); err != nil {
				t.Errorf("push %s: %v", path, err)
			}
		}
		w.Header().Set("Trailer", "Digest")
		io.WriteString(w, "page")
		w.Header().Set("Digest", "of it all")
	})
	ours, err := Dial(t, addr, h2client.Options{TLS: &tls.Config{InsecureSkipVerify: true}}).Get("", "/page")
	if err != nil {
		t.Fatal(err)
	}
	theirs := Nghttp(t, "https://"+addr+"/page")[0]
	if !slices.Equal(ours.Pushed(), theirs.Pushed()) || len(theirs.Pushed()) != 2 {
		t.Errorf("pushed: ours %q, nghttp %q", ours.Pushed(), theirs.Pushed())
	}
	for _, name := range []string{":status", "content-type", "trailer"} {
		if got, want := theirs.Header.Get(name), ours.Header.Get(name); got != want {
			t.Errorf("%s: nghttp %q, ours %q", name, got, want)
		}
	}
	if got, want := theirs.Trailer.Get("digest"), ours.Trailer.Get("digest"); got != want {
		t.Errorf("trailer: nghttp %q, ours %q", got, want)
	}
	if len(theirs.Early) != 1 || theirs.Early[0].Get("link") != ours.Early[0].Get("link") {
		t.Errorf("interim answers: nghttp %v, ours %v", theirs.Early, ours.Early)
	}
	t.Run("no push", func(t *testing.T) {
		addr := goServer(t, func(w http.ResponseWriter, r *http.Request) {
			if err := w.(http.Pusher).Push("/a", nil); err != http.ErrNotSupported {
				t.Errorf("push: %v", err)
			}
		})
		if e := Nghttp(t, "https://"+addr, "--no-push"); len(e) != 1 || len(e[0].Pushes) != 0 {
			t.Errorf("%+v", e)
		}
	})
	t.Run("cannot connect", func(t *testing.T) {
		v := judge(t, func(t testing.TB) { Nghttp(t, "https://127.0.0.1:1/") })
		if !v.failed || !strings.Contains(v.String(), "nghttp https://127.0.0.1:1/: ") {
			t.Errorf("failed %t: %s", v.failed, v)
		}
	})
}
