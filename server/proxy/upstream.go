package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// errUpstream is wrapped by every error of [New].
var errUpstream = errors.New("proxy: not an upstream")

const (
	dialPatience = 5 * time.Second
	idleConns    = 256 // kept to the one upstream; net/http's default of 2 would open and close one for nearly every request
	idleFor      = 90 * time.Second
	headerBytes  = 1 << 20 // of an answer's header
)

const wanted = "want http://HOST[:PORT], https://HOST[:PORT], h2c://HOST[:PORT] or unix:PATH"

// cleartext is the scheme of an upstream that speaks HTTP/2 without TLS.
const cleartext = "h2c"

// parseUpstream reads a URL, or the name of a socket behind "unix:".
func parseUpstream(s string) (target *url.URL, socket string, err error) {
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		path = strings.TrimPrefix(path, "//") // unix:///run/app.sock
		if path == "" || strings.ContainsRune(path, 0) {
			return nil, "", fmt.Errorf("%w: %q: unix: wants the path of a socket", errUpstream, s)
		}
		return &url.URL{Scheme: "http", Host: "localhost"}, path, nil
	}
	if !strings.Contains(s, "://") { // what url.Parse says of 127.0.0.1:3000 is no help
		return nil, "", fmt.Errorf("%w: %q: %s", errUpstream, s, wanted)
	}
	target, err = url.Parse(s)
	switch {
	case err != nil:
		if bad := new(url.Error); errors.As(err, &bad) {
			err = bad.Err // the rest repeats the text
		}
		return nil, "", fmt.Errorf("%w: %q: %v", errUpstream, s, err)
	case target.Scheme != "http" && target.Scheme != "https" && target.Scheme != cleartext:
		return nil, "", fmt.Errorf("%w: %q: %s", errUpstream, s, wanted)
	case target.Hostname() == "":
		return nil, "", fmt.Errorf("%w: %q: no host", errUpstream, s)
	case target.User != nil:
		return nil, "", fmt.Errorf("%w: a user and password in the URL are not sent", errUpstream)
	case target.RawQuery != "" || target.Fragment != "":
		return nil, "", fmt.Errorf("%w: %q: a query or fragment has no meaning here", errUpstream, s)
	}
	return target, "", nil
}

// newTransport returns what speaks to the upstream: directly, whatever proxies the environment
// names, and without asking for compression that the client did not ask for.
func newTransport(c Config, socket string) *http.Transport {
	dialer := &net.Dialer{Timeout: dialPatience, KeepAlive: 30 * time.Second}
	t := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        c.TLS,
		TLSHandshakeTimeout:    2 * dialPatience,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		MaxIdleConns:           idleConns,
		MaxIdleConnsPerHost:    idleConns,
		IdleConnTimeout:        idleFor,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: headerBytes,
	}
	if socket != "" {
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", socket)
		}
	}
	return t
}

// newCleartext returns a transport like another one that speaks HTTP/2 without TLS, and nothing
// else.
func newCleartext(t *http.Transport) *http.Transport {
	t = t.Clone()
	t.Protocols = new(http.Protocols)
	t.Protocols.SetUnencryptedHTTP2(true)
	return t
}

// upgrading asks for upgrades in HTTP/1.1, since HTTP/2 has none; net/http does so over TLS.
type upgrading struct{ streams, upgrades *http.Transport }

// RoundTrip implements [http.RoundTripper].
func (t upgrading) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header["Upgrade"] != nil {
		return t.upgrades.RoundTrip(r)
	}
	return t.streams.RoundTrip(r)
}
