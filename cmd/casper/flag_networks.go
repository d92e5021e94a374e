//go:build !noserver

package main

import (
	"fmt"
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
