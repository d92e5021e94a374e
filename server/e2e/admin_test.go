package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// attack is a page of somebody else. Once its name leads to the operator's machine, the browser takes
// what is there for the page's own.
const attack = `<!doctype html><title>waiting</title><script>
const ask = (path, method) => fetch(path, {method}).then(async (r) => r.status + " " + await r.text(), String);
(async () => {
	await ask("/rebind", "GET");
	const got = [await ask("/model", "GET"), await ask("/", "GET"), await ask("/clear", "POST")];
	document.title = "done: " + got.join(" | ");
})();
</script>`

// An operator's browser visits a page whose name leads to the admin address from then on (DNS
// rebinding). The page reads nothing of it and changes nothing, while the operator's own browser
// shows the dashboard and forgets everything by its button.
//
// The name does not change here: what it leads to does. Connections to the attacker's address are passed on,
// octet by octet, which is all that the admin address sees of a name that was rebound.
func TestR2ChromiumRebinding(t *testing.T) {
	o := newOrigin(0)
	s := serve(t, "--proxy", "http://"+serveHTTP(t, o), "--admin", "127.0.0.1:0", "--trust-proxy", "127.0.0.1/32")
	c := dial(t, s)
	ask(t, c, "/", "10.1.0.1", "document", "navigate", "")
	c.Close()
	awaitKnown(t, s, "/base.css")

	admin := strings.TrimPrefix(s.admin, "http://")
	var rebound atomic.Bool
	attacker, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	page := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Connection", "close") // the next request looks the name up again
		if r.URL.Path == "/rebind" {
			rebound.Store(true)
			return
		}
		io.WriteString(w, attack)
	})}
	inside := newHanded(attacker)
	t.Cleanup(func() { page.Close() })
	go page.Serve(inside)
	go func() {
		for {
			conn, err := attacker.Accept()
			if err != nil {
				return
			}
			if rebound.Load() {
				go passOn(conn, admin)
			} else {
				inside.hand(conn)
			}
		}
	}()

	b := startChromiumWith(t, []chromedp.ExecAllocatorOption{
		chromedp.Flag("host-resolver-rules", "MAP evil.test 127.0.0.1"),
	})
	v := b.visitor(t)
	v.open()
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	title := v.visit(fmt.Sprintf("http://evil.test:%d/", attacker.Addr().(*net.TCPAddr).Port)).Title
	for !strings.HasPrefix(title, "done: ") {
		if ctx.Err() != nil {
			t.Fatalf("the page did nothing: %q", title)
		}
		time.Sleep(50 * time.Millisecond)
		title = v.measure(ctx).Title
	}
	for _, answer := range strings.Split(strings.TrimPrefix(title, "done: "), " | ") {
		if !strings.HasPrefix(answer, "421 ") {
			t.Errorf("the page got %.300s", answer)
		}
	}
	awaitKnown(t, s, "/base.css") // nothing was cleared

	own := chromiumWindow{openVisitor(t, b)}
	if l := own.visit(s.admin + "/"); !strings.Contains(l.Title, "casper") {
		t.Errorf("the operator sees %v", l)
	}
	own.do("forgetting", chromedp.Click(chromedp.CSS("#clear")), chromedp.Click(chromedp.CSS("dialog button[value=yes]")),
		chromedp.WaitNotPresent(chromedp.CSS(".pages > tbody > tr")))
	resp, err := http.Get(s.admin + "/model")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if model, _ := io.ReadAll(resp.Body); strings.Contains(string(model), "/base.css") {
		t.Errorf("the operator's button left %s", model)
	}
}

// passOn carries a connection to another address, octet by octet.
func passOn(conn net.Conn, address string) {
	defer conn.Close()
	there, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer there.Close()
	go io.Copy(there, conn)
	io.Copy(conn, there)
}

// A handed is a listener whose connections others accept.
type handed struct {
	net.Listener
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newHanded(l net.Listener) *handed {
	return &handed{Listener: l, conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *handed) hand(conn net.Conn) {
	select {
	case l.conns <- conn:
	case <-l.closed:
		conn.Close()
	}
}

func (l *handed) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *handed) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}
