package caddycasper

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/cache-aware/casper/server"
)

// A visit is what is known of one request besides what net/http and package server know.
type visit struct {
	casper *Casper
	site   *site // nil where nothing is learned
}

type visitKey struct{}

func visitOf(r *http.Request) *visit {
	v, _ := r.Context().Value(visitKey{}).(*visit)
	return v
}

// taken is the variable of a request that says that a handler of casper has it.
const taken = "casper"

// ServeHTTP answers with next, and delivers ahead of it what its page needs.
//
// An error that next returns goes to Caddy, which answers with its error routes. Nothing is
// hinted ahead of these, but the page is remembered as one that ended so.
func (c *Casper) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if r.Context().Value(caddyhttp.ErrorCtxKey) != nil || caddyhttp.GetVar(r.Context(), taken) != nil {
		return next.ServeHTTP(w, r) // within handle_errors, or within another casper: the page has had its chance
	}
	if c.namesFile(r) {
		return caddyhttp.Error(http.StatusNotFound, errPrivate)
	}
	caddyhttp.SetVar(r.Context(), taken, true)
	v := &visit{casper: c}
	if c.evidence != nil {
		v.site = c.evidence.site(r.Host)
	}
	below := &writer{ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: w}, http3: r.ProtoMajor == 3}
	var failed error
	answer := func(w http.ResponseWriter, _ *http.Request) {
		if failed = next.ServeHTTP(w, r); failed != nil && !below.committed {
			below.muted = true // Caddy writes this answer; package server is to know of it
			w.WriteHeader(statusOf(failed))
		}
	}
	c.memory.handler.Wrap(http.HandlerFunc(answer)).ServeHTTP(below, v.request(r))
	return failed
}

var errPrivate = errors.New("the options of casper name this file: it is not for the public")

// namesFile reports whether a request is for a file that the options name, as far as can be
// known here: below the root of the site, as the directive of that name sets it.
func (c *Casper) namesFile(r *http.Request) bool {
	if c.private == nil {
		return false
	}
	root, ok := caddyhttp.GetVar(r.Context(), "root").(string)
	if !ok {
		return false
	}
	if repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		root = repl.ReplaceAll(root, ".")
	}
	name := caddyhttp.SanitizedPathJoin(root, r.URL.Path)
	info, err := os.Stat(name)
	return err == nil && c.private.Has(name, info)
}

// request is r as the client made it, for those who remember pages. What it is for is
// what the next request's Referer will say, not what routes on the way here have made of it; and
// it comes from the client whom Caddy trusts its proxies to name. It is not handed on,
// as routes further on change the request in place.
func (v *visit) request(r *http.Request) *http.Request {
	a := r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		a.Method, a.URL, a.RequestURI = original.Method, original.URL, original.RequestURI
	} else {
		url := *r.URL
		a.URL = &url
	}
	if ip, ok := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string); ok && ip != "" {
		a.RemoteAddr = net.JoinHostPort(ip, "0")
	}
	return a
}

// statusOf is the status that Caddy answers an error with, unless an error route says otherwise.
func statusOf(err error) int {
	var e caddyhttp.HandlerError
	if errors.As(err, &e) && e.StatusCode >= 200 {
		return e.StatusCode
	}
	return http.StatusInternalServerError
}

type connKey struct{}

// connContext lets package server remember connections. Several handlers of one server
// register it, and a connection is to be remembered once.
func connContext(ctx context.Context, conn net.Conn) context.Context {
	if ctx.Value(connKey{}) != nil {
		return ctx
	}
	return server.ConnContext(context.WithValue(ctx, connKey{}, true), conn)
}
