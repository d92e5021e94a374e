package traffic_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cache-aware/casper/cmd/internal/traffic"
)

const ownFormat = `$time_iso8601|$remote_addr|$host|$request|$status|$body_bytes_sent|$request_time|$http_referer|$http_user_agent`

// TestForms reads the same three requests from a log in each form.
func TestForms(t *testing.T) {
	a, b := netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("2001:db8::7")
	balancer := netip.MustParseAddr("10.0.0.9")
	trust := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	nobody := netip.Addr{}
	const host = "www.example.com"
	for _, tt := range []struct {
		file, format, host string
		trust              []netip.Prefix
		first, last        netip.Addr
		noReferer          bool // the form has none
	}{
		{file: "nginx-combined.log", format: "combined", first: a, last: b},
		{file: "nginx-main.log", format: "combined", first: balancer, last: balancer},
		{file: "nginx-main.log", format: "combined", trust: trust, first: a, last: b},
		{file: "apache-vhost-combined.log", format: "combined", host: host + ":443", first: a, last: b},
		{file: "nginx-iso8601.log", format: "combined", first: a, last: b},
		{file: "kubernetes-cri.log", format: "combined", first: a, last: b},
		{file: "kubectl-timestamps.log", format: "combined", first: a, last: b},
		{file: "kubectl-prefix.log", format: "combined", first: a, last: b},
		{file: "docker-compose.log", format: "combined", first: a, last: b},
		{file: "syslog.log", format: "combined", first: a, last: b},
		{file: "journald.log", format: "combined", first: a, last: b},
		{file: "grep.log", format: "combined", first: a, last: b},
		{file: "forwarded.log", format: "combined", first: balancer, last: balancer},
		{file: "forwarded.log", format: "combined", trust: trust, first: a, last: b},
		{file: "unix-socket.log", format: "combined", first: nobody, last: nobody},
		{file: "docker-json-file.log", format: "combined", first: a, last: b},
		{file: "docker-json-in-json.log", format: "json", host: host, first: a, last: b},
		{file: "compose-caddy.log", format: "json", host: host, first: a, last: b},
		{file: "traefik.log", format: "combined", first: a, last: b},
		{file: "envoy.log", format: "envoy", host: host, first: a, last: b, noReferer: true},
		{file: "istio.log", format: "envoy", host: host, trust: trust, first: a, last: b, noReferer: true},
		{file: "istio-json.log", format: "json", host: host, trust: trust, first: a, last: b, noReferer: true},
		{file: "haproxy.log", format: "haproxy", first: a, last: b, noReferer: true},
		{file: "iis.log", format: "w3c", host: host, first: a, last: b},
		{file: "cloudfront.log", format: "cloudfront", host: host, first: a, last: b},
		{file: "alb.log", format: "alb", host: host + ":443", first: a, last: b, noReferer: true},
		{file: "s3.log", format: "s3", host: host, first: a, last: b},
		{file: "google-cloud.log", format: "json", host: host, first: a, last: b},
		{file: "google-cloud.json", format: "json", host: host, first: a, last: b},
		{file: "cloudflare-logpush.log", format: "json", host: host, first: a, last: b},
		{file: "nginx-proxy-manager.log", format: "nginx-proxy-manager", host: host, first: a, last: b},
		{file: "own-format.log", format: "own", host: host, first: a, last: b},
	} {
		name := tt.file
		if tt.trust != nil {
			name += ", behind a proxy"
		}
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", tt.file))
			if err != nil {
				t.Fatal(err)
			}
			s := traffic.Reading{TrustProxy: tt.trust}
			if tt.format == "own" {
				if s.LogFormat, err = traffic.ParseFormat(ownFormat); err != nil {
					t.Fatal(err)
				}
			}
			all, err := read(t, &s, string(text))
			if err != nil || len(all) != 3 || s.Broken+s.Skipped != 0 {
				t.Fatalf("%d records, %v; %d broken, %d skipped, first fault %v", len(all), err, s.Broken, s.Skipped, s.First)
			}
			if s.Format != tt.format {
				t.Errorf("format %s, want %s", s.Format, tt.format)
			}
			at := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
			for i, want := range []struct {
				addr            netip.Addr
				target, referer string
				later           time.Duration
				size            int64
			}{
				{tt.first, "/", "", 0, 1234}, {tt.first, "/a.css?v=1", "https://www.example.com/", time.Second, 567}, {tt.last, "/", "", time.Minute, 1234},
			} {
				rec := all[i]
				r := rec.Request
				if rec.Addr != want.addr || r.URL.RequestURI() != want.target || r.Host != tt.host || r.Method != "GET" || rec.Status != 200 || rec.Size != want.size {
					t.Errorf("record %d: %v asks %q for %s %s, status %d, size %d", i, rec.Addr, r.Host, r.Method, r.URL.RequestURI(), rec.Status, rec.Size)
				}
				if d := rec.Began.Sub(at.Add(want.later)); d < -time.Second || d > time.Second {
					t.Errorf("record %d: began %v", i, rec.Began)
				}
				if got := r.Header.Get("Referer"); got != want.referer && !tt.noReferer {
					t.Errorf("record %d: Referer %q, want %q", i, got, want.referer)
				}
				if got := r.Header.Get("User-Agent"); got != "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0" && tt.format != "haproxy" {
					t.Errorf("record %d: User-Agent %q", i, got)
				}
			}
			wantNobody := int64(0)
			if !tt.first.IsValid() {
				wantNobody = 3
			}
			if s.NoAddress != wantNobody || wantNobody == 0 && tt.first != tt.last && s.Visitors() != 2 || s.Pages() != 1 {
				t.Errorf("%d lines without an address, %d visitors, %d pages", s.NoAddress, s.Visitors(), s.Pages())
			}
		})
	}
}

// TestParseFormat reads log_format as a configuration has it, and refuses what says too little.
func TestParseFormat(t *testing.T) {
	if _, err := traffic.ParseFormat("log_format main '$remote_addr - $remote_user [$time_local] \"$request\" '\n    '$status $body_bytes_sent';"); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "combined", "$remote_addr $status", "$time_local $request$status", "$time_local \"$request\""} {
		if _, err := traffic.ParseFormat(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

// TestFaultsByKind counts what is not understood by its kind, with the first of each.
func TestFaultsByKind(t *testing.T) {
	var s traffic.Reading
	text := "what is this\n{broken\n" + `192.0.2.7 - - [yesterday] "GET / HTTP/1.1" 200 1` + "\nand this\n"
	if _, err := read(t, &s, text); err != nil {
		t.Fatal(err)
	}
	if len(s.Faults) != 3 || s.Faults[0].Kind != "no known form" || s.Faults[0].Count != 2 || s.Faults[1].Kind != "not JSON" || s.Faults[2].Kind != "no time" {
		t.Errorf("%+v", s.Faults)
	}
}

// forms are the samples.
func forms(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/*.log")
	if err != nil || len(names) == 0 {
		t.Fatal("no samples", err)
	}
	return names
}
