package caddycasper

import (
	"encoding/json"
	"time"

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
	text, _ := json.Marshal([]any{l.config, l.reader, l.hosts}) // numbers and lists of words
	return string(text)
}
