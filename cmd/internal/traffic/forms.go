package traffic

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Forms of services whose lines are words and strings in quotes. Each is told by what only it
// has, not by where something stands; what they find is put under nginx's names.

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// s3 is Amazon S3's server access log, behind its time:
//
//	addr requester id operation key "request" status error sent size ms ms "referer" "user-agent" version host-id ...
func s3(front []byte, all []token) fields {
	if len(all) < 13 || len(bytes.Fields(front)) != 2 || !all[5].quoted || !isNumber(all[6].text) || strings.Count(all[3].text, ".") != 2 {
		return nil
	}
	return fields{
		"remote_addr": all[0].text, "request": all[5].text, "status": all[6].text, "body_bytes_sent": all[8].text,
		"http_referer": all[12].text, "http_user_agent": at(all, 13), "host": string(bytes.Fields(front)[1]),
	}
}

func at(all []token, i int) string {
	if i < len(all) {
		return all[i].text
	}
	return ""
}

// haproxy is HAProxy's HTTP log:
//
//	... addr:port [time] frontend backend/server a/b/c/d/e status bytes - - ---- 1/1/1/1/0 0/0 {captured} "request"
func haproxy(front []byte, all []token) fields {
	who := bytes.Fields(front)
	if len(all) < 6 || len(who) == 0 || !isNumber(all[3].text) || strings.Count(all[2].text, "/") != 4 || strings.Count(all[1].text, "/") != 1 {
		return nil
	}
	last := all[len(all)-1]
	if !last.quoted {
		return nil
	}
	return fields{"remote_addr": string(who[len(who)-1]), "request": last.text, "status": all[3].text, "body_bytes_sent": all[4].text}
}

// proxyManager is that of Nginx Proxy Manager:
//
//	[time] cache upstream-status status - GET https host "path" [Client addr] [Length n] [Gzip n] [Sent-to addr] "user-agent" "referer"
func proxyManager(_ []byte, all []token) fields {
	for i := 0; i+6 < len(all); i++ {
		if !all[i].quoted {
			continue
		}
		if i < 5 || all[i+1].text != "[Client" || !isNumber(all[i-5].text) {
			return nil
		}
		f := fields{"status": all[i-5].text, "request_method": all[i-3].text, "host": all[i-1].text, "request_uri": all[i].text}
		f["remote_addr"] = strings.TrimSuffix(all[i+2].text, "]")
		if all[i+3].text == "[Length" {
			f["body_bytes_sent"] = strings.TrimSuffix(all[i+4].text, "]")
		}
		if n := len(all) - 2; all[n].quoted && all[n+1].quoted {
			f["http_user_agent"], f["http_referer"] = all[n].text, all[n+1].text
		}
		return f
	}
	return nil
}

// envoy is what stands behind the status in Envoy's default form, and in Istio's.
func envoy(all []token) fields {
	for i := 0; i+8 < len(all); i++ {
		if !isNumber(all[i].text) || !isNumber(all[i+1].text) || !isNumber(all[i+2].text) || all[i+3].quoted || !all[i+4].quoted {
			continue
		}
		for _, t := range all[i+4 : i+9] {
			if !t.quoted {
				return nil
			}
		}
		f := fields{
			"body_bytes_sent": all[i+1].text, "duration_ms": all[i+2].text,
			"x_forwarded_for": all[i+4].text, "http_user_agent": all[i+5].text, "host": all[i+7].text,
		}
		if peer := at(all, i+12); peer != "" { // Istio's downstream_remote_address
			f["remote_addr"] = peer
		}
		return f
	}
	return nil
}

// parseALB reads a line of an Application Load Balancer of AWS:
//
//	type time elb client:port target:port 0.0 0.0 0.0 status target-status received sent "request" "user-agent" ...
func (s *Reading) parseALB(line []byte) (*Record, bool, error) {
	kind, rest, ok := bytes.Cut(line, []byte{' '})
	switch string(kind) {
	case "http", "https", "h2", "grpcs", "ws", "wss":
	default:
		return nil, false, nil
	}
	all := tokens{rest}.all()
	if !ok || len(all) < 13 || !all[11].quoted || !all[12].quoted || !isNumber(all[7].text) {
		return nil, false, nil
	}
	rec, err := s.record(fields{
		"time": all[0].text, "remote_addr": all[2].text, "status": all[7].text, "body_bytes_sent": all[10].text,
		"request": all[11].text, "http_user_agent": all[12].text, "request_time": all[5].text,
	}, http.Header{}, http.Header{})
	return rec, true, err
}

// columns are what the lines of a log in the W3C's extended format have, as its #Fields says.
type columns struct {
	names []string
	name  string // "w3c" or "cloudfront"
	tabs  bool
}

// cloudFront are the columns of CloudFront's standard log, for lines without what stood above them.
var cloudFront = columns{
	name: "cloudfront", tabs: true,
	names: strings.Fields("date time x-edge-location sc-bytes c-ip cs-method cs(host) cs-uri-stem sc-status cs(referer) cs(user-agent) " +
		"cs-uri-query cs(cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for " +
		"ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port " +
		"time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end"),
}

