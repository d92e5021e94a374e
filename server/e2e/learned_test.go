package e2e

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/internal/peer"
)

// An application that links nothing, behind casper serve --proxy: visitors teach it what the
// page needs, and those who come later fetch that while the application thinks.
func TestChromiumLearned(t *testing.T) {
	const n, enough = 5, 3 // 1 of 20 views gets nothing, so that what is learned can be unlearned
	peer.Find(t, "chromium")
	o := newOrigin(think)
	o.Links = false
	s := serve(t, "--proxy", "http://"+serveHTTP(t, o), "--host", "*", "--no-html") // each comes by another port
	b := startChromium(t, s.spki)

	// Evidence is distinct networks, a /24 each. Everybody comes from one of their own.
	people := 0
	come := func() (v *visitor, url string) {
		people++
		if people > 250 {
			t.Fatal("no network is left to come from")
		}
		v = b.visitor(t)
		v.open()
		return v, "https://" + distance(t, s.addr, fmt.Sprintf("127.0.%d.1", people)) + "/"
	}

	taught := 0
	for end := time.Now().Add(patience); ; {
		if time.Now().After(end) {
			t.Fatalf("nothing learned from %d visitors", taught)
		}
		v, url := come()
		l := v.visit(url)
		a, _ := s.said("/")
		v.leave()
		if len(a.Sent.Hinted) == 0 && l.Hint != 0 {
			t.Errorf("a 103 that the log does not have: %v", l)
		}
		if slices.Equal(names(a.Sent.Hinted), blocking) {
			break
		}
		taught++
	}
	if taught < 3 {
		t.Errorf("believed after %d visitors; three are the least", taught)
	}

	used := 0
	for range n {
		o.take()
		v, url := come()
		l := v.visit(url)
		a, _ := s.said("/")
		asked, early := o.take()
		if !slices.Equal(slices.Compact(asked), blocking) {
			t.Errorf("asked for %q: %v", asked, l)
		}
		if slices.Equal(l.hinted(), blocking) {
			used++
			// What went out is in the cookie, and does not go out again.
			l = v.visit(url)
			if a, _ = s.said("/"); len(a.Sent.Hinted) > 0 || l.Hint != 0 {
				t.Errorf("the second visit: %+v: %v", a, l)
			}
		} else {
			t.Logf("not used; hinted %q, early %q: %v", a.Sent.Hinted, early, l)
		}
		v.leave()
	}
	t.Logf("learned from %d visitors; of the %d next, %d fetched %q by the hint", taught, n, used, blocking)
	if used < enough {
		t.Errorf("%d of %d visits used what was learned, want %d", used, n, enough)
	}
}

// serveHTTP serves a handler in the clear until the test ends, and returns its address.
func serveHTTP(t testing.TB, h http.Handler) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h, Protocols: new(http.Protocols)}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return l.Addr().String()
}
