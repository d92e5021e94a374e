package httpfacts

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Networks are the addresses of proxies whose X-Forwarded fields are believed.
type Networks []netip.Prefix

// Contains reports whether an address is in one of the networks.
func (n Networks) Contains(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(n, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// Trusts reports whether the connection that a request came over is one of the proxies'.
func (n Networks) Trusts(r *http.Request) bool {
	return len(n) > 0 && n.Contains(Peer(r))
}

// Peer returns the address at the other end of the connection, the zero Addr if the server
// does not say.
func Peer(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr()
}

// Client returns the address that a request comes from: that of the connection or, if a
// trusted proxy is there, the last one in X-Forwarded-For that no trusted proxy has. What
// stands before an address that cannot be read is not believed.
func (n Networks) Client(r *http.Request) netip.Addr {
	addr := Peer(r)
	if len(n) == 0 || !n.Contains(addr) {
		return addr
	}
	lines := r.Header["X-Forwarded-For"]
	for i := len(lines) - 1; i >= 0; i-- {
		for rest := lines[i]; ; {
			comma := strings.LastIndexByte(rest, ',')
			hop, err := netip.ParseAddr(strings.Trim(rest[comma+1:], " \t"))
			if err != nil {
				return addr
			}
			if addr = hop; !n.Contains(hop) {
				return addr
			}
			if comma < 0 {
				break
			}
			rest = rest[:comma]
		}
	}
	return addr
}

// An Origin is what a client calls this server: the beginning of its URLs.
type Origin struct {
	Scheme    string // "https" or "http"
	Authority string // host and port, as the client wrote it
}

// Host returns the authority as one name: in small letters, without the scheme's own port
// (RFC 9110, section 4.2.3).
func (o Origin) Host() string { return strings.ToLower(withoutPort(o.Authority, o.Scheme)) }

// Origin returns the origin that the client of a request asked for. Behind a trusted proxy
// it is what the proxy says in X-Forwarded-Proto and X-Forwarded-Host, of several values
// the last, which is that of the nearest proxy.
func (n Networks) Origin(r *http.Request) Origin {
	o := Origin{"http", r.Host}
	if r.TLS != nil {
		o.Scheme = "https"
	}
	if !n.Trusts(r) {
		return o
	}
	if proto := last(r.Header["X-Forwarded-Proto"]); is(proto, "https") {
		o.Scheme = "https"
	} else if is(proto, "http") {
		o.Scheme = "http"
	}
	if host := last(r.Header["X-Forwarded-Host"]); host != "" {
		o.Authority = host
	}
	return o
}

// last returns the last element of a list field.
func last(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	line := lines[len(lines)-1]
	return strings.Trim(line[strings.LastIndexByte(line, ',')+1:], " \t")
}

// How much of an address names a network, in bits. Who holds one address of such a block
// usually holds them all.
const (
	PrefixV4 = 24
	PrefixV6 = 48
)

// NetworkOf returns the network that stands for the visitor at an address; the zero Prefix
// for the zero Addr.
func NetworkOf(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := PrefixV6
	if addr.Is4() {
		bits = PrefixV4
	}
	network, _ := addr.Prefix(bits) // no error: the bits are within the address
	return network
}
