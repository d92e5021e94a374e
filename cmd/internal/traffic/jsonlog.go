package traffic

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Every server names the fields of its JSON log as it likes, so each thing is looked for under
// the names that nginx's variables, Caddy, Traefik, Apache's usual recipes, Elastic's schema,
// Envoy, Google Cloud, Cloudflare and casper's own log have for it. Names are compared in lower case; those of nested objects
// are joined with a dot.
var jsonNames = map[string][]string{
	"began":     {"startutc", "startlocal", "start_time", "request_start", "edgestarttimestamp"},
	"ended":     {"msec", "ts", "time", "@timestamp", "timestamp", "time_iso8601", "time_local", "datetime", "date", "edgeendtimestamp"},
	"seconds":   {"request_time", "duration", "elapsed", "httprequest.latency"},
	"millis":    {"ms", "duration_ms", "latency_ms", "request_time_ms", "response_time_ms"},
	"nanos":     {"event.duration"},
	"header":    {"upstream_header_time"},
	"client":    {"request.client_ip", "client_ip", "remote_addr", "request.remote_ip", "remote_ip", "clienthost", "client.address", "source.ip", "client", "from", "clientip", "ip", "remotehost", "remote_host", "clientaddr", "httprequest.remoteip", "downstream_remote_address"},
	"forwarded": {"http_x_forwarded_for", "x_forwarded_for", "x-forwarded-for", "request_x-forwarded-for", "forwarded_for"},
	"request":   {"request", "request_line", "http_request"},
	"method":    {"request.method", "request_method", "method", "requestmethod", "http.request.method", "httprequest.requestmethod", "clientrequestmethod", "verb"},
	"target":    {"request.uri", "request_uri", "requestpath", "url.original", "httprequest.requesturl", "clientrequesturi", "uri", "path", "url", "target"},
	"query":     {"query_string", "args"},
	"proto":     {"request.proto", "server_protocol", "requestprotocol", "httprequest.protocol", "clientrequestprotocol", "proto", "protocol"},
	"host":      {"request.host", "http_host", "host", "requesthost", "server_name", "vhost", "url.domain", "clientrequesthost", "authority"},
	"status":    {"status", "downstreamstatus", "status_code", "http.response.status_code", "httprequest.status", "edgeresponsestatus", "response_code", "response", "code"},
	"size":      {"body_bytes_sent", "size", "downstreamcontentsize", "bytes_sent", "bytes", "http.response.body.bytes", "httprequest.responsesize", "edgeresponsebytes", "response_size"},
	"type":      {"sent_http_content_type", "content_type", "downstream_content-type", "edgeresponsecontenttype"},
	"caching":   {"sent_http_cache_control", "cache_control", "downstream_cache-control"},
	"etag":      {"sent_http_etag", "etag", "downstream_etag"},
	"modified":  {"sent_http_last_modified", "last_modified", "downstream_last-modified"},
}

// requestFields are the fields of a request that matter, under nginx's names and their like.
var requestFields = map[string][]string{
	"Referer":        {"http_referer", "referer", "referrer", "request_referer", "http.request.referrer", "httprequest.referer", "clientrequestreferer"},
	"User-Agent":     {"http_user_agent", "user_agent", "agent", "useragent", "request_user-agent", "user_agent.original", "httprequest.useragent", "clientrequestuseragent"},
	"Accept":         {"http_accept", "accept"},
	"Cookie":         {"http_cookie", "cookie", "request_cookie"},
	"Sec-Fetch-Dest": {"http_sec_fetch_dest", "sec_fetch_dest", "request_sec-fetch-dest"},
	"Sec-Fetch-Mode": {"http_sec_fetch_mode", "sec_fetch_mode", "request_sec-fetch-mode"},
	"Sec-Fetch-Site": {"http_sec_fetch_site", "sec_fetch_site", "request_sec-fetch-site"},
	"Sec-Purpose":    {"http_sec_purpose", "sec_purpose"},
	"Priority":       {"http_priority", "priority"},
}

// fields are those of one line, flattened.
type fields map[string]string

// maxNesting bounds how deep fields are looked for.
const maxNesting = 4

// wrappers are the members in which a collector puts a line that it has taken from elsewhere.
var wrappers = []string{"log", "message", "msg", "textpayload", "line"}

