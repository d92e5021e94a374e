package traffic

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// A Format is the log_format of a server's own, in nginx's words. Make one with [ParseFormat].
type Format struct {
	parts []part
}

// A part is a variable, and the text behind it.
type part struct{ name, behind string }

var (
	variable = regexp.MustCompile(`\$(?:\{([a-z0-9_]+)\}|([a-z0-9_]+))`)
	setting  = regexp.MustCompile(`^\s*log_format\s+\S+\s+(?:escape=\S+\s+)?`)
	pieces   = regexp.MustCompile(`'([^']*)'|"([^"]*)"`)
)

// ParseFormat reads a format such as '$remote_addr [$time_local] "$request" $status', or the whole
// log_format of a configuration. It wants the request, the status and a time.
func ParseFormat(text string) (*Format, error) {
	if head := setting.FindString(text); head != "" || strings.HasPrefix(text, "'") {
		whole := ""
		for _, m := range pieces.FindAllStringSubmatch(text[len(head):], -1) {
			whole += m[1] + m[2]
		}
		text = whole
	}
	f := &Format{}
	all := variable.FindAllStringSubmatchIndex(text, -1)
	if len(all) == 0 {
		return nil, fmt.Errorf("%.60q has no variable such as $remote_addr", text)
	}
	f.parts = append(f.parts, part{"", text[:all[0][0]]})
	known := fields{}
	for i, m := range all {
		name := ""
		if m[2] >= 0 {
			name = text[m[2]:m[3]]
		} else {
			name = text[m[4]:m[5]]
		}
		end := len(text)
		if i+1 < len(all) {
			end = all[i+1][0]
			if end == m[1] {
				return nil, fmt.Errorf("nothing parts $%s from what follows it", name)
			}
		}
		known[name] = name
		f.parts = append(f.parts, part{name, text[m[1]:end]})
	}
	switch {
	case known.get("request") == "" && (known.get("method") == "" || known.get("target") == ""):
		return nil, fmt.Errorf("%.60q has no $request, nor $request_method and $request_uri", text)
	case known.get("status") == "":
		return nil, fmt.Errorf("%.60q has no $status", text)
	case known.get("began") == "" && known.get("ended") == "":
		return nil, fmt.Errorf("%.60q has no time such as $time_local", text)
	}
	return f, nil
}

// parse reads one line. What stands in front of it becomes a part of the first variable: of an
// address, the last word counts.
func (f *Format) parse(s *Reading, line []byte) (*Record, error) {
	found := fields{}
	rest := line
	for i, p := range f.parts {
		n := len(rest)
		if i == 0 {
			n = 0
		}
		if p.behind != "" {
			if n = bytes.Index(rest, []byte(p.behind)); n < 0 {
				if i == len(f.parts)-1 && strings.TrimSpace(p.behind) == "" {
					n = len(rest)
				} else {
					return nil, fault("another format", "no %.20q behind $%s", p.behind, p.name)
				}
			}
		}
		if p.name != "" {
			found[p.name] = unescape(string(rest[:n]))
		}
		rest = rest[min(n+len(p.behind), len(rest)):]
	}
	if words := strings.Fields(found["remote_addr"]); len(words) > 1 {
		if last := words[len(words)-1]; len(addresses(last)) > 0 && !strings.HasSuffix(words[len(words)-2], ",") {
			found["remote_addr"] = last
		}
	}
	return s.record(found, http.Header{}, http.Header{})
}
