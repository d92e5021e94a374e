package main

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/caddyserver/caddy/v2"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
)

// The servers beside casper. Those that are libraries are this program itself, run as
// `bench peer WHICH ADDR CERT KEY WHAT`; WHAT is the folder or the upstream.

func servePeer(args []string) error {
	if len(args) != 5 {
		return errors.New("peer WHICH ADDR CERT KEY WHAT")
	}
	which, addr, cert, key, what := args[0], args[1], args[2], args[3], args[4]
	switch which {
	case "file":
		return http.ListenAndServeTLS(addr, cert, key, http.FileServer(http.Dir(what)))
	case "proxy":
		target, err := url.Parse(what)
		if err != nil {
			return err
		}
		// As casper's own: the default transport keeps two idle connections to a host.
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = 128
		return http.ListenAndServeTLS(addr, cert, key, &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.SetXForwarded()
		}})
	case "application":
		return http.ListenAndServe(addr, newApplication(what))
	case "caddy-file", "caddy-proxy":
		return serveCaddy(which, addr, cert, key, what)
	}
	return fmt.Errorf("no peer %q", which)
}

// newApplication is a program behind a proxy, which makes its pages anew each time. Its files are
// the folder's.
func newApplication(root string) http.Handler {
	pages := map[string][]byte{"/lean.html": []byte(pageOf(leanPage)), "/long.html": []byte(pageOf(longPage))}
	files := http.FileServer(http.Dir(root))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page := pages[r.URL.Path]
		if page == nil {
			w.Header().Set("Cache-Control", "public, max-age=3600")
			files.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(page)))
		w.Write(page)
	})
}

func serveCaddy(which, addr, cert, key, what string) error {
	handler := map[string]any{"handler": "file_server", "root": what}
	if which == "caddy-proxy" {
		upstream, err := url.Parse(what)
		if err != nil {
			return err
		}
		handler = map[string]any{"handler": "reverse_proxy", "upstreams": []any{map[string]any{"dial": upstream.Host}}}
	}
	config := map[string]any{
		"admin":   map[string]any{"disabled": true, "config": map[string]any{"persist": false}},
		"logging": map[string]any{"logs": map[string]any{"default": map[string]any{"level": "ERROR"}}},
		"apps": map[string]any{
			"tls": map[string]any{"certificates": map[string]any{"load_files": []any{map[string]any{"certificate": cert, "key": key}}}},
			"http": map[string]any{"servers": map[string]any{"bench": map[string]any{
				"listen":                  []string{addr},
				"protocols":               []string{"h1", "h2"},
				"routes":                  []any{map[string]any{"handle": []any{handler}}},
				"automatic_https":         map[string]any{"disable": true},
				"tls_connection_policies": []any{map[string]any{}},
			}}},
		},
	}
	text, err := json.Marshal(config)
	if err != nil {
		return err
	}
	if err := caddy.Load(text, true); err != nil {
		return err
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, os.Interrupt)
	<-ended
	return nil
}

// A contender is a server that takes part.
type contender struct {
	name    string
	command func(p *place, addr, upstream string) (*exec.Cmd, error)
}

func peerOf(which string) func(p *place, addr, upstream string) (*exec.Cmd, error) {
	return func(p *place, addr, upstream string) (*exec.Cmd, error) {
		what := p.root
		if upstream != "" {
			what = upstream
		}
		return exec.Command(p.self, "peer", which, addr, p.cert, p.key, what), nil
	}
}

// casperWith is casper with these flags, its log of requests off: none of the others writes one.
func casperWith(flags ...string) func(p *place, addr, upstream string) (*exec.Cmd, error) {
	return func(p *place, addr, upstream string) (*exec.Cmd, error) {
		args := append([]string{"serve", "--listen", addr, "--cert", p.cert, "--key", p.key, "--log-requests", "off"}, flags...)
		if upstream != "" {
			args = append(args, "--proxy", upstream)
		} else {
			args = append(args, p.root)
		}
		cmd := exec.Command(p.casper, args...)
		if p.profile != "" {
			cmd.Env = append(os.Environ(), "CASPER_PROFILE="+p.profile)
		}
		return cmd, nil
	}
}

func nginx(p *place, addr, upstream string) (*exec.Cmd, error) {
	if p.nginx == "" {
		return nil, errAbsent
	}
	dir, err := os.MkdirTemp(p.dir, "nginx-")
	if err != nil {
		return nil, err
	}
	location, backend := "root "+p.root+";", ""
	if upstream != "" {
		target, err := url.Parse(upstream)
		if err != nil {
			return nil, err
		}
		backend = "upstream application { server " + target.Host + "; keepalive 128; }"
		location = `proxy_pass http://application; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;`
	}
	user := ""
	if os.Getuid() == 0 {
		user = "user root;"
	}
	config := fmt.Sprintf(`%s daemon off; master_process off; worker_processes 1; error_log stderr crit; pid %s/pid;
events { worker_connections 65000; }
http {
	types { text/html html; text/css css; text/javascript js; }
	access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; http2_max_concurrent_streams 256;
	client_body_temp_path %[2]s/body; proxy_temp_path %[2]s/proxy; fastcgi_temp_path %[2]s/fastcgi; uwsgi_temp_path %[2]s/uwsgi; scgi_temp_path %[2]s/scgi;
	%s
	server { listen %s ssl http2; ssl_certificate %s; ssl_certificate_key %s; location / { %s } }
}
`, user, dir, backend, addr, p.cert, p.key, location)
	name := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(name, []byte(config), 0o644); err != nil {
		return nil, err
	}
	return exec.Command(p.nginx, "-c", name, "-p", dir), nil
}

func h2o(p *place, addr, upstream string) (*exec.Cmd, error) {
	if p.h2o == "" {
		return nil, errAbsent
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	paths := map[string]any{"/": map[string]any{"file.dir": p.root}}
	if upstream != "" {
		paths = map[string]any{"/": map[string]any{"proxy.reverse.url": upstream, "proxy.preserve-host": "ON", "proxy.timeout.keepalive": 2000}}
	}
	config := map[string]any{
		"listen": map[string]any{"host": host, "port": number, "ssl": map[string]any{
			"certificate-file": p.cert, "key-file": p.key, "ocsp-update-interval": 0, "neverbleed": "OFF",
		}},
		"hosts":       map[string]any{"default": map[string]any{"paths": paths}},
		"num-threads": 1, "num-name-resolution-threads": 1,
	}
	if os.Getuid() == 0 {
		config["user"] = "root"
	}
	text, err := json.MarshalIndent(config, "", " ") // JSON is YAML
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(p.dir, "h2o-*.conf")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if _, err := f.Write(text); err != nil {
		return nil, err
	}
	return exec.Command(p.h2o, "-c", f.Name()), nil
}

// errAbsent says that a server's program is not installed.
var errAbsent = errors.New("not installed")

var insecure = &tls.Config{InsecureSkipVerify: true} // the certificate is this program's own, and the address loopback
