package caddycasper

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/dustin/go-humanize"

	"github.com/cache-aware/casper/gcs/casper"
)

func parseDirective(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	c := new(Casper)
	return c, c.UnmarshalCaddyfile(h.Dispenser)
}

// UnmarshalCaddyfile reads the directive:
//
//	casper [<matcher>] {
//		max_assets    <number>
//		max_bytes     <size>
//		push_wait     <time>
//		push          on|off
//		hints         on|off
//		links         on|off
//		html          on|off
//		hint_programs on|off
//		cookie        on|off
//		forget_cookie on|off
//		capacity_bits <1..15>
//		cookie_format h2o|h2o-2.0
//		cookie_name   <name>
//		cookie_path   <path>
//		cookie_domain <domain>
//		cookie_age    <time>
//		keys          version|path|validator
//		track         blocking|all
//		manifest      <file>[,base=<path>][,page=<path>=<entry>]...
//		learn         on|off|shadow
//		state         <file>|redis://<host>:<port>/?site=<name>
//		secret        <text>
//		learn_from    <1..32>
//		hold_out      <0..1>
//		learn_memory  <size>
//		learn_as      <use...>
//		learn_not     <path...>
//		page_query    <parameter...>
//		host          <name...>
//	}
//
// Errors name the line of the option that they are about.
func (c *Casper) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the directive's name
	if d.NextArg() {
		return d.ArgErr()
	}
	for d.NextBlock(0) {
		if err := c.option(d); err != nil {
			return err
		}
	}
	if err := c.checkLearning(); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// option reads one line of the block.
func (c *Casper) option(d *caddyfile.Dispenser) error {
	name, values := d.Val(), d.RemainingArgs()
	list := map[string]*[]string{
		"manifest": &c.Manifests, "learn_as": &c.LearnAs, "learn_not": &c.LearnNot, "page_query": &c.PageQuery, "host": &c.Hosts,
	}[name]
	switch {
	case len(values) == 0 || len(values) > 1 && list == nil:
		return d.ArgErr()
	case slices.Contains(values, ""):
		return d.Errf("%s is empty", name)
	case list == nil:
		if err := c.value(name, values[0]); err != nil {
			return d.WrapErr(err)
		}
		return nil
	}
	*list = append(*list, values...)
	if err := errors.Join(checkUses("learn_as", c.LearnAs), checkManifests(c.Manifests)); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// value takes the value of an option that has one.
func (c *Casper) value(name, value string) (err error) {
	switch name {
	case "max_assets":
		c.MaxAssets, err = number[int](name, value, math.MaxInt32)
	case "max_bytes":
		c.MaxBytes, err = size(name, value)
	case "push_wait":
		c.PushWait, err = duration(name, value, 1)
	case "push":
		c.NoPush, err = switched(name, value, "off")
	case "hints":
		c.NoHints, err = switched(name, value, "off")
	case "links":
		c.NoLinks, err = switched(name, value, "off")
	case "html":
		c.NoHTML, err = switched(name, value, "off")
	case "hint_programs":
		c.HintPrograms, err = switched(name, value, "on")
	case "cookie":
		c.NoCookie, err = switched(name, value, "off")
	case "forget_cookie":
		c.ForgetCookie, err = switched(name, value, "on")
	case "capacity_bits":
		c.CapacityBits, err = number[uint8](name, value, casper.MaxCapacityBits)
	case "cookie_format":
		c.CookieFormat, err = value, checkWord(name, value, formats)
	case "cookie_name":
		c.CookieName, err = value, checkCookie(name, value, http.Cookie{Name: value})
	case "cookie_path":
		c.CookiePath, err = value, checkCookie(name, value, http.Cookie{Path: value})
	case "cookie_domain":
		c.CookieDomain, err = value, checkCookie(name, value, http.Cookie{Domain: value})
	case "cookie_age":
		c.CookieAge, err = duration(name, value, time.Second)
	case "keys":
		c.Keys, err = value, checkWord(name, value, keyRules)
	case "track":
		c.Track, err = value, checkWord(name, value, tracks)
	case "learn":
		c.Learn, err = value, checkWord(name, value, learns)
	case "state":
		c.State = value
	case "secret":
		c.Secret = value
	case "learn_from":
		c.LearnFrom, err = number[int](name, value, 32)
	case "hold_out":
		c.HoldOut, err = share(name, value)
	case "learn_memory":
		if c.LearnMemory, err = size(name, value); err == nil {
			err = checkSize(name, c.LearnMemory)
		}
	default:
		err = fmt.Errorf("casper has no option %.60q", name)
	}
	return err
}

// number reads a whole number from 1 on.
func number[T int | uint8](option, text string, most int64) (T, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%s: %.60q is no number from 1 to %d", option, text, most)
	}
	return T(n), nil
}

// size reads a number of octets.
func size(option, text string) (int64, error) {
	n, err := humanize.ParseBytes(text)
	if err != nil || n < 1 || n > math.MaxInt64 {
		return 0, fmt.Errorf("%s: %.60q is no size such as 256KiB", option, text)
	}
	return int64(n), nil
}

// duration reads a time, in units up to days.
func duration(option, text string, least time.Duration) (caddy.Duration, error) {
	t, err := caddy.ParseDuration(text)
	if err != nil || t < least {
		return 0, fmt.Errorf("%s: %.60q is no time such as 50ms or 30d, of at least %v", option, text, least)
	}
	return caddy.Duration(t), nil
}

// share reads a part of one.
func share(option, text string) (*float64, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f >= 0 && f <= 1) { // NaN too
		return nil, fmt.Errorf("%s: %.60q is no share from 0 to 1", option, text)
	}
	return &f, nil
}

// switched reports whether a switch is where the default is not.
func switched(option, text, other string) (bool, error) {
	return text == other, checkWord(option, text, []string{"on", "off"})
}
