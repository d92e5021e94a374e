package proxy

import (
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strings"
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
	if !h.config.UpstreamHost {
		p.Out.Host = p.In.Host
	}
	// The clone has a map of its own, which the values that arrive behind the body would never
	// reach.
	p.Out.Trailer = p.In.Trailer

	trusted := h.trusts(p.In.RemoteAddr)
	if !trusted {
		for field := range p.Out.Header {
			if strings.HasPrefix(field, "X-Forwarded-") || field == "X-Real-Ip" {
				delete(p.Out.Header, field) // such as X-Forwarded-Port, which httputil leaves in
			}
		}
	} else {
		if before := p.In.Header["X-Forwarded-For"]; len(before) > 0 {
			p.Out.Header["X-Forwarded-For"] = append([]string(nil), before...)
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

// trusts reports whether an address is one of a proxy in front.
func (h *Handler) trusts(remote string) bool {
	if len(h.config.Trusted) == 0 {
		return false
	}
	from, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	addr := from.Addr().Unmap().WithZone("")
	for _, network := range h.config.Trusted {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

func (h *Handler) refuseLoop(w http.ResponseWriter, r *http.Request) {
	h.complain(r, http.StatusLoopDetected, "the upstream leads back to this proxy", nil)
	http.Error(w, "508 loop detected: this server was told to pass requests on to itself", http.StatusLoopDetected)
}
