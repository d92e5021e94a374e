package site

import (
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// lookAgain is how long [Handler.Validator] gives the same answer without looking. A busy server
// then asks the disk a hundred times a second, and not once for every asset of every page. Nobody
// notices that a change is seen so much later.
const lookAgain = 10 * time.Millisecond

// Bounds of what Validator remembers.
const (
	maxTargets = 4096
	maxTarget  = 1 << 10 // the longest target that is remembered, in bytes
)

// targets remembers what the validators of files were when they were looked at last.
type targets struct {
	began time.Time
	cache *otter.Cache[string, *sight]
}

// sight is a file at the time when it was last looked at.
type sight struct {
	tag string
	at  atomic.Int64 // since began, ns
}

func newTargets() targets {
	return targets{time.Now(), otter.Must(&otter.Options[string, *sight]{MaximumSize: maxTargets})}
}

// Validator returns the entity tag of the file that answers requests for a target, as clients that
// take no compression get it, or "" if there is none. A target stands in a request line, like the
// Path of a link.Asset: a percent-encoded path, with or without a query. The method fits
// server.Handler.Validator.
//
// The answer for a file that has not changed lately is used again for 10 ms, without an
// allocation.
func (h *Handler) Validator(target string) string {
	now := time.Since(h.targets.began)
	known, ok := h.targets.cache.GetIfPresent(target)
	if ok && now-time.Duration(known.at.Load()) < lookAgain {
		return known.tag
	}
	tag, settled := h.look(target)
	switch {
	case !settled || len(target) > maxTarget:
	case ok && known.tag == tag:
		known.at.Store(int64(now))
	default:
		s := &sight{tag: tag}
		s.at.Store(int64(now))
		h.targets.cache.Set(strings.Clone(target), s)
	}
	return tag
}

// look finds out what Validator says, and whether that may be remembered.
func (h *Handler) look(target string) (tag string, settled bool) {
	if !strings.HasPrefix(target, "/") {
		return "", false
	}
	p, _, _ := strings.Cut(target, "?")
	if strings.IndexByte(p, '%') >= 0 {
		decoded, err := url.PathUnescape(p)
		if err != nil {
			return "", false
		}
		p = decoded
	}
	name, info, err := h.find(p)
	if err != nil {
		return "", false
	}
	v := versionOf(name, info)
	c, err := h.contents.of(v, h.opener(name))
	if err != nil {
		return "", false
	}
	return c.tag[0], v.settled(time.Now())
}
