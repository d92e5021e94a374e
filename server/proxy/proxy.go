package proxy

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"slices"
	"sync"
)

// Config holds the settings of a proxy. The zero Config serves well.
type Config struct {
	// Trusted are the networks of the proxies in front of this one. What a request from there
	// says in X-Forwarded-For, -Host and -Proto is passed on and added to; from anywhere else
	// it is replaced, since clients can write what they like.
	Trusted []netip.Prefix

	// TLS is for an https upstream: a private authority, a client certificate. Nil trusts what
	// the system trusts.
	TLS *tls.Config

	// Log gets one line for each request that the application did not answer properly. Nil is
	// silent.
	Log *slog.Logger
}

// Handler passes requests on to one upstream. It is made by [New] and safe for concurrent use.
type Handler struct {
	config    Config
	target    *url.URL
	name      string // the upstream as it was given
	id        string // marks requests that went through here
	proxy     *httputil.ReverseProxy
	transport *http.Transport
	cleartext *http.Transport // speaks HTTP/2 without TLS, to an upstream of h2c; else nil
}

// New returns a proxy for an upstream: "http://127.0.0.1:3000", "https://app.internal/base",
// "h2c://127.0.0.1:50051" for HTTP/2 without TLS, as gRPC servers speak it, or
// "unix:/run/app.sock". It does not try to reach it. An error says in one line what is wrong
// with the text.
func New(upstream string, c Config) (*Handler, error) {
	target, socket, err := parseUpstream(upstream)
	if err != nil {
		return nil, err
	}
	h := &Handler{config: c, target: target, name: upstream, id: rand.Text(), transport: newTransport(c, socket)}
	var transport http.RoundTripper = h.transport
	if target.Scheme == cleartext {
		target.Scheme = "http"
		h.cleartext = newCleartext(h.transport)
		transport = upgrading{h.cleartext, h.transport}
	}
	logger := log.New(io.Discard, "", 0)
	if c.Log != nil {
		logger = slog.NewLogLogger(c.Log.Handler(), slog.LevelWarn)
	}
	h.proxy = &httputil.ReverseProxy{
		Rewrite:        h.rewrite,
		Transport:      transport,
		ErrorHandler:   h.fail,
		ModifyResponse: checkStatus,
		ErrorLog:       logger,
		BufferPool:     buffers{},
	}
	return h, nil
}

// Close lets go of idle connections to the upstream. Requests under way are not touched.
func (h *Handler) Close() error {
	h.transport.CloseIdleConnections()
	if h.cleartext != nil {
		h.cleartext.CloseIdleConnections()
	}
	return nil
}

// ServeHTTP passes the request on, and the answer back.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if slices.Contains(r.Header[loopHeader], h.id) {
		h.refuseLoop(w, r)
		return
	}
	if r.ProtoMajor == 1 && r.ContentLength != 0 {
		// Without this, net/http would swallow what is left of the body as soon as the
		// application begins to answer.
		http.NewResponseController(w).EnableFullDuplex()
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	h.proxy.ServeHTTP(&relay{
		ResponseWriter: w,
		request:        r,
		header:         make(http.Header, 16),
		cancel:         cancel,
	}, r.WithContext(ctx))
	cleanTrailers(w.Header())
}

// buffers are what bodies are copied through.
type buffers struct{}

const bufferSize = 32 << 10

var pool = sync.Pool{New: func() any { return new([bufferSize]byte) }}

func (buffers) Get() []byte  { return pool.Get().(*[bufferSize]byte)[:] }
func (buffers) Put(b []byte) { pool.Put((*[bufferSize]byte)(b)) }
