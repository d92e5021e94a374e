package caddycasper

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/cache-aware/casper/server/internal/hidden"
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
	// How many assets are sent ahead of one page at most. Default 8.
	MaxAssets int `json:"max_assets,omitempty"`

	// How many octets are pushed ahead of one page at most. Default 262144.
	MaxBytes int64 `json:"max_bytes,omitempty"`

	// How long a page waits at most for its pushes to be announced. Default 50ms.
	PushWait caddy.Duration `json:"push_wait,omitempty"`

	// Never push.
	NoPush bool `json:"no_push,omitempty"`

	// Never send 103 Early Hints.
	NoHints bool `json:"no_hints,omitempty"`

	// Never add Link to an answer.
	NoLinks bool `json:"no_links,omitempty"`

	// Do not read the HTML of pages for what they name.
	NoHTML bool `json:"no_html,omitempty"`

	// Send 103 also to HTTP/2 clients that are no browsers, such as curl.
	HintPrograms bool `json:"hint_programs,omitempty"`

	// Neither read nor set the cookie: each visit is like the first.
	NoCookie bool `json:"no_cookie,omitempty"`

	// Like no_cookie, and delete the cookies that clients still send. This is for a site
	// that stops using casper, not for one node of a fleet that goes on.
	ForgetCookie bool `json:"forget_cookie,omitempty"`

	// The cookie's bits, 1 to 15, as in H2O. Default 13: room for about a hundred
	// assets, of which one in a hundred is taken for held and is not.
	CapacityBits uint8 `json:"capacity_bits,omitempty"`

	// How the cookie is coded: "h2o" (the default), or "h2o-2.0" as H2O 1.5 to 2.0 did.
	CookieFormat string `json:"cookie_format,omitempty"`

	// The cookie's name. Default h2o_casper, which H2O reads and writes.
	CookieName string `json:"cookie_name,omitempty"`

	// The path below which pages get the cookie. Default /.
	CookiePath string `json:"cookie_path,omitempty"`

	// The domain that gets the cookie, and those below it. Default is the one host.
	CookieDomain string `json:"cookie_domain,omitempty"`

	// How long browsers may keep the cookie. Default 30 days.
	CookieAge caddy.Duration `json:"cookie_age,omitempty"`

	// When a file counts as held: "version" (the default) is H2O's rule until a file changes,
	// and sends that one again; with "path", an older version counts, too; "validator"
	// outlives restarts, and takes no cookie of H2O's.
	Keys string `json:"keys,omitempty"`

	// What enters the cookie: "blocking" (style sheets and scripts, the default) or
	// "all" assets.
	Track string `json:"track,omitempty"`

	// Files that say what pages need: a build tool's manifest, _headers, rules. The first
	// that lists a page speaks for it. "FILE,base=/app/" says where the built files are
	// served, "FILE,page=/path=entry" which entry a page or a pattern such as /shop/* has.
	// A file is read again when it changes.
	Manifests []string `json:"manifests,omitempty"`

	// Whether to learn what pages need: "on" (the default), "off", or "shadow", which
	// learns without acting on it.
	Learn string `json:"learn,omitempty"`

	// Where to keep what is learned: a file, or redis://host:6379/?site=NAME to share it
	// with other servers. Either is for one site: give each its own, unless they are the same
	// site under several names. Without it, what is learned stays in memory, for
	// each host apart. Global placeholders such as {env.REDIS_URL} are replaced.
	State string `json:"state,omitempty"`

	// With a state that is shared: a text of 16 characters and more that only the servers know,
	// the same on all of them, such as {env.CASPER_SECRET} or {file./etc/caddy/secret}. It keys what Redis
	// holds of visitors. Without it, who knows the address of Redis can tell which networks may have visited.
	Secret string `json:"secret,omitempty"`

	// How many clients must have used an asset before it is believed, and have seen a page before it
	// is written, shared or shown, 1 to 32. Default 3.
	LearnFrom int `json:"learn_from,omitempty"`

	// The share of the views that are sent nothing learned, 0 to 1, to see what pages still
	// need. Default 0.05.
	HoldOut *float64 `json:"hold_out,omitempty"`

	// How many octets what is learned of a site may take, at least 262144. Default 8388608.
	LearnMemory int64 `json:"learn_memory,omitempty"`

	// What assets are for that are learned: some of style, script, font, image, fetch and
	// track. Default are the first four.
	LearnAs []string `json:"learn_as,omitempty"`

	// Beginnings of the paths of assets that are not learned.
	LearnNot []string `json:"learn_not,omitempty"`

	// Query parameters that make pages different, such as lang. All others are ignored.
	PageQuery []string `json:"page_query,omitempty"`

	// The hosts whose pages are learned in a state, each with its port unless it is the scheme's
	// own. Default is the one that most networks ask for. Without a state, each host is learned
	// of apart.
	Hosts []string `json:"hosts,omitempty"`

	log       *slog.Logger
	manifests *manifest.Files
	evidence  *evidence // nil: nothing is learned
	memory    *memory
	private   *hidden.Files // what the options name
}

// CaddyModule tells Caddy about the module.
func (Casper) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.casper",
		New: func() caddy.Module { return new(Casper) },
	}
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
	if c.manifests, err = openManifests(c.Manifests, c.log); err != nil {
		return err
	}
	go c.manifests.Run(ctx)
	private := c.manifests.Names()
	if c.Learn != "off" {
		state, err := caddy.NewReplacer().ReplaceOrErr(c.State, true, true)
		if err != nil {
			return fmt.Errorf("state: %w", err)
		}
		if !isRedis(state) {
			private = append(private, state)
		}
		l := c.learnSettings()
		if l.secret, err = c.secret(state); err != nil {
			return err
		}
		if c.evidence, err = openEvidence(state, l, ctx.GetMetricsRegistry()); err != nil {
			return err
		}
	}
	c.private = hidden.New(private...)
	if c.memory, err = openMemory(c.settings()); err != nil {
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
		_, err = memories.Delete(c.memory.settings)
	}
	if c.evidence != nil {
		_, kept := evidences.Delete(c.evidence.key)
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
