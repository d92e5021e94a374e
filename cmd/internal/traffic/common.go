package traffic

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Times as servers write them between brackets: %t of Apache and $time_local of nginx, the same
// with milliseconds as HAProxy has it, and $time_iso8601 and what Envoy writes.
const (
	clfTime     = "02/Jan/2006:15:04:05 -0700"
	haproxyTime = "02/Jan/2006:15:04:05.000"
)

// parseText reads a line that is no JSON. In most forms the time stands between brackets,
// and what is before and behind it tells which form it is.
func (s *Reading) parseText(line []byte) (*Record, string, error) {
	if rec, ok, err := s.parseColumns(line); ok {
		return rec, s.columns.name, err
	}
	if rec, ok, err := s.parseALB(line); ok {
		return rec, "alb", err
	}
	var bad []byte
	for from := 0; ; {
		open := bytes.IndexByte(line[from:], '[')
		if open < 0 {
			break
		}
		open += from
		end := bytes.IndexByte(line[open:], ']')
		if end < 0 {
			break
		}
		end += open
		at, ok := bracketTime(line[open+1 : end])
		if ok {
			return s.parseBracket(line[:open], line[end+1:], at)
		}
		if bad == nil {
			bad = line[open+1 : end]
		}
		from = open + 1
	}
	// A JSON line behind what a collector has written in front.
	if i := bytes.IndexByte(line, '{'); i > 0 && line[len(line)-1] == '}' {
		if rec, form, err := s.parseJSON(line[i:], 1); err == nil || errors.Is(err, errNotHTTP) {
			return rec, form, err
		}
	}
	if bad != nil {
		return nil, "", fault("no time", "%.40q is no time", bad)
	}
	return nil, "", fault("no known form", "no [time] in it")
}

func bracketTime(text []byte) (time.Time, bool) {
	if len(text) < len("2006-01-02T15:04:05Z") || len(text) > 40 || text[0] < '0' || text[0] > '9' {
		return time.Time{}, false
	}
	layout := clfTime
	switch {
	case text[4] == '-':
		layout = time.RFC3339Nano
	case len(text) == len(haproxyTime):
		layout = haproxyTime
	}
	at, err := time.Parse(layout, string(text))
	return at, err == nil
}

// parseBracket reads a line with [time] in it.
func (s *Reading) parseBracket(front, behind []byte, at time.Time) (*Record, string, error) {
	rest := tokens{behind}
	rest.space()
	if len(rest.rest) > 0 && rest.rest[0] == '"' {
		return s.parseCommon(front, rest, at)
	}
	for _, form := range []struct {
		name  string
		parse func(front []byte, all []token) fields
	}{{"s3", s3}, {"haproxy", haproxy}, {"nginx-proxy-manager", proxyManager}} {
		if f := form.parse(front, rest.all()); f != nil {
			f["time"] = at.Format(time.RFC3339Nano)
			rec, err := s.record(f, http.Header{}, http.Header{})
			return rec, form.name, err
		}
	}
	return nil, "", fault("no request", "no request and status in it")
}

// parseCommon reads a line of the common log format, and what "combined" adds to it:
//
//	addr ident user [time] "request" status bytes "referer" "user-agent"
//
// Apache's vhost_combined has the host and its port in front; nginx's main has the forwarded
// list behind. Envoy's form begins like it:
//
//	[time] "request" status flags ... received sent ms upstream-ms "forwarded" "user-agent" "id" "host" "upstream"
func (s *Reading) parseCommon(front []byte, rest tokens, at time.Time) (*Record, string, error) {
	request, ok := rest.quoted()
	status, err := strconv.Atoi(rest.word())
	if !ok || err != nil || status < 100 || status > 999 {
		return nil, "", fault("no request", "no request and status in it")
	}
	if f := envoy(rest.all()); f != nil && len(bytes.Fields(front)) < 3 {
		f["time"], f["request"], f["status"] = at.Format(time.RFC3339Nano), request, strconv.Itoa(status)
		rec, err := s.record(f, http.Header{}, http.Header{})
		return rec, "envoy", err
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
	format, forwarded := "common", ""
	if referer, ok := rest.quoted(); ok {
		format = "combined"
		setHeader(header, "Referer", referer)
		agent, _ := rest.quoted()
		setHeader(header, "User-Agent", agent)
		for ok := true; ok && forwarded == ""; {
			var more string
			if more, ok = rest.quoted(); len(addresses(more)) > 0 {
				forwarded = more
			}
		}
	}
	host, who := s.who(front, forwarded)
	r, err := NewRequest(method, host, target, proto, header)
	if err != nil {
		return nil, "", err
	}
	return s.from(who, &Record{
		Request: r, Status: status, Answer: http.Header{}, Silent: true, Size: size, Began: at, Ended: at,
	}), format, nil
}

// from notes who has asked.
func (s *Reading) from(who visitor, rec *Record) *Record {
	rec.Addr = who.addr
	s.passedOn = who.forwarded
	return rec
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

// A token is a word or a string in quotes.
type token struct {
	text   string
	quoted bool
}

// all takes what is left.
func (t tokens) all() (all []token) {
	for t.space(); len(t.rest) > 0; t.space() {
		if text, ok := t.quoted(); ok {
			all = append(all, token{text, true})
		} else {
			all = append(all, token{t.word(), false})
		}
	}
	return all
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
