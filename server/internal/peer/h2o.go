package peer

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Config says what a real H2O serves. The zero value serves nothing.
type Config struct {
	Hosts []Host // at least one; H2O answers an unknown authority with the first
	Files []File // the document root that all hosts share
	// Cleartext leaves TLS away: H2O then speaks HTTP/1 and, to clients with
	// prior knowledge, HTTP/2 on the same port.
	Cleartext bool
}

// Host is one virtual host, and so one set of CASPer parameters.
type Host struct {
	Name string // without the port; see [H2O.Authority]
	// CapacityBits is H2O's capacity-bits, 1 to 15, or one of [CasperOff] and
	// [CasperOn].
	CapacityBits int
	Tracking     Tracking
	// Backends maps path prefixes to upstreams that H2O proxies to over
	// HTTP/1.1. H2O replaces the prefix by "/". Pushes of such paths are
	// asynchronous: the promise is sent before the upstream has answered.
	// Without the prefix "/", the document root is there.
	Backends map[string]http.Handler
}

// Values of [Host.CapacityBits] besides a number of bits.
const (
	CasperOff = 0  // http2-casper: OFF
	CasperOn  = -1 // http2-casper: ON, H2O's defaults: 13 bits, blocking assets
)

// Tracking is H2O's tracking-types: which responses enter the fingerprint.
type Tracking string

// H2O's two tracking types.
const (
	BlockingAssets Tracking = "blocking-assets" // styles and scripts, H2O's default
	All            Tracking = "all"             // every response, the page too
)

// File is one static file.
type File struct {
	Path string // absolute request path, without query
	// Type is the content type that H2O is told to give to all files with this
	// one's extension; empty leaves H2O's own table alone.
	Type string
	Body string
	// Links are values of Link header fields that H2O sends with this file. A
	// value with rel=preload makes H2O push.
	Links []string
}

// H2O is a running H2O server.
type H2O struct {
	Addr        string       // 127.0.0.1:port
	Certificate *Certificate // nil if cleartext
	process     *process
	accessLog   string
}

// StartH2O starts the real h2o program and stops it when the test is over. It
// returns at once, without waiting or polling: H2O inherits a socket that
// already listens, so the kernel queues whoever connects before H2O accepts.
//
// An H2O that ends by itself fails the test; when a test fails, the end of the
// error log is shown. Configuration and logs are in the test's artifact folder
// and outlive the test with `go test -artifacts`.
func StartH2O(t testing.TB, c Config) *H2O {
	t.Helper()
	program := Find(t, "h2o")

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() // ours; H2O has its own copy
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()

	dir, err := os.MkdirTemp(t.ArtifactDir(), "h2o-") // a test may start several
	if err != nil {
		t.Fatal(err)
	}
	s := &H2O{Addr: listener.Addr().String(), accessLog: filepath.Join(dir, "access.log")}
	if !c.Cleartext {
		names := make([]string, len(c.Hosts))
		for i, h := range c.Hosts {
			names[i] = h.Name
		}
		s.Certificate = NewCertificate(t, names...)
	}
	conf, err := c.write(t, s, dir)
	if err != nil {
		t.Fatalf("H2O configuration: %v", err)
	}

	cmd := exec.Command(program, "-c", conf)
	cmd.Dir = dir
	cmd.ExtraFiles = []*os.File{socket} // becomes descriptor 3
	cmd.Env = append(os.Environ(), "SERVER_STARTER_PORT="+s.Addr+"=3")
	s.process = launch(t, "h2o", cmd, filepath.Join(dir, "error.log"))
	return s
}

// Authority returns what a request must name to reach a host: H2O tells its
// hosts apart by name and port.
func (s *H2O) Authority(host string) string {
	_, port, _ := net.SplitHostPort(s.Addr)
	return net.JoinHostPort(host, port)
}

// ClientTLS returns a configuration that trusts this server alone, or nil if
// it is a cleartext one.
func (s *H2O) ClientTLS() *tls.Config {
	if s.Certificate == nil {
		return nil
	}
	return &tls.Config{RootCAs: s.Certificate.Pool}
}

// Stop ends the server before its test is over, so that [H2O.AccessLog] is complete.
func (s *H2O) Stop(t testing.TB) {
	t.Helper()
	if err := s.process.stop(); err != nil {
		t.Error(err)
	}
}

// Access is one line of H2O's access log: one request or pushed request.
type Access struct {
	Host   string // without the port
	Path   string // with the query
	Status int
	Push   string // "pushed", "cancelled", or empty for what the client asked for
}

// accessFormat is the log line that AccessLog reads: four fields parted by tabs.
const accessFormat = "%V\t%U%q\t%s\t%{x-http2-push}o"

// AccessLog returns what H2O has logged so far. H2O logs a request when it
// forgets it, which may be after the client saw its end; a stopped server's log is complete.
func (s *H2O) AccessLog(t testing.TB) []Access {
	t.Helper()
	text, err := os.ReadFile(s.accessLog)
	if err != nil {
		t.Fatal(err)
	}
	var log []Access
	for line := range strings.Lines(string(text)) {
		field := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(field) != 4 {
			t.Fatalf("H2O access log: unexpected line %q", line)
		}
		status, err := strconv.Atoi(field[2])
		if err != nil {
			t.Fatalf("H2O access log: status in %q: %v", line, err)
		}
		host, _, _ := strings.Cut(field[0], ":")
		log = append(log, Access{Host: host, Path: field[1], Status: status, Push: strings.Trim(field[3], "-")})
	}
	return log
}

// write puts the document root, the handler and the configuration in place
// and returns the configuration's path.
func (c Config) write(t testing.TB, s *H2O, dir string) (string, error) {
	root := filepath.Join(t.TempDir(), "root")
	if err := os.Mkdir(root, 0o755); err != nil {
		return "", err
	}
	for _, f := range c.Files {
		if !strings.HasPrefix(f.Path, "/") || !filepath.IsLocal(f.Path[1:]) {
			return "", fmt.Errorf("file %q: not an absolute, clean path", f.Path)
		}
		name := filepath.Join(root, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(name, []byte(f.Body), 0o644); err != nil {
			return "", err
		}
	}
	handler := filepath.Join(dir, "links.rb")
	if err := os.WriteFile(handler, []byte(c.rubyLinks()), 0o644); err != nil {
		return "", err
	}
	upstream := func(h http.Handler) string {
		b := httptest.NewServer(h)
		t.Cleanup(b.Close)
		return b.URL
	}
	text, err := c.marshal(s, root, handler, upstream)
	if err != nil {
		return "", err
	}
	conf := filepath.Join(dir, "h2o.conf")
	return conf, os.WriteFile(conf, text, 0o644)
}
