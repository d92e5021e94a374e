package main

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// A networks is a list of address ranges: a flag that may be repeated.
type networks []netip.Prefix

func (n *networks) String() string {
	var words []string
	for _, p := range *n {
		words = append(words, p.String())
	}
	return strings.Join(words, ",")
}

func (n *networks) Type() string { return "CIDR" }

// Set adds networks, parted by commas; a lone address is a network of one.
func (n *networks) Set(text string) error {
	for word := range strings.SplitSeq(text, ",") {
		p, err := netip.ParsePrefix(word)
		if err != nil {
			addr, addrErr := netip.ParseAddr(word)
			if addrErr != nil {
				return fmt.Errorf("%.60q is no network such as 10.0.0.0/8", word)
			}
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		*n = append(*n, p.Masked())
	}
	return nil
}

func (n networks) contain(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	for _, p := range n {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// client is the address that a request comes from: that of the connection, or, if a trusted
// proxy is there, the last one in X-Forwarded-For that no trusted proxy has.
func (n networks) client(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := at.Addr()
	if !n.contain(addr) {
		return addr
	}
	hops := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break // what stands before it is no better
		}
		if addr = hop; !n.contain(hop) {
			break
		}
	}
	return addr
}
