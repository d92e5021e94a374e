package proxy

import (
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"

	"github.com/cache-aware/casper/server/internal/httpfacts"
)

// loopHeader marks a request with the proxies that it went through. Without it, a proxy whose
// upstream leads back to itself would ask itself until the machine has no more connections.
const loopHeader = "X-Casper-Proxy"

// rewrite makes the request for the upstream out of the client's. httputil has taken hop-by-hop
// fields and every X-Forwarded field away.
func (h *Handler) rewrite(p *httputil.ProxyRequest) {
	p.SetURL(h.target)
	// httputil drops query parameters that do not parse, lest two parsers disagree. No decision
	// is made on them here, and applications may have reasons.
	p.Out.URL.RawQuery = p.In.URL.RawQuery
	p.Out.Host = p.In.Host
	// The clone has a map of its own, which the values that arrive behind the body would never
	// reach.
	p.Out.Trailer = p.In.Trailer

	trusted := httpfacts.Networks(h.config.Trusted).Trusts(p.In)
	if before := p.In.Header["X-Forwarded-For"]; trusted && len(before) > 0 {
		p.Out.Header["X-Forwarded-For"] = slices.Clone(before)
	} else if !trusted {
		for field := range p.Out.Header {
			if strings.HasPrefix(field, "X-Forwarded-") || field == "X-Real-Ip" {
				delete(p.Out.Header, field) // such as X-Forwarded-Port, which httputil leaves in
			}
		}
	}
	p.SetXForwarded()
	if trusted {
		if host := p.In.Header.Get("X-Forwarded-Host"); host != "" {
			p.Out.Header.Set("X-Forwarded-Host", host)
		}
		if proto := strings.ToLower(p.In.Header.Get("X-Forwarded-Proto")); proto == "http" || proto == "https" {
			p.Out.Header.Set("X-Forwarded-Proto", proto)
		}
	}
	p.Out.Header.Add(loopHeader, h.id)
}

func (h *Handler) refuseLoop(w http.ResponseWriter, r *http.Request) {
	h.complain(r, http.StatusLoopDetected, "the upstream leads back to this proxy", nil)
	http.Error(w, "508 loop detected: this server was told to pass requests on to itself", http.StatusLoopDetected)
}