// directive takes a line that begins with '#': #Fields says what the next have.
func (s *Reading) directive(line []byte) bool {
	if line[0] != '#' {
		return false
	}
	if rest, ok := bytes.CutPrefix(line, []byte("#Fields:")); ok {
		c := &columns{names: strings.Fields(strings.ToLower(string(rest))), name: "w3c"}
		for _, name := range c.names {
			if name == "x-edge-location" {
				c.name, c.tabs = "cloudfront", true
			}
		}
		s.columns = c
	}
	return true
}

// parseColumns reads a line of columns, where there are any.
func (s *Reading) parseColumns(line []byte) (*Record, bool, error) {
	if s.columns == nil {
		if bytes.Count(line, []byte{'\t'}) < 22 || len(line) < 11 || line[4] != '-' || line[10] != '\t' {
			return nil, false, nil
		}
		s.columns = &cloudFront
	}
	c := s.columns
	var words []string
	if c.tabs && bytes.IndexByte(line, '\t') > 0 {
		words = strings.Split(string(line), "\t")
	} else {
		words = strings.Fields(string(line))
	}
	if len(words) < len(c.names) && !(c == &cloudFront) {
		return nil, true, fault("columns missing", "%d columns, and #Fields names %d", len(words), len(c.names))
	}
	f := fields{}
	for i, word := range words[:min(len(words), len(c.names))] {
		if word != "-" {
			f[c.names[i]] = word
		}
	}
	rec, err := s.recordOfColumns(f, c.name == "cloudfront")
	return rec, true, err
}

// recordOfColumns reads fields that have the W3C's names.
func (s *Reading) recordOfColumns(c fields, isCloudFront bool) (*Record, error) {
	text := func(name string) string {
		v := c[name]
		if !isCloudFront {
			return strings.ReplaceAll(v, "+", " ") // how IIS writes a space
		}
		for range 2 {
			if u, err := url.PathUnescape(v); err == nil {
				v = u
			}
		}
		return v
	}
	f := fields{
		"request_method": c["cs-method"], "request_uri": c["cs-uri-stem"], "query_string": c["cs-uri-query"],
		"server_protocol": c.first([]string{"cs-protocol-version", "cs-version"}), "status": c["sc-status"], "body_bytes_sent": c["sc-bytes"],
		"host":        c.first([]string{"x-host-header", "cs-host", "cs(host)"}),
		"remote_addr": c["c-ip"], "x_forwarded_for": text("x-forwarded-for"),
		"http_referer": text("cs(referer)"), "http_user_agent": text("cs(user-agent)"), "http_cookie": text("cs(cookie)"),
		"content_type": text("sc-content-type"),
	}
	if c["date"] != "" {
		f["time"] = c["date"] + " " + c["time"]
	} else {
		f["time"] = c["timestamp"]
	}
	if isCloudFront {
		f["request_time"] = c["time-taken"]
	} else {
		f["duration_ms"] = c["time-taken"]
	}
	return s.record(f, http.Header{}, http.Header{})
}

// record makes a record of fields, and of headers where there are whole ones.
func (s *Reading) record(f fields, header, answer http.Header) (*Record, error) {
	method, target, proto := f.get("method"), f.get("target"), f.get("proto")
	if method == "" || target == "" {
		if line := f.get("request"); line != "" {
			var ok bool
			if method, target, proto, ok = splitRequest(line); !ok {
				return nil, errNotHTTP
			}
		}
	}
	status, err := strconv.Atoi(f.get("status"))
	if method == "" && err != nil { // what else a server has to say, in the same file
		return nil, errNotHTTP
	}
	if method == "" || target == "" || err != nil || status < 100 || status > 999 {
		return nil, fault("no request", "no method, target and status in it")
	}
	if q := f.get("query"); q != "" && q != "-" && !strings.Contains(target, "?") {
		target += "?" + q
	}
	began, ended, ok := f.times()
	if !ok {
		return nil, fault("no time", "no time in it")
	}
	size, err := strconv.ParseInt(f.get("size"), 10, 64)
	if err != nil || size < 0 {
		size = -1
	}
	silent := len(answer) == 0
	for name, names := range requestFields {
		if header.Get(name) == "" {
			setHeader(header, name, f.first(names))
		}
	}
	for _, a := range []struct{ what, name string }{{"type", "Content-Type"}, {"caching", "Cache-Control"}, {"etag", "ETag"}, {"modified", "Last-Modified"}} {
		if answer.Get(a.name) == "" {
			setHeader(answer, a.name, f.get(a.what))
		}
	}
	for _, name := range jsonNames["caching"] {
		if _, ok := f[name]; ok {
			silent = false // a log that has the field says by "-" that the answer had none
		}
	}
	forwarded := f.get("forwarded")
	if forwarded == "" {
		forwarded = strings.Join(header.Values("X-Forwarded-For"), ", ")
	}
	r, err := NewRequest(method, f.get("host"), target, proto, header)
	if err != nil {
		return nil, err
	}
	return s.from(s.visitorOf(f.peer(), forwarded), &Record{
		Request: r, Status: status, Answer: answer, Silent: silent, Size: size, Began: began, Ended: ended,
	}), nil
}

// peer is the first field with the address of a client, or with the name of one.
func (f fields) peer() string {
	for _, name := range jsonNames["client"] {
		if len(addresses(f[name])) > 0 {
			return f[name]
		}
	}
	return f.get("client")
}
