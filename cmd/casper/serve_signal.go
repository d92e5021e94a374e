//go:build !noserver

package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// A pair is a certificate and its key, which may be read again.
type pair struct {
	cert, key string // files
	now       atomic.Pointer[tls.Certificate]
}

// read reads the files. After an error, the pair from before stays in use.
func (p *pair) read() error {
	read, err := tls.LoadX509KeyPair(p.cert, p.key)
	if err != nil {
		return fmt.Errorf("--cert and --key: %w", err)
	}
	p.now.Store(&read)
	return nil
}

func (p *pair) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.now.Load(), nil }

// reloads reads the certificate again at each SIGHUP from now on, until end is called: also while the last
// answers come through. Manifests follow their files without being told to.
func (e *entrance) reloads(log *slog.Logger) (end func()) {
	if signal.Ignored(syscall.SIGHUP) {
		return func() {}
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		for range hangups {
			if e.given == nil {
				continue
			}
			if err := e.given.read(); err != nil {
				log.Error("the certificate before stays in use", "err", err)
			} else {
				log.Info("certificate read again", "file", e.given.cert)
			}
		}
	}()
	return func() {
		signal.Stop(hangups)
		close(hangups)
	}
}
