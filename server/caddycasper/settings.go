package caddycasper

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/signals"
)

// settings are what the options say of the handler. Directives with the same settings share one
// handler.
type settings struct {
	policy server.Policy
	cookie server.Cookie
	params casper.Params
	keys   server.KeyRule
	track  server.Track
	noHTML bool
}

func (c *Casper) settings() settings {
	s := settings{
		policy: server.Policy{
			MaxAssets: c.MaxAssets, MaxBytes: c.MaxBytes, PushWait: time.Duration(c.PushWait),
			NoPush: c.NoPush, NoHints: c.NoHints, NoLinks: c.NoLinks, HintPrograms: c.HintPrograms,
		},
		cookie: server.Cookie{
			Name: c.CookieName, Path: c.CookiePath, Domain: c.CookieDomain, MaxAge: time.Duration(c.CookieAge),
			Off: c.NoCookie || c.ForgetCookie, Forget: c.ForgetCookie,
		},
		params: casper.Params{CapacityBits: c.CapacityBits},
		keys:   server.KeyVersion,
		noHTML: c.NoHTML,
	}
	if c.CookieFormat == "h2o-2.0" {
		s.params.Generation = casper.H2O20
	}
	switch c.Keys {
	case "path":
		s.keys = server.KeyPath
	case "validator":
		s.keys = server.KeyValidator
	}
	if c.Track == "all" {
		s.track = server.TrackAll
	}
	return s
}

// learnSettings are what the options say of learning.
type learnSettings struct {
	config learn.Config
	reader signals.Reader
	hosts  []string // of a state
	secret string   // of those who share it
}

func (c *Casper) learnSettings() learnSettings {
	l := learnSettings{
		config: learn.Config{Bytes: int(c.LearnMemory), MinClients: c.LearnFrom},
		reader: signals.Reader{Query: c.PageQuery, Deny: c.LearnNot, Cookie: c.CookieName},
		hosts:  c.Hosts,
	}
	if l.reader.Cookie == "" {
		l.reader.Cookie = casper.CookieName
	}
	if len(c.LearnAs) > 0 {
		l.config.Destinations = c.LearnAs
	}
	if c.HoldOut != nil {
		if l.config.HoldOut = *c.HoldOut; *c.HoldOut == 0 {
			l.config.HoldOut = -1 // 0 is the default
		}
	}
	return l
}

// text is a text that differs where the settings do.
func (l *learnSettings) text() string {
	text, _ := json.Marshal([]any{l.config, l.reader, l.hosts, sha256.Sum256([]byte(l.secret))}) // numbers and lists of words
	return string(text)
}

// secret returns the secret of those who share a state.
func (c *Casper) secret(state string) (string, error) {
	if c.Secret == "" {
		return "", nil
	}
	if !isRedis(state) {
		return "", errors.New("secret is for servers that share a state: it needs state redis://...")
	}
	secret, err := caddy.NewReplacer().ReplaceOrErr(c.Secret, true, true)
	if err != nil {
		return "", fmt.Errorf("secret: %w", err)
	}
	if secret = strings.TrimSpace(secret); len(secret) < minSecret { // a file ends with a line
		return "", fmt.Errorf("secret is a text of %d characters and more", minSecret)
	}
	return secret, nil
}

// minSecret is the shortest secret, in octets.
const minSecret = 16
