//go:build !noserver

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// stall is short here, so that the test is.
const stall = time.Second

// ended waits until the server ends a connection, at most for a multiple of stall.
func ended(t *testing.T, what string, c net.Conn) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(20 * stall))
	if _, err := io.Copy(io.Discard, c); err != nil && strings.Contains(err.Error(), "timeout") {
		t.Errorf("%s: still open after %v", what, 20*stall)
	}
}

// Whoever neither sends what was promised nor reads what was asked for is let go, on the site, before an
// application, and at the admin's address.
func TestR12StalledClientsAreLetGo(t *testing.T) {
	big := publish(t, map[string]string{"index.html": "page", "5000.bin": strings.Repeat("x", 5000), "big.bin": strings.Repeat("x", 50<<20)})
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }))
	defer app.Close()
	folder := serve(t, big, "--h2c", "--stall-limit", stall.String(), "--admin", "127.0.0.1:0")
	proxied := serve(t, "--proxy", app.URL, "--h2c", "--stall-limit", stall.String())
	dialled := func(addr, text string) net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", addr)
		if err == nil {
			_, err = io.WriteString(c, text)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	admin := strings.TrimPrefix(folder.admin, "http://")
	half := "%s %s HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\nabc"
	waiting := map[string]net.Conn{
		"POST to a folder":       dialled(folder.addr, fmt.Sprintf(half, "POST", "/")),
		"GET with a body":        dialled(folder.addr, fmt.Sprintf(half, "GET", "/")),
		"POST to an application": dialled(proxied.addr, fmt.Sprintf(half, "POST", "/")),
		"POST to the admin":      dialled(admin, fmt.Sprintf(half, "POST", "/forget")),
	}
	unread := dialled(folder.addr, "GET /big.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")
	// What net/http keeps back until the handler has returned, what it sends at once, and what is written in pieces.
	streams := map[string]<-chan bool{}
	for _, path := range []string{"/", "/5000.bin", "/big.bin"} {
		stream, err := stalledStream(t, folder.addr, path)
		if err != nil {
			t.Fatal(err)
		}
		streams[path] = stream
	}
	for what, c := range waiting {
		ended(t, what, c)
	}
	time.Sleep(3 * stall) // it was not read meanwhile
	unread.SetReadDeadline(time.Now().Add(20 * stall))
	if n, err := io.Copy(io.Discard, unread); err == nil && n > 50<<20 || err != nil && strings.Contains(err.Error(), "timeout") {
		t.Errorf("a client that did not read got %d octets, %v", n, err)
	}
	for path, stream := range streams {
		select {
		case <-stream:
		case <-time.After(20 * stall):
			t.Errorf("%s: a stream whose window is shut is still open", path)
		}
	}
}

// stalledStream asks for a file over HTTP/2 with a window of nothing, and tells when the server gives
// that stream up.
func stalledStream(t *testing.T, addr, path string) (<-chan bool, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { c.Close() })
	io.WriteString(c, http2.ClientPreface)
	f := http2.NewFramer(c, c)
	f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}, http2.Setting{ID: http2.SettingEnablePush, Val: 0})
	var block strings.Builder
	enc := hpack.NewEncoder(&block)
	for _, h := range []hpack.HeaderField{{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "http"}, {Name: ":authority", Value: addr}, {Name: ":path", Value: path}} {
		enc.WriteField(h)
	}
	err = f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte(block.String()), EndStream: true, EndHeaders: true})
	reset := make(chan bool, 1)
	go func() {
		for {
			frame, err := f.ReadFrame()
			if err != nil {
				return
			}
			if r, ok := frame.(*http2.RSTStreamFrame); ok && r.StreamID == 1 {
				reset <- true
				return
			}
			if s, ok := frame.(*http2.SettingsFrame); ok && !s.IsAck() {
				f.WriteSettingsAck()
			}
		}
	}()
	return reset, err
}

// What moves goes on, however slowly and for however long: uploads, downloads, and streams that have
// nothing to say for a while.
func TestR12WhatMovesGoesOn(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		fmt.Fprintf(w, "%d\n", len(got))
		w.(http.Flusher).Flush()
		time.Sleep(3 * stall) // a stream of events that has none
		io.WriteString(w, "event\n")
	}))
	defer app.Close()
	s := serve(t, "--proxy", app.URL, "--h2c", "--stall-limit", stall.String())
	for _, version := range []int{1, 2} {
		client := &http.Client{Transport: &http.Transport{Protocols: new(http.Protocols)}}
		client.Transport.(*http.Transport).Protocols.SetHTTP1(version == 1)
		client.Transport.(*http.Transport).Protocols.SetUnencryptedHTTP2(version == 2)
		body, write := io.Pipe()
		go func() {
			for range 10 {
				time.Sleep(stall / 3)
				io.WriteString(write, "octets")
			}
			write.Close()
		}()
		resp, err := client.Post("http://"+s.addr+"/", "text/plain", body)
		if err != nil {
			t.Fatalf("HTTP/%d: %v", version, err)
		}
		text, err := io.ReadAll(bufio.NewReader(resp.Body))
		resp.Body.Close()
		if err != nil || string(text) != "60\nevent\n" {
			t.Errorf("HTTP/%d: %q, %v", version, text, err)
		}
	}
}
