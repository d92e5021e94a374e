package caddycasper

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/cache-aware/casper/gcs/casper"
)

// The words that options take.
var (
	formats  = []string{"h2o", "h2o-2.0"}
	keyRules = []string{"version", "path", "validator"}
	tracks   = []string{"blocking", "all"}
	learns   = []string{"on", "off", "shadow"}
	uses     = []string{"style", "script", "font", "image", "fetch", "track"} // that browsers preload
)

// The least and the most that may be learned in.
const (
	minMemory = 256 << 10
	maxMemory = 1 << 40
)

// Validate refuses options out of their range.
func (c *Casper) Validate() error {
	return errors.Join(
		checkLeast("max_assets", int64(c.MaxAssets)),
		checkLeast("max_bytes", c.MaxBytes),
		checkTime("push_wait", time.Duration(c.PushWait), 1),
		checkRange("capacity_bits", int64(c.CapacityBits), 1, casper.MaxCapacityBits),
		checkWord("cookie_format", c.CookieFormat, formats),
		checkCookie("cookie_name", c.CookieName, http.Cookie{Name: c.CookieName}),
		checkCookie("cookie_path", c.CookiePath, http.Cookie{Path: c.CookiePath}),
		checkCookie("cookie_domain", c.CookieDomain, http.Cookie{Domain: c.CookieDomain}),
		checkTime("cookie_age", time.Duration(c.CookieAge), time.Second),
		checkWord("keys", c.Keys, keyRules),
		checkWord("track", c.Track, tracks),
		checkWord("learn", c.Learn, learns),
		checkRange("learn_from", int64(c.LearnFrom), 1, 32),
		checkShare("hold_out", c.HoldOut),
		checkSize("learn_memory", c.LearnMemory),
		checkUses("learn_as", c.LearnAs),
		c.checkLearning(),
	)
}

// In the checks, a zero value is an option that was left out.

func checkLeast(option string, n int64) error {
	if n < 0 {
		return fmt.Errorf("%s is at least 1, not %d", option, n)
	}
	return nil
}

func checkRange(option string, n, least, most int64) error {
	if n == 0 || n >= least && n <= most {
		return nil
	}
	return fmt.Errorf("%s is %d to %d, not %d", option, least, most, n)
}

func checkTime(option string, d, least time.Duration) error {
	if d == 0 || d >= least {
		return nil
	}
	return fmt.Errorf("%s is at least %v, not %v", option, least, d)
}

func checkShare(option string, share *float64) error {
	if share == nil || *share >= 0 && *share <= 1 {
		return nil
	}
	return fmt.Errorf("%s is 0 to 1, not %v", option, *share)
}

func checkSize(option string, n int64) error {
	if n == 0 || n >= minMemory && n <= maxMemory {
		return nil
	}
	return fmt.Errorf("%s is 256KiB to 1TiB, not %s", option, humanize.IBytes(uint64(max(0, n))))
}

// checkCookie refuses what net/http would leave out of a Set-Cookie field.
func checkCookie(option, value string, c http.Cookie) error {
	if c.Name == "" {
		c.Name = "c"
	}
	if value == "" || c.Valid() == nil && (c.Path == "" || c.Path[0] == '/') {
		return nil
	}
	return fmt.Errorf("%s %.60q cannot be a cookie's %s", option, value, strings.TrimPrefix(option, "cookie_"))
}

func checkWord(option, value string, words []string) error {
	if value == "" || slices.Contains(words, value) {
		return nil
	}
	return fmt.Errorf("%s is %s, not %.60q", option, strings.Join(words, " or "), value)
}

func checkUses(option string, values []string) error {
	for _, v := range values {
		if !slices.Contains(uses, v) {
			return fmt.Errorf("%s is some of %s, not %.60q", option, strings.Join(uses, ", "), v)
		}
	}
	return nil
}

// checkLearning refuses what is about learning where nothing is learned.
func (c *Casper) checkLearning() error {
	if c.Learn != "off" {
		return nil
	}
	if c.State != "" {
		return errors.New("state keeps what is learned: it needs learn on or shadow")
	}
	for _, o := range []struct {
		name  string
		given bool
	}{
		{"secret", c.Secret != ""}, {"learn_from", c.LearnFrom != 0}, {"hold_out", c.HoldOut != nil}, {"learn_memory", c.LearnMemory != 0},
		{"learn_as", c.LearnAs != nil}, {"learn_not", c.LearnNot != nil}, {"page_query", c.PageQuery != nil}, {"host", c.Hosts != nil},
	} {
		if o.given {
			return fmt.Errorf("%s is about learning: it needs learn on or shadow", o.name)
		}
	}
	return nil
}
