//go:build !noserver

package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/site"
)

// A serving is what serve's command line asks for.
type serving struct {
	dir, upstream string // one of them, or neither for the demo
	upstreamCA    string
	spa           string
	cleanURLs     bool
	maxAge        time.Duration
	listen        string
	cert, key     string
	h2c           bool
	stallLimit    time.Duration
	capacityBits  uint8
	cookieFormat  string
	cookie        server.Cookie
	keys          string
	track         string
	policy        server.Policy
	noHTML        bool
	maxBytes      byteSize
	learn         string
	learnFrom     int
	holdOut       float64
	learnMemory   byteSize
	pageQuery     []string
	learnNot      []string
	hosts         []string
	learnAs       []string
	state         string
	manifests     []string
	admin         string
	adminToken    string
	secret        string
	beacon        string
	control       float64
	switches      string
	logFormat     string
	logRequests   string
	trusted       networks
}

// flags gives serve's flags to a command.
func (s *serving) flags(cmd *cobra.Command) {
	s.maxBytes, s.learnMemory = 256<<10, 8<<20
	f := cmd.Flags()
	f.StringVar(&s.upstream, "proxy", "", "front the application at this `URL` (http, https, h2c or unix:/path)")
	f.StringVar(&s.upstreamCA, "proxy-ca", "", "trust the authorities in this PEM `file`, and no others, for an https application")
	f.StringVar(&s.spa, "spa", "", "answer navigations to pages that DIR does not have with this `page` of it: for applications that route in the browser")
	f.Lookup("spa").NoOptDefVal = "index.html"
	f.BoolVar(&s.cleanURLs, "clean-urls", false, "serve about.html of DIR at /about, too")
	f.DurationVar(&s.maxAge, "max-age", site.DefaultMaxAge, "files of DIR are fresh for this `time`, but for pages (0s) and names with a hash in them (a year)")
	f.StringVar(&s.listen, "listen", "127.0.0.1:8443", "listen on this `address`")
	f.StringVar(&s.cert, "cert", "", "certificate chain, a PEM `file`; without it, a development certificate is made in memory")
	f.StringVar(&s.key, "key", "", "private key of --cert, a PEM `file`")
	f.BoolVar(&s.h2c, "h2c", false, "speak HTTP/1 and HTTP/2 over cleartext, for use behind something that speaks TLS")
	f.DurationVar(&s.stallLimit, "stall-limit", time.Minute, "let go of clients that neither send nor read for this `time` while they are waited for")
	f.Uint8Var(&s.capacityBits, "capacity-bits", casper.DefaultCapacityBits, "the cookie's `bits`, 1 to 15, as in H2O")
	f.StringVar(&s.cookieFormat, "cookie-format", "h2o", "how the cookie is coded: `h2o|h2o-2.0`, the second as H2O 1.5 to 2.0 did")
	f.StringVar(&s.cookie.Name, "cookie-name", casper.CookieName, "the cookie's `name`")
	f.StringVar(&s.cookie.Path, "cookie-path", "/", "set the cookie for the pages below this `path`")
	f.StringVar(&s.cookie.Domain, "cookie-domain", "", "set the cookie for this `domain` and those below it; without it, for the one host")
	f.DurationVar(&s.cookie.MaxAge, "cookie-age", 30*24*time.Hour, "let browsers keep the cookie for this `time`")
	f.BoolVar(&s.cookie.Off, "no-cookie", false, "neither read nor set the cookie: each visit is like the first")
	f.BoolVar(&s.cookie.Forget, "forget-cookie", false, "as --no-cookie, and delete the cookies that clients still send; not on one node of a fleet that uses them")
	f.StringVar(&s.keys, "keys", "version", "when a file is held: `version|path|validator`; by path, an older version counts too; by validator, no cookie of H2O's counts")
	f.StringVar(&s.track, "track", "blocking-assets", "what enters the cookie: `blocking-assets|all`")
	f.IntVar(&s.policy.MaxAssets, "max-assets", 8, "send at most this `number` of assets ahead of one page")
	f.Var(&s.maxBytes, "max-bytes", "push at most this `size` ahead of one page: 262144, 256KiB, 1MB")
	f.BoolVar(&s.policy.NoPush, "no-push", false, "never push")
	f.BoolVar(&s.policy.NoHints, "no-hints", false, "never send 103 Early Hints of casper's own")
	f.BoolVar(&s.policy.NoLinks, "no-links", false, "never add Link headers to an answer")
	f.BoolVar(&s.noHTML, "no-html", false, "do not read the HTML of pages for what they name")
	f.BoolVar(&s.policy.HintPrograms, "hint-programs", false, "send 103 also to HTTP/2 clients that are no browsers, such as curl")
	f.DurationVar(&s.policy.PushWait, "push-wait", 50*time.Millisecond, "let a page wait for its pushes to be announced at most for this `time`")
	f.StringVar(&s.learn, "learn", "on", "learn what pages need: `on|off|shadow`, the last without acting on it")
	f.IntVar(&s.learnFrom, "learn-from", 3, "believe an asset after this `number` of clients, 1 to 32; 1 to try it alone: then each view counts")
	f.Float64Var(&s.holdOut, "hold-out", 0.05, "send nothing learned with this `share` of the views, 0 to 1, to see what pages still need")
	f.Var(&s.learnMemory, "learn-memory", "learn within this `size` of memory, at least 256KiB")
	f.StringSliceVar(&s.learnAs, "learn-as", []string{"style", "script", "font", "image"}, "learn what is for these `uses`: style, script, font, image, fetch, track")
	f.StringArrayVar(&s.pageQuery, "page-query", nil, "this query `parameter` makes pages different, such as lang; may be repeated")
	f.StringArrayVar(&s.learnNot, "learn-not", nil, "learn no asset whose path begins with this `prefix`; may be repeated")
	f.StringArrayVar(&s.hosts, "host", nil, "learn what is asked of this `host`, with its port unless it is 443, * for any; may be repeated;\nwithout it, of the host that most networks ask for")
	f.StringVar(&s.state, "state", "", "keep what is learned in this `file`, or share it by redis://host:6379/?site=NAME, the same for all nodes;\nrediss:// with TLS, unix:///run/redis.sock?site=NAME by a socket")
	f.StringVar(&s.secret, "secret", "", "with --state redis://: a `file` with one line that only the nodes know, the same on all of them;\nor its text in CASPER_SECRET. It keys what Redis holds of visitors")
	f.StringArrayVar(&s.manifests, "manifest", nil, "a `file` that says what pages need: a build tool's manifest, _headers, rules;\n"+
		"with FILE,base=/app/ for where it is served, FILE,page=/path=entry for what is where; may be repeated")
	f.StringVar(&s.admin, "admin", "", "serve metrics, a dashboard and the learned model on this `address`")
	f.StringVar(&s.adminToken, "admin-token", "", "let only those ask --admin who have the token in this `file`, as a bearer's or a password;\nneeded where other machines reach the address")
	f.StringVar(&s.beacon, "beacon", "", "for --admin, let browsers report how long pages took: serve the script for that at this `path`, such as /casper-timing,\nand put <script src=\"/casper-timing\" async></script> into pages")
	f.Float64Var(&s.control, "control", 0, "for --admin, send no 103 with this `share` of the views that would get one, 0 to 0.5, to compare")
	f.StringVar(&s.switches, "switches", "", "for --admin, keep what the dashboard switches off or pins in this `file`; without it, until the server ends")
	f.StringVar(&s.logFormat, "log-format", "text", "log to stderr as `text|json`")
	f.StringVar(&s.logRequests, "log-requests", "path", "what the log says of requests: `path|query|off`, the second with the query, where sessions may stand")
	f.Var(&s.trusted, "trust-proxy", "believe X-Forwarded fields from this `network`, such as 10.0.0.0/8; may be repeated")
	for name, words := range map[string][]string{
		"cookie-format": cookieFormats, "keys": keyRules, "track": tracks, "learn": learns, "learn-as": uses, "log-format": logFormats, "log-requests": logRequests,
	} {
		cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
}

// The words that flags take.
var (
	cookieFormats = []string{"h2o", "h2o-2.0"}
	keyRules      = []string{"version", "path", "validator"}
	tracks        = []string{"blocking-assets", "all"}
	learns        = []string{"on", "off", "shadow"}
	uses          = []string{"style", "script", "font", "image", "fetch", "track"} // that browsers preload
	logFormats    = []string{"text", "json"}
)

// check finds what makes no sense, before anything is opened.
func (s *serving) check(cmd *cobra.Command) error {
	if s.dir != "" && s.upstream != "" {
		return usagef("give a folder or --proxy, not both")
	}
	if (s.cert == "") != (s.key == "") {
		return usagef("--cert and --key go together")
	}
	if s.h2c && s.cert != "" {
		return usagef("--h2c has no certificate")
	}
	if s.capacityBits < 1 || s.capacityBits > casper.MaxCapacityBits {
		return usagef("--capacity-bits is 1 to %d, not %d", casper.MaxCapacityBits, s.capacityBits)
	}
	if err := s.checkCookie(); err != nil {
		return err
	}
	if s.policy.MaxAssets < 1 {
		return usagef("--max-assets is at least 1, not %d", s.policy.MaxAssets)
	}
	if s.policy.PushWait <= 0 {
		return usagef("--push-wait is longer than 0, not %v", s.policy.PushWait)
	}
	if s.stallLimit <= 0 {
		return usagef("--stall-limit is longer than 0, not %v", s.stallLimit)
	}
	if s.adminToken != "" && s.admin == "" {
		return usagef("--admin-token is for --admin ADDRESS")
	}
	if err := s.checkAdmin(cmd); err != nil {
		return err
	}
	for _, w := range []struct {
		flag, value string
		words       []string
	}{
		{"cookie-format", s.cookieFormat, cookieFormats}, {"keys", s.keys, keyRules}, {"track", s.track, tracks},
		{"learn", s.learn, learns}, {"log-format", s.logFormat, logFormats}, {"log-requests", s.logRequests, logRequests},
	} {
		if err := oneOf(w.flag, w.value, w.words); err != nil {
			return err
		}
	}
	if err := s.checkLearning(cmd); err != nil {
		return err
	}
	return s.checkContent(cmd)
}

func oneOf(flag, value string, words []string) error {
	for _, w := range words {
		if w == value {
			return nil
		}
	}
	return usagef("--%s is %s, not %.60q", flag, strings.Join(words, " or "), value)
}
