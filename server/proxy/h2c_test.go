package proxy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/cache-aware/casper/server/h2client"
	"github.com/cache-aware/casper/server/internal/peer"
)

// serveH2C is an upstream that speaks HTTP/2 without TLS and nothing else, as gRPC servers do.
func serveH2C(t *testing.T, h http.Handler) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h, Protocols: new(http.Protocols), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	s.Protocols.SetUnencryptedHTTP2(true)
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return "h2c://" + l.Addr().String()
}

// TestH2C: an upstream may speak HTTP/2 in cleartext. Hints, streams in both directions, and
// trailers that nobody announced come through, to clients of HTTP/1 and of HTTP/2.
func TestH2C(t *testing.T) {
	upstream := serveH2C(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</a.css>; rel=preload; as=style")
		w.WriteHeader(103)
		w.Header().Del("Link")
		w.Header().Set("X-Seen", fmt.Sprint(r.Proto, " ", r.Host, " ", r.Header.Get("Te"), " ", r.Header.Get("X-Forwarded-Proto"), " ", r.URL))
		w.Header().Set("Content-Type", "application/grpc")
		http.NewResponseController(w).Flush()
		lines := bufio.NewScanner(r.Body)
		for lines.Scan() {
			fmt.Fprintln(w, "echo", lines.Text())
			http.NewResponseController(w).Flush()
		}
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", "7")
		w.Header().Set(http.TrailerPrefix+"Grpc-Message", r.Trailer.Get("X-Sum"))
	}))
	addr := serve(t, front(t, upstream+"/base", Config{}))

	res, _, early := get(t, "http://"+addr+"/x?y")
	if res.Header.Get("X-Seen") != "HTTP/2.0 "+addr+"  http /base/x?y" || len(early) != 1 || res.Trailer.Get("Grpc-Status") != "7" {
		t.Errorf("%v %v %v", res.Header, early, res.Trailer)
	}

	// A call that streams both ways: each message is answered before the next is sent.
	cleartext := &http.Transport{Protocols: new(http.Protocols)}
	cleartext.Protocols.SetUnencryptedHTTP2(true)
	defer cleartext.CloseIdleConnections()
	client := &http.Client{Transport: cleartext}
	r, w := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+addr+"/service/Call", r)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Te", "trailers")
	req.Trailer = http.Header{"X-Sum": nil}
	res, err = client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if !strings.Contains(res.Header.Get("X-Seen"), " trailers ") {
		t.Errorf("%q", res.Header.Get("X-Seen"))
	}
	answers := bufio.NewReader(res.Body)
	for _, m := range []string{"one\n", "two\n"} {
		io.WriteString(w, m)
		if got, err := answers.ReadString('\n'); got != "echo "+m || err != nil {
			t.Fatalf("%q, %v", got, err)
		}
	}
	req.Trailer.Set("X-Sum", "2")
	w.Close()
	if rest, err := io.ReadAll(answers); len(rest) > 0 || err != nil || res.Trailer.Get("Grpc-Status") != "7" || res.Trailer.Get("Grpc-Message") != "2" {
		t.Errorf("%q, %v, %v", rest, err, res.Trailer)
	}
	x, err := peer.Dial(t, addr, h2client.Options{}).Get(addr, "/")
	if err != nil || x.Status() != 200 || len(x.Early) != 1 {
		t.Errorf("HTTP/2: %v %v", x, err)
	}
}

// HTTP/2 in cleartext has no upgrades, so these are asked for in HTTP/1.1, as over TLS.
func TestH2CUpgrade(t *testing.T) {
	upstream := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			fmt.Fprint(w, r.Proto)
			return
		}
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		io.WriteString(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello")
		rw.Flush()
	}))
	addr := serve(t, front(t, "h2c://"+upstream, Config{}))
	if _, body, _ := get(t, "http://"+addr+"/"); body != "HTTP/2.0" {
		t.Errorf("%q", body)
	}
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	if answer, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 101 ") || !strings.HasSuffix(string(answer), "hello") {
		t.Errorf("%q, %v", answer, err)
	}
}

// A client that leaves ends its own stream at the upstream and no other.
func TestH2CClientLeaves(t *testing.T) {
	left, started := make(chan string, 1), make(chan bool)
	upstream := serveH2C(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			close(started)
			<-r.Context().Done()
			left <- r.RemoteAddr
			return
		}
		fmt.Fprint(w, r.RemoteAddr)
	}))
	addr := serve(t, front(t, upstream, Config{}))
	_, before, _ := get(t, "http://"+addr+"/")
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
	<-started
	c.Close()
	_, after, _ := get(t, "http://"+addr+"/")
	if from := <-left; from != before || from != after {
		t.Errorf("connections %s, %s, %s: one is enough", before, from, after)
	}
}

func TestH2CFailures(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	http1 := httptest.NewServer(http.NotFoundHandler())
	defer http1.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	secure.StartTLS()
	defer secure.Close()
	for _, tt := range []struct{ name, upstream, body, log string }{
		{"nobody listens", "h2c://" + closed.Addr().String(), "does not answer", "connection refused"},
		{"HTTP/1 alone", "h2c://" + http1.Listener.Addr().String(), "no valid answer", "HTTP/1.1|client conn could not"}, // the second where the first is late
		{"nobody's certificate", secure.URL, "no valid answer", "certificate"},
	} {
		var log syncBuilder
		addr := serve(t, front(t, tt.upstream, Config{Log: slog.New(slog.NewTextHandler(&log, nil))}))
		res, body, _ := get(t, "http://"+addr+"/")
		if res.StatusCode != 502 || !strings.Contains(body, tt.body) {
			t.Errorf("%s: %d %q", tt.name, res.StatusCode, body)
		}
		if strings.Count(log.String(), "\n") != 1 || !regexp.MustCompile(tt.log).MatchString(log.String()) {
			t.Errorf("%s: log %s", tt.name, log.String())
		}
	}
	for _, upstream := range []string{"h2c://", "h2c://x?q", "h2c://u:p@x", "h2c:x"} {
		if _, err := New(upstream, Config{}); !errors.Is(err, errUpstream) {
			t.Errorf("%s: %v", upstream, err)
		}
	}
}
