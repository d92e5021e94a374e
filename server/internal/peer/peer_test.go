package peer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	program := filepath.Join(dir, "nghttp")
	if err := os.WriteFile(program, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, required, program string
		path, line              string
		skipped, failed         bool
	}{
		{name: "present", program: "nghttp", path: program},
		{name: "present and required", required: "1", program: "nghttp", path: program},
		{name: "absent", program: "h2load", skipped: true,
			line: "peer absent: h2load is not on PATH (Debian: nghttp2-client)"},
		{name: "absent, package of the same name", required: "0", program: "jq", skipped: true,
			line: "peer absent: jq is not on PATH (Debian: jq)"},
		{name: "absent, but required", required: "1", program: "h2o", failed: true,
			line: "peer required by CASPER_REQUIRE_PEERS=1 is absent: h2o is not on PATH (Debian: h2o)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv(RequireVariable, tt.required)
			var path string
			v := judge(t, func(t testing.TB) { path = Find(t, tt.program) })
			if path != tt.path || v.String() != tt.line || v.skipped != tt.skipped || v.failed != tt.failed {
				t.Errorf("path %q, said %q, skipped %t, failed %t", path, v, v.skipped, v.failed)
			}
		})
	}
}

// A skip is one line, whatever made it: a person who runs `go test -v` reads
// what to install and nothing else.
func TestAbsentIsOneLine(t *testing.T) {
	t.Setenv("PATH", "")
	t.Setenv(RequireVariable, "")
	for name, f := range map[string]func(testing.TB){
		"h2o":    func(t testing.TB) { StartH2O(t, Config{}) },
		"nghttp": func(t testing.TB) { Nghttp(t, "http://127.0.0.1:1/") },
	} {
		v := judge(t, f)
		if !v.skipped || len(v.lines) != 1 || strings.Contains(v.lines[0], "\n") || !strings.Contains(v.lines[0], name) {
			t.Errorf("%s: skipped %t: %q", name, v.skipped, v.lines)
		}
	}
}
