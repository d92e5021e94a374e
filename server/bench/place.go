package main

import (
	"crypto/ecdsa"
	"crypto/x509"
	_ "embed"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/cache-aware/casper/server/devcert"
)

// A place is where the servers run: a temporary folder with the files that they serve, a
// certificate, and casper itself.
type place struct {
	dir        string
	root       string // what is served
	cert, key  string
	casper     string // the program
	self       string // this one
	profile    string // the folder of casper's profiles; empty is none
	procs      int    // processors that a server may use; 0 is one
	nginx, h2o string // the programs; empty if they are absent
}

//go:embed profile.go.txt
var profileSource []byte

func newPlace(profile string) (p *place, err error) {
	p = &place{profile: profile}
	if p.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if _, err := exec.LookPath("h2load"); err != nil {
		return nil, fmt.Errorf("h2load asks the questions (Debian: nghttp2-client): %w", err)
	}
	p.nginx, _ = exec.LookPath("nginx")
	p.h2o, _ = exec.LookPath("h2o")
	if p.dir, err = os.MkdirTemp("", "casper-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	p.root, p.cert, p.key = filepath.Join(p.dir, "www"), filepath.Join(p.dir, "cert.pem"), filepath.Join(p.dir, "key.pem")
	if err = writeFiles(p.root); err != nil {
		return nil, err
	}
	if err = p.writeCertificate(); err != nil {
		return nil, err
	}
	p.casper = filepath.Join(p.dir, "casper")
	return p, p.build()
}

func (p *place) close() { os.RemoveAll(p.dir) }

// absent says which servers are left out.
func (p *place) absent() string {
	var names []string
	if p.nginx == "" {
		names = append(names, "nginx")
	}
	if p.h2o == "" {
		names = append(names, "H2O")
	}
	if len(names) == 0 {
		return ""
	}
	return "Not installed here: " + strings.Join(names, ", ") + "."
}

func (p *place) writeCertificate() error {
	pair, err := devcert.New()
	if err != nil {
		return err
	}
	key, err := x509.MarshalECPrivateKey(pair.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		return err
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})
	if err := os.WriteFile(p.cert, cert, 0o644); err != nil {
		return err
	}
	return os.WriteFile(p.key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: key}), 0o600)
}

// build builds casper as it is, with a file laid over its source that writes profiles where the environment asks for
// them.
func (p *place) build() error {
	main, err := filepath.Abs("../..")
	if err != nil {
		return err
	}
	if p.profile != "" {
		if p.profile, err = filepath.Abs(p.profile); err != nil {
			return err
		}
		if err := os.MkdirAll(p.profile, 0o755); err != nil {
			return err
		}
	}
	source, overlay := filepath.Join(p.dir, "profile.go"), filepath.Join(p.dir, "overlay.json")
	if err := os.WriteFile(source, profileSource, 0o644); err != nil {
		return err
	}
	text, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(main, "cmd", "casper", "profile.go"): source}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(overlay, text, 0o644); err != nil {
		return err
	}
	cmd := exec.Command("go", "build", "-o", p.casper, "-overlay", overlay, "./cmd/casper")
	cmd.Dir = main
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build ./cmd/casper: %w\n%s", err, out)
	}
	return nil
}

// The files that are served. Their sizes are those of a lean page, of a long one, and of a script.
const (
	leanPage  = 5_500
	longPage  = 60_000
	assetSize = 12_000
)

// old is when the files were changed: what has just changed is read anew each time.
var old = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)

func writeFiles(root string) error {
	files := map[string]string{
		"lean.html":      pageOf(leanPage),
		"long.html":      pageOf(longPage),
		"packed.html":    pageOf(longPage),
		"packed.html.br": noise(14_000), // what brotli makes of it, by length
		"twin.html":      pageOf(14_000),
		"404.html":       pageOf(1_000),
	}
	for i := range styles + scripts {
		name := fmt.Sprintf("assets/s%d.css", i)
		if i >= styles {
			name = fmt.Sprintf("assets/j%d.js", i)
		}
		files[name] = strings.Repeat("/* asset */\n", assetSize/12)
	}
	for name, text := range files {
		name = filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return err
		}
		if err := os.Chtimes(name, time.Time{}, old); err != nil {
			return err
		}
	}
	return nil
}

// What the pages name.
const styles, scripts = 4, 4

// pageOf is a page of so many bytes, which names its assets at its beginning.
func pageOf(size int) string {
	var b strings.Builder
	b.WriteString("<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n<title>A page</title>\n")
	for i := range styles {
		fmt.Fprintf(&b, "<link rel=\"stylesheet\" href=\"/assets/s%d.css\">\n", i)
	}
	for i := range scripts {
		fmt.Fprintf(&b, "<script src=\"/assets/j%d.js\" defer></script>\n", styles+i)
	}
	b.WriteString("</head>\n<body>\n")
	for i := 0; b.Len() < size-200; i++ {
		fmt.Fprintf(&b, "<p class=\"item\">Paragraph <b>%d</b> of the page, with a <a href=\"/item/%d\">link</a> &amp; some words.</p>\n", i, i)
	}
	for b.Len() < size-len("</body></html>\n") {
		b.WriteByte('\n')
	}
	b.WriteString("</body></html>\n")
	return b.String()
}

// noise is text that cannot be compressed, the same in each run.
func noise(n int) string {
	b, x := make([]byte, n), uint64(1)
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x)
	}
	return string(b)
}
