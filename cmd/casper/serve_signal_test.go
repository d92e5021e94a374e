//go:build unix && !noserver

package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/devcert"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/keep"
)

// Under nohup, tests are told to ignore SIGHUP, and would hand that on to the programs they start.
// What a process listens to is not handed on.
func init() { signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) }

// writePair writes a new certificate and its key to two files, and returns the certificate.
func writePair(t *testing.T, certFile, keyFile string) []byte {
	t.Helper()
	cert, err := devcert.New()
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: cert.Certificate[0]}, keyFile: {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert.Certificate[0]
}

// shownCertificate is what a new connection is shown.
func (s *served) shownCertificate() string {
	s.t.Helper()
	conn, err := tls.Dial("tcp", s.addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	return string(conn.ConnectionState().PeerCertificates[0].Raw)
}

// SIGHUP, which comes from log rotation and from renewed certificates, ends nothing: the certificate is read
// again. One that cannot be used leaves the old one in use.
func TestR9HangupReadsCertificateAgain(t *testing.T) {
	folder := t.TempDir()
	certFile, keyFile := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	first := writePair(t, certFile, keyFile)
	s := serve(t, "--cert", certFile, "--key", keyFile)
	if s.shownCertificate() != string(first) {
		t.Fatal("another certificate")
	}
	hangUp := func(says string) {
		t.Helper()
		read := s.log.await(says)
		s.cmd.Process.Signal(syscall.SIGHUP)
		select {
		case <-read:
		case <-time.After(20 * time.Second):
			t.Fatalf("the log says nothing of %q: %s", says, s.log)
		}
	}
	second := writePair(t, certFile, keyFile)
	hangUp("read again")
	if s.shownCertificate() != string(second) {
		t.Error("after SIGHUP it is the certificate before")
	}
	if err := os.WriteFile(keyFile, []byte("half a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	hangUp("level=ERROR")
	if s.shownCertificate() != string(second) {
		t.Error("a broken key was put in use")
	}
	serve(t).cmd.Process.Signal(syscall.SIGHUP) // which has nothing to read, and ends with 0 later
}

// SIGQUIT ends as SIGTERM does: what was learned is saved.
func TestR9QuitSaves(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Link", "</app.css>; rel=preload; as=style")
	}))
	defer app.Close()
	for _, signal := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGINT} {
		file := filepath.Join(t.TempDir(), "learned")
		s := serve(t, "--proxy", app.URL, "--state", file, "--trust-proxy", "127.0.0.0/8")
		for i := range 8 { // of which three networks, at least, look like different ones
			v := visitor{served: s, browser: true, from: "198.51." + string(rune('1'+i)) + ".1"}
			v.visit("/")
		}
		s.cmd.Process.Signal(signal)
		if err := s.cmd.Wait(); err != nil || !strings.Contains(s.log.String(), "msg=stopping") {
			t.Errorf("%v: %v, %s", signal, err, s.log)
			continue
		}
		m, err := learn.New(learn.Config{})
		if err == nil {
			err = keep.LoadFile(file, m)
		}
		if err != nil || m.Stats().Pages == 0 {
			t.Errorf("%v: %v, %d pages saved", signal, err, m.Stats().Pages)
		}
	}
}
