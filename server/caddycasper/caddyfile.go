package caddycasper

import (
	"math"
	"strconv"

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
//		capacity_bits <1..15>
//		cookie_name   <name>
//		track         blocking|all
//		max_assets    <number>
//		max_bytes     <size>
//		learn         on|off|shadow
//		state         <file>|redis://<host>:<port>/?site=<name>
//		manifest      <file...>
//		hints         on|off
//		push          on|off
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
	if err := c.checkState(); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

func (c *Casper) option(d *caddyfile.Dispenser) error {
	name := d.Val()
	if name == "manifest" {
		files := d.RemainingArgs()
		if len(files) == 0 {
			return d.ArgErr()
		}
		c.Manifests = append(c.Manifests, files...)
		return nil
	}
	var value string
	if !d.AllArgs(&value) {
		return d.ArgErr()
	}
	var err error
	switch name {
	case "capacity_bits":
		var bits int64
		if bits, err = number(d, name, value, casper.MaxCapacityBits); err == nil {
			c.CapacityBits = uint8(bits)
		}
	case "cookie_name":
		c.CookieName, err = value, checkCookie(value)
	case "track":
		c.Track, err = value, checkWord(name, value, tracks)
	case "max_assets":
		var n int64
		if n, err = number(d, name, value, math.MaxInt32); err == nil {
			c.MaxAssets = int(n)
		}
	case "max_bytes":
		size, wrong := humanize.ParseBytes(value)
		if wrong != nil || size < 1 || size > math.MaxInt64 {
			return d.Errf("%s: %.60q is no size such as 256KiB", name, value)
		}
		c.MaxBytes = int64(size)
	case "learn":
		c.Learn, err = value, checkWord(name, value, learns)
	case "state":
		c.State = value
	case "hints":
		c.NoHints, err = value == "off", checkWord(name, value, []string{"on", "off"})
	case "push":
		c.NoPush, err = value == "off", checkWord(name, value, []string{"on", "off"})
	default:
		return d.Errf("casper has no option %.60q", name)
	}
	if err != nil {
		return d.WrapErr(err)
	}
	if value == "" {
		return d.Errf("%s is empty", name)
	}
	return nil
}

// number reads a whole number from 1 on.
func number(d *caddyfile.Dispenser, name, text string, most int64) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || n > most {
		return 0, d.Errf("%s: %.60q is no number from 1 to %d", name, text, most)
	}
	return n, nil
}
