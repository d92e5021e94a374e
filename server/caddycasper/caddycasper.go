package caddycasper

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"golang.org/x/net/http/httpguts"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/manifest"
)

func init() {
	caddy.RegisterModule(Casper{})
	httpcaddyfile.RegisterHandlerDirective("casper", parseDirective)
	httpcaddyfile.RegisterDirectiveOrder("casper", httpcaddyfile.Before, "header")
}

// Casper sends a page's assets ahead of the page, to clients that lack them. It learns what
// pages need from what browsers ask for, and reads from a cookie what a browser
// holds: that of the H2O web server, in both directions. Every field may be left out.
type Casper struct {
	// The cookie's bits, 1 to 15, as in H2O. Default 13: room for about a hundred
	// assets, of which one in a hundred is taken for held and is not.
	CapacityBits uint8 `json:"capacity_bits,omitempty"`

	// The cookie's name. Default h2o_casper, which H2O reads and writes.
	CookieName string `json:"cookie_name,omitempty"`

	// What enters the cookie: "blocking" (style sheets and scripts, the default) or
	// "all" assets.
	Track string `json:"track,omitempty"`

	// How many assets are sent ahead of one page at most. Default 8.
	MaxAssets int `json:"max_assets,omitempty"`

	// How many octets are pushed ahead of one page at most. Default 262144.
	MaxBytes int64 `json:"max_bytes,omitempty"`

	// Whether to learn what pages need: "on" (the default), "off", or "shadow", which
	// learns without acting on it.
	Learn string `json:"learn,omitempty"`

	// Where to keep what is learned: a file, or redis://host:6379/?site=NAME to share it
	// with other servers. Either is for one site: give each its own, unless they are the same
	// site under several names. Without it, what is learned stays in memory, for
	// each host apart. Global placeholders such as {env.REDIS_URL} are replaced.
	State string `json:"state,omitempty"`

	// Files that say what pages need: Vite's or webpack's manifest, _headers, rules. The
	// first that lists a page speaks for it. Read when the configuration is loaded.
	Manifests []string `json:"manifests,omitempty"`

	// Never send 103 Early Hints.
	NoHints bool `json:"no_hints,omitempty"`

	// Never push.
	NoPush bool `json:"no_push,omitempty"`

	log       *slog.Logger
	manifests manifest.List
	state     string    // with placeholders replaced; the key of evidence
	evidence  *evidence // nil: nothing is learned
	known     string    // the key of memory
	memory    *memory
}

// CaddyModule tells Caddy about the module.
func (Casper) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.casper",
		New: func() caddy.Module { return new(Casper) },
	}
}

// The words that options take.
var (
	tracks = []string{"blocking", "all"}
	learns = []string{"on", "off", "shadow"}
)

// Validate refuses options out of their range.
func (c *Casper) Validate() error {
	return errors.Join(
		checkCapacity(int(c.CapacityBits)),
		checkCookie(c.CookieName),
		checkWord("track", c.Track, tracks),
		checkWord("learn", c.Learn, learns),
		checkLeast("max_assets", int64(c.MaxAssets)),
		checkLeast("max_bytes", c.MaxBytes),
		c.checkState(),
	)
}

// In the checks, a zero value is an option that was left out.

func checkCapacity(bits int) error {
	if bits < 0 || bits > casper.MaxCapacityBits {
		return fmt.Errorf("capacity_bits is 1 to %d, not %d", casper.MaxCapacityBits, bits)
	}
	return nil
}

func checkCookie(name string) error {
	if name != "" && !httpguts.ValidHeaderFieldName(name) { // both are tokens (RFC 6265, section 4.1.1)
		return fmt.Errorf("cookie_name %.60q cannot be a cookie's name", name)
	}
	return nil
}

func checkWord(option, value string, words []string) error {
	if value == "" {
		return nil
	}
	for _, w := range words {
		if w == value {
			return nil
		}
	}
	return fmt.Errorf("%s is %s, not %.60q", option, strings.Join(words, " or "), value)
}

func checkLeast(option string, n int64) error {
	if n < 0 {
		return fmt.Errorf("%s is at least 1, not %d", option, n)
	}
	return nil
}

func (c *Casper) checkState() error {
	if c.Learn == "off" && c.State != "" {
		return errors.New("state keeps what is learned: it needs learn on or shadow")
	}
	return nil
}

// Provision opens what the options name. Everything that is to outlive a reload is taken from
// a pool, which still holds that of the configuration before.
func (c *Casper) Provision(ctx caddy.Context) error {
	if err := c.Validate(); err != nil { // Caddy asks afterwards, when files have been opened
		return err
	}
	c.log = ctx.Slogger()
	logs.join(c.log)
	var err error
	if c.manifests, err = readManifests(c.Manifests, c.log); err != nil {
		return err
	}
	if c.Learn != "off" {
		if c.state, err = caddy.NewReplacer().ReplaceOrErr(c.State, true, true); err != nil {
			return fmt.Errorf("state: %w", err)
		}
		if c.evidence, err = openEvidence(c.state); err != nil {
			return err
		}
	}
	if c.memory, c.known, err = openMemory(c); err != nil {
		return err
	}
	if s, ok := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server); ok {
		s.RegisterConnContext(connContext)
	}
	return register(ctx.GetMetricsRegistry(), c)
}

// Cleanup lets go of what Provision took. The last to let go of what was learned saves it.
func (c *Casper) Cleanup() error {
	var err error
	if c.memory != nil {
		_, err = memories.Delete(c.known)
	}
	if c.evidence != nil {
		_, kept := evidences.Delete(c.state)
		err = errors.Join(err, kept)
	}
	if c.log != nil {
		logs.leave(c.log)
	}
	return err
}

var (
	_ caddy.Provisioner           = (*Casper)(nil)
	_ caddy.Validator             = (*Casper)(nil)
	_ caddy.CleanerUpper          = (*Casper)(nil)
	_ caddyhttp.MiddlewareHandler = (*Casper)(nil)
	_ caddyfile.Unmarshaler       = (*Casper)(nil)
)
