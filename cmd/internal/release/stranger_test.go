//go:build unix

package main

import (
	"bytes"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// xcaddy is what the README's lines are run with.
const xcaddy = "github.com/caddyserver/xcaddy/cmd/xcaddy@v0.4.5"

// published lets the go command find the rehearsed release as if it were published, and what others published in the
// cache of modules first.
func published(t *testing.T, r *rehearsal) {
	t.Helper()
	cache := must(t, ".", "go", "env", "GOMODCACHE")
	t.Setenv("GOPROXY", "file://"+r.proxy+",file://"+filepath.Join(cache, "cache", "download")+","+must(t, ".", "go", "env", "GOPROXY"))
	t.Setenv("GONOSUMDB", root+","+nested)
	t.Setenv("GOFLAGS", "-modcacherw")
	t.Setenv("GOWORK", "off")
}

// TestStranger requires the release from a module that knows nothing of this repository.
func TestStranger(t *testing.T) {
	r := rehearsed(t)
	published(t, r)
	dir := t.TempDir()
	const program = `package main

import (
	"fmt"
	"net/http"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
)

func main() {
	params := casper.Params{CapacityBits: 8}
	var _ http.Handler = &server.Handler{Next: http.NotFoundHandler()}
	fmt.Println(casper.Fingerprint{}.Len(), params.Key("/index.html"))
}
`
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o666); err != nil {
		t.Fatal(err)
	}
	must(t, dir, "go", "mod", "init", "stranger.example")
	must(t, dir, "go", "get", root+"@"+r.version)
	must(t, dir, "go", "mod", "tidy")
	if got := must(t, dir, "go", "run", "."); got != "0 20" {
		t.Errorf("it prints %q", got)
	}
	// The sums that prepare wrote are those that others find.
	sums, err := os.ReadFile(filepath.Join(dir, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	theirs := regexp.MustCompile(`(?m)^`+root+` .*$`).FindAllString(string(sums), -1)
	ours := must(t, r.repo, "git", "show", r.version+":"+folder+"/go.sum")
	if len(theirs) != 2 || !strings.Contains(ours, theirs[0]) || !strings.Contains(ours, theirs[1]) {
		t.Errorf("a stranger's go.sum has %q; ours\n%s", theirs, regexp.MustCompile(root+".*").FindAllString(ours, -1))
	}
	tagged := filepath.Join(t.TempDir(), "tagged")
	must(t, ".", "git", "-c", "advice.detachedHead=false", "clone", "--quiet", "--branch", r.version, r.repo, tagged)
	must(t, filepath.Join(tagged, folder), "go", "list", "-deps", "./...")
}

var shell = regexp.MustCompile("(?ms)^```sh\n(.*?)^```")

// TestCaddy runs each line of the part of caddycasper's README that builds Caddy, as it stands there.
func TestCaddy(t *testing.T) {
	r := rehearsed(t)
	need(t, "bash")
	published(t, r)
	text, err := os.ReadFile(filepath.Join(repository(t), folder, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	part, _, found := strings.Cut(string(text), "\n## The Caddyfile\n")
	if !found {
		t.Fatal("the README has no such part")
	}
	bin := t.TempDir()
	t.Setenv("GOBIN", bin)
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	must(t, bin, "go", "install", xcaddy)
	// What xcaddy compiles is what the other lines compile: without this, it would do so again with other flags.
	t.Setenv("XCADDY_GO_BUILD_FLAGS", "-ldflags=-w")
	t.Setenv("CGO_ENABLED", must(t, ".", "go", "env", "CGO_ENABLED"))
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	example, err := os.ReadFile(filepath.Join(r.repo, folder, "Caddyfile"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(r.repo, "Caddyfile"), example, 0o666); err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, block := range shell.FindAllStringSubmatch(part, -1) {
		for line := range strings.Lines(block[1]) {
			line := strings.TrimSpace(line)
			lines++
			if strings.HasPrefix(line, "go run ") {
				hints(t, r.repo, line)
				continue
			}
			built := filepath.Join(r.repo, "caddy")
			if strings.HasPrefix(line, "go install ") {
				built = filepath.Join(bin, "caddy")
			}
			os.Remove(built)
			if _, err := command(r.repo, nil, "bash", "-c", line); err != nil {
				t.Errorf("%s\n%v", line, err)
				continue
			}
			if modules := must(t, r.repo, built, "list-modules"); !strings.Contains(modules, "http.handlers.casper\n") {
				t.Errorf("%s\nmakes a Caddy without casper", line)
			}
		}
	}
	if lines < 6 {
		t.Errorf("%d lines: they are not all", lines)
	}
}

// hints runs a line that serves the site of the example, and visits it until there is a 103.
func hints(t *testing.T, dir, line string) {
	t.Helper()
	port := free(t)
	cmd := exec.Command("bash", "-c", line)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "PORT="+port)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // go run starts the program that it has built
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	defer func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		<-ended
	}()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}}
	for {
		var links []string
		req, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
				links = append(links, h["Link"]...)
				return nil
			},
		}), http.MethodGet, "https://localhost:"+port+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}}
		if resp, err := client.Do(req); err == nil {
			resp.Body.Close()
		}
		if all := strings.Join(links, " "); strings.Contains(all, "</app.css>") && strings.Contains(all, "</app.js>") {
			return
		}
		select {
		case <-ended:
			t.Errorf("%s\nends:\n%s", line, &said)
			return
		case <-t.Context().Done():
			t.Errorf("%s\nno hint", line)
			return
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// free returns a port of this machine that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
