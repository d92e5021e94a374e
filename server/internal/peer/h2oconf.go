package peer

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
)

// mapping is one YAML mapping of H2O's configuration.
type mapping = map[string]any

// marshal returns H2O's configuration. H2O reads YAML, of which JSON is a
// part, so that quoting is encoding/json's business. The upstream function
// starts a backend and returns its URL.
func (c Config) marshal(s *H2O, root, handler string, upstream func(http.Handler) string) ([]byte, error) {
	if len(c.Hosts) == 0 {
		return nil, fmt.Errorf("no hosts")
	}
	types, err := c.types()
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return nil, err
	}
	portNumber, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	listen := mapping{"host": host, "port": portNumber}
	if s.Certificate != nil {
		listen["ssl"] = mapping{
			"certificate-file": s.Certificate.CertFile,
			"key-file":         s.Certificate.KeyFile,
			// Both would start further programs: one asks a certificate
			// authority that this certificate has not, one guards the key.
			"ocsp-update-interval": 0,
			"neverbleed":           "OFF",
		}
	}

	hosts := mapping{}
	for _, h := range c.Hosts {
		casper, err := h.casper()
		if err != nil {
			return nil, fmt.Errorf("host %s: %w", h.Name, err)
		}
		paths := mapping{}
		for prefix, b := range h.Backends {
			paths[prefix] = mapping{"proxy.reverse.url": upstream(b)}
		}
		if paths["/"] == nil {
			paths["/"] = []mapping{{"mruby.handler-file": handler}, {"file.dir": root}}
		}
		hosts[s.Authority(h.Name)] = mapping{"http2-casper": casper, "paths": paths}
	}

	conf := mapping{
		"listen":     listen,
		"hosts":      hosts,
		"access-log": mapping{"path": s.accessLog, "format": accessFormat},
		// One thread: connections never wait for each other here, and the
		// access log stays in order.
		"num-threads":                 1,
		"num-name-resolution-threads": 1,
	}
	if len(types) > 0 {
		conf["file.mime.addtypes"] = types
	}
	if os.Getuid() == 0 {
		// H2O started by root becomes nobody unless told otherwise, and nobody
		// may be unable to read a temporary folder.
		conf["user"] = "root"
	}
	return json.MarshalIndent(conf, "", "  ")
}

// casper returns the value of H2O's http2-casper directive.
func (h Host) casper() (any, error) {
	switch h.CapacityBits {
	case CasperOff:
		return "OFF", nil
	case CasperOn:
		if h.Tracking != "" && h.Tracking != BlockingAssets {
			return nil, fmt.Errorf("tracking %q, but CasperOn means H2O's defaults", h.Tracking)
		}
		return "ON", nil
	}
	tracking := h.Tracking
	if tracking == "" {
		tracking = BlockingAssets
	}
	return mapping{"capacity-bits": h.CapacityBits, "tracking-types": tracking}, nil
}

// types returns H2O's file.mime.addtypes: content type to file extensions.
func (c Config) types() (map[string][]string, error) {
	types := make(map[string][]string)
	chosen := make(map[string]string) // extension to type
	for _, f := range c.Files {
		ext := path.Ext(f.Path)
		if f.Type == "" {
			continue
		}
		if ext == "" {
			return nil, fmt.Errorf("file %q: a type, but no extension to hang it on", f.Path)
		}
		switch chosen[ext] {
		case f.Type:
		case "":
			chosen[ext] = f.Type
			types[f.Type] = append(types[f.Type], ext)
		default:
			return nil, fmt.Errorf("file %q: extension %s has both types %s and %s", f.Path, ext, chosen[ext], f.Type)
		}
	}
	return types, nil
}

// rubyLinks returns an mruby handler that adds the files' Link fields. Status
// 399 hands the request on to the next handler, the document root, after H2O
// has acted on the fields: pushes start before the page itself is answered.
func (c Config) rubyLinks() string {
	var b strings.Builder
	b.WriteString("links = {\n")
	for _, f := range c.Files {
		if len(f.Links) > 0 {
			// A line feed inside a Rack header value parts several fields.
			fmt.Fprintf(&b, "  %s => %s,\n", rubyString(f.Path), rubyString(strings.Join(f.Links, "\n")))
		}
	}
	b.WriteString("}\nProc.new do |env|\n" +
		"  link = links[env['PATH_INFO']]\n" +
		"  [399, link ? {'link' => link} : {}, []]\n" +
		"end\n")
	return b.String()
}

// rubyString quotes s for Ruby. Single quotes interpolate nothing; inside them
// only the quote and the backslash are special.
func rubyString(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
