package traffic

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A line of the common log format, and what "combined" adds to it:
//
//	addr ident user [time] "request" status bytes "referer" "user-agent"
//
// Apache's vhost_combined has the host and its port in front. What stands behind is somebody's
// own, and passed over.

// clfTime is the time in these formats (Apache's %t, nginx's $time_local).
const clfTime = "02/Jan/2006:15:04:05 -0700"

// parseCommon reads one line.
func parseCommon(line []byte) (rec *Record, format string, err error) {
	open := bytes.IndexByte(line, '[')
	if open < 0 {
		return nil, "", fmt.Errorf("%w: no [time] in it", ErrLine)
	}
	end := bytes.IndexByte(line[open:], ']')
	if end < 0 {
		return nil, "", fmt.Errorf("%w: no [time] in it", ErrLine)
	}
	at, err := time.Parse(clfTime, string(line[open+1:open+end]))
	if err != nil {
		return nil, "", fmt.Errorf("%w: %.40q is no time", ErrLine, line[open+1:open+end])
	}
	who := bytes.Fields(line[:open])
	if len(who) == 0 {
		return nil, "", fmt.Errorf("%w: no address in it", ErrLine)
	}
	host, client := "", string(who[0])
	if len(who) >= 4 {
		if _, err := netip.ParseAddr(string(who[1])); err == nil {
			host, client = client, string(who[1])
		}
	}
	rest := tokens{line[open+end+1:]}
	request, ok := rest.quoted()
	status, err := strconv.Atoi(rest.word())
	if !ok || err != nil || status < 100 || status > 999 {
		return nil, "", fmt.Errorf("%w: no request and status in it", ErrLine)
	}
	size, err := strconv.ParseInt(rest.word(), 10, 64)
	if err != nil || size < 0 {
		size = -1 // "-" is Apache's nothing
		if err != nil {
			size = 0
		}
	}
	method, target, proto, ok := splitRequest(request)
	if !ok {
		return nil, "", errNotHTTP
	}
	header := http.Header{}
	format = "common"
	if referer, ok := rest.quoted(); ok {
		format = "combined"
		setHeader(header, "Referer", referer)
		agent, _ := rest.quoted()
		setHeader(header, "User-Agent", agent)
	}
	r, err := NewRequest(method, host, target, proto, header)
	if err != nil {
		return nil, "", err
	}
	return &Record{
		Request: r, Status: status, Answer: http.Header{}, Silent: true, Size: size,
		Began: at, Ended: at, Addr: addressOf(client),
	}, format, nil
}

// tokens are what is left of a line.
type tokens struct{ rest []byte }

func (t *tokens) space() { t.rest = bytes.TrimLeft(t.rest, " \t") }

func (t *tokens) word() string {
	t.space()
	i := bytes.IndexAny(t.rest, " \t")
	if i < 0 {
		i = len(t.rest)
	}
	w := t.rest[:i]
	t.rest = t.rest[i:]
	return string(w)
}

// quoted takes a string in quotes. Inside, Apache escapes as C does and nginx as \xHH.
func (t *tokens) quoted() (string, bool) {
	t.space()
	if len(t.rest) == 0 || t.rest[0] != '"' {
		return "", false
	}
	for i := 1; i < len(t.rest); i++ {
		switch t.rest[i] {
		case '\\':
			i++
		case '"':
			text := string(t.rest[1:i])
			t.rest = t.rest[i+1:]
			return unescape(text), true
		}
	}
	return "", false
}

func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if s[i] == 'x' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// splitRequest parts a request line. Without a protocol it is HTTP/0.9, or junk.
func splitRequest(line string) (method, target, proto string, ok bool) {
	method, rest, ok := strings.Cut(line, " ")
	i := strings.LastIndexByte(rest, ' ')
	if !ok || i < 0 || !strings.HasPrefix(rest[i+1:], "HTTP/") {
		return "", "", "", false
	}
	return method, rest[:i], rest[i+1:], true
}

// NewRequest makes the request that a server would have seen.
func NewRequest(method, host, target, proto string, header http.Header) (*http.Request, error) {
	u, err := url.ParseRequestURI(target)
	if err != nil || method == "" || strings.ContainsAny(method, " \t\"") {
		return nil, errNotHTTP
	}
	if u.Host != "" { // absolute-form, RFC 9112, section 3.2.2
		host = u.Host
	}
	if host == "-" || host == "_" {
		host = ""
	}
	return &http.Request{
		Method: method, Host: strings.ToLower(host), Proto: proto, Header: header,
		URL: &url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery},
	}, nil
}

// setHeader sets a field of a log; "-" is how logs write nothing.
func setHeader(h http.Header, name, value string) {
	if value != "" && value != "-" {
		h.Set(name, value)
	}
}

// addressOf reads an address with or without a port. A server that logs names has a name
// there; its hash within fd00::/8, the addresses that are nobody's (RFC 4193), tells it from
// others.
func addressOf(s string) netip.Addr {
	if a, err := netip.ParseAddr(s); err == nil {
		return a
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr()
	}
	if s == "" || s == "-" {
		return netip.Addr{}
	}
	sum := sha256.Sum256([]byte(s))
	sum[0] = 0xfd
	return netip.AddrFrom16([16]byte(sum[:16]))
}
