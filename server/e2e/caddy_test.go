package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/cache-aware/casper/server/internal/peer"
)

// caddy builds Caddy with casper in it, once. It is built in casper's module for Caddy, whose dependencies are none of this one's.
var caddy = sync.OnceValues(func() (string, error) {
	module, err := filepath.Abs(filepath.Join("..", "caddycasper"))
	if err != nil {
		return "", err
	}
	main := filepath.Join(built, "main.go")
	const text = `package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/cache-aware/casper/server/caddycasper"
)

func main() { caddycmd.Main() }
`
	if err := os.WriteFile(main, []byte(text), 0o600); err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(module, "caddy", "main.go"): main}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(built, "overlay.json"), overlay, 0o600); err != nil {
		return "", err
	}
	path := filepath.Join(built, "caddy")
	build := exec.Command("go", "build", "-overlay", filepath.Join(built, "overlay.json"), "-o", path, "./caddy")
	build.Dir, build.Stderr = module, os.Stderr
	return path, build.Run()
})

// siteNames are those of the sites without casper and with it. They lead to this machine.
var siteNames = [2]string{"without.localhost", "with.localhost"}

// An authority vouches for one certificate. Over HTTP/3 browsers let no person go past a warning.
type authority struct {
	root      []byte // its own certificate
	cert, key string // files of the one that it vouches for
	spki      string // of that
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "casper's tests"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a := new(authority)
	a.root, err = x509.CreateCertificate(rand.Reader, root, root, rootKey.Public(), rootKey)
	must(err)
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: root.NotBefore, NotAfter: root.NotAfter,
		DNSNames: siteNames[:], IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, root, leafKey.Public(), rootKey)
	must(err)
	spki, err := x509.MarshalPKIXPublicKey(leafKey.Public())
	must(err)
	sum := sha256.Sum256(spki)
	a.spki = base64.StdEncoding.EncodeToString(sum[:])
	pkcs8, err := x509.MarshalPKCS8PrivateKey(leafKey)
	must(err)
	dir := t.TempDir()
	a.cert, a.key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	must(os.WriteFile(a.cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	must(os.WriteFile(a.key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
	return a
}

// startCaddy runs Caddy in front of an application until the test ends, with casper and without, and returns the two
// ports, each for TCP and UDP.
func startCaddy(t testing.TB, a *authority, upstream string) (with, without int) {
	t.Helper()
	program, err := caddy()
	if err != nil {
		t.Fatalf("building Caddy: %v", err)
	}
	with, without = freePort(t), freePort(t)
	dir := t.TempDir()
	text := fmt.Sprintf(`{
	admin off
	persist_config off
	auto_https off
	grace_period 1s
	storage file_system %[1]s
	servers {
		protocols h1 h2 h3
	}
}
https://%[8]s:%[2]d {
	bind 127.0.0.1
	tls %[4]s %[5]s
	route {
		casper
		reverse_proxy %[6]s
	}
}
https://%[7]s:%[3]d {
	bind 127.0.0.1
	tls %[4]s %[5]s
	reverse_proxy %[6]s
}
`, dir, with, without, a.cert, a.key, upstream, siteNames[0], siteNames[1])
	file := filepath.Join(dir, "Caddyfile")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		if t.Failed() {
			t.Logf("Caddy: %s", said.String())
		}
	})
	for _, port := range []int{with, without} {
		for late := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
			c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err == nil {
				c.Close()
				break
			}
			if time.Now().After(late) {
				t.Fatalf("Caddy does not listen: %s", said.String())
			}
		}
	}
	return with, without
}

// freePort returns a number that is free for TCP and for UDP.
func freePort(t testing.TB) int {
	t.Helper()
	for range 20 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		u, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		l.Close()
		if err == nil {
			u.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// farUDP puts half a round trip each way before a server that speaks UDP at a port, and returns the port
// there.
func farUDP(t testing.TB, port int) int {
	t.Helper()
	near, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var running sync.WaitGroup
	far := map[string]*net.UDPConn{}
	// later carries datagrams in their order.
	later := func(send func([]byte)) func([]byte) {
		parcels := make(chan parcel, 4096)
		running.Go(func() {
			for p := range parcels {
				time.Sleep(time.Until(p.due)) // this is the distance
				send(p.octets)
			}
		})
		return func(octets []byte) {
			if octets == nil {
				close(parcels)
				return
			}
			select {
			case parcels <- parcel{bytes.Clone(octets), time.Now().Add(roundTrip / 2)}:
			default: // lost, as in a router whose queue is full
			}
		}
	}
	ways := map[string]func([]byte){}
	running.Go(func() {
		buf := make([]byte, 64<<10)
		for {
			n, from, err := near.ReadFromUDP(buf)
			if err != nil {
				break
			}
			way := ways[from.String()]
			if way == nil {
				c, err := net.DialUDP("udp", nil, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
				if err != nil {
					continue
				}
				mu.Lock()
				far[from.String()] = c
				mu.Unlock()
				way = later(func(p []byte) { c.Write(p) })
				ways[from.String()] = way
				back := later(func(p []byte) { near.WriteToUDP(p, from) })
				running.Go(func() {
					defer back(nil)
					buf := make([]byte, 64<<10)
					for {
						n, err := c.Read(buf)
						if err != nil {
							return
						}
						back(buf[:n])
					}
				})
			}
			way(buf[:n])
		}
		for _, way := range ways {
			way(nil)
		}
	})
	t.Cleanup(func() {
		near.Close()
		mu.Lock()
		for _, c := range far {
			c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return near.LocalAddr().(*net.UDPAddr).Port
}

// Over HTTP/3, through a real Caddy: the same as over HTTP/2, with both browsers.
func TestColdHTTP3(t *testing.T) {
	const n = 5
	peer.Find(t, "chromium")
	peer.Find(t, "firefox-esr")
	a := newAuthority(t)
	o := newOrigin(think)
	with, without := startCaddy(t, a, "http://"+serveHTTP(t, o))
	// Only what is UDP is far. A browser that fell back to TCP would find nobody at these numbers.
	ports := [2]int{farUDP(t, without), farUDP(t, with)}
	var urls, forced, mapped []string
	for i, p := range ports {
		urls = append(urls, fmt.Sprintf("https://%s:%d/", siteNames[i], p))
		forced = append(forced, fmt.Sprintf("%s:%d", siteNames[i], p))
		mapped = append(mapped, fmt.Sprintf("%s;h3=:%d", siteNames[i], p))
	}
	t.Run("chromium", func(t *testing.T) {
		b := startChromiumWith(t, []chromedp.ExecAllocatorOption{
			chromedp.Flag("disable-quic", false), chromedp.Flag("enable-quic", true),
			chromedp.Flag("origin-to-force-quic-on", strings.Join(forced, ",")),
			chromedp.Flag("host-resolver-rules", "MAP *.localhost 127.0.0.1"),
		}, a.spki)
		compare(t, b, o, urls[0], urls[1], "chromium", "h3", n)
	})
	t.Run("firefox-esr", func(t *testing.T) {
		f := startFirefox(t, map[string]any{
			"network.dns.disableIPv6": true, "network.http.http3.alt-svc-mapping-for-testing": strings.Join(mapped, ","),
			"network.http.http3.force-use-alt-svc-mapping-for-testing": true,
		})
		f.trust(a.root)
		compare(t, f, o, urls[0], urls[1], "firefox-esr", "h3", n)
	})
}
