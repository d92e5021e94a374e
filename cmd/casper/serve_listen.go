//go:build !noserver

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/devcert"
)

// An entrance is where requests come in.
type entrance struct {
	listener net.Listener
	tls      *tls.Config // nil: cleartext
	spki     string      // of a development certificate; empty for a given one
	given    *pair       // of --cert and --key; or nil
}

func (e *entrance) url() string {
	scheme := "http"
	if e.tls != nil {
		scheme = "https"
	}
	return scheme + "://" + e.listener.Addr().String()
}

// local is the entrance's URL on the same machine. A server that listens on all addresses
// (0.0.0.0) is reached at localhost.
func (e *entrance) local() string {
	if at, ok := e.listener.Addr().(*net.TCPAddr); ok && at.IP.IsUnspecified() {
		return strings.Replace(e.url(), at.String(), net.JoinHostPort("localhost", strconv.Itoa(at.Port)), 1)
	}
	return e.url()
}

// open makes the public entrance.
func (s *serving) open() (*entrance, error) {
	switch {
	case s.h2c:
		return listen("listen", s.listen, nil)
	case s.cert != "":
		given := &pair{cert: s.cert, key: s.key}
		if err := given.read(); err != nil {
			return nil, err
		}
		e, err := listen("listen", s.listen, &tls.Config{GetCertificate: given.certificate})
		if err == nil {
			e.given = given
		}
		return e, err
	}
	var names []string
	if host, _, err := net.SplitHostPort(s.listen); err == nil && host != "" {
		names = append(names, host)
	}
	pair, err := devcert.New(names...)
	if err != nil {
		return nil, err
	}
	e, err := listen("listen", s.listen, &tls.Config{Certificates: []tls.Certificate{pair}})
	if err == nil {
		e.spki = devcert.SPKI(pair)
	}
	return e, err
}

// listen listens at the address of a flag.
func listen(flag, addr string, config *tls.Config) (*entrance, error) {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		port := map[string]string{"listen": "8443", "admin": "9090"}[flag]
		return nil, usagef("--%s is an address such as :%s or 127.0.0.1:%s, not %q", flag, port, port, addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		if e := (*net.OpError)(nil); errors.As(err, &e) {
			err = e.Err
		}
		return nil, fmt.Errorf("--%s %s: %w", flag, addr, err)
	}
	return &entrance{listener: l, tls: config}, nil
}

// Time-outs of connections. There is none for a whole answer, which may be a stream that
// lasts all day.
const (
	headerPatience = 10 * time.Second
	idlePatience   = 2 * time.Minute
	drainPatience  = 20 * time.Second
	headerBytes    = 256 << 10
)

func newHTTPServer(s *serving, h http.Handler, log *slog.Logger, config *tls.Config) *http.Server {
	srv := &http.Server{
		Handler:           moving(h, s.stallLimit),
		ConnContext:       func(ctx context.Context, c net.Conn) context.Context { return watching(server.ConnContext(ctx, c), c) },
		TLSConfig:         config,
		Protocols:         new(http.Protocols),
		ReadHeaderTimeout: headerPatience,
		IdleTimeout:       idlePatience,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          newErrorLog(log),
	}
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetHTTP2(!s.h2c)
	srv.Protocols.SetUnencryptedHTTP2(s.h2c)
	return srv
}

// A serverOf is a server and its entrance.
type serverOf struct {
	*entrance
	*http.Server
	stallLimit time.Duration
}

func (s *serverOf) run() error {
	err := error(nil)
	listener := movingListener{s.listener, s.stallLimit}
	if s.tls != nil {
		err = s.ServeTLS(listener, "", "")
	} else {
		err = s.Serve(listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// runServers serves until the context ends or a server fails, and returns when all answers
// are through, or have had their time.
func runServers(ctx context.Context, stop func(), servers []*serverOf, log *slog.Logger) error {
	failed := make(chan error, len(servers))
	var running sync.WaitGroup
	for _, s := range servers {
		running.Go(func() {
			if err := s.run(); err != nil {
				failed <- err
			}
		})
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	stop() // from here on, a second signal ends the program
	log.Info("stopping")
	drain, cancel := context.WithTimeout(context.Background(), drainPatience)
	defer cancel()
	for _, s := range servers {
		running.Go(func() {
			if err := s.Shutdown(drain); err != nil {
				log.Warn("stopping: not all answers came through", "err", err)
				s.Close()
			}
		})
	}
	running.Wait()
	return err
}
