package devcert

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net"
	"slices"
	"testing"
	"time"
)

// What the push tutorial's certificate had (serverAuth, CA:FALSE) and what it lacked
// (names other than the common one).
func TestPushTutorialCertificate(t *testing.T) {
	cert, err := New("dev.test", "127.0.0.2")
	if err != nil {
		t.Fatal(err)
	}
	leaf := cert.Leaf
	if leaf.IsCA || !leaf.BasicConstraintsValid {
		t.Error("the certificate is an authority's")
	}
	if !slices.Equal(leaf.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}) {
		t.Errorf("purposes %v, want serverAuth alone", leaf.ExtKeyUsage)
	}
	for _, name := range []string{"localhost", "127.0.0.1", "[::1]", "dev.test", "127.0.0.2"} {
		if err := leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	if days := leaf.NotAfter.Sub(leaf.NotBefore) / (24 * time.Hour); days > 397 {
		t.Errorf("valid for %d days, browsers accept 397", days)
	}
	if raw, err := base64.StdEncoding.DecodeString(SPKI(cert)); err != nil || len(raw) != 32 {
		t.Errorf("SPKI hash %q", SPKI(cert))
	}
}

func TestHandshake(t *testing.T) {
	cert, err := New()
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert.Leaf)
	client, server := net.Pipe()
	go tls.Server(server, &tls.Config{Certificates: []tls.Certificate{cert}}).Handshake()
	if err := tls.Client(client, &tls.Config{RootCAs: pool, ServerName: "localhost"}).Handshake(); err != nil {
		t.Fatal(err)
	}
}