// parseJSON reads one line of a JSON log, or the line that a collector has put into it.
func (s *Reading) parseJSON(line []byte, depth int) (*Record, string, error) {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	var object map[string]any
	if err := dec.Decode(&object); err != nil {
		return nil, "", &lineFault{"not JSON", err}
	}
	f := fields{}
	f.add("", object, 0)
	if f.isRequest() || depth > maxWrapped {
		rec, err := s.recordOfJSON(f, object)
		return rec, "json", err
	}
	for _, name := range wrappers {
		inner := bytes.TrimSpace([]byte(f[name]))
		if len(inner) == 0 {
			continue
		}
		rec, form, err := s.parseLine(inner, depth+1)
		// What Docker and its like have taken is the line itself; a message may be any text.
		if err != nil && name != "log" {
			err = errNotHTTP
		}
		return rec, form, err
	}
	rec, err := s.recordOfJSON(f, object)
	return rec, "json", err
}

// maxWrapped bounds how often a line may be wrapped.
const maxWrapped = 3

// isRequest reports whether fields are about a request, and not around the line of one.
func (f fields) isRequest() bool {
	return f.get("status") != "" && (f.get("method") != "" || f.get("request") != "")
}

func (s *Reading) recordOfJSON(f fields, object map[string]any) (*Record, error) {
	if f["cs-method"] != "" {
		return s.recordOfColumns(f, f["x-edge-location"] != "")
	}
	if f["response_code"] != "" || f["response_flags"] != "" { // Envoy's, in milliseconds
		f["duration_ms"] = f["duration"]
		delete(f, "duration")
	}
	return s.record(f, headersIn(object, "request", "headers"), headersIn(object, "resp_headers"))
}

func (f fields) add(prefix string, object map[string]any, depth int) {
	for name, v := range object {
		name = prefix + strings.ToLower(name)
		switch v := v.(type) {
		case string:
			f[name] = v
		case json.Number:
			f[name] = v.String()
		case map[string]any:
			if depth < maxNesting {
				f.add(name+".", v, depth+1)
			}
		}
	}
}

func (f fields) get(what string) string { return f.first(jsonNames[what]) }

func (f fields) first(names []string) string {
	for _, name := range names {
		if v := f[name]; v != "" {
			return v
		}
	}
	return ""
}

// times are when the request came in and its answer was through. Servers write a line at the
// end and know how long it took; where they know when the header of the upstream came, that is
// when a page's went out.
func (f fields) times() (began, ended time.Time, ok bool) {
	took := f.took()
	if began, ok = parseTime(f.get("began")); ok {
		ended = began.Add(took)
	} else if ended, ok = parseTime(f.get("ended")); ok {
		began = ended.Add(-took)
	}
	if s, err := strconv.ParseFloat(f.get("header"), 64); ok && err == nil && s >= 0 && s < took.Seconds() {
		ended = began.Add(seconds(s))
	}
	return began, ended, ok
}

func (f fields) took() time.Duration {
	const longest = 24 * 3600
	for _, unit := range []struct {
		what string
		per  float64
	}{{"seconds", 1}, {"millis", 1e3}, {"nanos", 1e9}} {
		text := f.get(unit.what)
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			if d, err := time.ParseDuration(text); err == nil && d > 0 && d < longest*time.Second {
				return d
			}
			continue
		}
		// Traefik's Duration is in nanoseconds: nothing takes so many seconds.
		if unit.what == "seconds" && n > longest {
			n /= 1e9
		}
		if s := n / unit.per; s > 0 && s < longest {
			return seconds(s)
		}
	}
	return 0
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// parseTime reads a time as a text, or as seconds, milli-, micro- or nanoseconds since 1970,
// which their size tells apart.
func parseTime(s string) (time.Time, bool) {
	if s == "" {
		return time.Time{}, false
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		if !(n > 0) || math.IsInf(n, 1) { // NaN too
			return time.Time{}, false
		}
		for n > 1e11 {
			n /= 1e3
		}
		whole, part := math.Modf(n)
		return time.Unix(int64(whole), int64(part*1e9)).UTC(), true
	}
	for _, layout := range []string{time.RFC3339Nano, clfTime, "2006-01-02T15:04:05.999999999-0700", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// headersIn returns the header that stands under a path of names as {"Name": ["value", ...]},
// as Caddy writes it.
func headersIn(object map[string]any, names ...string) http.Header {
	h := http.Header{}
	for _, name := range names {
		object, _ = object[name].(map[string]any)
	}
	for name, v := range object {
		values, ok := v.([]any)
		if !ok {
			continue
		}
		for _, v := range values {
			if s, ok := v.(string); ok && s != "REDACTED" {
				h.Add(name, s)
			}
		}
	}
	return h
}
