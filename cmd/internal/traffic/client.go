package traffic

import (
	"bytes"
	"crypto/sha256"
	"net/netip"
	"strings"
)

// A visitor is who a line says has asked.
type visitor struct {
	addr      netip.Addr // invalid: nobody
	forwarded bool       // the line names another address, which a proxy has passed on
}

// visitorOf chooses the visitor of a request. The peer is who was connected, or a list of which
// it is the last; the forwarded list is what a header says of those before. Without trusted
// networks the peer is the visitor. With some, it is the last address that is in none of them.
func (s *Reading) visitorOf(peer, forwarded string) visitor {
	before, peers := addresses(forwarded), addresses(peer)
	if len(peers) == 0 && peer != "" && peer != "-" && !strings.HasPrefix(peer, "unix:") && isHostName(peer) {
		return visitor{addr: addressOfName(peer)}
	}
	local := len(peers) == 0 && strings.HasPrefix(peer, "unix:")
	if len(s.TrustProxy) == 0 && len(peers) > 0 {
		last := peers[len(peers)-1]
		return visitor{last, len(before) > 0 && before[len(before)-1] != last || len(peers) > 1}
	}
	if len(s.TrustProxy) == 0 && local {
		return visitor{forwarded: len(before) > 0}
	}
	chain := append(before, peers...)
	for i := len(chain) - 1; i >= 0; i-- {
		if i == 0 || len(s.TrustProxy) == 0 || !s.trusts(chain[i]) {
			return visitor{addr: chain[i]}
		}
	}
	return visitor{}
}

func (s *Reading) trusts(a netip.Addr) bool {
	for _, p := range s.TrustProxy {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// addresses reads a list of addresses, with or without ports. It is nil unless all are some, but
// for "unknown" and what else a proxy writes for an address that it hides.
func addresses(list string) (all []netip.Addr) {
	if list == "" || list == "-" {
		return nil
	}
	for word := range strings.FieldsFuncSeq(list, func(c rune) bool { return c == ',' || c == ' ' || c == '+' }) {
		if a, ok := parseAddr(word); ok {
			all = append(all, a)
		} else if word != "unknown" && !strings.HasPrefix(word, "_") {
			return nil
		}
	}
	return all
}

func parseAddr(s string) (netip.Addr, bool) {
	if s == "" || s[0] != '[' && (s[0] < '0' || s[0] > '9') && strings.IndexByte(s, ':') < 0 {
		return netip.Addr{}, false
	}
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return a.Unmap(), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap(), true
	}
	// HAProxy parts even the address of IPv6 from its port by a colon alone.
	if i := strings.LastIndexByte(s, ':'); i > 0 && strings.Count(s, ":") > 1 {
		if a, err := netip.ParseAddr(s[:i]); err == nil && len(s)-i > 4 {
			return a, true
		}
	}
	return netip.Addr{}, false
}

// addressOfName makes an address of a client that the log has the name of: its hash within
// fd00::/8, the addresses that are nobody's (RFC 4193), tells it from others.
func addressOfName(name string) netip.Addr {
	sum := sha256.Sum256([]byte(name))
	sum[0] = 0xfd
	return netip.AddrFrom16([16]byte(sum[:16]))
}

// isHostName tells a name of several labels, as the domain name system has them, with or without
// a port.
func isHostName(s string) bool {
	name, port, hasPort := strings.Cut(s, ":")
	for i := range len(port) {
		if port[i] < '0' || port[i] > '9' {
			return false
		}
	}
	if hasPort && port == "" || len(name) > 253 {
		return false
	}
	letters := false
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		for i := range len(label) {
			c := label[i]
			switch {
			case 'a' <= c|0x20 && c|0x20 <= 'z':
				letters = true
			case '0' <= c && c <= '9' || c == '-' || c == '_':
			default:
				return false
			}
		}
	}
	return letters && (strings.IndexByte(name, '.') > 0 || hasPort || name == "localhost")
}

// who takes the front of a line apart: whatever stands there, then perhaps the host, the
// address, ident, and a user whose name may hold spaces.
func (s *Reading) who(front []byte, forwarded string) (host string, v visitor) {
	words := bytes.Fields(front)
	i := len(words) - 1
	for ; i >= 0; i-- {
		behind := len(words) - 1 - i
		if behind != 0 && behind != 2 && !(behind > 2 && string(words[i+1]) == "-") {
			continue
		}
		if _, ok := parseAddr(addressIn(words[i])); ok {
			break
		}
	}
	if i < 0 {
		// Servers that look names up write the name, and servers behind a socket what is none.
		first := ""
		if n := len(words) - 3; n >= 0 {
			first = string(words[n])
			if n > 0 && !strings.HasPrefix(first, "unix:") {
				first = ""
			}
		}
		return "", s.visitorOf(first, forwarded)
	}
	peer := addressIn(words[i])
	for i > 0 && len(words[i-1]) > 1 && words[i-1][len(words[i-1])-1] == ',' { // a list, in the place of the address
		if _, ok := parseAddr(string(words[i-1][:len(words[i-1])-1])); !ok {
			break
		}
		i--
		peer = string(words[i]) + " " + peer
	}
	if i > 0 && isHostName(string(words[i-1])) {
		host = string(words[i-1])
	}
	return host, s.visitorOf(peer, forwarded)
}

// addressIn returns the address at the end of a word. What searches files writes their names in
// front of the lines, and maybe a number.
func addressIn(word []byte) string {
	text := string(word)
	if _, ok := parseAddr(text); ok {
		return text
	}
	file, rest, ok := strings.Cut(text, ":")
	if !ok || !strings.ContainsAny(file, "./_-") {
		return text
	}
	if number, behind, ok := strings.Cut(rest, ":"); ok && strings.Trim(number, "0123456789") == "" {
		if _, ok := parseAddr(behind); ok {
			return behind
		}
	}
	return rest
}
