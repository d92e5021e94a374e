package main

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/metrics"
)

// tokenOctets are the lengths that a token of the admin may have: what is shorter can be guessed.
const minTokenOctets, maxTokenOctets = 16, 4096

// openAdmin listens on the address of --admin.
func (s *serving) openAdmin(h *server.Handler, m *learn.Model, log *slog.Logger) (*serverOf, error) {
	a := metrics.NewAdmin(h, m)
	if host, _, err := net.SplitHostPort(s.admin); err == nil && host != "" {
		a.Hosts = []string{host}
	}
	if s.adminToken != "" {
		token, err := readToken(s.adminToken)
		if err != nil {
			return nil, fmt.Errorf("--admin-token: %w", err)
		}
		a.Token = token
	}
	entrance, err := listen("admin", s.admin, nil)
	if err != nil {
		return nil, err
	}
	if at, ok := entrance.listener.Addr().(*net.TCPAddr); ok && !at.IP.IsLoopback() && a.Token == "" {
		entrance.listener.Close()
		return nil, usagef("--admin %s: other machines reach this address, so that it needs --admin-token", s.admin)
	}
	return &serverOf{entrance, &http.Server{
		Handler:           moving(a, s.stallLimit),
		ReadHeaderTimeout: headerPatience,
		IdleTimeout:       idlePatience,
		ErrorLog:          newErrorLog(log),
	}, s.stallLimit}, nil
}

// readToken returns what a file holds, without the end of the line.
func readToken(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxTokenOctets+3))
	if err != nil {
		return "", err
	}
	token := strings.TrimRight(string(text), "\r\n")
	switch {
	case len(token) < minTokenOctets || len(token) > maxTokenOctets:
		return "", fmt.Errorf("%s holds no token: want one line of %d to %d characters", file, minTokenOctets, maxTokenOctets)
	case strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c > '~' }):
		return "", fmt.Errorf("%s holds no token: want one line of ASCII without spaces", file)
	}
	return token, nil
}
