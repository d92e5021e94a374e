package e2e

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/cache-aware/casper/server/h2client"
	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/link"
)

// Three processes in front of one application share what they learn through a real Redis: visitors
// of two of them teach the third. Killing Redis changes no answer.
func TestFleetLearnsAsOne(t *testing.T) {
	r := peer.StartRedis(t)
	o := newOrigin(0)
	o.Links = false
	upstream := "http://" + serveHTTP(t, o)
	var nodes []*served
	for range 3 {
		nodes = append(nodes, serve(t, "--proxy", upstream, "--no-html", "--state", r.URL(), "--trust-proxy", "127.0.0.1/32"))
	}
	for person := range 16 {
		s := nodes[person%2]
		c := dial(t, s)
		from := fmt.Sprintf("10.%d.0.1", person)
		ask(t, c, "/", from, "document", "navigate", "")
		for _, path := range blocking {
			ask(t, c, path, from, link.Guess(path, "").As, "no-cors", "https://"+s.addr+"/")
		}
		c.Close()
	}

	// The contract says 30 s: a round is 10 s, and settles for a while.
	start := time.Now()
	for person := 0; ; person++ {
		if time.Since(start) > 90*time.Second {
			t.Fatal("the third node has learned nothing from the other two in 90 s")
		}
		c := dial(t, nodes[2])
		x := ask(t, c, "/", fmt.Sprintf("10.200.%d.1", person), "document", "navigate", "")
		c.Close()
		if len(x.Early) > 0 {
			break
		}
		time.Sleep(time.Second)
	}
	t.Logf("the third node hints %s after the last visitor of the others", time.Since(start).Round(time.Second))

	r.Kill(t)
	for i, s := range nodes {
		c := dial(t, s)
		if x := ask(t, c, "/", fmt.Sprintf("10.210.%d.1", i), "document", "navigate", ""); x.Status() != 200 || len(x.Body) == 0 {
			t.Errorf("node %d without Redis: status %d, %d octets", i, x.Status(), len(x.Body))
		}
		c.Close()
	}
}

// Over Redis, the fleet remembers: a node that starts anew knows what another's pages link.
func TestFleetSharesLinks(t *testing.T) {
	t.Parallel()
	state := peer.StartRedis(t).URL() + "?site=links"
	node := func(links bool) *served {
		o := newOrigin(0)
		o.Links = links
		return serve(t, "--proxy", "http://"+serveHTTP(t, o), "--state", state, "--trust-proxy", "127.0.0.1/32", "--admin", "127.0.0.1:0")
	}
	first := node(true)
	for person := range 6 { // of a page that few networks have seen, nothing is shared
		ask(t, dial(t, first), "/", fmt.Sprintf("10.1.%d.1", person), "document", "navigate", "")
	}
	second := node(false) // whatever this one hints, it was told
	awaitKnown(t, second, "/base.css")
	x := ask(t, dial(t, second), "/", "10.2.0.1", "document", "navigate", "")
	if len(x.Early) != 1 || !strings.Contains(strings.Join(x.Early[0].Values("link"), ", "), "/base.css") {
		t.Errorf("the next node hints %v", x.Early)
	}
}

// What is learned, from how many clients and of which pages, is set by flags.
func TestLearningFlags(t *testing.T) {
	t.Parallel()
	o := newOrigin(0)
	o.Links = false
	s := serve(t, "--proxy", "http://"+serveHTTP(t, o), "--trust-proxy", "127.0.0.1/32", "--admin", "127.0.0.1:0",
		"--learn-from", "4", "--hold-out", "0", "--learn-memory", "1MiB", "--page-query", "lang", "--learn-not", "/app", "--no-html")
	page, people := "/?lang=de", 0
	come := func() {
		c := dial(t, s)
		from := fmt.Sprintf("10.3.%d.1", people)
		people++
		ask(t, c, page, from, "document", "navigate", "")
		for _, path := range blocking {
			ask(t, c, path, from, link.Guess(path, "").As, "no-cors", "https://"+s.addr+page)
		}
		c.Close()
	}
	for range 3 { // as many as are enough by default
		come()
	}
	explained := awaitExplained(t, s, page, `"views": 3,`)
	if !strings.Contains(explained, "networks today; believed from ") || strings.Contains(explained, `"wanted": true`) {
		t.Errorf("after three: %s", explained)
	}
	for people < 20 && !strings.Contains(explained, `"wanted": true`) {
		come()
		explained = awaitExplained(t, s, page, fmt.Sprintf(`"views": %d,`, people))
	}
	if !strings.Contains(explained, "/base.css") || strings.Contains(explained, "/app.js") {
		t.Errorf("%s", explained)
	}
	if other := awaitExplained(t, s, "/?lang=fr", ""); strings.Contains(other, "/base.css") {
		t.Errorf("another page: %s", other)
	}
}

// awaitKnown waits until a node knows an asset of the front page.
func awaitKnown(t *testing.T, s *served, asset string) { awaitExplained(t, s, "/", asset) }

// awaitExplained waits until what is known of a page contains a text, and returns it.
func awaitExplained(t *testing.T, s *served, page, text string) string {
	t.Helper()
	body := ""
	for range 120 {
		resp, err := http.Get(s.admin + "/explain?page=" + url.QueryEscape(page))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if body = string(b); strings.Contains(body, text) {
			return body
		}
		time.Sleep(250 * time.Millisecond)
	}
	t.Fatalf("nothing with %s is known of %s: %s", text, page, body)
	return ""
}

// A node whose Redis dies goes on, and ends as if nothing were.
func TestServeWithoutRedis(t *testing.T) {
	r := peer.StartRedis(t)
	s := serve(t, "--state", r.URL())
	r.Kill(t)
	if pushed, _ := nghttpPush(t, "https://"+s.addr+"/", ""); len(pushed) != 3 {
		t.Errorf("without Redis %q were pushed", pushed)
	}
}

// dial connects as a browser does: it takes no pushes.
func dial(t *testing.T, s *served) *h2client.Client {
	return peer.Dial(t, s.addr, h2client.Options{
		TLS: &tls.Config{InsecureSkipVerify: true}, Settings: []http2.Setting{{ID: http2.SettingEnablePush, Val: 0}},
	})
}

// ask asks for a path with the fields that a browser sends.
func ask(t *testing.T, c *h2client.Client, path, from, dest, mode, referer string) *h2client.Exchange {
	t.Helper()
	fields := []hpack.HeaderField{
		{Name: "x-forwarded-for", Value: from}, {Name: "sec-fetch-dest", Value: dest}, {Name: "sec-fetch-mode", Value: mode},
		{Name: "user-agent", Value: "Mozilla/5.0"}, {Name: "accept", Value: "*/*"},
	}
	site := "none"
	if referer != "" {
		site = "same-origin"
		fields = append(fields, hpack.HeaderField{Name: "referer", Value: referer})
	}
	fields = append(fields, hpack.HeaderField{Name: "sec-fetch-site", Value: site})
	x, err := c.Do(h2client.Request{Path: path, Header: fields})
	if err != nil {
		t.Fatal(err)
	}
	return x
}
