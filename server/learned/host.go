package learned

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cache-aware/casper/server/internal/httpfacts"
	"github.com/cache-aware/casper/server/learn"
)

// AnyHost among the Hosts of a [Source] stands for all.
const AnyHost = "*"

// Bounds on what is kept to find out which host the site's is.
const (
	mostHosts   = 16   // that are told apart
	enough      = 3    // networks that settle it
	mostGuessed = 1024 // pages that are forgotten if another host turns out to be the site's
)

// A siteHost finds out which host a site's is: the one that most networks ask for, of equals the
// first. Whoever can reach a server can ask it for any host, and is answered for that one.
type siteHost struct {
	settled atomic.Pointer[string] // the host, once enough networks asked for it

	mu    sync.Mutex
	asked []askedHost     // the host that leads is in front
	pages map[string]bool // what was asked for on it so far
}

type askedHost struct {
	name     string
	networks []learn.Client
}

// serves reports whether a request is for the site that the model learns.
func (s *Source) serves(r *http.Request, c learn.Client) bool {
	host := httpfacts.Networks(s.Reader.Proxies).Origin(r).Host()
	if len(s.Hosts) > 0 {
		return slices.ContainsFunc(s.Hosts, func(h string) bool { return h == AnyHost || strings.EqualFold(h, host) })
	}
	if settled := s.host.settled.Load(); settled != nil {
		return *settled == host
	}
	is, wrong := s.host.ask(host, c, s.Reader.Page(r))
	for page := range wrong {
		s.Model.Forget(page)
	}
	return is
}

// ask counts a request for a page, and reports whether its host is the site's as far as is known.
// If that has just changed, wrong are the pages of the host that was thought to be the site's.
func (h *siteHost) ask(host string, c learn.Client, page string) (is bool, wrong map[string]bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.asked, func(a askedHost) bool { return a.name == host })
	if i < 0 {
		if i = len(h.asked); i == mostHosts {
			i-- // the latest of those that nobody else asked for
		} else {
			h.asked = append(h.asked, askedHost{})
		}
		h.asked[i] = askedHost{name: strings.Clone(host)}
	}
	a := &h.asked[i]
	if !slices.Contains(a.networks, c) {
		a.networks = append(a.networks, c)
	}
	for ; i > 0 && len(h.asked[i].networks) > len(h.asked[i-1].networks); i-- {
		h.asked[i], h.asked[i-1] = h.asked[i-1], h.asked[i]
		if i == 1 {
			wrong, h.pages = h.pages, nil
		}
	}
	if i > 0 {
		return false, nil
	}
	if len(h.asked[0].networks) >= enough {
		h.settled.Store(&h.asked[0].name)
		h.asked, h.pages = h.asked[:1:1], nil
	} else if len(h.pages) < mostGuessed {
		if h.pages == nil {
			h.pages = make(map[string]bool)
		}
		h.pages[page] = true
	}
	return true, wrong
}
