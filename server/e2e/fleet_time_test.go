package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/internal/peer"
)

// soonEnough is what the contract says: a lesson is known everywhere after so long, 95 times of 100.
const soonEnough = 10 * time.Second

// lessons are what a fleet is taught, and how long each took to be known on each other node. The time
// runs from the last request of the last visitor, whose view stays open for another four seconds.
type lessons struct {
	t      *testing.T
	nodes  []*served
	people int

	waits sync.WaitGroup
	mu    sync.Mutex
	took  []time.Duration
}

// teach lets eight visitors see a page of their own on one node.
func (l *lessons) teach(n int) {
	l.t.Helper()
	s := l.nodes[n%len(l.nodes)]
	page := fmt.Sprintf("/%d/page", n)
	for range 8 {
		l.people++
		from := fmt.Sprintf("10.%d.%d.1", l.people/256, l.people%256)
		c := dial(l.t, s)
		ask(l.t, c, page, from, "document", "navigate", "")
		ask(l.t, c, fmt.Sprintf("/%d.css", n), from, "style", "no-cors", "https://"+s.addr+page)
		c.Close()
	}
}

// await measures from a moment on how long it takes until all others know.
func (l *lessons) await(n int, from time.Time) {
	for i, s := range l.nodes {
		if i == n%len(l.nodes) {
			continue
		}
		l.waits.Go(func() {
			for !knows(s, fmt.Sprintf("/%d/page", n), fmt.Sprintf("/%d.css", n)) {
				if time.Since(from) > 6*soonEnough {
					l.t.Errorf("lesson %d is not known on node %d after %v", n, i, time.Since(from))
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			l.took = append(l.took, time.Since(from))
		})
	}
}

// judge waits for all, and compares the 95th percentile with the contract.
func (l *lessons) judge(what string) {
	l.t.Helper()
	l.waits.Wait()
	slices.Sort(l.took)
	if len(l.took) == 0 {
		l.t.Fatal("nothing was taught")
	}
	p95 := l.took[(len(l.took)*95+99)/100-1]
	l.t.Logf("%s: %d, known after %.1f s (median), %.1f s (95th percentile), %.1f s (worst)",
		what, len(l.took), l.took[len(l.took)/2].Seconds(), p95.Seconds(), l.took[len(l.took)-1].Seconds())
	if p95 > soonEnough {
		l.t.Errorf("%s: %v is the 95th percentile, want at most %v", what, p95, soonEnough)
	}
	l.took = nil
}

func knows(s *served, page, asset string) bool {
	resp, err := http.Get(s.admin + "/explain?page=" + url.QueryEscape(page))
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	_, of, found := strings.Cut(string(text), asset)
	return found && strings.Contains(of, `"wanted": true`)
}

// hello is an application of pages that name nothing, and of style sheets.
func hello(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	if strings.HasSuffix(r.URL.Path, ".css") {
		w.Header().Set("Content-Type", "text/css")
		w.Header().Set("Cache-Control", forEver)
	}
	io.WriteString(w, "hello")
}

// What one node's visitors taught is known on the other two within ten seconds, as it comes and also
// after Redis was away.
func TestFleetAgreesInSeconds(t *testing.T) {
	t.Parallel()
	r := peer.StartRedis(t)
	upstream := "http://" + serveHTTP(t, http.HandlerFunc(hello))
	l := lessons{t: t}
	for range 3 {
		l.nodes = append(l.nodes, serve(t, "--proxy", upstream, "--state", r.URL(), "--trust-proxy", "127.0.0.1/32", "--admin", "127.0.0.1:0"))
	}
	many, outages := 12, 1
	if os.Getenv("CASPER_FULL") == "1" {
		many, outages = 120, 6
	}
	n := 0
	for range many {
		l.teach(n)
		l.await(n, time.Now())
		n++
		time.Sleep(1300 * time.Millisecond) // at no multiple of anything
	}
	l.judge("lessons")
	for range outages {
		r.Kill(t)
		first := n
		for range 6 {
			l.teach(n)
			n++
			time.Sleep(time.Second)
		}
		time.Sleep(4 * time.Second) // until all views are over
		r.Restart(t)
		back := time.Now()
		for i := first; i < n; i++ {
			l.await(i, back)
		}
		l.waits.Wait()
	}
	l.judge("lessons of an outage, from its end")
}
