package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSetting(t *testing.T) {
	place := func(pairs ...string) map[string][]string {
		p := map[string][]string{}
		for i := 0; i < len(pairs); i += 2 {
			p[pairs[i]] = append(p[pairs[i]], pairs[i+1])
		}
		return p
	}
	for text, want := range map[string]struct {
		file string
		Config
	}{
		"m.json":            {"m.json", Config{Place: place()}},
		"a,b/m.json":        {"a,b/m.json", Config{Place: place()}},
		"m.json,base=/app/": {"m.json", Config{Base: "/app/", Place: place()}},
		"m.json,page=/=a,base=https://cdn.example/x": {"m.json", Config{Base: "https://cdn.example/x", Place: place("/", "a")}},
		"m,page=/*=a=b,c,page=/*=d,page=/x=a":        {"m", Config{Place: place("/*", "a=b,c", "/*", "d", "/x", "a")}},
	} {
		file, c, err := ParseSetting(text)
		if err != nil || file != want.file || !cmp.Equal(c, want.Config) {
			t.Errorf("%s: %s, %+v, %v", text, file, c, err)
		}
	}
	for _, text := range []string{"", ",base=/app/", "m,base=", "m,base=/a,base=/b", "m,page=", "m,page=/a", "m,page=/a=", "m,page=a=b", "m,page=" + strings.Repeat("x", 1<<20)} {
		if file, c, err := ParseSetting(text); err == nil || len(err.Error()) > 300 {
			t.Errorf("%.50q: %s, %+v, %v", text, file, c, err)
		}
	}
}
