package middleware_test

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/h2client"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// A request is what a test asks for. Empty is GET, and no fields.
type request struct {
	method, host, path string
	fields             []string // each "Name: value"
}

func (r request) with(fields ...string) request {
	r.fields = append(slices.Clip(r.fields), fields...)
	return r
}

// host is what requests ask for that say nothing else.
const host = "site.example"

// navigation is what a browser says when a person goes to a page.
var navigation = []string{"Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Sec-Fetch-Site: none", "Accept: text/html"}

// An answer is all that a client can see of one.
type answer struct {
	Status  int
	Header  http.Header
	Body    []byte
	Trailer http.Header
	Framing string // on HTTP/1.1: how the end of the body is found
	Broken  string // why it ended before its end
	Early   []http.Header
	Other   []int // other interim answers
	Pushed  []string
}

// hinted returns all Link values of all 103s, one by one.
func (a *answer) hinted() (links []string) {
	for _, e := range a.Early {
		links = append(links, split(e["Link"])...)
	}
	return links
}

// cookies returns the casper cookies of the answer, as name=value.
func (a *answer) cookies() (pairs []string) {
	for _, line := range a.Header["Set-Cookie"] {
		if pair, _, _ := strings.Cut(line, ";"); strings.HasPrefix(pair, "h2o_casper=") {
			pairs = append(pairs, pair)
		}
	}
	return pairs
}

// A client asks over one connection, and makes a new one when that has ended. Several requests
// that have nothing to do with each other it asks at a time, on HTTP/1.1 over several connections.
type client interface {
	ask(r request) *answer
	askEach(several []request) []*answer
	close()
}

// The protocols of the tests.
const (
	http1     = "HTTP/1.1"
	http2only = "HTTP/2"
	http2push = "HTTP/2 with push"
)

var protocols = []string{http1, http2only, http2push}

func newClient(protocol, addr string) client {
	switch protocol {
	case http1:
		return &oldClient{addr: addr}
	case http2only:
		return &newerClient{addr: addr, options: h2client.Options{Settings: []http2.Setting{{ID: http2.SettingEnablePush, Val: 0}}}}
	}
	return &newerClient{addr: addr}
}

// oldClient speaks HTTP/1.1.
type oldClient struct {
	addr string
	conn net.Conn
	in   *bufio.Reader
	more []*oldClient
}

func (c *oldClient) hangUp() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

func (c *oldClient) close() {
	c.hangUp()
	for _, m := range c.more {
		m.hangUp()
	}
}

func (c *oldClient) askEach(several []request) []*answer {
	if c.more == nil {
		c.more = []*oldClient{{addr: c.addr}, {addr: c.addr}, {addr: c.addr}}
	}
	all := append([]*oldClient{c}, c.more...)
	answers := make([]*answer, len(several))
	var asking sync.WaitGroup
	for n, one := range all {
		asking.Go(func() {
			for i := n; i < len(several); i += len(all) {
				answers[i] = one.ask(several[i])
			}
		})
	}
	asking.Wait()
	return answers
}

const patience = 20 * time.Second

func (c *oldClient) ask(r request) *answer {
	a := &answer{Header: http.Header{}}
	if err := c.exchange(r, a); err != nil {
		a.Broken = err.Error()
		c.hangUp()
	}
	return a
}

func (c *oldClient) exchange(r request, a *answer) error {
	if c.conn == nil {
		conn, err := net.Dial("tcp", c.addr)
		if err != nil {
			return err
		}
		c.conn, c.in = conn, bufio.NewReader(conn)
	}
	c.conn.SetDeadline(time.Now().Add(patience))
	method := cmp.Or(r.method, "GET")
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, r.path, cmp.Or(r.host, host))
	for _, f := range r.fields {
		b.WriteString(f + "\r\n")
	}
	if method == "POST" {
		b.WriteString("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n")
	}
	b.WriteString("\r\n")
	if method == "POST" {
		b.WriteString("a=b")
	}
	if _, err := c.conn.Write(b.Bytes()); err != nil {
		return err
	}
	for {
		resp, err := http.ReadResponse(c.in, &http.Request{Method: method})
		if err != nil {
			return err
		}
		switch {
		case resp.StatusCode == http.StatusEarlyHints:
			a.Early = append(a.Early, resp.Header)
			continue
		case resp.StatusCode < 200:
			a.Other = append(a.Other, resp.StatusCode)
			continue
		}
		a.Status, a.Header = resp.StatusCode, resp.Header
		switch {
		case len(resp.TransferEncoding) > 0:
			a.Framing = "chunked"
		case resp.ContentLength >= 0:
			a.Framing = "length " + strconv.FormatInt(resp.ContentLength, 10)
		default:
			a.Framing = "until the connection ends"
		}
		a.Body, err = io.ReadAll(resp.Body)
		a.Trailer = resp.Trailer
		if resp.Close {
			c.hangUp()
		}
		return err
	}
}

// newerClient speaks HTTP/2.
type newerClient struct {
	addr    string
	options h2client.Options
	conn    *h2client.Client
}

func (c *newerClient) close() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

func (c *newerClient) ask(r request) *answer { return c.start(r)() }

func (c *newerClient) askEach(several []request) []*answer {
	var waiting []func() *answer
	for _, r := range several {
		waiting = append(waiting, c.start(r))
	}
	var answers []*answer
	for _, wait := range waiting {
		answers = append(answers, wait())
	}
	return answers
}

// start asks, and returns what waits for the answer.
func (c *newerClient) start(r request) func() *answer {
	broken := func(err error) func() *answer {
		c.close()
		return func() *answer { return &answer{Header: http.Header{}, Broken: err.Error()} }
	}
	if c.conn == nil {
		conn, err := h2client.Dial(c.addr, c.options)
		if err != nil {
			return broken(err)
		}
		c.conn = conn
	}
	ask := h2client.Request{Method: r.method, Authority: cmp.Or(r.host, host), Path: r.path}
	for _, f := range r.fields {
		name, value, _ := strings.Cut(f, ": ")
		ask.Header = append(ask.Header, hpack.HeaderField{Name: strings.ToLower(name), Value: value})
	}
	s, err := c.conn.Start(ask)
	if err != nil {
		return broken(err)
	}
	return func() *answer {
		x, err := s.Wait()
		if err != nil {
			return broken(err)()
		}
		return newerAnswer(r, x)
	}
}

// newerAnswer is the answer in an exchange of HTTP/2.
func newerAnswer(r request, x *h2client.Exchange) *answer {
	a := &answer{Status: x.Status(), Header: canonical(x.Header), Body: x.Body, Trailer: canonical(x.Trailer), Pushed: x.Pushed()}
	for _, early := range x.Early {
		if early.Get(":status") == "103" {
			a.Early = append(a.Early, canonical(early))
		} else {
			code, _ := strconv.Atoi(early.Get(":status"))
			a.Other = append(a.Other, code)
		}
	}
	length := x.Header.Get("content-length")
	switch {
	case x.Reset != nil:
		a.Broken = "reset: " + x.Reset.String()
	case length != "" && r.method != "HEAD" && a.Status != http.StatusNotModified && length != strconv.Itoa(len(x.Body)):
		a.Broken = "content-length " + length + " and a body of " + strconv.Itoa(len(x.Body))
	}
	return a
}

// canonical is a field section in the form of net/http, without pseudo-fields.
func canonical(section h2client.Header) http.Header {
	h := http.Header{}
	for _, f := range section {
		if f.Name[0] != ':' {
			h.Add(f.Name, f.Value)
		}
	}
	return h
}

// serve starts a server for HTTP/1.1 and HTTP/2 in cleartext, and returns its address.
func serve(t testing.TB, h http.Handler) string {
	t.Helper()
	return start(t, &http.Server{Handler: h, ConnContext: server.ConnContext})
}

// serveForgetful is serve without a memory of connections, so that one stands for many visitors.
func serveForgetful(t testing.TB, h http.Handler) string {
	t.Helper()
	return start(t, &http.Server{Handler: h})
}

func start(t testing.TB, srv *http.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv.ErrorLog, srv.Protocols = log.New(io.Discard, "", 0), new(http.Protocols)
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetUnencryptedHTTP2(true)
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return l.Addr().String()
}

// split takes lists of links apart. A comma inside angle brackets or quotes parts nothing.
func split(values []string) (links []string) {
	for _, v := range values {
		start, inside := 0, byte(0)
		for i := 0; i <= len(v); i++ {
			switch {
			case i == len(v), inside == 0 && v[i] == ',':
				if l := strings.TrimSpace(v[start:i]); l != "" {
					links = append(links, l)
				}
				start = i + 1
			case inside != 0:
				if v[i] == inside {
					inside = 0
				}
			case v[i] == '<':
				inside = '>'
			case v[i] == '"':
				inside = '"'
			}
		}
	}
	return links
}

// target is what stands between the angle brackets of a link.
func target(l string) string {
	t, _, _ := strings.Cut(strings.TrimPrefix(l, "<"), ">")
	return t
}

func targets(links []string) (list []string) {
	for _, l := range links {
		list = append(list, target(l))
	}
	return list
}
